//! A small HTTPS server with a certificate of its own authority, which answers as told, endlessly if need be.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto::ring};

/// What an address answers.
#[derive(Clone)]
pub enum Reply {
    Text(String),
    Redirect(String),
    /// As much as is taken.
    Endless,
    /// A byte a second.
    Drip,
}

#[derive(Default)]
struct Record {
    replies: HashMap<(String, String), Reply>,
    asked: Vec<(String, String)>,
    sent: usize,
}

pub struct HttpsServer {
    port: u16,
    authority: String,
    record: Arc<Mutex<Record>>,
    server: JoinHandle<()>,
}

impl HttpsServer {
    /// Starts it, with a certificate for these names.
    pub async fn start(names: &[&str]) -> Self {
        let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let record = Arc::new(Mutex::new(Record::default()));
        let (acceptor, kept) = (TlsAcceptor::from(Arc::new(config)), Arc::clone(&record));
        let server = tokio::spawn(async move {
            loop {
                let Ok((socket, _)) = listener.accept().await else { continue };
                tokio::spawn(serve(acceptor.clone(), socket, Arc::clone(&kept)));
            }
        });
        Self { port, authority: authority.pem(), record, server }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The authority that signed its certificate, in PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub fn says(&self, host: &str, path: &str, reply: Reply) {
        self.record.lock().unwrap().replies.insert((host.to_owned(), path.to_owned()), reply);
    }

    /// Host and target of every request.
    pub fn asked(&self) -> Vec<(String, String)> {
        self.record.lock().unwrap().asked.clone()
    }

    /// Bytes of endless replies that were taken.
    pub fn sent(&self) -> usize {
        self.record.lock().unwrap().sent
    }
}

impl Drop for HttpsServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(acceptor: TlsAcceptor, socket: TcpStream, record: Arc<Mutex<Record>>) {
    let Ok(stream) = acceptor.accept(socket).await else { return };
    let mut stream = BufReader::new(stream);
    let (mut target, mut host) = (String::new(), String::new());
    loop {
        let mut line = String::new();
        match (&mut stream).take(8192).read_line(&mut line).await {
            Ok(length) if length > 2 => {}
            _ => break,
        }
        if let Some(rest) = line.strip_prefix("GET ") {
            rest.split(' ').next().unwrap_or_default().clone_into(&mut target);
        } else if let Some(rest) = line.to_lowercase().strip_prefix("host: ") {
            rest.trim().split(':').next().unwrap_or_default().clone_into(&mut host);
        }
    }
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let reply: Option<Reply> = {
        let mut record = record.lock().unwrap();
        record.asked.push((host.clone(), target));
        record.replies.get(&(host, path)).cloned()
    };
    let head = |status: &str, more: &str| format!("HTTP/1.1 {status}\r\nConnection: close\r\n{more}\r\n");
    let text = match &reply {
        None => head("404 Not Found", "Content-Length: 0\r\n"),
        Some(Reply::Text(text)) => head("200 OK", &format!("Content-Length: {}\r\n", text.len())) + text,
        Some(Reply::Redirect(to)) => head("302 Found", &format!("Location: {to}\r\nContent-Length: 0\r\n")),
        Some(Reply::Endless | Reply::Drip) => head("200 OK", "Content-Type: text/xml\r\n"),
    };
    if stream.write_all(text.as_bytes()).await.is_err() {
        return;
    }
    match reply {
        Some(Reply::Endless) => {
            let block = [b' '; 16 << 10];
            while stream.write_all(&block).await.is_ok() {
                record.lock().unwrap().sent += block.len();
            }
        }
        Some(Reply::Drip) => {
            while stream.write_all(b" ").await.is_ok() && stream.flush().await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        _ => {}
    }
    let _closed = stream.shutdown().await;
}
