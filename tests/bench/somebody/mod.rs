//! Somebody with a workspace, who connects mailboxes.

use std::sync::Arc;

use tagwire::access::{Cx, Viewer};
use tagwire::app::App;
use tagwire::mail_accounts::{self, Authentication, NewMailAccount, Provider, Security, Server};
use tagwire::secrets::Secret;
use tagwire::text::EmailAddress;
use tagwire::users::{self, NewUser, NewWorkspace, Password, Plan, SignIn, SignedIn};

/// A new workspace's first user.
pub async fn sign_in(app: &App) -> Cx {
    let email = "ann@acme.test";
    let password = "correct horse battery";
    let admin = NewUser {
        name: "Ann".to_owned(),
        email: EmailAddress::parse(email).unwrap(),
        password: Password::parse(password.to_owned()).unwrap(),
        rights: [].into_iter().collect(),
    };
    let new = NewWorkspace { name: "Acme".to_owned(), edition: Plan::Free, admin };
    users::create_workspace(&app.db, &app.clock, new).await.unwrap();
    let given = SignIn {
        email: email.to_owned(),
        password: Password::given(password.to_owned()),
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
