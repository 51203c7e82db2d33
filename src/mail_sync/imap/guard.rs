//! Bounds what a server can make us hold. Owns: the size of a response, checked before the parser reserves memory for it.
//! Does not own: the meaning of a response.
//! Start reading at [`Guard`].

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Most bytes of one response, literals included: a mail of 25 MiB with room for what surrounds it.
const MAX_RESPONSE: usize = 64 * 1024 * 1024;
/// Most bytes of one response outside its literals. The parser reads such bytes again for each block that arrives.
const MAX_LINES: usize = 1024 * 1024;
/// Bytes asked of the network at once: one TLS record.
const BLOCK: usize = 16 * 1024;

/// The response is larger than one may be.
#[derive(Debug, thiserror::Error)]
#[error("response too large")]
pub(super) struct TooLarge;

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, TooLarge)
}

/// A stream that hands on only whole lines and bytes of announced literals, and fails when a response grows too large.
pub(super) struct Guard<S> {
    inner: S,
    buffer: BytesMut,
    /// How many bytes at the start of `buffer` may be handed on.
    passed: usize,
    response: Response,
}

/// What is known of the response that is arriving.
#[derive(Default)]
struct Response {
    begun: bool,
    /// A status line or a tagged answer: free text, in which braces announce nothing.
    text: bool,
    lines: usize,
    size: usize,
    literal: usize,
}

impl<S> Guard<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, buffer: BytesMut::new(), passed: 0, response: Response::default() }
    }

    pub(super) fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The stream itself; bytes read and not handed on are discarded.
    pub(super) fn into_inner(self) -> S {
        self.inner
    }

    fn pass(&mut self) -> io::Result<()> {
        loop {
            let rest = self.buffer.get(self.passed..).unwrap_or_default();
            if self.response.literal > 0 {
                let length = rest.len().min(self.response.literal);
                self.passed += length;
                self.response.literal -= length;
                if self.response.literal > 0 {
                    return Ok(());
                }
                continue;
            }
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                return if self.response.lines + rest.len() > MAX_LINES { Err(too_large()) } else { Ok(()) };
            };
            let line = rest.get(..=end).unwrap_or_default();
            self.response.add_line(line)?;
            self.passed += line.len();
        }
    }
}

impl Response {
    fn add_line(&mut self, line: &[u8]) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            self.text = is_text(line);
        }
        let announced = if self.text { None } else { announced_literal(line) };
        self.lines = self.lines.saturating_add(line.len());
        self.size = self.size.saturating_add(line.len()).saturating_add(announced.unwrap_or(0));
        if self.lines > MAX_LINES || self.size > MAX_RESPONSE {
            return Err(too_large());
        }
        match announced {
            Some(length) => self.literal = length,
            None => *self = Self::default(),
        }
        Ok(())
    }
}

/// Whether the line is a greeting, status, continuation or tagged answer (RFC 3501 `resp-text`).
fn is_text(line: &[u8]) -> bool {
    let Some(data) = line.strip_prefix(b"* ") else { return true };
    [&b"OK"[..], b"NO", b"BAD", b"BYE", b"PREAUTH"]
        .iter()
        .any(|word| data.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))
}

/// The length in `{n}` at the end of a line (RFC 3501 `literal`); one that is no number counts as endless.
fn announced_literal(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"}\r\n")?;
    let brace = line.iter().rposition(|byte| *byte == b'{')?;
    let digits = line.get(brace + 1..)?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(usize::MAX))
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // The parser reserves room for a literal it believes in: a second look at its size, should the two disagree.
        if out.remaining() > MAX_RESPONSE + MAX_LINES {
            return Poll::Ready(Err(too_large()));
        }
        while this.passed == 0 {
            let mut block = [0; BLOCK];
            let mut block = ReadBuf::new(&mut block);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut block))?;
            if block.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.buffer.extend_from_slice(block.filled());
            this.pass()?;
        }
        let length = this.passed.min(out.remaining());
        out.put_slice(this.buffer.get(..length).unwrap_or_default());
        this.buffer.advance(length);
        this.passed -= length;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<S> fmt::Debug for Guard<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("held", &self.buffer.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    async fn through(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        Guard::new(bytes).read_to_end(&mut read).await?;
        Ok(read)
    }

    #[tokio::test]
    async fn whole_responses_pass_unchanged() {
        let bytes = b"* OK {9} hello {99999999999}\r\n* 1 FETCH (BODY[] {3}\r\na\nb UID 1)\r\n* 2 EXISTS\r\n";
        assert_eq!(through(bytes).await.expect("passes"), bytes);
    }

    #[tokio::test]
    async fn half_a_line_is_not_handed_on() {
        assert_eq!(through(b"* 2 EXISTS\r\n* 3 EX").await.expect("passes"), b"* 2 EXISTS\r\n");
    }

    #[tokio::test]
    async fn a_hostile_literal_is_refused_when_it_is_announced() {
        for length in ["4294967295", "99999999999999999999999", "70000000"] {
            let bytes = format!("* 1 FETCH (BODY[] {{{length}}}\r\n");
            assert!(through(bytes.as_bytes()).await.is_err(), "{length}");
        }
    }

    #[tokio::test]
    async fn an_endless_line_is_refused() {
        assert!(through(&vec![b'a'; MAX_LINES + BLOCK]).await.is_err());
    }

    #[tokio::test]
    async fn many_literals_of_one_response_count_together() {
        let mut bytes = Vec::new();
        for _ in 0..3 {
            bytes.extend_from_slice(b"* 1 FETCH (BODY[] {30000000}\r\n");
            bytes.resize(bytes.len() + 30_000_000, b'x');
        }
        assert!(through(&bytes).await.is_err());
    }
}
