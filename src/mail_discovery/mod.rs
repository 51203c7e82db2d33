//! Finds the mail server of an address, so that a person need not know it.
//!
//! Owns where to look, which word counts more, and what the person at the screen is told. Which hosts may be connected to is `hosts`';
//! signing in is `mail_sync`'s. Never sends a password. Start reading at [`Discovery::discover`].

mod autoconfig;
mod best;
mod domain;
mod found;
mod guess;
mod https;
mod instructions;
mod mailbox;
mod providers;
mod services;
mod table;
mod tries;

use std::sync::Arc;
use std::time::Duration;

use entity::{Timestamp, UserId};
use futures_util::FutureExt;
use tokio_rustls::rustls::ClientConfig;

pub use found::Found;
pub use tries::Tries;

use crate::clock::Clock;
use crate::config;
use crate::hosts::{AllowedHosts, IMAP, SMTP};
use crate::text::EmailAddress;
use https::Https;
use mailbox::Mailbox;

/// When the best that is known by then is the answer. What is left of three seconds is for everything around it.
const DEADLINE: Duration = Duration::from_millis(2_600);

/// For finding the address of a host. A host that is refused, or not there, always takes this long.
const LOOKUP: Duration = Duration::from_millis(1_200);

/// Searches of one user in a minute.
const SEARCHES: u32 = 20;

/// Failed attempts of one user to connect a mailbox in a minute.
const FAILURES: u32 = 30;

/// Too many searches: when the next may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Too many attempts. Wait a minute and try again.")]
pub struct TooMany {
    /// From then on.
    pub retry_at: Timestamp,
}

/// Looks for mail servers.
#[derive(Clone)]
pub struct Discovery {
    hosts: AllowedHosts,
    https: Https,
    tls: Arc<ClientConfig>,
    settings: config::Discovery,
    clock: Clock,
    searches: Arc<Tries>,
    failures: Arc<Tries>,
}

impl Discovery {
    /// With the rules for hosts and the trusted certificates of a node.
    #[must_use]
    pub fn new(settings: config::Discovery, clock: Clock, hosts: AllowedHosts, tls: &Arc<ClientConfig>) -> Self {
        Self {
            https: Https::new(hosts.clone(), Arc::clone(tls)),
            hosts,
            tls: Arc::clone(tls),
            settings,
            clock,
            searches: Arc::new(Tries::of(SEARCHES)),
            failures: Arc::new(Tries::of(FAILURES)),
        }
    }

    /// The mail server of an address, within three seconds; none when none is known. `user` is who asks.
    ///
    /// # Errors
    /// When this user has asked too often.
    pub async fn discover(&self, user: UserId, email: &EmailAddress) -> Result<Option<Found>, TooMany> {
        self.searches.count(user, self.clock.now())?;
        let Some(mailbox) = Mailbox::of(email) else { return Ok(None) };
        if let Some(known) = table::by_domain(mailbox.domain.as_str()) {
            return Ok(Some(known.found(&mailbox)));
        }
        let ours = &mailbox;
        // The order is that of how much their word counts.
        let sources = vec![
            self.by_mail_exchanger(ours).boxed(),
            self.by_domain_itself(ours).boxed(),
            self.by_database(ours).boxed(),
            self.by_services(ours).boxed(),
            self.by_guess(ours).boxed(),
        ];
        Ok(best::before(DEADLINE, sources).await)
    }

    /// Whether this user may try to connect a mailbox now.
    ///
    /// # Errors
    /// After too many failures in a minute.
    pub fn check_failures(&self, user: UserId) -> Result<(), TooMany> {
        self.failures.check(user, self.clock.now())
    }

    /// A mailbox could not be connected.
    pub fn note_failure(&self, user: UserId) {
        // Too many are refused at the next attempt.
        let _counted = self.failures.count(user, self.clock.now());
    }

    /// The DNS says who takes the domain's mail: that counts only against our own table, since it is not where mail is read.
    async fn by_mail_exchanger(&self, mailbox: &Mailbox) -> Option<Found> {
        let exchangers = self.hosts.dns().mail_exchangers(mailbox.domain.as_str()).await;
        exchangers.iter().find_map(|host| table::by_mail_exchanger(host)).map(|known| known.found(mailbox))
    }

    /// Servers that somebody named are offered only if the rules let them be connected to.
    async fn vetted(&self, found: Found) -> Option<Found> {
        // What the table says of these is not anybody's word.
        if table::by_host(&found.imap.host).is_some() {
            return Some(found);
        }
        let imap = self.hosts.resolve(&found.imap.host, found.imap.port, IMAP, LOOKUP);
        let Some(smtp) = found.smtp.clone() else { return imap.await.ok().map(|_| found) };
        let smtp = self.hosts.resolve(&smtp.host, smtp.port, SMTP, LOOKUP);
        let (imap, smtp) = tokio::join!(imap, smtp);
        let smtp = found.smtp.clone().filter(|_| smtp.is_ok());
        imap.ok().map(|_| Found { smtp, ..found })
    }
}
