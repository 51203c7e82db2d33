//! Configurations in the form of Thunderbird's autoconfig: of the domain itself, and of the database of providers.

use roxmltree::{Document, Node, ParsingOptions};

use super::found::Found;
use super::mailbox::Mailbox;
use super::{Discovery, best, table};
use crate::mail_accounts::{Authentication, Provider, Security, Server};

/// Elements and texts of a configuration. Real ones have about a hundred.
const NODES: u32 = 2_000;

impl Discovery {
    /// What the domain itself says, by HTTPS only: its certificate vouches for it.
    pub(super) async fn by_domain_itself(&self, mailbox: &Mailbox) -> Option<Found> {
        let port = self.settings.https_port;
        let authority = |prefix: &str| {
            let host = format!("{prefix}{}", mailbox.domain.as_str());
            if port == 443 { host } else { format!("{host}:{port}") }
        };
        let query = escaped(&mailbox.address);
        let urls = [
            format!("https://{}/mail/config-v1.1.xml?emailaddress={query}", authority("autoconfig.")),
            format!("https://{}/.well-known/autoconfig/mail/config-v1.1.xml", authority("")),
        ];
        let ask = async |url: String| {
            let found = read(&self.https.get(&url).await?, mailbox, "the domain's own configuration (autoconfig)")?;
            self.vetted(found).await
        };
        let sources = urls.map(|url| Box::pin(ask(url)) as _);
        best::before(super::DEADLINE, sources.into()).await
    }

    /// What the database of providers says.
    pub(super) async fn by_database(&self, mailbox: &Mailbox) -> Option<Found> {
        let url = self.settings.ispdb_url.as_ref()?.replace("{domain}", mailbox.domain.as_str());
        let text = self.https.get_from_operators(&url).await?;
        self.vetted(read(&text, mailbox, "a public database of mail providers")?).await
    }
}

/// For a query of an address (RFC 3986).
fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// Reads a configuration; none when it is not one, or has no IMAP server with TLS that takes a password.
fn read(text: &str, mailbox: &Mailbox, source: &str) -> Option<Found> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text.trim_start_matches('\u{feff}').trim_start(), options).ok()?;
    let provider = child(document.root_element(), "emailProvider")?;
    let servers = |kind: &'static str, protocol: &'static str| {
        provider.children().filter(move |node| node.has_tag_name(kind) && node.attribute("type") == Some(protocol))
    };
    let incoming = servers("incomingServer", "imap").find_map(|node| Some((node, server(node, mailbox)?)));
    let (node, imap) = incoming?;
    if let Some(known) = table::by_host(&imap.host) {
        return Some(Found { source: source.to_owned(), ..known.found(mailbox) });
    }
    let mut ways = node.children().filter(|node| node.has_tag_name("authentication")).filter_map(text_of).peekable();
    let by_password = ways.peek().is_none() || ways.any(|way| way.starts_with("password") || way == "plain");
    let username = child(node, "username")
        .and_then(text_of)
        .map_or_else(|| mailbox.address.clone(), |username| mailbox.fill_in(username));
    by_password.then(|| Found {
        provider: Provider::Imap,
        authentication: Authentication::Password,
        imap,
        smtp: servers("outgoingServer", "smtp").find_map(|node| server(node, mailbox)),
        username,
        source: source.to_owned(),
        instructions: super::instructions::password(),
        is_vouched_for: true,
    })
}

/// A server with TLS; none without.
fn server(node: Node<'_, '_>, mailbox: &Mailbox) -> Option<Server> {
    let host = mailbox.fill_in(child(node, "hostname").and_then(text_of)?).to_ascii_lowercase();
    let security = match child(node, "socketType").and_then(text_of)? {
        "SSL" => Security::Tls,
        "STARTTLS" => Security::StartTls,
        _ => return None,
    };
    let port = child(node, "port").and_then(text_of)?.parse().ok().filter(|port| *port > 0)?;
    let sound = (1..=253).contains(&host.len()) && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
    sound.then_some(Server { host, port, security })
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name(name))
}

fn text_of<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    node.text().map(str::trim).filter(|text| !text.is_empty() && text.len() <= 320)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::EmailAddress;

    fn mailbox() -> Mailbox {
        Mailbox::of(&EmailAddress::parse("Jan@Firma.test").unwrap()).unwrap()
    }

    fn config(servers: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<clientConfig version=\"1.1\"><emailProvider id=\"firma.test\">{servers}</emailProvider></clientConfig>"
        )
    }

    fn incoming(host: &str, port: &str, socket: &str, more: &str) -> String {
        format!(
            "<incomingServer type=\"imap\"><hostname>{host}</hostname><port>{port}</port><socketType>{socket}</socketType>{more}</incomingServer>"
        )
    }

    #[test]
    fn the_first_imap_server_with_tls_counts() {
        let text = config(
            &(incoming("pop.firma.test", "995", "SSL", "").replace("imap\"", "pop3\"")
                + &incoming("plain.firma.test", "143", "plain", "")
                + &incoming(
                    "imap.%EMAILDOMAIN%",
                    "143",
                    "STARTTLS",
                    "<username>%EMAILLOCALPART%</username><authentication>OAuth2</authentication>\
                     <authentication>password-cleartext</authentication>",
                )
                + "<outgoingServer type=\"smtp\"><hostname>smtp.firma.test</hostname><port>465</port>\
                   <socketType>SSL</socketType></outgoingServer>"),
        );
        let found = read(&text, &mailbox(), "x").unwrap();
        let server = |host: &str, port, security| Server { host: host.to_owned(), port, security };
        assert_eq!(found.imap, server("imap.firma.test", 143, Security::StartTls));
        assert_eq!(found.smtp, Some(server("smtp.firma.test", 465, Security::Tls)));
        assert_eq!((found.username.as_str(), found.provider), ("Jan", Provider::Imap));
    }

    #[test]
    fn a_known_providers_host_is_that_provider() {
        let text = config(&incoming("imap.gmail.com", "993", "SSL", "<authentication>OAuth2</authentication>"));
        let found = read(&text, &mailbox(), "x").unwrap();
        assert_eq!((found.provider, found.authentication), (Provider::Gmail, Authentication::AppPassword));
    }

    #[test]
    fn anything_else_is_nothing() {
        let deep = "<a>".repeat(20_000);
        let many = config(&"<a/>".repeat(5_000));
        let entities = "<!DOCTYPE clientConfig [<!ENTITY a \"imap.firma.test\">]>".to_owned()
            + &config(&incoming("&a;", "993", "SSL", ""));
        for text in [
            "",
            "not xml",
            "<clientConfig/>",
            &deep,
            &many,
            &entities,
            &config(""),
            &config(&incoming("imap.firma.test", "993", "plain", "")),
            &config(&incoming("imap.firma.test", "0", "SSL", "")),
            &config(&incoming("imap.firma.test", "99999", "SSL", "")),
            &config(&incoming("imap firma", "993", "SSL", "")),
            &config(&incoming("imap.firma.test/x", "993", "SSL", "")),
            &config(&incoming("imap.firma.test", "993", "SSL", "<authentication>OAuth2</authentication>")),
        ] {
            assert_eq!(read(text, &mailbox(), "x"), None, "{}", text.get(..80).unwrap_or(text));
        }
    }
}
