//! What can be blocked: an address, or a domain with those below it.

use super::Error;
use crate::text::EmailAddress;

/// An address, or a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// For people.
    pub(super) shown: String,
    /// By which it is found: `local@domain`, or `@domain`, the domain in ASCII.
    pub(super) key: String,
}

/// How the addresses that a pattern means can be written.
#[derive(Debug, Default)]
pub(super) struct Forms {
    /// Whole, as addresses are compared.
    pub(super) whole: Vec<String>,
    /// Their ends.
    pub(super) endings: Vec<String>,
}

impl Pattern {
    /// From what a person types: `jan@example.com`, `example.com` or `@example.com`, in any script. A domain of one word only with its @,
    /// since a word alone is more likely a name.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let bare = text.strip_prefix('@');
        let domain = bare.unwrap_or(text).trim_end_matches('.');
        if bare.is_none() && text.contains('@') {
            let address = EmailAddress::parse(text).map_err(|_| Error::Pattern)?;
            return Ok(Self { shown: address.as_str().to_owned(), key: in_ascii(address.key()) });
        }
        // A domain is what can stand behind an @.
        let address = EmailAddress::parse(&format!("a@{domain}")).map_err(|_| Error::Pattern)?;
        if bare.is_none() && !domain.contains('.') {
            return Err(Error::Pattern);
        }
        let key = in_ascii(address.key());
        let key = key.strip_prefix('a').unwrap_or(&key).to_owned();
        Ok(Self { shown: domain.to_owned(), key })
    }

    /// From what is stored.
    pub(super) fn stored(shown: String, key: String) -> Self {
        Self { shown, key }
    }

    /// How addresses that it means can be written: a domain in ASCII, or in its own script.
    pub(super) fn forms(&self) -> Forms {
        let (local, domain) = self.key.rsplit_once('@').unwrap_or_default();
        let (readable, _) = idna::domain_to_unicode(domain);
        let mut domains = vec![domain.to_owned()];
        let readable = EmailAddress::key_of(&readable);
        if readable != domain {
            domains.push(readable);
        }
        let mut forms = Forms::default();
        for domain in domains {
            if local.is_empty() {
                forms.endings.extend([format!("@{domain}"), format!(".{domain}")]);
            } else {
                forms.whole.push(format!("{local}@{domain}"));
            }
        }
        forms
    }
}

/// The keys of all patterns that would mean an address: it itself, its domain, and each domain above.
pub(super) fn keys_of(address: &str) -> Vec<String> {
    let whole = in_ascii(address);
    let mut keys = Vec::new();
    if let Some((_, domain)) = whole.rsplit_once('@') {
        let mut rest = Some(domain);
        while let Some(domain) = rest.filter(|domain| !domain.is_empty()) {
            keys.push(format!("@{domain}"));
            rest = domain.split_once('.').map(|(_, above)| above);
        }
    }
    keys.push(whole);
    keys
}

/// An address, as addresses are compared, with its domain in ASCII.
fn in_ascii(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else { return address.to_owned() };
    let domain = domain.trim_end_matches('.');
    let domain = idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned());
    format!("{local}@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<String> {
        Pattern::parse(text).ok().map(|pattern| pattern.key)
    }

    #[test]
    fn an_address_or_a_domain_is_read_in_any_script_and_case() {
        assert_eq!(key(" Jan@Example.COM ").as_deref(), Some("jan@example.com"));
        assert_eq!(key("Example.com").as_deref(), Some("@example.com"));
        assert_eq!(key("@example.com.").as_deref(), Some("@example.com"));
        assert_eq!(key("BÜCHER.example").as_deref(), Some("@xn--bcher-kva.example"));
        assert_eq!(key("xn--bcher-kva.example").as_deref(), Some("@xn--bcher-kva.example"));
        assert_eq!(key("info@bücher.example").as_deref(), Some("info@xn--bcher-kva.example"));
        assert_eq!(key("@xyz").as_deref(), Some("@xyz"));
        for wrong in ["", "@", "jansen", "a b.com", "x@", "a@b@c.com", "-x.com", "exam\0ple.com", "%", "*.com"] {
            assert_eq!(key(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_is_meant_by_itself_and_its_domains() {
        assert_eq!(keys_of("jan@a.b.example"), ["@a.b.example", "@b.example", "@example", "jan@a.b.example"]);
        assert_eq!(keys_of("jan@bücher.example")[0], "@xn--bcher-kva.example");
        assert_eq!(keys_of("mailer-daemon"), ["mailer-daemon"]);
        assert_eq!(keys_of("x@"), ["x@"]);
    }

    #[test]
    fn addresses_are_looked_for_as_they_can_be_written() {
        let forms = Pattern::parse("bücher.example").ok().map(|pattern| pattern.forms()).unwrap_or_default();
        let endings = ["@xn--bcher-kva.example", ".xn--bcher-kva.example", "@bücher.example", ".bücher.example"];
        assert_eq!((forms.whole.len(), forms.endings), (0, endings.map(str::to_owned).to_vec()));
        let forms = Pattern::parse("Jan@example.com").ok().map(|pattern| pattern.forms()).unwrap_or_default();
        assert_eq!((forms.whole, forms.endings.len()), (vec!["jan@example.com".to_owned()], 0));
    }
}
