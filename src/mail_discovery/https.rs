//! Fetching small texts by HTTPS from hosts that others name. Owns: that each hop is checked, and that nothing is unbounded.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, HOST, LOCATION, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;

use super::LOOKUP;
use crate::hosts::{AllowedHosts, HTTPS, plain_host};

/// Bytes of an answer.
const LONGEST: usize = 64 << 10;
/// Bytes of its head.
const HEAD: usize = 32 << 10;
/// Answers that may point elsewhere.
const REDIRECTS: usize = 3;
/// For one connection.
const CONNECT: Duration = Duration::from_secs(1);

/// Fetches by HTTPS. No cookies, no credentials, nothing but GET.
#[derive(Clone)]
pub(super) struct Https {
    hosts: AllowedHosts,
    tls: Arc<ClientConfig>,
}

impl Https {
    pub(super) fn new(hosts: AllowedHosts, tls: Arc<ClientConfig>) -> Self {
        Self { hosts, tls }
    }

    /// The text at an address that others named; none for whatever reason. Not bounded in time: dropping it ends it.
    pub(super) async fn get(&self, url: &str) -> Option<String> {
        self.follow(url.parse().ok()?, &self.hosts).await
    }

    /// The same at an address that the operator set, whose host is exempt from the rules. Where it points to is not.
    pub(super) async fn get_from_operators(&self, url: &str) -> Option<String> {
        let url: Uri = url.parse().ok()?;
        let (host, port) = place(&url)?;
        self.follow(url, &self.hosts.and(&host, port)).await
    }

    async fn follow(&self, mut url: Uri, first: &AllowedHosts) -> Option<String> {
        let mut hosts = first;
        for _hop in 0..=REDIRECTS {
            match self.ask(&url, hosts).await? {
                Answer::Text(text) => return Some(text),
                Answer::Elsewhere(next) => url = next,
            }
            hosts = &self.hosts;
        }
        None
    }

    /// One request to the address that was checked, the name verified in TLS.
    async fn ask(&self, url: &Uri, hosts: &AllowedHosts) -> Option<Answer> {
        let (host, port) = place(url)?;
        let addresses = hosts.resolve(&host, port, HTTPS, LOOKUP).await.ok()?;
        let socket = tokio::time::timeout(CONNECT, TcpStream::connect(addresses.as_slice())).await.ok()?.ok()?;
        let name = ServerName::try_from(host).ok()?;
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, socket).await.ok()?;
        let (mut sender, connection) =
            http1::Builder::new().max_buf_size(HEAD).max_headers(64).handshake(TokioIo::new(stream)).await.ok()?;
        let target = url.path_and_query().map_or("/", |target| target.as_str());
        let request = Request::get(target)
            .header(HOST, url.authority()?.as_str())
            .header(USER_AGENT, concat!("Tagwire/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, "application/xml, text/xml")
            .body(String::new())
            .ok()?;
        let mut exchange = pin!(async move { read(url, sender.send_request(request).await.ok()?).await });
        let mut connection = pin!(connection);
        tokio::select! {
            answer = exchange.as_mut() => answer,
            // It has ended; what came before that may still be read.
            _ended = connection.as_mut() => exchange.await,
        }
    }
}

enum Answer {
    Text(String),
    Elsewhere(Uri),
}

/// Host and port of an address with HTTPS, without anything that could be read in two ways.
fn place(url: &Uri) -> Option<(String, u16)> {
    let authority = url.authority()?;
    let sound = url.scheme_str() == Some("https") && !authority.as_str().contains('@');
    let host = plain_host(authority.host());
    (sound && !host.is_empty()).then_some((host, authority.port_u16().unwrap_or(443)))
}

async fn read(url: &Uri, response: Response<Incoming>) -> Option<Answer> {
    let status = response.status();
    if status.is_redirection() {
        let location = response.headers().get(LOCATION)?.to_str().ok()?;
        return elsewhere(url, location).map(Answer::Elsewhere);
    }
    if !status.is_success() {
        return None;
    }
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        if bytes.len() + data.len() > LONGEST {
            return None;
        }
        bytes.extend_from_slice(&data);
    }
    String::from_utf8(bytes).ok().map(Answer::Text)
}

/// Where a redirect points: another address, or another place at the same host.
fn elsewhere(url: &Uri, location: &str) -> Option<Uri> {
    if location.starts_with('/') && !location.starts_with("//") {
        return format!("https://{}{location}", url.authority()?).parse().ok();
    }
    location.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_with_https_are_asked() {
        let place = |url: &str| url.parse().ok().and_then(|url| place(&url));
        assert_eq!(place("https://Firma.test./x"), Some(("firma.test".to_owned(), 443)));
        assert_eq!(place("https://[::1]:99/x"), Some(("::1".to_owned(), 99)));
        for url in ["http://firma.test/", "https://user@firma.test/", "ftp://firma.test/", "/x", "file:///etc/passwd"] {
            assert_eq!(place(url), None, "{url}");
        }
        let at = "https://a.test:99/b".parse().unwrap();
        assert_eq!(elsewhere(&at, "/c?d").unwrap().to_string(), "https://a.test:99/c?d");
        assert_eq!(elsewhere(&at, "https://e.test/f").unwrap().host(), Some("e.test"));
        assert!(elsewhere(&at, "//e.test/f").is_none_or(|url| super::place(&url).is_none()));
    }
}
