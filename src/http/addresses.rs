//! The page that confirms an address. Opening it changes nothing, so that who only looks at links does not confirm; its button does.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::Http;
use super::invitations::{answer, words};
use crate::text::in_html;
use crate::users::{self, Error};

pub(super) async fn page(headers: HeaderMap) -> Response {
    let words = words(&headers);
    let form = format!("<form method=\"post\"><button>{}</button></form>", in_html(words.confirm));
    answer(StatusCode::OK, words, words.confirm_title, &form)
}

pub(super) async fn confirm(State(http): State<Http>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let words = words(&headers);
    let app = http.app();
    let said = |status, what: &str| {
        let body = format!("<p>{}</p>", in_html(what));
        answer(status, words, words.confirm_title, &body)
    };
    match users::confirm_email_change(&app.db, &app.clock, &app.post, &token).await {
        Ok(user) => said(StatusCode::OK, &words.confirmed.replace("{}", &user.email)),
        Err(Error::NotValid) => said(StatusCode::NOT_FOUND, words.link_not_valid),
        Err(Error::EmailTaken) => said(StatusCode::CONFLICT, words.address_taken),
        Err(error) => {
            tracing::error!(%error, "An address could not be confirmed");
            said(StatusCode::INTERNAL_SERVER_ERROR, words.ours)
        }
    }
}
