//! A mail server that keeps what it gets, for tests to read, and fails as it is told.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

const PATIENCE: Duration = Duration::from_secs(20);

/// How one mail fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The recipient is answered with this.
    Recipient(&'static str),
    /// The mail itself is answered with this, and not kept.
    Mail(&'static str),
    /// The mail is kept, and the connection ends without an answer.
    Lost,
    /// The mail is kept, and its answer does not come.
    Held,
}

/// A mail that came.
#[derive(Clone, Debug)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
    /// Who signed in, if somebody did.
    pub signed_in: Option<String>,
    /// Whether it came over TLS.
    pub secured: bool,
}

pub struct SmtpSink {
    port: u16,
    inner: Arc<Inner>,
    _folder: Option<TempDir>,
    ca_file: Option<PathBuf>,
}

struct Inner {
    mails: watch::Sender<Vec<Mail>>,
    faults: Mutex<VecDeque<Fault>>,
    tls: Option<TlsAcceptor>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl SmtpSink {
    /// Without TLS and sign-in.
    pub async fn start() -> Self {
        Self::begin(None, None).await
    }

    /// With STARTTLS, and AUTH PLAIN behind it.
    pub async fn with_starttls() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, certificate.pem()).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Self::begin(Some(TlsAcceptor::from(Arc::new(config))), Some((folder, ca_file))).await
    }

    async fn begin(tls: Option<TlsAcceptor>, files: Option<(TempDir, PathBuf)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inner = Arc::new(Inner { mails: watch::Sender::new(Vec::new()), faults: Mutex::default(), tls });
        let shared = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(Box::new(stream), Arc::clone(&shared)));
            }
        });
        let (folder, ca_file) = files.unzip();
        Self { port, inner, _folder: folder, ca_file }
    }

    /// Its address as a setting.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn ca_file(&self) -> String {
        self.ca_file.as_ref().unwrap().display().to_string()
    }

    /// The next mail fares like this; several are for the next ones.
    pub fn fail(&self, fault: Fault) {
        self.inner.faults.lock().unwrap().push_back(fault);
    }

    /// All that came.
    pub fn mails(&self) -> Vec<Mail> {
        self.inner.mails.borrow().clone()
    }

    /// All that came, when it is so many.
    pub async fn so_many(&self, count: usize) -> Vec<Mail> {
        let mut mails = self.inner.mails.subscribe();
        let enough = mails.wait_for(|mails| mails.len() >= count);
        let mails = tokio::time::timeout(PATIENCE, enough).await.expect("mail comes in time").unwrap().clone();
        assert_eq!(mails.len(), count);
        mails
    }
}

impl Mail {
    /// A header of it, decoded.
    pub fn header(&self, name: &str) -> String {
        let parsed = mail_parser::MessageParser::default().parse(self.data.as_bytes()).unwrap();
        parsed.header_raw(name).unwrap_or_default().trim().to_owned()
    }

    pub fn subject(&self) -> String {
        let parsed = mail_parser::MessageParser::default().parse(self.data.as_bytes()).unwrap();
        parsed.subject().unwrap_or_default().to_owned()
    }

    pub fn text(&self) -> String {
        let parsed = mail_parser::MessageParser::default().parse(self.data.as_bytes()).unwrap();
        parsed.body_text(0).unwrap().into_owned()
    }

    pub fn html(&self) -> String {
        let parsed = mail_parser::MessageParser::default().parse(self.data.as_bytes()).unwrap();
        parsed.body_html(0).unwrap().into_owned()
    }

    /// The address that it says to open.
    pub fn link(&self) -> String {
        let text = self.text();
        let link = text.lines().find(|line| line.contains("/invitations/") || line.contains("/addresses/"));
        link.unwrap_or_else(|| panic!("no link: {text}")).trim().to_owned()
    }
}

async fn serve(stream: Box<dyn Stream>, sink: Arc<Inner>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let (mut secured, mut signed_in) = (false, None);
    say(&mut stream, "220 sink ESMTP").await?;
    let (mut from, mut to, mut fault) = (String::new(), Vec::new(), None);
    loop {
        let line = line(&mut stream).await?;
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" if sink.tls.is_some() && !secured => say(&mut stream, "250-sink\r\n250 STARTTLS").await?,
            "EHLO" if secured => say(&mut stream, "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN").await?,
            "EHLO" => say(&mut stream, "250-sink\r\n250 8BITMIME").await?,
            "STARTTLS" => {
                say(&mut stream, "220 go on").await?;
                let tls = sink.tls.clone()?.accept(stream.into_inner()).await.ok()?;
                stream = BufReader::new(Box::new(tls));
                secured = true;
            }
            "AUTH" => {
                signed_in = line.split(' ').nth(2).map(str::to_owned);
                say(&mut stream, "235 welcome").await?;
            }
            "MAIL" => {
                from = angled(&line);
                to.clear();
                fault = sink.faults.lock().unwrap().pop_front();
                say(&mut stream, "250 fine").await?;
            }
            "RCPT" => {
                if let Some(Fault::Recipient(refusal)) = fault {
                    say(&mut stream, refusal).await?;
                } else {
                    to.push(angled(&line));
                    say(&mut stream, "250 fine").await?;
                }
            }
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                let data = data(&mut stream).await?;
                if let Some(Fault::Mail(refusal)) = fault {
                    say(&mut stream, refusal).await?;
                    continue;
                }
                let (from, to, signed_in) = (from.clone(), to.clone(), signed_in.clone());
                sink.mails.send_modify(|mails| mails.push(Mail { from, to, data, signed_in, secured }));
                match fault {
                    Some(Fault::Lost) => return None,
                    Some(Fault::Held) => std::future::pending().await,
                    _ => say(&mut stream, "250 kept").await?,
                }
            }
            "QUIT" => return say(&mut stream, "221 bye").await,
            _ => say(&mut stream, "250 fine").await?,
        }
    }
}

fn angled(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

async fn line(stream: &mut BufReader<Box<dyn Stream>>) -> Option<String> {
    let mut line = String::new();
    let count = stream.read_line(&mut line).await.ok()?;
    (count > 0).then(|| line.trim_end().to_owned())
}

async fn data(stream: &mut BufReader<Box<dyn Stream>>) -> Option<String> {
    let mut data = String::new();
    loop {
        let line = line(stream).await?;
        if line == "." {
            return Some(data);
        }
        data += line.strip_prefix('.').unwrap_or(&line);
        data += "\r\n";
    }
}

async fn say(stream: &mut BufReader<Box<dyn Stream>>, answer: &str) -> Option<()> {
    stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    stream.get_mut().flush().await.ok()
}
