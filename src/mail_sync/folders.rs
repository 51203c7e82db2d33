//! Which folders a mailbox has and what they are for.

use super::imap::{ListedFolder, SpecialUse};
use crate::mail_accounts::{FoundFolder, Role};

/// Longest name that is stored, in characters.
const NAME: usize = 500;

/// The folders that can hold mail.
pub(super) fn found(listed: Vec<ListedFolder>) -> Vec<FoundFolder> {
    let told: Vec<Role> = listed.iter().filter_map(|folder| role(folder.special_use?)).collect();
    let mut taken = told.clone();
    let mut seen = std::collections::HashSet::new();
    listed
        .into_iter()
        .filter(|folder| folder.selectable && !folder.name.contains('\0') && seen.insert(folder.name.clone()))
        .map(|folder| {
            let role = if folder.is_inbox() {
                Some(Role::Inbox)
            } else {
                folder.special_use.map_or_else(
                    // Old servers do not say; then the usual names tell, once for each role.
                    || by_name(&folder).filter(|role| !taken.contains(role)).inspect(|role| taken.push(*role)),
                    role,
                )
            };
            let view = matches!(folder.special_use, Some(SpecialUse::Flagged | SpecialUse::Important));
            let name: String = folder.display_name().chars().filter(|c| !c.is_control()).take(NAME).collect();
            FoundFolder { name_raw: folder.name, name, role, synced: !view }
        })
        .collect()
}

fn role(special_use: SpecialUse) -> Option<Role> {
    match special_use {
        SpecialUse::All => Some(Role::All),
        SpecialUse::Archive => Some(Role::Archive),
        SpecialUse::Drafts => Some(Role::Drafts),
        SpecialUse::Junk => Some(Role::Junk),
        SpecialUse::Sent => Some(Role::Sent),
        SpecialUse::Trash => Some(Role::Trash),
        SpecialUse::Flagged | SpecialUse::Important => None,
    }
}

fn by_name(folder: &ListedFolder) -> Option<Role> {
    let name = folder.display_name().to_lowercase();
    let last = folder.delimiter.as_deref().and_then(|delimiter| name.rsplit(delimiter).next()).unwrap_or(&name);
    match last {
        "sent" | "sent items" | "sent mail" | "sent messages" => Some(Role::Sent),
        "drafts" | "draft" => Some(Role::Drafts),
        "trash" | "deleted items" | "deleted messages" | "bin" => Some(Role::Trash),
        "junk" | "spam" | "junk e-mail" | "junk email" | "bulk mail" => Some(Role::Junk),
        "archive" | "archives" => Some(Role::Archive),
        _ => None,
    }
}

/// The folder whose news is waited for: the one that holds all mail where there is one, else the inbox.
pub(super) fn watched<T>(folders: &[T], role: impl Fn(&T) -> Option<Role>) -> Option<&T> {
    let with = |wanted: Role| folders.iter().find(|folder| role(folder) == Some(wanted));
    with(Role::All).or_else(|| with(Role::Inbox))
}

/// The order in which histories are read: what people look at first.
pub(super) fn rank(role: Option<Role>) -> u8 {
    match role {
        Some(Role::Inbox) => 0,
        Some(Role::Sent) => 1,
        None => 2,
        Some(Role::Archive | Role::Drafts) => 3,
        Some(Role::All) => 4,
        Some(Role::Junk | Role::Trash) => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, special_use: Option<SpecialUse>) -> ListedFolder {
        ListedFolder { name: name.to_owned(), delimiter: Some("/".to_owned()), special_use, selectable: true }
    }

    #[test]
    fn what_the_server_says_comes_before_names() {
        let roles =
            |folders: Vec<ListedFolder>| -> Vec<_> { found(folders).into_iter().map(|found| found.role).collect() };
        let said = vec![folder("inbox", None), folder("Sent", None), folder("Gesendet", Some(SpecialUse::Sent))];
        assert_eq!(roles(said), [Some(Role::Inbox), None, Some(Role::Sent)]);
        let named = vec![folder("INBOX", None), folder("Mail/Sent Items", None), folder("Sent", None)];
        assert_eq!(roles(named), [Some(Role::Inbox), Some(Role::Sent), None]);
    }
}
