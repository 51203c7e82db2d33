//! An address is enough to be told what to do: discovery against a DNS, an HTTPS and a mail server of the story's own.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tagwire::users::Plan;
use tempfile::NamedTempFile;
use tokio::net::TcpListener;

use crate::support::dns_server::{DnsServer, Record};
use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::https_server::{HttpsServer, Reply};
use crate::support::mailbox::{borrowed, follow, until_state};
use crate::support::{Person, TestApp};

const DISCOVER: &str =
    "query($email: EmailAddress!) { discoverMailServer(email: $email) { provider authentication imapHost imapPort
    imapSecurity smtpHost smtpPort smtpSecurity username source instructions } }";
const CONNECT: &str = "mutation($input: ConnectMailAccountInput!) { connectMailAccount(input: $input) {
    mailAccount { provider authentication } userErrors { code message path remedy } } }";

/// Answers come within three seconds; the rest is for a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";
const WELL_KNOWN: &str = "/.well-known/autoconfig/mail/config-v1.1.xml";

async fn discover(person: &Person, email: &str) -> Value {
    let began = Instant::now();
    let found = person.query(DISCOVER, json!({ "email": email })).await["discoverMailServer"].take();
    assert!(began.elapsed() < PATIENCE, "{email}: {:?}", began.elapsed());
    found
}

/// The servers of a story, and the settings under which they are asked.
struct World {
    dns: DnsServer,
    https: HttpsServer,
    mail: Dovecot,
    authorities: NamedTempFile,
}

impl World {
    async fn begin() -> Self {
        let names = ["firma.test", "*.firma.test", "zaak.test", "*.zaak.test", "ispdb.test"];
        let (dns, https, mail) = (DnsServer::start().await, HttpsServer::start(&names).await, Dovecot::start());
        let authorities = NamedTempFile::new().unwrap();
        let both = std::fs::read_to_string(mail.ca_file()).unwrap() + https.authority();
        std::fs::write(authorities.path(), both).unwrap();
        dns.is_here("ispdb.test");
        Self { dns, https, mail, authorities }
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let (web, imaps, imap) = (self.https.port(), self.mail.imaps_port(), self.mail.imap_port());
        let mut allowed: Vec<_> = ["firma.test", "autoconfig.firma.test", "zaak.test", "autoconfig.zaak.test"]
            .map(|host| format!("{host}:{web}"))
            .to_vec();
        allowed.extend(["imap.firma.test", "mail.firma.test"].map(|host| format!("{host}:{imaps}")));
        allowed.push(format!("imap.firma.test:{imap}"));
        vec![
            ("TAGWIRE_ALLOWED_PRIVATE_HOSTS", allowed.join(",")),
            ("TAGWIRE_CA_FILE", self.authorities.path().display().to_string()),
            ("TAGWIRE_DISCOVERY_DNS", self.dns.address().to_string()),
            ("TAGWIRE_DISCOVERY_HTTPS_PORT", web.to_string()),
            ("TAGWIRE_DISCOVERY_IMAPS_PORT", imaps.to_string()),
            ("TAGWIRE_DISCOVERY_ISPDB_URL", format!("https://ispdb.test:{web}/v1.1/{{domain}}")),
        ]
    }

    /// A configuration that names a server.
    fn configuration(&self, host: &str) -> Reply {
        Reply::Text(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.1\"><emailProvider id=\"firma.test\">\
             <incomingServer type=\"imap\"><hostname>{host}</hostname><port>{}</port><socketType>SSL</socketType>\
             <username>%EMAILLOCALPART%</username><authentication>password-cleartext</authentication></incomingServer>\
             <outgoingServer type=\"smtp\"><hostname>127.0.0.1</hostname><port>25</port><socketType>SSL</socketType></outgoingServer>\
             </emailProvider></clientConfig>",
            self.mail.imaps_port()
        ))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn known_providers_are_told_with_what_comes_next() {
    let world = World::begin().await;
    world.dns.has("bedrijf.test", Record::Mail(20, "mx.other.test"));
    world.dns.has("bedrijf.test", Record::Mail(10, "aspmx.l.google.com"));
    world.dns.has("xn--bcher-kva.test", Record::Mail(0, "buecher-test.mail.protection.outlook.com"));
    world.dns.has("winkel.test", Record::Mail(10, "mx.transip.email"));
    let test = TestApp::on_sqlite(&borrowed(&world.settings())).await;
    let ann = test.workspace(Plan::Free).await.ann;

    let gmail = discover(&ann, "Jan.Jansen@GMail.com").await;
    assert_eq!((&gmail["provider"], &gmail["authentication"]), (&json!("GMAIL"), &json!("APP_PASSWORD")));
    assert_eq!(
        (&gmail["imapHost"], &gmail["imapPort"], &gmail["imapSecurity"]),
        (&json!("imap.gmail.com"), &json!(993), &json!("TLS"))
    );
    assert_eq!((&gmail["username"], &gmail["source"]), (&json!("Jan.Jansen@GMail.com"), &json!("built-in: Gmail")));
    let steps = gmail["instructions"].to_string();
    assert!(steps.contains("Google asks for an App Password") && steps.contains("2-Step Verification"), "{steps}");

    let workspace = discover(&ann, "jan@bedrijf.test").await;
    assert_eq!((&workspace["provider"], &workspace["imapHost"]), (&json!("GMAIL"), &json!("imap.gmail.com")));

    let office = discover(&ann, "jan@bücher.test").await;
    assert_eq!((&office["provider"], &office["authentication"]), (&json!("OFFICE365"), &json!("OAUTH2")));
    assert_eq!(
        (&office["imapHost"], &office["username"]),
        (&json!("outlook.office365.com"), &json!("jan@bücher.test"))
    );
    assert!(office["instructions"][0].as_str().unwrap().contains("sign in and consent in the browser"), "{office}");

    for (email, host) in [
        ("a@ziggo.nl", "imap.ziggo.nl"),
        ("a@kpnmail.nl", "imap.kpnmail.nl"),
        ("a@hetnet.nl", "imap.kpnmail.nl"),
        ("a@xs4all.nl", "imap.xs4all.nl"),
        ("a@freedom.nl", "imap.freedom.nl"),
        ("a@winkel.test", "imap.transip.email"),
        ("a@gmx.de", "imap.gmx.net"),
        ("a@yahoo.com", "imap.mail.yahoo.com"),
        ("a@icloud.com", "imap.mail.me.com"),
    ] {
        let found = discover(&ann, email).await;
        assert_eq!((&found["provider"], &found["imapHost"]), (&json!("IMAP"), &json!(host)), "{email}");
    }
    assert_eq!(discover(&ann, "a@icloud.com").await["username"], "a");
    assert!(discover(&ann, "a@proton.me").await["instructions"].to_string().contains("Bridge"));
    test.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_says_where_its_mail_is_is_believed_in_order() {
    let world = World::begin().await;
    for host in ["imap.firma.test", "mail.firma.test"] {
        world.dns.is_here(host);
    }
    let test = TestApp::on_sqlite(&borrowed(&world.settings())).await;
    let ann = test.workspace(Plan::Free).await.ann;
    let ask = async || discover(&ann, "jan@firma.test").await;
    let imaps = json!(world.mail.imaps_port());

    // Nothing but the server itself: a guess, with a valid certificate.
    let found = ask().await;
    assert_eq!((&found["imapHost"], &found["imapPort"]), (&json!("imap.firma.test"), &imaps), "{found}");
    assert!(found["source"].as_str().unwrap().contains("guess"), "{found}");
    assert!(found["smtpHost"].is_null());

    // Service records, one of which says that the service is not offered.
    world.dns.has("_imaps._tcp.firma.test", Record::Service(0, 1, 0, ""));
    world.dns.has("_imap._tcp.firma.test", Record::Service(20, 1, 143, "backup.firma.test"));
    world.dns.has("_imap._tcp.firma.test", Record::Service(10, 1, world.mail.imap_port(), "imap.firma.test"));
    let found = ask().await;
    assert!(found["source"].as_str().unwrap().contains("SRV"), "{found}");
    assert_eq!((&found["imapHost"], &found["imapSecurity"]), (&json!("imap.firma.test"), &json!("STARTTLS")));
    assert_eq!(found["username"], "jan@firma.test");

    // The database of providers.
    world.https.says("ispdb.test", "/v1.1/firma.test", world.configuration("mail.%EMAILDOMAIN%"));
    let found = ask().await;
    assert!(found["source"].as_str().unwrap().contains("database"), "{found}");
    assert_eq!((&found["imapHost"], &found["username"]), (&json!("mail.firma.test"), &json!("jan")));
    // A server that the rules refuse is left out.
    assert!(found["smtpHost"].is_null(), "{found}");

    // The domain's well-known place, by a redirect, then its own host.
    world.dns.is_here("firma.test");
    world.https.says("firma.test", WELL_KNOWN, Reply::Redirect("/elsewhere".to_owned()));
    world.https.says("firma.test", "/elsewhere", world.configuration("mail.firma.test"));
    let found = ask().await;
    assert_eq!(found["source"], "the domain's own configuration (autoconfig)", "{found}");
    assert_eq!(found["imapHost"], "mail.firma.test");
    world.dns.is_here("autoconfig.firma.test");
    world.https.says("autoconfig.firma.test", AUTOCONFIG, world.configuration("imap.firma.test"));
    assert_eq!(ask().await["imapHost"], "imap.firma.test");
    let asked = world.https.asked();
    let own = ("autoconfig.firma.test".to_owned(), format!("{AUTOCONFIG}?emailaddress=jan@firma.test"));
    assert!(asked.contains(&own), "{asked:?}");
    // Nobody else is told the address.
    assert!(asked.iter().all(|asked| *asked == own || !asked.1.contains("jan")), "{asked:?}");
    test.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_where_nothing_is_and_bad_input_is_told() {
    let world = World::begin().await;
    let test = TestApp::on_sqlite(&borrowed(&world.settings())).await;
    let ann = test.workspace(Plan::Free).await.ann;
    assert_eq!(discover(&ann, "jan@no-such-domain.test").await, Value::Null);
    for email in ["jan", "jan@", "@firma.test", "", "jan@fir ma.test"] {
        let refused = ann.response(DISCOVER, json!({ "email": email })).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{email}: {refused}");
        assert_eq!(refused["errors"][0]["message"], "This is not an e-mail address.");
    }
    for email in ["jan@localhost", "jan@127.0.0.1", "jan@0x7f.1", "jan@2130706433"] {
        assert_eq!(discover(&ann, email).await, Value::Null, "{email}");
    }
    test.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_the_rules_refuse_are_not_connected_to_and_look_like_none() {
    let world = World::begin().await;
    // Here, but allowed by nobody: it must never hear of us.
    let secret = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = secret.local_addr().unwrap().port();
    let web = world.https.port();
    for host in ["zaak.test", "autoconfig.zaak.test", "inside.test", "imap.inside.test", "autoconfig.inside.test"] {
        world.dns.is_here(host);
    }
    world.dns.has("_imaps._tcp.zaak.test", Record::Service(0, 1, 993, "inside.test"));
    world.dns.has("_imaps._tcp.inside.test", Record::Service(0, 1, port, "inside.test"));
    let test = TestApp::on_sqlite(&borrowed(&world.settings())).await;
    let company = test.workspace(Plan::Free).await;
    let ask = async |email: &str| {
        let began = Instant::now();
        assert_eq!(discover(&company.ann, email).await, Value::Null, "{email}");
        began.elapsed()
    };
    for to in [
        format!("https://127.0.0.1:{port}/"),
        format!("https://inside.test:{port}/"),
        "https://inside.test/".to_owned(),
        format!("https://localhost:{port}/"),
        format!("https://[::ffff:7f00:1]:{port}/"),
        format!("https://0x7f.1:{port}/"),
        format!("https://inside.test.:{port}/"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        format!("http://firma.test:{port}/"),
        format!("https://zaak.test:{web}{WELL_KNOWN}"),
    ] {
        world.https.says("zaak.test", WELL_KNOWN, Reply::Redirect(to));
        ask("jan@zaak.test").await;
    }
    // Its own host is private, or there is none at all.
    let (private, none) = (ask("jan@inside.test").await, ask("jan@nowhere.test").await);
    let configuration = world.configuration("inside.test");
    world.https.says("autoconfig.zaak.test", AUTOCONFIG, configuration);
    ask("jan@zaak.test").await;
    let connected = tokio::time::timeout(Duration::from_millis(50), secret.accept()).await;
    assert!(connected.is_err(), "the private host was connected to");
    // A private name takes as long as none.
    let apart = private.abs_diff(none);
    assert!(apart < Duration::from_millis(800), "{private:?} and {none:?}");
    test.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_without_end_cost_neither_time_nor_memory() {
    let world = World::begin().await;
    world.dns.is_here("imap.firma.test");
    for host in ["firma.test", "autoconfig.firma.test"] {
        world.dns.is_here(host);
    }
    let test = TestApp::on_sqlite(&borrowed(&world.settings())).await;
    let ann = test.workspace(Plan::Free).await.ann;
    // One never ends, one never begins: what is known by then is the answer.
    world.https.says("autoconfig.firma.test", AUTOCONFIG, Reply::Endless);
    world.https.says("firma.test", WELL_KNOWN, Reply::Drip);
    let found = discover(&ann, "jan@firma.test").await;
    assert!(found["source"].as_str().unwrap().contains("guess"), "{found}");
    // Sockets hold some more than is read.
    assert!(world.https.sent() < 16 << 20, "{} bytes were taken", world.https.sent());
    test.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_asks_only_so_often() {
    let test = TestApp::on_sqlite(&[]).await;
    let company = test.workspace(Plan::Free).await;
    let bob = company.user("Bob", &[]).await;
    for _ in 0..20 {
        discover(&company.ann, "a@gmail.com").await;
    }
    let refused = company.ann.response(DISCOVER, json!({ "email": "a@gmail.com" })).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{refused}");
    assert_eq!(discover(&bob, "a@gmail.com").await["provider"], "GMAIL");
    test.app.clock.advance(Duration::from_secs(60));
    assert_eq!(discover(&company.ann, "a@gmail.com").await["provider"], "GMAIL");
    test.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_connected_by_its_address_alone() {
    let world = World::begin().await;
    world.dns.is_here("imap.firma.test");
    world.dns.has("_imaps._tcp.firma.test", Record::Service(0, 1, world.mail.imaps_port(), "imap.firma.test"));
    world.dns.has("_imaps._tcp.zaak.test", Record::Service(0, 1, world.mail.imaps_port(), "imap.firma.test"));
    world.dns.has("kantoor.test", Record::Mail(0, "kantoor-test.mail.protection.outlook.com"));
    TestApp::in_real_time(&borrowed(&world.settings()), async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let connect = async |email: &str| {
            let input = json!({ "email": email, "password": ALICE.1, "username": ALICE.0 });
            ann.query(CONNECT, json!({ "input": input })).await["connectMailAccount"].take()
        };
        let mut socket = follow(&ann).await;
        let payload = connect("alice@firma.test").await;
        assert_eq!(payload["userErrors"], json!([]));
        assert_eq!(payload["mailAccount"], json!({ "provider": "IMAP", "authentication": "PASSWORD" }));
        until_state(&mut socket, "LIVE").await;

        let refused = |payload: Value| payload["userErrors"][0].clone();
        // Records of the DNS are nobody's word: a password goes to another domain only when the person says so.
        let elsewhere = refused(connect("alice@zaak.test").await);
        assert_eq!((&elsewhere["code"], &elsewhere["path"]), (&json!("INVALID"), &json!(["input", "imapHost"])));
        assert!(elsewhere["message"].as_str().unwrap().contains("imap.firma.test"), "{elsewhere}");
        let unknown = refused(connect("alice@nowhere.test").await);
        assert_eq!((&unknown["code"], &unknown["path"]), (&json!("INVALID"), &json!(["input", "imapHost"])));
        let consent = refused(connect("alice@kantoor.test").await);
        assert_eq!(consent["code"], "OAUTH_REQUIRED");
        assert!(consent["remedy"][0].as_str().unwrap().contains("browser"), "{consent}");
        let none = refused(connect("alice").await);
        assert_eq!((&none["code"], &none["path"]), (&json!("INVALID"), &json!(["input", "email"])));
        assert_eq!(
            ann.query("{ mailAccounts { email } }", json!({})).await["mailAccounts"].as_array().unwrap().len(),
            1
        );
    })
    .await;
}
