//! Which hosts a user may make the server connect to. Owns: the rules, and the one resolution they are checked on.
//! Does not own: connecting.
//! Start reading at [`resolve`].

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// The ports of IMAP (RFC 3501, RFC 8314).
const PORTS: [u16; 2] = [143, 993];
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// The host may not be connected to, or is not known. One error for all, so that nobody can scan networks with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the mail server could not be reached")]
pub struct HostError;

/// A setting of allowed hosts that is not a list of `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not host:port")]
pub struct AllowedHostsError(String);

/// Hosts with ports that may be reached although private: on-premise servers, named by the operator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts(HashSet<(String, u16)>);

impl AllowedHosts {
    /// Reads `host:port, [ipv6]:port, …`; empty text allows none.
    ///
    /// # Errors
    /// Names the first entry that is not of that form.
    pub fn parse(setting: &str) -> Result<Self, AllowedHostsError> {
        let entries = setting.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(parse_entry).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the operator named this host with this port; the case of letters does not matter.
    #[must_use]
    pub fn contains(&self, host: &str, port: u16) -> bool {
        self.0.contains(&(plain_host(host), port))
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

/// The host as compared and as verified in TLS: lower case, no brackets, no dot of the root.
pub(super) fn plain_host(host: &str) -> String {
    let host = host.trim();
    let host = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
    let host = host.strip_suffix('.').unwrap_or(host);
    host.to_ascii_lowercase()
}

/// Resolves the host once and gives the addresses that may be connected to. Connect to these, never to the name again:
/// a second resolution could answer otherwise.
///
/// # Errors
/// [`HostError`] for a port that is not of IMAP, an unknown host, or a host without a public address.
pub async fn resolve(host: &str, port: u16, allowed: &AllowedHosts) -> Result<Vec<SocketAddr>, HostError> {
    let host = plain_host(host);
    let exempt = allowed.contains(&host, port);
    if host.is_empty() || !(exempt || PORTS.contains(&port)) {
        return Err(HostError);
    }
    let lookup = tokio::time::timeout(LOOKUP_TIMEOUT, tokio::net::lookup_host((host.as_str(), port)));
    let found = lookup.await.map_err(|_| HostError)?.map_err(|_| HostError)?;
    let addresses: Vec<SocketAddr> = found.filter(|address| exempt || is_public(address.ip())).collect();
    if addresses.is_empty() { Err(HostError) } else { Ok(addresses) }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// By the IANA registry of special-purpose IPv4 addresses (RFC 6890).
fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

/// Global unicast (`2000::/3`) without its special blocks; an address that carries an IPv4 address is as public as that.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let carried = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        // ::ffff:a.b.c.d (RFC 4291), 64:ff9b::a.b.c.d (NAT64, RFC 6052) and 6to4 (RFC 3056)
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            carried(high, low)
        }
        // 2001::/23 (Teredo and other protocol assignments), 2001:db8::/32 and 3fff::/20 (documentation)
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(address: &str) -> bool {
        is_public(address.parse().expect("an address"))
    }

    #[test]
    fn addresses_inside_a_network_are_not_public() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "203.0.113.9",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2002:c0a8:101::1",
            "2001:0:4136:e378::1",
            "2001:db8::1",
            "3fff::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12:3456::1",
            "ff02::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        for address in [
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(public(address), "{address}");
        }
    }

    #[tokio::test]
    async fn a_private_host_is_refused_however_it_is_written() {
        let none = AllowedHosts::default();
        for host in
            ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]", "::1", "::ffff:127.0.0.1", ""]
        {
            assert_eq!(resolve(host, 993, &none).await, Err(HostError), "{host}");
        }
    }

    #[tokio::test]
    async fn only_ports_of_imap_are_connected_to() {
        assert_eq!(resolve("8.8.8.8", 25, &AllowedHosts::default()).await, Err(HostError));
        assert!(resolve("8.8.8.8", 993, &AllowedHosts::default()).await.is_ok());
    }

    #[tokio::test]
    async fn the_operator_exempts_a_host_with_its_port_from_both_rules() {
        let allowed = AllowedHosts::parse("LocalHost:1143, [::1]:99,").expect("a list");
        assert!(resolve("localhost", 1143, &allowed).await.is_ok());
        assert!(resolve("LOCALHOST.", 1143, &allowed).await.is_ok());
        assert!(resolve("::1", 99, &allowed).await.is_ok());
        assert_eq!(resolve("localhost", 993, &allowed).await, Err(HostError));
        assert_eq!(resolve("127.0.0.1", 1143, &allowed).await, Err(HostError));
    }

    #[test]
    fn a_setting_that_is_no_list_of_hosts_is_named() {
        for setting in ["localhost", "a:b", ":993", "::1:993", "a:70000", "a b:1"] {
            assert!(AllowedHosts::parse(setting).is_err(), "{setting}");
        }
        assert_eq!(AllowedHosts::parse(" "), Ok(AllowedHosts::default()));
    }
}
