//! The walls between the parts: who may use whom, and whose a table is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom up: a part uses only what stands before it.
const LAYERS: &[&str] = &[
    // foundations
    "text",
    "crash_point",
    "clock",
    "secrets",
    "blobs",
    "paging",
    "access",
    "changes",
    "history",
    "db",
    "feed",
    "post",
    "config",
    "hosts",
    // features
    "users",
    "invitations",
    "tags",
    "contacts",
    "imports",
    "mail_accounts",
    "messages",
    "timeline",
    // entrances, and what wires them
    "mail_sync",
    "mail_discovery",
    "app",
    "graphql",
    "http",
    "cli",
];

/// Parts that know nothing of tables: they call features.
const ENTRANCES: &[&str] = &["mail_sync", "mail_discovery", "graphql", "http", "cli"];

const FEATURES: &[&str] =
    &["users", "invitations", "tags", "contacts", "imports", "mail_accounts", "messages", "timeline"];

/// Tables and the one part that reads and writes each.
const OWNERS: &[(&str, &str)] = &[
    ("address", "contacts"),
    ("blocked_address", "messages"),
    ("change_head", "changes"),
    ("change_log", "changes"),
    ("contact", "contacts"),
    ("contact_import", "imports"),
    ("contact_import_problem", "imports"),
    ("contact_phone", "contacts"),
    ("contact_tag", "tags"),
    ("contact_word", "contacts"),
    ("email_change", "users"),
    ("history_entry", "history"),
    ("invitation", "invitations"),
    ("mail_account", "mail_accounts"),
    ("mail_account_event", "mail_accounts"),
    ("mail_attachment", "messages"),
    ("mail_folder", "mail_accounts"),
    ("mail_hole", "messages"),
    ("mail_location", "messages"),
    ("mail_message", "messages"),
    ("mail_pack_upkeep", "messages"),
    ("mail_participant", "messages"),
    ("mail_thread_key", "messages"),
    ("outbox", "post"),
    ("person", "users"),
    ("private_reading", "messages"),
    ("saved_filter", "contacts"),
    ("session", "users"),
    ("share", "users"),
    ("sign_in_attempt", "users"),
    ("tag", "tags"),
    ("tag_group", "tags"),
    ("tag_key", "tags"),
    ("tag_name", "tags"),
    ("workspace", "users"),
    ("workspace_user", "users"),
];

/// A source file and the part it belongs to.
struct Source {
    part: String,
    path: PathBuf,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inner = path.strip_prefix(&root).unwrap();
                let part = inner.components().next().unwrap().as_os_str().to_str().unwrap();
                let part = part.strip_suffix(".rs").unwrap_or(part).to_owned();
                let code = fs::read_to_string(&path).unwrap();
                let text =
                    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
                sources.push(Source { part, path, text });
            }
        }
    }
    assert!(sources.len() > 50, "the sources were not found");
    sources
}

/// What stands directly behind `prefix`, as in `crate::db::Db` or `use crate::{db, tags::Tag}`.
fn named(text: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in text.match_indices(prefix) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &text[at + prefix.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            // The outer names of the group: what is nested deeper belongs to them.
            let (mut depth, mut word, mut fresh) = (0, String::new(), true);
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 && (c.is_alphanumeric() || c == '_') && fresh {
                    word.push(c);
                } else if !word.is_empty() {
                    names.insert(std::mem::take(&mut word));
                    fresh = false;
                }
                if depth == 0 && c == ',' {
                    fresh = true;
                }
            }
            names.extend((!word.is_empty()).then_some(word));
        } else {
            names.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    names
}

#[test]
fn a_part_uses_only_what_stands_below_it() {
    let rank = |part: &str| LAYERS.iter().position(|layer| *layer == part);
    for Source { part, path, text } in sources() {
        let Some(own) = rank(&part) else {
            assert!(["lib", "main"].contains(&part.as_str()), "{part} has no place among the layers");
            continue;
        };
        for used in named(&text, "crate::") {
            let Some(used_rank) = rank(&used) else { continue };
            assert!(used_rank <= own, "{} uses {used}, which stands above it", path.display());
        }
    }
}

#[test]
fn entrances_know_no_tables() {
    for Source { part, path, text } in sources() {
        if ENTRANCES.contains(&part.as_str()) {
            assert!(!text.contains("sea_orm"), "{} names sea_orm", path.display());
            for name in named(&text, "entity::") {
                let is_id = name.starts_with(char::is_uppercase);
                assert!(is_id, "{} names the table {name}", path.display());
            }
        }
    }
}

#[test]
fn a_table_belongs_to_one_part() {
    for Source { part, path, text } in sources() {
        for name in named(&text, "entity::") {
            let Some((_, owner)) = OWNERS.iter().find(|(table, _)| *table == name) else {
                let known = name.starts_with(char::is_uppercase) || name == "prelude";
                assert!(known, "{} names entity::{name}, which has no owner", path.display());
                continue;
            };
            assert_eq!(*owner, part, "{} uses the table {name} of {owner}", path.display());
        }
    }
}

#[test]
fn a_features_store_is_private() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for feature in FEATURES {
        let Ok(text) = fs::read_to_string(root.join(feature).join("mod.rs")) else { continue };
        assert!(!text.contains("pub mod store") && !text.contains("pub use store"), "{feature} shows its store");
    }
}
