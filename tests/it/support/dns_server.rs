//! A DNS server of one story, which says what it is told to say, lies included. It counts what it was asked.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// What a name has.
#[derive(Clone, Debug)]
pub enum Record {
    Address(IpAddr),
    /// A host that takes mail, with its preference.
    Mail(u16, &'static str),
    /// Priority, weight, port and target of a service.
    Service(u16, u16, u16, &'static str),
}

impl Record {
    fn kind(&self) -> u16 {
        match self {
            Self::Address(IpAddr::V4(_)) => 1,
            Self::Address(IpAddr::V6(_)) => 28,
            Self::Mail(..) => 15,
            Self::Service(..) => 33,
        }
    }

    fn data(&self) -> Vec<u8> {
        match self {
            Self::Address(IpAddr::V4(address)) => address.octets().to_vec(),
            Self::Address(IpAddr::V6(address)) => address.octets().to_vec(),
            Self::Mail(preference, host) => [&preference.to_be_bytes()[..], &name(host)].concat(),
            Self::Service(priority, weight, port, target) => {
                let numbers = [priority, weight, port].map(|number| number.to_be_bytes()).concat();
                [numbers, name(target)].concat()
            }
        }
    }
}

#[derive(Default)]
struct Zone {
    /// For each name, what it has at the first look, the second, and so on; the last stays.
    names: HashMap<String, Vec<Vec<Record>>>,
    asked: Vec<(String, u16)>,
}

pub struct DnsServer {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    server: JoinHandle<()>,
}

impl DnsServer {
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let zone = Arc::new(Mutex::new(Zone::default()));
        let answering = Arc::clone(&zone);
        let server = tokio::spawn(async move {
            let mut bytes = [0; 4096];
            loop {
                let Ok((length, from)) = socket.recv_from(&mut bytes).await else { continue };
                let answer = answer(&mut answering.lock().unwrap(), &bytes[..length]);
                if let Some(answer) = answer {
                    let _sent = socket.send_to(&answer, from).await;
                }
            }
        });
        Self { address, zone, server }
    }

    /// As `TAGWIRE_DISCOVERY_DNS` has it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds what a name has.
    pub fn has(&self, name: &str, record: Record) {
        let mut zone = self.zone.lock().unwrap();
        let turns = zone.names.entry(name.to_owned()).or_default();
        if turns.is_empty() {
            turns.push(Vec::new());
        }
        turns.last_mut().unwrap().push(record);
    }

    /// The name is this machine.
    pub fn is_here(&self, name: &str) {
        self.has(name, Record::Address("127.0.0.1".parse().unwrap()));
    }

    /// From the second look on, the name has something else.
    pub fn then_has(&self, name: &str, record: Record) {
        self.zone.lock().unwrap().names.entry(name.to_owned()).or_default().push(vec![record]);
    }

    /// How often it was asked for the addresses of a name, IPv4 and IPv6 together as one.
    pub fn looks(&self, name: &str) -> usize {
        let zone = self.zone.lock().unwrap();
        let of = |kind: u16| zone.asked.iter().filter(|(asked, of)| asked == name && *of == kind).count();
        of(1).max(of(28))
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Labels of a name as the wire has them (RFC 1035 section 3.1).
fn name(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

/// The answer to one question.
fn answer(zone: &mut Zone, query: &[u8]) -> Option<Vec<u8>> {
    let mut labels = Vec::new();
    let mut at = 12;
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let asked = labels.join(".");
    let kind = u16::from_be_bytes([*query.get(at)?, *query.get(at + 1)?]);
    let question = query.get(12..at + 4)?;
    let turn = zone.asked.iter().filter(|(name, of)| *name == asked && *of == kind).count();
    zone.asked.push((asked.clone(), kind));
    let turns = zone.names.get(&asked);
    let records = turns.and_then(|turns| turns.get(turn).or(turns.last())).cloned().unwrap_or_default();
    let records: Vec<_> = records.into_iter().filter(|record| record.kind() == kind).collect();
    let mut bytes = query.get(..2)?.to_vec();
    // A response, recursion available; no such name.
    bytes.extend([0x81, if turns.is_some() { 0x80 } else { 0x83 }]);
    bytes.extend([0, 1, 0, u8::try_from(records.len()).unwrap(), 0, 0, 0, 0]);
    bytes.extend_from_slice(question);
    for record in records {
        let data = record.data();
        bytes.extend([0xc0, 12]);
        bytes.extend(record.kind().to_be_bytes());
        bytes.extend([0, 1, 0, 0, 0, 0]);
        bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(data);
    }
    Some(bytes)
}
