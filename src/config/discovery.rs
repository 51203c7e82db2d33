//! Settings of looking for mail servers.

use std::net::SocketAddr;

use super::{SettingError, Source};

/// Where mail servers are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// The DNS server that is asked, for the hosts of mailboxes too; the system's when not set.
    pub dns: Option<SocketAddr>,
    /// A database of mail servers in the form of Thunderbird's, `{domain}` standing for the domain; none when it is off. The
    /// operator's own choice: its host may be private.
    pub ispdb_url: Option<String>,
    /// Port at which a domain's own configuration is asked for.
    pub https_port: u16,
    /// Port at which a mail server with TLS is guessed.
    pub imaps_port: u16,
}

impl Discovery {
    pub(super) fn read(source: &Source) -> Result<Self, SettingError> {
        let key = "TAGWIRE_DISCOVERY_DNS";
        let expected = "address:port, such as 127.0.0.1:53";
        let dns = source.text(key).map(|text| text.parse().map_err(|_| SettingError::new(key, &text, expected)));
        let key = "TAGWIRE_DISCOVERY_ISPDB_URL";
        let ispdb_url =
            source.text(key).unwrap_or_else(|| "https://autoconfig.thunderbird.net/v1.1/{domain}".to_owned());
        let off = ispdb_url == "off";
        let sound = ispdb_url.starts_with("https://") && ispdb_url.contains("{domain}");
        if !off && !sound {
            return Err(SettingError::new(key, &ispdb_url, "an address https://… with {domain} in it, or off"));
        }
        Ok(Self {
            dns: dns.transpose()?,
            ispdb_url: (!off).then_some(ispdb_url),
            https_port: source.number("TAGWIRE_DISCOVERY_HTTPS_PORT", 443, 1..=65_535)?,
            imaps_port: source.number("TAGWIRE_DISCOVERY_IMAPS_PORT", 993, 1..=65_535)?,
        })
    }
}
