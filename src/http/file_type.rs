//! Media types under which a file from a stranger may go out: those that browsers save or play, and never run.

/// Bytes of which nothing is said.
pub(super) const UNKNOWN: &str = "application/octet-stream";

/// The types, and what the names of such files end in.
const SAFE: [(&str, &str); 38] = [
    ("application/gzip", "gz"),
    ("application/json", "json"),
    ("application/ms-tnef", "dat"),
    ("application/msword", "doc"),
    ("application/pdf", "pdf"),
    ("application/rtf", "rtf"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.ms-outlook", "msg"),
    ("application/vnd.ms-powerpoint", "ppt"),
    ("application/vnd.oasis.opendocument.presentation", "odp"),
    ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
    ("application/vnd.oasis.opendocument.text", "odt"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/zip", "zip"),
    ("audio/aac", "aac"),
    ("audio/amr", "amr"),
    ("audio/mp4", "m4a"),
    ("audio/mpeg", "mp3"),
    ("audio/ogg", "ogg"),
    ("audio/wav", "wav"),
    ("audio/webm", "weba"),
    ("image/bmp", "bmp"),
    ("image/gif", "gif"),
    ("image/heic", "heic"),
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("image/tiff", "tif"),
    ("image/webp", "webp"),
    ("text/calendar", "ics"),
    ("text/csv", "csv"),
    ("text/plain", "txt"),
    ("text/vcard", "vcf"),
    ("video/mp4", "mp4"),
    ("video/mpeg", "mpg"),
    ("video/quicktime", "mov"),
    ("video/webm", "webm"),
];

/// The type that is told: the one that its sender says, when it is one of these.
pub(super) fn safe(content_type: &str) -> &'static str {
    find(content_type).map_or(UNKNOWN, |(kind, _)| kind)
}

/// What names of this type end in.
pub(super) fn ending(content_type: &str) -> Option<&'static str> {
    find(content_type).map(|(_, ending)| ending)
}

fn find(content_type: &str) -> Option<(&'static str, &'static str)> {
    let position = SAFE.binary_search_by(|(kind, _)| kind.cmp(&content_type)).ok()?;
    SAFE.get(position).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_browsers_never_run_is_named() {
        assert!(SAFE.is_sorted());
        for kind in ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "text/javascript", "", "text"] {
            assert_eq!(safe(kind), UNKNOWN, "{kind}");
        }
        assert_eq!((safe("application/pdf"), ending("image/jpeg")), ("application/pdf", Some("jpg")));
    }
}
