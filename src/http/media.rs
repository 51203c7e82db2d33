//! Which of the media types that an answer can have the client prefers (RFC 9110, 12.5.1).

use axum::http::{HeaderMap, HeaderValue, header};

/// What an answer can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`: 200 also for a request that could not be run.
    Json,
    /// `application/graphql-response+json`: the status tells.
    GraphqlResponse,
    /// `text/event-stream`: one event for each response.
    EventStream,
}

impl Media {
    /// Of equal preference the first is given.
    const ALL: [Self; 3] = [Self::Json, Self::GraphqlResponse, Self::EventStream];

    fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::GraphqlResponse => "application/graphql-response+json",
            Self::EventStream => "text/event-stream",
        }
    }

    /// The `Content-Type` of a single response.
    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json | Self::EventStream => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }

    /// How well a media range fits: 0 not at all, 3 by name. A stream is given only to who asks for one by name.
    fn fits(self, range: &str) -> u8 {
        let name = self.name();
        match range {
            _ if range.eq_ignore_ascii_case(name) => 3,
            "*/*" if self != Self::EventStream => 1,
            _ if self != Self::EventStream && range.eq_ignore_ascii_case("application/*") => 2,
            _ => 0,
        }
    }
}

/// The best of what is accepted; none when nothing fits. Who says nothing gets JSON.
pub(super) fn negotiate(headers: &HeaderMap) -> Option<Media> {
    let accepted: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let accepted = accepted.join(",");
    if accepted.trim().is_empty() {
        return Some(Media::Json);
    }
    let ranges: Vec<(&str, u16)> = accepted.split(',').filter_map(range).collect();
    let mut best: Option<(u16, u8, std::cmp::Reverse<usize>, Media)> = None;
    for media in Media::ALL {
        // The most specific range decides, also when it says no.
        let fitting = ranges.iter().enumerate().map(|(place, (range, quality))| (media.fits(range), place, *quality));
        let decides =
            fitting.filter(|(fits, ..)| *fits > 0).max_by_key(|(fits, place, _)| (*fits, std::cmp::Reverse(*place)));
        let Some((fits, place, quality)) = decides.filter(|(.., quality)| *quality > 0) else { continue };
        let better = best.is_none_or(|(q, f, p, _)| (quality, fits, std::cmp::Reverse(place)) > (q, f, p));
        if better {
            best = Some((quality, fits, std::cmp::Reverse(place), media));
        }
    }
    best.map(|(.., media)| media)
}

/// A media range and its quality in thousandths; none for a charset that is not ours.
fn range(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let mut quality = 1000;
    for parameter in parts {
        let Some((key, value)) = parameter.split_once('=') else { continue };
        let value = value.trim().trim_matches('"');
        match key.trim().to_ascii_lowercase().as_str() {
            "q" => quality = thousandths(value)?,
            "charset" if !value.eq_ignore_ascii_case("utf-8") => return None,
            _ => {}
        }
    }
    Some((name, quality))
}

/// `0.8` is 800 (RFC 9110, 12.4.2).
fn thousandths(value: &str) -> Option<u16> {
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    let quality = whole.parse::<u16>().ok()?.checked_mul(1000)?.checked_add(part.parse().ok()?)?;
    (quality <= 1000).then_some(quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(accept: &str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(accept).expect("a header"));
        negotiate(&headers)
    }

    #[test]
    fn what_is_preferred_is_given() {
        assert_eq!(negotiate(&HeaderMap::new()), Some(Media::Json));
        assert_eq!(of("*/*"), Some(Media::Json));
        assert_eq!(of("application/*"), Some(Media::Json));
        assert_eq!(of("application/graphql-response+json, application/json;q=0.9"), Some(Media::GraphqlResponse));
        assert_eq!(of("application/graphql-response+json;q=0.8, application/json;q=0.9"), Some(Media::Json));
        assert_eq!(of("application/json, application/graphql-response+json"), Some(Media::Json));
        assert_eq!(of("text/event-stream"), Some(Media::EventStream));
        assert_eq!(of("*/*;q=0.1, application/graphql-response+json; charset=UTF-8"), Some(Media::GraphqlResponse));
        assert_eq!(of("application/json;q=0, */*"), Some(Media::GraphqlResponse));
        assert_eq!(of("text/html,application/xhtml+xml,*/*;q=0.8"), Some(Media::Json));
    }

    #[test]
    fn what_is_not_to_be_had_is_not_given() {
        assert_eq!(of("text/html"), None);
        assert_eq!(of("application/json; charset=iso-8859-1"), None);
        assert_eq!(of("application/json;q=0"), None);
        assert_eq!(of("text/*"), None);
    }
}
