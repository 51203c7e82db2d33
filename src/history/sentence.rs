//! An entry as one plain sentence.

use super::{Deed, Entry, Field, Subject};

/// Most names of merged tags in a sentence.
const NAMES: usize = 10;

/// The parts of "Ann renamed the tag “hot” to “hot prospect”.", and of "The tag “hot” was renamed to “hot prospect”."
struct Sentence {
    verb: &'static str,
    object: String,
    rest: String,
    plural: bool,
}

impl Entry {
    /// One plain sentence. `actor` is the name of who did it, where a user did.
    #[must_use]
    pub fn summary(&self, actor: Option<&str>) -> String {
        let Sentence { verb, object, rest, plural } = self.sentence();
        if let Some(actor) = actor {
            return format!("{actor} {verb} {object}{rest}.");
        }
        let be = if plural { "were" } else { "was" };
        let mut letters = object.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        format!("{first}{} {be} {verb}{rest}.", letters.as_str())
    }

    fn sentence(&self) -> Sentence {
        let kind = match self.subject {
            Subject::Contact(_) => "contact",
            Subject::Tag(_) => "tag",
        };
        let subject = |name: &str| format!("the {kind} “{name}”");
        match &self.deed {
            Deed::Created { name } => one("added", subject(name)),
            Deed::Imported { name } => one("imported", subject(name)),
            Deed::Corresponded { name } => Sentence { rest: " from mail".to_owned(), ..one("added", subject(name)) },
            Deed::Deleted { name } => one("deleted", subject(name)),
            Deed::Updated { fields } => {
                let plural = match fields.as_slice() {
                    [field] => field.is_plural(),
                    _ => true,
                };
                let fields: Vec<_> = fields.iter().map(|field| field.in_words().to_owned()).collect();
                Sentence { plural, ..one("changed", listed(&fields)) }
            }
            Deed::Tagged { name } => one("added", format!("the tag “{name}”")),
            Deed::Untagged { name } => one("removed", format!("the tag “{name}”")),
            Deed::Renamed { from, to } => Sentence { rest: format!(" to “{to}”"), ..one("renamed", subject(from)) },
            Deed::Recolored { from, to } => match (from, to) {
                (Some(from), Some(to)) => {
                    Sentence { rest: format!(" from {from} to {to}"), ..one("changed", "the color".to_owned()) }
                }
                (None, Some(to)) => Sentence { rest: format!(" to {to}"), ..one("set", "the color".to_owned()) },
                (Some(from), None) => one("removed", format!("the color {from}")),
                (None, None) => one("changed", "the color".to_owned()),
            },
            Deed::Regrouped { from, to } => {
                let rest = match (from, to) {
                    (_, Some(to)) => format!(" into the group “{to}”"),
                    (Some(from), None) => format!(" out of the group “{from}”"),
                    (None, None) => " out of its group".to_owned(),
                };
                Sentence { rest, ..one("moved", "the tag".to_owned()) }
            }
            Deed::AliasRemoved { name } => one("removed", format!("the alias “{name}”")),
            Deed::Merged { names } => {
                let mut told: Vec<_> = names.iter().take(NAMES).map(|name| format!("“{name}”")).collect();
                if names.len() > NAMES {
                    told.push(format!("{} more", names.len() - NAMES));
                }
                let (plural, tags) = if names.len() == 1 { (false, "tag") } else { (true, "tags") };
                let object = format!("the {tags} {}", listed(&told));
                Sentence { rest: " into this one".to_owned(), plural, ..one("merged", object) }
            }
        }
    }
}

fn one(verb: &'static str, object: String) -> Sentence {
    Sentence { verb, object, rest: String::new(), plural: false }
}

/// "a, b and c".
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

impl Field {
    fn in_words(self) -> &'static str {
        match self {
            Self::Name => "the name",
            Self::Company => "the company",
            Self::JobTitle => "the job title",
            Self::Emails => "the addresses",
            Self::Phones => "the phone numbers",
            Self::Notes => "the notes",
        }
    }

    fn is_plural(self) -> bool {
        matches!(self, Self::Emails | Self::Phones | Self::Notes)
    }
}
