//! What the domain's service records say (RFC 6186, RFC 8314).

use super::found::Found;
use super::mailbox::Mailbox;
use super::{Discovery, instructions, table};
use crate::hosts::Service;
use crate::mail_accounts::{Authentication, Provider, Security, Server};

impl Discovery {
    /// By service records. Nobody vouches for these: a target outside the domain is for the person to decide.
    pub(super) async fn by_services(&self, mailbox: &Mailbox) -> Option<Found> {
        let dns = self.hosts.dns();
        let ask = async |service: &str| dns.services(&format!("{service}._tcp.{}", mailbox.domain.as_str())).await;
        let (imaps, imap, submissions, submission) =
            tokio::join!(ask("_imaps"), ask("_imap"), ask("_submissions"), ask("_submission"));
        let imap = offered(&imaps, Security::Tls).or_else(|| offered(&imap, Security::StartTls))?;
        let smtp = offered(&submissions, Security::Tls).or_else(|| offered(&submission, Security::StartTls));
        let source = "the service records of the domain (SRV)".to_owned();
        if let Some(known) = table::by_host(&imap.host) {
            return Some(Found { source, ..known.found(mailbox) });
        }
        let is_vouched_for = mailbox.domain.holds(&imap.host);
        let found = Found {
            provider: Provider::Imap,
            authentication: Authentication::Password,
            imap,
            // The password would go there too.
            smtp: smtp.filter(|smtp| !is_vouched_for || mailbox.domain.holds(&smtp.host)),
            is_vouched_for,
            username: mailbox.address.clone(),
            source,
            instructions: instructions::password(),
        };
        self.vetted(found).await
    }
}

/// The server to try first; none when the service is not offered, which a record says with an empty target.
fn offered(services: &[Service], security: Security) -> Option<Server> {
    let first = services.first()?;
    (!first.target.is_empty() && first.port > 0).then(|| Server {
        host: first.target.clone(),
        port: first.port,
        security,
    })
}
