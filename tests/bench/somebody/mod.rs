//! Somebody with a workspace, who connects mailboxes.

use std::path::Path;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, Database};
use tagwire::access::{Cx, Viewer};
use tagwire::app::App;
use tagwire::mail_accounts::{self, Authentication, NewMailAccount, Provider, Security, Server};
use tagwire::secrets::Secret;
use tagwire::text::EmailAddress;
use tagwire::users::{self, NewUser, NewWorkspace, Password, Plan, SignIn, SignedIn};

const PASSWORD: &str = "correct horse battery";

/// The PostgreSQL server that the command line names, if it names one, with a database made anew; else SQLite in the folder.
pub async fn database(folder: &Path) -> String {
    let Some(server) = std::env::args().find(|argument| argument.starts_with("postgres")) else {
        return format!("sqlite://{}", folder.join("tagwire.sqlite").display());
    };
    let (before, _) = server.rsplit_once('/').expect("postgres://USER@HOST:PORT/DATABASE");
    let admin = Database::connect(&server).await.unwrap();
    admin.execute_unprepared("DROP DATABASE IF EXISTS tagwire_bench_mail WITH (FORCE)").await.unwrap();
    admin.execute_unprepared("CREATE DATABASE tagwire_bench_mail").await.unwrap();
    format!("{before}/tagwire_bench_mail")
}

/// A new workspace's first user.
pub async fn sign_in(app: &App) -> Cx {
    let new = NewWorkspace { name: "Acme".to_owned(), edition: Plan::Free, admin: user("ann@acme.test") };
    users::create_workspace(&app.db, &app.clock, new).await.unwrap();
    signed_in(app, "ann@acme.test").await
}

/// A new colleague of hers.
pub async fn colleague(app: &App, cx: &Cx) -> Cx {
    let system = Cx::of_system(cx.workspace, app.clock.clone());
    users::create_user(&system, &app.db, user("ben@acme.test")).await.unwrap();
    signed_in(app, "ben@acme.test").await
}

fn user(email: &str) -> NewUser {
    NewUser {
        name: email.to_owned(),
        email: EmailAddress::parse(email).unwrap(),
        password: Password::parse(PASSWORD.to_owned()).unwrap(),
        rights: [].into_iter().collect(),
    }
}

async fn signed_in(app: &App, email: &str) -> Cx {
    let given = SignIn {
        email: email.to_owned(),
        password: Password::given(PASSWORD.to_owned()),
        workspace: None,
        peer: None,
        user_agent: None,
    };
    let SignedIn::Session { token, .. } = users::sign_in(&app.db, &app.clock, given).await.unwrap() else {
        panic!("one workspace only")
    };
    let session = app.sessions.authenticate(&token).await.unwrap().unwrap();
    let viewer: Arc<Viewer> = session.viewer;
    Cx::of_user(session.workspace, viewer, app.clock.clone())
}

/// Connects a mailbox at `localhost`.
pub async fn connect(app: &App, cx: &Cx, (email, password): (&str, &str), port: u16, security: Security) {
    let deps = app.mail_sync.deps();
    let new = NewMailAccount {
        email: EmailAddress::parse(email).unwrap(),
        provider: Provider::Imap,
        authentication: Authentication::Password,
        username: email.to_owned(),
        secret: Secret::from(password.to_owned()),
        imap: Server { host: "localhost".to_owned(), port, security },
        smtp: None,
        seen: None,
    };
    mail_accounts::connect(cx, &app.db, &deps.secrets, &deps.signals, new).await.unwrap();
}

/// The most memory this process had.
pub fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "not known here".to_owned(), |size| size.trim().to_owned())
}
