//! Guessing usual names, and looking whether a mail server with a valid certificate is there.

use futures_util::FutureExt;

use super::found::Found;
use super::mailbox::Mailbox;
use super::{DEADLINE, Discovery, LOOKUP, best, instructions};
use crate::mail_accounts::{Authentication, Provider, Security, Server};
use crate::mail_sync::imap::{self, ImapConn, Target, Timeouts};

impl Discovery {
    /// By what is usual. A server counts when its certificate is valid for its name, and it greets as one of IMAP.
    pub(super) async fn by_guess(&self, mailbox: &Mailbox) -> Option<Found> {
        let candidate =
            |name: &str, port, security| Server { host: format!("{name}.{}", mailbox.domain.as_str()), port, security };
        let port = self.settings.imaps_port;
        let candidates = [
            candidate("imap", port, Security::Tls),
            candidate("mail", port, Security::Tls),
            candidate("imap", 143, Security::StartTls),
            candidate("mail", 143, Security::StartTls),
        ];
        let probes = candidates.into_iter().map(|server| self.probe(server).boxed()).collect();
        best::before(DEADLINE, probes).await.map(|imap| Found {
            provider: Provider::Imap,
            authentication: Authentication::Password,
            imap,
            smtp: None,
            username: mailbox.address.clone(),
            source: "a guess: a mail server with a valid certificate answers there".to_owned(),
            instructions: instructions::password(),
            is_vouched_for: true,
        })
    }

    /// The server, if it is one. Nothing secret is sent.
    async fn probe(&self, server: Server) -> Option<Server> {
        let security = match server.security {
            Security::Tls => imap::Security::Tls,
            Security::StartTls => imap::Security::StartTls,
            Security::Plaintext => return None,
        };
        let target = Target { host: server.host.clone(), port: server.port, security };
        // What is over at the deadline is dropped.
        let timeouts = Timeouts { lookup: LOOKUP, ..Timeouts::default() };
        ImapConn::connect(&target, &self.hosts, &self.tls, timeouts).await.ok().map(|_greeted| server)
    }
}
