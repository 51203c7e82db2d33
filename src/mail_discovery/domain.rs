//! The domain of an address, as the DNS has it.

/// A domain in ASCII, lower case, of at least two labels, without the dot of the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Domain(String);

impl Domain {
    /// Reads a domain, international ones too (RFC 5891); none when the DNS cannot have it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let ascii = idna::domain_to_ascii(text.trim_end_matches('.')).ok()?;
        let labels = ascii.split('.');
        let sound = |label: &str| {
            (1..=63).contains(&label.len()) && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        };
        // The last label has a letter: what ends in a number is an address, however it is written.
        let named = ascii.rsplit('.').next().is_some_and(|last| last.contains(|c: char| c.is_ascii_alphabetic()));
        let hexadecimal = ascii.rsplit('.').next().is_some_and(|last| last.starts_with("0x"));
        let whole = ascii.len() <= 240 && ascii.contains('.') && labels.into_iter().all(sound) && named && !hexadecimal;
        whole.then_some(Self(ascii))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a host is the domain, or in it.
    pub(super) fn holds(&self, host: &str) -> bool {
        host.strip_suffix(self.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_as_the_dns_has_it() {
        let ascii = |text: &str| Domain::parse(text).map(|domain| domain.as_str().to_owned());
        assert_eq!(ascii("Bücher.Example").as_deref(), Some("xn--bcher-kva.example"));
        assert_eq!(ascii("例子.公司").as_deref(), Some("xn--fsqu00a.xn--55qx5d"));
        for text in ["localhost", "", "127.0.0.1", "0x7f.1", "127.0x1", "a..b", "a/b.nl", "a b.nl", "a:1.nl", "[::1]"] {
            assert_eq!(ascii(text), None, "{text}");
        }
        let domain = Domain::parse("firma.test").unwrap();
        assert!(domain.holds("firma.test") && domain.holds("imap.firma.test"));
        assert!(!domain.holds("imap.otherfirma.test") && !domain.holds("firma.test.evil.example"));
    }
}
