//! The address that a server is looked for, in the parts that configurations name.

use super::domain::Domain;
use crate::text::EmailAddress;

/// An address whose domain can have a mail server.
#[derive(Clone, Debug)]
pub(super) struct Mailbox {
    /// As typed.
    pub(super) address: String,
    pub(super) local: String,
    pub(super) domain: Domain,
}

impl Mailbox {
    pub(super) fn of(email: &EmailAddress) -> Option<Self> {
        let (local, domain) = email.as_str().rsplit_once('@')?;
        let domain = Domain::parse(domain)?;
        Some(Self { address: email.as_str().to_owned(), local: local.to_owned(), domain })
    }

    /// Puts the parts of the address where a configuration names them.
    pub(super) fn fill_in(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len() + self.address.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            filled.push_str(before);
            let known = [
                ("EMAILADDRESS%", self.address.as_str()),
                ("EMAILLOCALPART%", &self.local),
                ("EMAILDOMAIN%", self.domain.as_str()),
            ];
            let named = known.iter().find_map(|(name, value)| after.strip_prefix(name).map(|rest| (*value, rest)));
            let (value, after) = named.unwrap_or(("%", after));
            filled.push_str(value);
            rest = after;
        }
        filled.push_str(rest);
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_address_stand_where_a_configuration_names_them() {
        let mailbox = Mailbox::of(&EmailAddress::parse("%EMAILDOMAIN%@firma.test").unwrap()).unwrap();
        assert_eq!(mailbox.fill_in("%EMAILLOCALPART%"), "%EMAILDOMAIN%");
        assert_eq!(mailbox.fill_in("a%EMAILDOMAIN%b%EMAILADDRESS%"), "afirma.testb%EMAILDOMAIN%@firma.test");
        assert_eq!(mailbox.fill_in("100% %REALNAME%"), "100% %REALNAME%");
    }
}
