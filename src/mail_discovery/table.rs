//! How the built-in table is asked. The table itself is `providers`.

use super::found::Found;
use super::mailbox::Mailbox;
use super::providers::PROVIDERS;
use crate::mail_accounts::{Authentication, Provider, Security, Server};

/// A provider as built in.
pub(super) struct Known {
    /// As people call it.
    pub(super) name: &'static str,
    /// Domains of its addresses.
    pub(super) domains: &'static [&'static str],
    /// What the names of the hosts end in that take mail for its customers' own domains.
    pub(super) exchangers: &'static [&'static str],
    pub(super) provider: Provider,
    pub(super) authentication: Authentication,
    pub(super) imap: Host,
    pub(super) smtp: Option<Host>,
    pub(super) username: Username,
    pub(super) instructions: &'static [&'static str],
}

/// A server as built in.
pub(super) struct Host(pub(super) &'static str, pub(super) u16, pub(super) Security);

/// What one signs in as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Username {
    /// The whole address.
    Address,
    /// What stands before the `@`.
    LocalPart,
}

impl Host {
    fn server(&self) -> Server {
        Server { host: self.0.to_owned(), port: self.1, security: self.2 }
    }
}

impl Known {
    /// What the table says of a mailbox.
    pub(super) fn found(&self, mailbox: &Mailbox) -> Found {
        let username = match self.username {
            Username::Address => mailbox.address.clone(),
            Username::LocalPart => mailbox.local.clone(),
        };
        Found {
            provider: self.provider,
            authentication: self.authentication,
            imap: self.imap.server(),
            smtp: self.smtp.as_ref().map(Host::server),
            username,
            source: format!("built-in: {}", self.name),
            instructions: self.instructions.iter().map(|&step| step.to_owned()).collect(),
            is_vouched_for: true,
        }
    }
}

/// The provider whose addresses are in this domain.
pub(super) fn by_domain(domain: &str) -> Option<&'static Known> {
    PROVIDERS.iter().find(|known| known.domains.contains(&domain))
}

/// The provider whose host takes the mail of a domain.
pub(super) fn by_mail_exchanger(host: &str) -> Option<&'static Known> {
    let within =
        |suffix: &&str| host.strip_suffix(*suffix).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    PROVIDERS.iter().find(|known| known.exchangers.iter().any(within))
}

/// The provider of which this is the IMAP server, where one signs in otherwise than usual.
pub(super) fn by_host(host: &str) -> Option<&'static Known> {
    PROVIDERS.iter().find(|known| known.imap.0 == host && known.provider != Provider::Imap)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_domain_stands_once_and_every_server_is_secured() {
        let (mut domains, mut exchangers) = (HashSet::new(), HashSet::new());
        for known in PROVIDERS {
            for (names, seen) in [(known.domains, &mut domains), (known.exchangers, &mut exchangers)] {
                for name in names {
                    assert_eq!(*name, name.to_lowercase());
                    assert!(seen.insert(name), "{name} stands twice");
                }
            }
            for Host(host, port, security) in [Some(&known.imap), known.smtp.as_ref()].into_iter().flatten() {
                let usual = match security {
                    Security::Tls => [993, 465].contains(port),
                    Security::StartTls => [143, 587, 1143, 1025].contains(port),
                    Security::Plaintext => false,
                };
                assert!(usual, "{host}");
            }
            assert!(!known.instructions.is_empty(), "{}", known.name);
        }
        assert!(PROVIDERS.len() > 30);
    }

    #[test]
    fn customers_are_known_by_who_takes_their_mail() {
        let provider = |host: &str| by_mail_exchanger(host).map(|known| known.provider);
        assert_eq!(provider("aspmx.l.google.com"), Some(Provider::Gmail));
        assert_eq!(provider("smtp.google.com"), Some(Provider::Gmail));
        assert_eq!(provider("firma-nl.mail.protection.outlook.com"), Some(Provider::Office365));
        assert_eq!(provider("firma-nl.k-v1.mx.microsoft"), Some(Provider::Office365));
        assert_eq!(provider("notgoogle.com"), None);
        assert_eq!(provider("google.com.evil.example"), None);
    }
}
