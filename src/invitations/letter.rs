//! What an invitation says, in the workspace's language. It is the same whether its reader signs in elsewhere or not.

use crate::post::Letter;
use crate::text::in_html;
use crate::users::Language;

/// What stands in an invitation.
pub(super) struct Words<'a> {
    pub(super) language: Language,
    pub(super) workspace: &'a str,
    pub(super) inviter: &'a str,
    pub(super) name: &'a str,
    pub(super) email: &'a str,
    pub(super) link: &'a str,
    /// Where people sign in.
    pub(super) base: &'a str,
}

/// The sentences, in their order.
struct Sentences {
    subject: String,
    greeting: String,
    invites: String,
    open: &'static str,
    button: &'static str,
    afterwards: String,
    known: String,
    otherwise: &'static str,
}

impl Words<'_> {
    pub(super) fn letter(&self) -> Letter {
        let said = self.sentences();
        let text = format!(
            "{}\n\n{}\n\n{}\n\n{}\n\n{}\n\n{}\n\n{}\n",
            said.greeting, said.invites, said.open, self.link, said.afterwards, said.known, said.otherwise
        );
        let paragraph = |text: &str| format!("<p>{}</p>\n", in_html(text));
        let link = in_html(self.link);
        let html = format!(
            "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n\
             <body style=\"font-family:sans-serif;line-height:1.5;color:#1a1a1a\">\n{}{}{}\
             <p><a href=\"{link}\">{}</a></p>\n<p style=\"word-break:break-all\">{link}</p>\n{}{}{}</body></html>\n",
            if self.language == Language::Dutch { "nl" } else { "en" },
            in_html(&said.subject),
            paragraph(&said.greeting),
            paragraph(&said.invites),
            paragraph(said.open),
            in_html(said.button),
            paragraph(&said.afterwards),
            paragraph(&said.known),
            paragraph(said.otherwise),
        );
        let (name, address) = (self.name.to_owned(), self.email.to_owned());
        Letter { name, address, subject: said.subject, text, html }
    }

    fn sentences(&self) -> Sentences {
        let Self { workspace, inviter, name, email, base, .. } = self;
        match self.language {
            Language::English => Sentences {
                subject: format!("{inviter} invites you to {workspace}"),
                greeting: format!("Hello {name},"),
                invites: format!("{inviter} invites you to work together in {workspace}."),
                open: "Open this address within 72 hours and choose a password there; it works once:",
                button: "Accept the invitation",
                afterwards: format!("From then on you sign in at {base} with the address {email} and that password."),
                known: format!(
                    "If you already sign in at {base} with this address, give the password that you have. It stays as it is."
                ),
                otherwise: "If you did not expect this, you need not do anything: without you nothing happens.",
            },
            Language::Dutch => Sentences {
                subject: format!("{inviter} nodigt u uit voor {workspace}"),
                greeting: format!("Beste {name},"),
                invites: format!("{inviter} nodigt u uit om samen te werken in {workspace}."),
                open: "Open dit adres binnen 72 uur en kies daar een wachtwoord; het werkt één keer:",
                button: "Uitnodiging aannemen",
                afterwards: format!("Daarna meldt u zich op {base} aan met het adres {email} en dat wachtwoord."),
                known: format!(
                    "Meldt u zich op {base} al met dit adres aan, geef dan het wachtwoord dat u hebt. Het blijft zoals het is."
                ),
                otherwise: "Verwachtte u dit niet, dan hoeft u niets te doen: zonder u gebeurt er niets.",
            },
        }
    }
}
