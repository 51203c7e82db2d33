//! Downloads of contacts: streamed, to whoever holds an address that was given for it.

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;

use super::Http;
use crate::imports::{Export, ExportError, Format};

/// The query string of an address: it is secret, and paths stand in logs.
#[derive(Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    ticket: String,
}

pub(super) async fn download(State(http): State<Http>, Query(Address { ticket }): Query<Address>) -> Response {
    let app = http.app();
    let export = match Export::begin(&app.db, &app.clock, &app.secrets, &ticket).await {
        Ok(export) => export,
        Err(error) => return refused(&error),
    };
    let (kind, name) = match export.format() {
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"contacts.csv\""),
        Format::Vcard => ("text/vcard; charset=utf-8", "attachment; filename=\"contacts.vcf\""),
    };
    let texts = stream::try_unfold(export, async |mut export| Ok(export.next().await?.map(|text| (text, export))));
    let texts = stream::TryStreamExt::inspect_err(texts, |error: &std::io::Error| {
        tracing::error!(%error, "An export ended in the middle");
    });
    with_headers(Body::from_stream(texts).into_response(), kind, Some(name))
}

fn refused(error: &ExportError) -> Response {
    let (status, message) = match error {
        ExportError::Gone => (StatusCode::NOT_FOUND, error.to_string()),
        ExportError::Denied(_) => (StatusCode::FORBIDDEN, error.to_string()),
        ExportError::Contacts(_) | ExportError::Fault(_) => {
            tracing::error!(%error, "An export could not begin");
            (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side. Try again soon.".to_owned())
        }
    };
    with_headers((status, format!("{message}\n")).into_response(), "text/plain; charset=utf-8", None)
}

fn with_headers(mut response: Response, kind: &'static str, name: Option<&'static str>) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Some(name) = name {
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    }
    response
}
