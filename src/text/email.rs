//! E-mail addresses.

/// Longest address that can be mailed to (RFC 5321 4.5.3.1.3, less the angle brackets).
const LONGEST: usize = 254;

/// A mailbox address, kept as typed and compared by `key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress {
    typed: String,
    key: String,
}

/// Not a mailbox address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This is not an e-mail address.")]
pub struct NotAnAddress;

impl EmailAddress {
    /// Reads an address as a person types it. International local parts and domains are welcome (RFC 6531).
    ///
    /// # Errors
    /// When it is longer than 254 bytes, or not `local@domain` without blanks, control characters and address syntax.
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let typed = text.trim();
        let (local, domain) = typed.rsplit_once('@').ok_or(NotAnAddress)?;
        let sound = typed.len() <= LONGEST
            && !local.is_empty()
            && local.len() <= 64
            && !local.contains(['@', ' ', '<', '>', '(', ')', ',', ';', ':', '\\', '"', '[', ']'])
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && domain.split('.').all(is_label)
            && !typed.chars().any(|c| c.is_control() || c.is_whitespace());
        if sound { Ok(Self { typed: typed.to_owned(), key: Self::key_of(typed) }) } else { Err(NotAnAddress) }
    }

    /// The form by which any two addresses are compared, well-formed or not.
    #[must_use]
    pub fn key_of(address: &str) -> String {
        super::key(address)
    }

    /// As typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The form by which it is compared.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl std::fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.typed)
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c == '-' || c.is_alphanumeric() || !c.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_without_regard_to_case() {
        let address = EmailAddress::parse(" Jan.Jansen+crm@Bedrijf.NL ").unwrap();
        assert_eq!((address.as_str(), address.key()), ("Jan.Jansen+crm@Bedrijf.NL", "jan.jansen+crm@bedrijf.nl"));
        assert!(EmailAddress::parse("用户@例子.公司").is_ok());
    }

    #[test]
    fn what_cannot_be_mailed_to_is_refused() {
        for text in
            ["", "jan", "@b.nl", "jan@", "jan@b..nl", "j an@b.nl", "jan@b.nl\r\nBcc: x@y.z", "a@b@c.nl", "<a@b.nl>"]
        {
            assert_eq!(EmailAddress::parse(text), Err(NotAnAddress), "{text}");
        }
    }
}
