//! What the server of the tests needs around it.

#[path = "../../it/support/scripted_mailbox/mod.rs"]
pub mod scripted_mailbox;

pub mod mailbox {
    /// A mail from somebody, of three kilobytes.
    pub fn mail(from: &str, subject: &str) -> Vec<u8> {
        let body = "A line of a mail, as long as such lines are, about nothing in particular.\r\n".repeat(36);
        format!(
            "From: {from}\r\nTo: alice@crm.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@test>\r\n\
             Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\n{body}"
        )
        .into_bytes()
    }
}
