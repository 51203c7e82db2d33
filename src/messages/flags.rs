//! Flags of one place of a message.

/// Characters of all keywords of one place.
const LONGEST: usize = 1_000;

/// What a server says about a message in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// It was read.
    pub seen: bool,
    /// It is marked.
    pub flagged: bool,
    /// It was answered.
    pub answered: bool,
    /// All of them in order, as the server writes them, separated by blanks; without `\Recent`, which says nothing that lasts.
    pub words: String,
}

impl Flags {
    /// From the words of a server.
    pub fn parse<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Self {
        let mut flags = Self::default();
        let mut kept = Vec::new();
        for word in words {
            let word = word.as_ref().replace('\0', "");
            match word.to_ascii_lowercase().as_str() {
                "\\seen" => flags.seen = true,
                "\\flagged" => flags.flagged = true,
                "\\answered" => flags.answered = true,
                "\\recent" | "" => continue,
                _ => {}
            }
            kept.push(word);
        }
        kept.sort_unstable();
        for word in kept {
            if flags.words.len() + word.len() < LONGEST {
                if !flags.words.is_empty() {
                    flags.words.push(' ');
                }
                flags.words.push_str(&word);
            }
        }
        flags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_the_same_in_any_order_and_case() {
        let flags = Flags::parse(["\\SEEN", "$Label1", "\\Recent"]);
        assert!(flags.seen && !flags.flagged && !flags.answered);
        assert_eq!(flags.words, "$Label1 \\SEEN");
        assert_eq!(Flags::parse(["b", "a"]), Flags::parse(["a", "b"]));
    }
}
