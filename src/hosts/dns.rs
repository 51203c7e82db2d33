//! Questions to the DNS. What comes back is somebody's word, and checked by who asked.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData};

/// Records looked at of one answer. A name with more is up to nothing good.
const MOST: usize = 20;

/// Before a question is asked again.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The DNS as this node sees it. Without a server of its own, addresses are looked up as the system does (which knows more than the
/// DNS, such as `/etc/hosts`).
#[derive(Clone, Default)]
pub struct Dns {
    resolver: Option<TokioResolver>,
    own_server: bool,
}

/// Where a service is (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Lower ones first.
    pub priority: u16,
    /// Among equals, higher ones more often.
    pub weight: u16,
    /// Host, without the dot of the root; empty: the service is not offered.
    pub target: String,
    /// Port.
    pub port: u16,
}

impl Dns {
    /// Asks this server, or those of the system. Where even these cannot be found out, only addresses are known.
    #[must_use]
    pub fn new(server: Option<SocketAddr>) -> Self {
        let builder = match server {
            Some(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                let server = NameServerConfig::new(server.ip(), true, connections.to_vec());
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
                Ok(TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()))
            }
            None => TokioResolver::builder_tokio(),
        };
        let resolver = builder.and_then(|mut builder| {
            builder.options_mut().timeout = TIMEOUT;
            builder.build()
        });
        if let Err(error) = &resolver {
            tracing::warn!(%error, "Mail servers cannot be looked for in the DNS");
        }
        Self { resolver: resolver.ok(), own_server: server.is_some() }
    }

    /// Its addresses; none when there are none, or nobody says.
    pub(super) async fn addresses(&self, host: &str) -> Vec<IpAddr> {
        if !self.own_server {
            let found = tokio::net::lookup_host((host, 0)).await;
            return found.map(|found| found.map(|address| address.ip()).take(MOST).collect()).unwrap_or_default();
        }
        let Some((resolver, name)) = self.resolver.as_ref().zip(absolute(host)) else { return Vec::new() };
        let found = resolver.lookup_ip(name).await;
        found.map(|found| found.iter().take(MOST).collect()).unwrap_or_default()
    }

    /// Names of the hosts that take the domain's mail, the preferred first.
    pub async fn mail_exchangers(&self, domain: &str) -> Vec<String> {
        let Some((resolver, name)) = self.resolver.as_ref().zip(absolute(domain)) else { return Vec::new() };
        let Ok(found) = resolver.mx_lookup(name).await else { return Vec::new() };
        let exchangers = found.answers().iter().filter_map(|record| match &record.data {
            RData::MX(mx) => Some((mx.preference, plain(&mx.exchange))),
            _ => None,
        });
        let mut exchangers: Vec<_> = exchangers.take(MOST).collect();
        exchangers.sort();
        exchangers.into_iter().map(|(_, host)| host).collect()
    }

    /// Where the domain says that a service is, such as `_imaps._tcp.example.org`; in the order in which to try.
    pub async fn services(&self, name: &str) -> Vec<Service> {
        let Some((resolver, name)) = self.resolver.as_ref().zip(absolute(name)) else { return Vec::new() };
        let Ok(found) = resolver.srv_lookup(name).await else { return Vec::new() };
        let services = found.answers().iter().filter_map(|record| match &record.data {
            RData::SRV(srv) => {
                Some(Service { priority: srv.priority, weight: srv.weight, target: plain(&srv.target), port: srv.port })
            }
            _ => None,
        });
        let mut services: Vec<_> = services.take(MOST).collect();
        services.sort_by_key(|service| (service.priority, std::cmp::Reverse(service.weight)));
        services
    }
}

/// The name as it is, never below the domain of this machine.
fn absolute(name: &str) -> Option<Name> {
    let mut name = Name::from_ascii(name).ok()?;
    name.set_fqdn(true);
    Some(name)
}

fn plain(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}
