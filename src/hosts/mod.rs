//! Which hosts others may make the server connect to: those that users name, and those that discovery finds.
//! Owns: the rules, the one resolution they are checked on, that every refusal takes the same time, and questions to the DNS.
//! Does not own: connecting.
//! Start reading at [`AllowedHosts::resolve`].

mod dns;
mod public;

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub use dns::{Dns, Service};
use public::is_public;

/// The ports of IMAP (RFC 3501, RFC 8314).
pub const IMAP: &[u16] = &[143, 993];
/// The ports of SMTP (RFC 5321, RFC 6409, RFC 8314).
pub const SMTP: &[u16] = &[25, 465, 587];
/// The port of HTTP over TLS (RFC 9110).
pub const HTTPS: &[u16] = &[443];

/// The host may not be connected to, or is not known. One error for all, so that nobody can scan networks with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no host of this name that may be connected to")]
pub struct HostError;

/// A setting of allowed hosts that is not a list of `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not host:port")]
pub struct AllowedHostsError(String);

/// The rules: public hosts at the ports of a protocol, and hosts with ports that may be reached although private (on-premise
/// servers, named by the operator).
#[derive(Clone, Default)]
pub struct AllowedHosts {
    exempt: HashSet<(String, u16)>,
    dns: Dns,
}

impl AllowedHosts {
    /// Reads `host:port, [ipv6]:port, …`; empty text exempts none. Names are looked up as the system does.
    ///
    /// # Errors
    /// Names the first entry that is not of that form.
    pub fn parse(setting: &str) -> Result<Self, AllowedHostsError> {
        let entries = setting.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let exempt = entries.map(parse_entry).collect::<Result<_, _>>()?;
        Ok(Self { exempt, dns: Dns::default() })
    }

    /// The same rules, with names looked up there.
    #[must_use]
    pub fn with_dns(self, dns: Dns) -> Self {
        Self { dns, ..self }
    }

    /// The same rules, but for one more host that the operator named.
    #[must_use]
    pub fn and(&self, host: &str, port: u16) -> Self {
        let mut more = self.clone();
        more.exempt.insert((plain_host(host), port));
        more
    }

    /// Where names are looked up.
    #[must_use]
    pub fn dns(&self) -> &Dns {
        &self.dns
    }

    /// Whether the operator named this host with this port; the case of letters does not matter.
    #[must_use]
    pub fn contains(&self, host: &str, port: u16) -> bool {
        self.exempt.contains(&(plain_host(host), port))
    }

    /// Resolves the host once and gives the addresses that may be connected to. Connect to these, never to the name again: a second
    /// resolution could answer otherwise. A refusal comes when `patience` is over, whatever its reason: its time tells nothing.
    ///
    /// # Errors
    /// [`HostError`] for a port that is none of `ports`, an unknown host, or a host without a public address.
    pub async fn resolve(
        &self,
        host: &str,
        port: u16,
        ports: &[u16],
        patience: Duration,
    ) -> Result<Vec<SocketAddr>, HostError> {
        let end = tokio::time::Instant::now() + patience;
        let found = tokio::time::timeout_at(end, self.vetted(host, port, ports)).await.unwrap_or_default();
        if found.is_empty() {
            tokio::time::sleep_until(end).await;
            return Err(HostError);
        }
        Ok(found)
    }

    async fn vetted(&self, host: &str, port: u16, ports: &[u16]) -> Vec<SocketAddr> {
        let host = plain_host(host);
        let exempt = self.exempt.contains(&(host.clone(), port));
        if host.is_empty() || !(exempt || ports.contains(&port)) {
            return Vec::new();
        }
        let addresses = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => self.dns.addresses(&host).await,
        };
        let allowed = addresses.into_iter().filter(|address| exempt || is_public(*address));
        allowed.map(|address| SocketAddr::new(address, port)).collect()
    }
}

impl fmt::Debug for AllowedHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllowedHosts").field("exempt", &self.exempt).finish_non_exhaustive()
    }
}

fn parse_entry(entry: &str) -> Result<(String, u16), AllowedHostsError> {
    let fault = || AllowedHostsError(entry.to_owned());
    let (host, port) = entry.rsplit_once(':').ok_or_else(fault)?;
    let port = port.parse().map_err(|_| fault())?;
    let bracketed = host.starts_with('[') && host.ends_with(']');
    if host.is_empty() || host.contains(char::is_whitespace) || (host.contains(':') && !bracketed) {
        return Err(fault());
    }
    Ok((plain_host(host), port))
}

/// The host as compared, looked up and verified in TLS: lower case, no brackets, no dot of the root, international names as the DNS
/// has them (RFC 5891).
#[must_use]
pub fn plain_host(host: &str) -> String {
    let host = host.trim();
    let host = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.is_ascii() {
        return host.to_ascii_lowercase();
    }
    idna::domain_to_ascii(host).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(300);

    #[tokio::test]
    async fn a_private_host_is_refused_however_it_is_written_and_always_after_the_same_time() {
        let none = AllowedHosts::default();
        for host in [
            "127.0.0.1",
            "127.0.0.1.",
            "localhost",
            "localhost.",
            "127.1",
            "0x7f.1",
            "2130706433",
            "0x7f000001",
            "169.254.169.254",
            "[::1]",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:7f00:1",
            "[::ffff:7f00:1]",
            "①②⑦.0.0.1",
            "no such host",
            "",
        ] {
            let began = tokio::time::Instant::now();
            assert_eq!(none.resolve(host, 993, IMAP, SHORT).await, Err(HostError), "{host}");
            let took = began.elapsed();
            assert!(took >= SHORT && took < SHORT + Duration::from_secs(2), "{host}: {took:?}");
        }
    }

    #[tokio::test]
    async fn only_ports_of_the_protocol_are_connected_to() {
        let none = AllowedHosts::default();
        assert_eq!(none.resolve("8.8.8.8", 25, IMAP, SHORT).await, Err(HostError));
        assert_eq!(none.resolve("8.8.8.8", 993, HTTPS, SHORT).await, Err(HostError));
        assert!(none.resolve("8.8.8.8", 993, IMAP, SHORT).await.is_ok());
    }

    #[tokio::test]
    async fn the_operator_exempts_a_host_with_its_port_from_both_rules() {
        let long = Duration::from_secs(6);
        let allowed = AllowedHosts::parse("LocalHost:1143, [::1]:99,").expect("a list");
        assert!(allowed.resolve("localhost", 1143, IMAP, long).await.is_ok());
        assert!(allowed.resolve("LOCALHOST.", 1143, IMAP, long).await.is_ok());
        assert!(allowed.resolve("::1", 99, IMAP, long).await.is_ok());
        assert_eq!(allowed.resolve("localhost", 993, IMAP, SHORT).await, Err(HostError));
        assert_eq!(allowed.resolve("127.0.0.1", 1143, IMAP, SHORT).await, Err(HostError));
    }

    #[test]
    fn a_setting_that_is_no_list_of_hosts_is_named() {
        for setting in ["localhost", "a:b", ":993", "::1:993", "a:70000", "a b:1"] {
            assert!(AllowedHosts::parse(setting).is_err(), "{setting}");
        }
        assert!(AllowedHosts::parse(" ").is_ok());
    }
}
