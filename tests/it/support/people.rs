//! The people of a story: they have a workspace, signed in, and ask over real HTTP and websockets.

use entity::{UserId, WorkspaceId};
use serde_json::Value;
use tagwire::access::{Cx, Right};
use tagwire::app::App;
use tagwire::text::EmailAddress;
use tagwire::users::{self, NewUser, NewWorkspace, Password, Plan, SignIn, SignedIn};

use super::http::{self, Answer};
use super::{Socket, TestApp};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// A workspace.
pub struct Company {
    /// Its id.
    pub id: WorkspaceId,
    /// Its first Admin.
    pub ann: Person,
    app: App,
    url: String,
}

/// Somebody who signed in.
#[derive(Clone)]
pub struct Person {
    /// Their id.
    pub id: UserId,
    /// What they sign in with.
    pub email: String,
    /// What proves their sign-in.
    pub token: String,
    url: String,
}

impl Company {
    pub(super) async fn begin(test: &TestApp, edition: Plan) -> Self {
        let (app, url) = (test.app.clone(), test.url.clone());
        let admin = someone("Ann", &[]);
        let email = admin.email.as_str().to_owned();
        let new = NewWorkspace { name: "Acme".to_owned(), edition, admin };
        let (id, user) = users::create_workspace(&app.db, &app.clock, new).await.expect("a workspace");
        let ann = Person::sign_in(&app, &url, user, email).await;
        Self { id, ann, app, url }
    }

    /// A colleague, signed in.
    pub async fn user(&self, name: &str, rights: &[Right]) -> Person {
        let new = someone(name, rights);
        let email = new.email.as_str().to_owned();
        let cx = Cx::of_system(self.id, self.app.clock.clone());
        let user = users::create_user(&cx, &self.app.db, new).await.expect("a user");
        Person::sign_in(&self.app, &self.url, user, email).await
    }
}

fn someone(name: &str, rights: &[Right]) -> NewUser {
    let email = format!("{}.{:08x}@acme.test", name.to_lowercase(), rand::random::<u32>());
    NewUser {
        name: name.to_owned(),
        email: EmailAddress::parse(&email).expect("an address"),
        password: Password::parse(PASSWORD.to_owned()).expect("a password"),
        rights: rights.iter().copied().collect(),
    }
}

impl Person {
    async fn sign_in(app: &App, url: &str, id: UserId, email: String) -> Self {
        let given = SignIn {
            email: email.clone(),
            password: Password::given(PASSWORD.to_owned()),
            workspace: None,
            peer: None,
            user_agent: None,
        };
        match users::sign_in(&app.db, &app.clock, given).await.expect("a sign-in") {
            SignedIn::Session { token, .. } => Self { id, email, token, url: url.to_owned() },
            SignedIn::Choose(_) => panic!("{email} belongs to several workspaces"),
        }
    }

    /// Signs in at a server that is a process of its own.
    pub async fn at(url: &str, id: &str, email: &str) -> Self {
        let document = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
        let variables = serde_json::json!({ "input": { "email": email, "password": PASSWORD } });
        let body = serde_json::json!({ "query": document, "variables": variables });
        let token = http::graphql(url).json(&body).await.json()["data"]["signIn"]["token"]
            .as_str()
            .expect("a sign-in")
            .to_owned();
        let id = tagwire::graphql::id::decode(id).expect("an id of a user");
        Self { id, email: email.to_owned(), token, url: url.to_owned() }
    }

    /// The same sign-in at the address where the server listens now.
    pub fn moved(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// The same person with another sign-in.
    pub async fn again(&self, test: &TestApp) -> Self {
        Self::sign_in(&test.app, &test.url, self.id, self.email.clone()).await
    }

    /// Asks, and gives the whole answer.
    pub async fn ask(&self, document: &str, variables: Value) -> Answer {
        http::graphql(&self.url)
            .bearer(&self.token)
            .json(&serde_json::json!({ "query": document, "variables": variables }))
            .await
    }

    /// Asks, and gives the response, errors included.
    pub async fn response(&self, document: &str, variables: Value) -> Value {
        self.ask(document, variables).await.json()
    }

    /// Asks, and gives the data; there must be no errors.
    pub async fn query(&self, document: &str, variables: Value) -> Value {
        let mut response = self.response(document, variables).await;
        assert!(response.get("errors").is_none(), "{document}: {response}");
        response["data"].take()
    }

    /// Opens a websocket and gets through `connection_init`.
    pub async fn socket(&self) -> Socket {
        let mut socket = Socket::open(&self.url).await;
        socket.begin(Some(&self.token)).await;
        socket
    }
}
