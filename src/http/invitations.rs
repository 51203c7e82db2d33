//! The page of an invitation: a form without script, so that any browser will do.
//!
//! It says the same for every token, known or not; only who sends the form learns whether it opens anything. It loads nothing, is kept
//! nowhere, and tells nobody where it was opened.

use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::rejection::FormRejection;
use axum::extract::{Extension, Form, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::Http;
use super::caller::{Peer, stranger};
use super::invitation_words::{DUTCH, ENGLISH, Words};
use crate::invitations::{self, Acceptance, Accepted, Error};
use crate::text::in_html;
use crate::users;

const STYLE: &str = "body{font-family:system-ui,sans-serif;line-height:1.5;max-width:30rem;margin:3rem auto;padding:0 1rem;color:#1a1a1a}\
    label{display:block;margin:1rem 0 .25rem}input{width:100%;box-sizing:border-box;padding:.5rem;font:inherit}\
    button{margin-top:1.5rem;padding:.6rem 1.2rem;font:inherit}.wrong{border-left:.25rem solid #b00020;padding-left:.75rem}";

/// Nothing but our own style, and our own form.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

pub(super) async fn page(headers: HeaderMap) -> Response {
    let words = words(&headers);
    answer(StatusCode::OK, words, words.title, &form(words, None, ""))
}

pub(super) async fn accept(
    State(http): State<Http>,
    Path(token): Path<String>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    given: Result<Form<Given>, FormRejection>,
) -> Response {
    let words = words(&headers);
    let wrong = |status, what: &str, name: &str| answer(status, words, words.title, &form(words, Some(what), name));
    let Ok(Form(given)) = given else { return wrong(StatusCode::BAD_REQUEST, words.unreadable, "") };
    if given.password != given.again {
        return wrong(StatusCode::BAD_REQUEST, words.different, &given.name);
    }
    let caller = stranger(peer.map(|Extension(peer)| peer), &headers);
    let app = http.app();
    let acceptance = || Acceptance {
        token: token.clone(),
        password: given.password.clone(),
        name: Some(given.name.clone()),
        peer: caller.peer,
        user_agent: caller.user_agent.clone(),
        signs_in: false,
    };
    let mut done = invitations::accept(&app.db, &app.clock, &app.post, acceptance()).await;
    if matches!(&done, Err(Error::Fault(fault)) if fault.is_transient()) {
        done = invitations::accept(&app.db, &app.clock, &app.post, acceptance()).await;
    }
    let error = match done {
        Ok(accepted) => return welcome(&http, words, &accepted),
        Err(error) => error,
    };
    match error {
        Error::NotValid => wrong(StatusCode::NOT_FOUND, words.not_valid, &given.name),
        Error::User(users::Error::Password(_)) => wrong(StatusCode::BAD_REQUEST, words.weak, &given.name),
        Error::User(users::Error::Name) => wrong(StatusCode::BAD_REQUEST, words.name_wrong, ""),
        Error::User(users::Error::WrongCredentials) => {
            wrong(StatusCode::FORBIDDEN, words.not_the_password, &given.name)
        }
        Error::User(users::Error::TooManyAttempts { retry_at }) => {
            let mut refused = wrong(StatusCode::TOO_MANY_REQUESTS, words.too_many, &given.name);
            let seconds = retry_at.0.saturating_sub(app.clock.now().0).max(0) / 1_000_000 + 1;
            refused.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            refused
        }
        error => {
            tracing::error!(%error, "An invitation could not be accepted");
            wrong(StatusCode::INTERNAL_SERVER_ERROR, words.ours, &given.name)
        }
    }
}

fn welcome(http: &Http, words: &Words, accepted: &Accepted) -> Response {
    let base = in_html(&http.config().public_url);
    let email = in_html(&accepted.user.email);
    let graphiql = http
        .config()
        .graphiql
        .then(|| format!("<p>{} <a href=\"/graphiql\">{base}/graphiql</a></p>", in_html(words.try_it)));
    let body = format!(
        "<p>{}</p><dl><dt>{}</dt><dd>{base}</dd><dt>{}</dt><dd>{email}</dd></dl><p>{}</p>{}",
        in_html(words.next),
        in_html(words.server),
        in_html(words.address),
        in_html(words.may_close),
        graphiql.unwrap_or_default()
    );
    answer(StatusCode::OK, words, words.welcome, &body)
}

fn form(words: &Words, wrong: Option<&str>, name: &str) -> String {
    let wrong = wrong.map(|what| format!("<p class=\"wrong\" role=\"alert\">{}</p>", in_html(what)));
    format!(
        "{}<p>{}</p><form method=\"post\">\
         <label for=\"name\">{}</label><input id=\"name\" name=\"name\" autocomplete=\"name\" maxlength=\"200\" value=\"{}\">\
         <label for=\"password\">{}</label>\
         <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"new-password\" minlength=\"10\" maxlength=\"1000\" required>\
         <label for=\"again\">{}</label>\
         <input id=\"again\" name=\"again\" type=\"password\" autocomplete=\"new-password\" minlength=\"10\" maxlength=\"1000\" required>\
         <button>{}</button></form><p>{}</p>",
        wrong.unwrap_or_default(),
        in_html(words.intro),
        in_html(words.name),
        in_html(name),
        in_html(words.password),
        in_html(words.again),
        in_html(words.button),
        in_html(words.known)
    )
}

/// Dutch for those whose browser wants it before English.
pub(super) fn words(headers: &HeaderMap) -> &'static Words {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut languages = wanted.split(',').map(|entry| entry.trim().to_ascii_lowercase());
    let first = languages.find(|language| language.starts_with("nl") || language.starts_with("en"));
    if first.is_some_and(|language| language.starts_with("nl")) { &DUTCH } else { &ENGLISH }
}

pub(super) fn answer(status: StatusCode, words: &Words, title: &str, body: &str) -> Response {
    let title = in_html(title);
    let html = format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\
         <body><h1>{title}</h1>{body}</body></html>",
        words.language
    );
    let mut answer = (status, Body::from(html)).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::VARY, "accept-language"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    headers.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    answer
}
