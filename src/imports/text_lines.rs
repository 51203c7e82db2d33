//! The lines of a text file in any encoding, in constant memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding, UTF_16BE, UTF_16LE};

use super::Error;

/// Bytes read at once.
const CHUNK: usize = 64 << 10;

/// Longest line, in bytes of UTF-8; the rest of a longer one is passed over.
pub(super) const LONGEST_LINE: usize = 256 << 10;

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// With its end.
    pub text: String,
    /// It was too long: this is its beginning.
    pub is_cut: bool,
}

/// Reads lines.
pub(super) struct TextLines {
    file: File,
    decoder: Decoder,
    chunk: Vec<u8>,
    text: String,
    /// How far `text` was given away.
    at: usize,
    is_at_end: bool,
}

impl TextLines {
    /// Over a file, from its start. Its encoding is that of its byte order mark, or what its bytes look like.
    pub(super) fn open(mut file: File) -> Result<Self, Error> {
        let encoding = detect(&mut file)?;
        file.seek(SeekFrom::Start(0))?;
        let decoder = encoding.new_decoder_with_bom_removal();
        Ok(Self { file, decoder, chunk: vec![0; CHUNK], text: String::new(), at: 0, is_at_end: false })
    }

    /// The next line; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        let mut seen = 0;
        loop {
            let ahead = self.text.get(self.at..).unwrap_or_default();
            let end = ahead.get(seen..).unwrap_or_default().find('\n').map(|end| seen + end + 1);
            if let Some(end) = end.or((self.is_at_end && !ahead.is_empty()).then_some(ahead.len())) {
                let line = ahead.get(..end).unwrap_or_default();
                let is_cut = line.len() > LONGEST_LINE;
                let line = if is_cut { beginning(line) } else { line.to_owned() };
                self.at += end;
                return Ok(Some(Line { text: line, is_cut }));
            }
            if self.is_at_end {
                return Ok(None);
            }
            if ahead.len() > LONGEST_LINE {
                let text = beginning(ahead);
                self.skip_line()?;
                return Ok(Some(Line { text, is_cut: true }));
            }
            seen = ahead.len();
            self.read()?;
        }
    }

    fn read(&mut self) -> io::Result<()> {
        self.text.drain(..self.at);
        self.at = 0;
        let count = self.file.read(&mut self.chunk)?;
        self.is_at_end = count == 0;
        self.text.reserve(self.decoder.max_utf8_buffer_length(count).unwrap_or(CHUNK * 4));
        let bytes = self.chunk.get(..count).unwrap_or_default();
        // The room is enough for all of it.
        let _ = self.decoder.decode_to_string(bytes, &mut self.text, self.is_at_end);
        Ok(())
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            match self.text.get(self.at..).and_then(|ahead| ahead.find('\n')) {
                Some(end) => {
                    self.at += end + 1;
                    return Ok(());
                }
                None => self.at = self.text.len(),
            }
            if self.is_at_end {
                return Ok(());
            }
            self.read()?;
        }
    }
}

fn beginning(line: &str) -> String {
    line.chars().take(100).collect()
}

fn detect(file: &mut File) -> Result<&'static Encoding, Error> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut chunk = vec![0; CHUNK];
    let (mut is_first, mut is_ascii) = (true, true);
    loop {
        let count = file.read(&mut chunk)?;
        let bytes = chunk.get(..count).unwrap_or_default();
        if is_first {
            if bytes.is_empty() {
                return Err(Error::File("The file is empty."));
            }
            if let Some((encoding, _)) = Encoding::for_bom(bytes) {
                return Ok(encoding);
            }
            if let Some(encoding) = utf_16(bytes) {
                return Ok(encoding);
            }
        }
        is_first = false;
        if bytes.contains(&0) {
            return Err(Error::File("This is not a text file. Save it as CSV or vCard first."));
        }
        is_ascii &= bytes.is_ascii();
        detector.feed(bytes, count == 0);
        if count == 0 {
            break;
        }
    }
    if is_ascii {
        return Ok(encoding_rs::UTF_8);
    }
    Ok(detector.guess(None, Utf8Detection::Allow))
}

/// Without a byte order mark: nearly every second byte is zero, on one side.
fn utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    let zeros = |odd: bool| sample.iter().enumerate().filter(|(at, byte)| **byte == 0 && (at % 2 == 1) == odd).count();
    let (even, odd) = (zeros(false), zeros(true));
    let many = sample.len() / 4;
    match () {
        () if odd > many && even * 20 < odd => Some(UTF_16LE),
        () if even > many && odd * 20 < even => Some(UTF_16BE),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("written");
        file.seek(SeekFrom::Start(0)).expect("sought");
        let mut lines = TextLines::open(file).expect("a text");
        let mut all = Vec::new();
        while let Some(line) = lines.next().expect("read") {
            all.push(if line.is_cut { "cut".to_owned() } else { line.text });
        }
        all
    }

    #[test]
    fn text_is_read_in_every_usual_encoding() {
        let text = "naam;plaats\nRenée;'s-Hertogenbosch – café\n";
        let expected = ["naam;plaats\n", "Renée;'s-Hertogenbosch – café\n"];
        let utf_16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        assert_eq!(lines(text.as_bytes()), expected);
        assert_eq!(lines(&[b"\xef\xbb\xbf", text.as_bytes()].concat()), expected);
        assert_eq!(lines(&[&b"\xff\xfe"[..], &utf_16(u16::to_le_bytes)].concat()), expected);
        assert_eq!(lines(&[&b"\xfe\xff"[..], &utf_16(u16::to_be_bytes)].concat()), expected);
        assert_eq!(lines(&utf_16(u16::to_le_bytes)), expected);
        assert_eq!(lines(&encoding_rs::WINDOWS_1252.encode(text).0), expected);
    }

    #[test]
    fn a_line_without_end_is_passed_over_in_constant_memory() {
        let long = "x".repeat(LONGEST_LINE * 3);
        assert_eq!(lines(format!("a\n{long}\nb").as_bytes()), ["a\n", "cut", "b"]);
        assert_eq!(lines(long.as_bytes()), ["cut"]);
    }
}
