//! Downloads of files in mail: to whoever holds an address that was given for it.
//!
//! Owns what a browser is told about a file that a stranger sent: nothing of it may run, be guessed at, or be kept.

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::Deserialize;

use super::Http;
use super::file_name::disposition;
use super::file_type;
use super::range::{self, Asked};
use crate::messages::{Download, DownloadError, Purpose};

/// The query string of an address: it is secret, and paths stand in logs.
#[derive(Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    ticket: String,
}

pub(super) async fn download(
    State(http): State<Http>,
    method: Method,
    Query(Address { ticket }): Query<Address>,
    headers: HeaderMap,
) -> Response {
    let app = http.app();
    let answer = match app.contents.download(&app.db, &app.clock, &app.secrets, &ticket).await {
        Ok(download) => file(download, &method, &headers).await,
        Err(error) => Err(error),
    };
    guarded(answer.unwrap_or_else(|error| refused(&error)))
}

async fn file(download: Download, method: &Method, headers: &HeaderMap) -> Result<Response, DownloadError> {
    let Download { attachment, purpose, picture, bytes, place } = download;
    let (kind, placement) = match (purpose, picture) {
        (Purpose::Show, Some(picture)) => (picture.media_type(), "inline"),
        // What pretends to be a picture is shown by nobody.
        (Purpose::Show, None) => (file_type::UNKNOWN, "attachment"),
        (Purpose::Save, _) => (file_type::safe(&attachment.content_type), "attachment"),
    };
    let length = bytes.length();
    let tag = format!("\"{}\"", attachment.id);
    // A range of what is only asked about is none.
    let asked = if method == Method::GET { range::asked(headers, length, &tag) } else { Asked::Whole };
    let range = match &asked {
        Asked::Whole => 0..length,
        Asked::Part(range) => range.clone(),
        Asked::Beyond => {
            let mut answer = (StatusCode::RANGE_NOT_SATISFIABLE, "The file ends before that.\n").into_response();
            answer.headers_mut().insert(header::CONTENT_RANGE, value(&format!("bytes */{length}")));
            return Ok(answer);
        }
    };
    let sent = range.end - range.start;
    let pieces = bytes.pieces(range.clone()).await?;
    let mut answer = Response::new(Body::from_stream(pieces.inspect(move |piece| {
        // Its place is taken until it has gone out.
        let _ = &place;
        if let Err(error) = piece {
            tracing::error!(%error, "A download ended in the middle");
        }
    })));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(sent));
    headers.insert(header::CONTENT_DISPOSITION, disposition(placement, &attachment.filename, kind));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::ETAG, value(&tag));
    if matches!(asked, Asked::Part(_)) {
        let range = format!("bytes {}-{}/{length}", range.start, range.end.saturating_sub(1));
        headers.insert(header::CONTENT_RANGE, value(&range));
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(answer)
}

fn refused(error: &DownloadError) -> Response {
    let (status, message) = match error {
        DownloadError::Gone => (StatusCode::NOT_FOUND, error.to_string()),
        DownloadError::Partial => (StatusCode::CONFLICT, error.to_string()),
        DownloadError::Busy => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        DownloadError::NoPart | DownloadError::Disk(_) | DownloadError::Messages(_) => {
            tracing::error!(%error, "A file of a message could not be sent");
            (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side. Try again soon.".to_owned())
        }
    };
    let mut answer = (status, format!("{message}\n")).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    answer
}

/// With what holds for every answer. Frames that show mail have no origin of their own, and clients run elsewhere: the address is
/// what keeps a file from others.
fn guarded(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (header::CACHE_CONTROL, "private, no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Of text that is made of digits and the like.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
