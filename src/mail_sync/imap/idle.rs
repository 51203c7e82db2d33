//! Waiting for news of the open folder (RFC 2177). Owns: that no news before, during or after IDLE is missed.
//! Does not own: how long to wait, and what to do where IDLE is not possible.
//! Start reading at [`ImapConn::idle`].

use std::time::Duration;

use tokio::time::timeout;

use super::answer::Reply;
use super::code::ResponseCode;
use super::conn::ImapConn;
use super::error::ImapError;

/// Why the wait ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdleOutcome {
    /// Something changed: see [`ImapConn::take_news`].
    News,
    /// Nothing in the given time.
    Elapsed,
    /// The caller has something else to do.
    Interrupted,
    /// The server cannot, or does not want to; ask for figures from time to time instead.
    Refused {
        /// Why, for programs.
        code: Option<ResponseCode>,
        /// Why, for people.
        text: String,
    },
}

impl ImapConn {
    /// Waits until something changes in the open folder, `max` has passed or `interrupt` is ready. Returns at once when
    /// there is news not taken yet. Whatever the outcome, the connection is free for the next command, and news that
    /// arrived while the wait ended is kept.
    ///
    /// # Errors
    /// As of any command, but for a refusal, which is an outcome.
    pub async fn idle(&mut self, max: Duration, interrupt: impl Future<Output = ()>) -> Result<IdleOutcome, ImapError> {
        if !self.is_usable() {
            return Err(ImapError::Unusable);
        }
        if !self.news().is_empty() {
            return Ok(IdleOutcome::News);
        }
        if !self.has("IDLE") {
            return Ok(IdleOutcome::Refused { code: None, text: "the server has no IDLE".to_owned() });
        }
        self.begin()?;
        let (tag, mut news) = match timeout(self.timeouts.command, self.start_idle()).await {
            Ok(Ok(Started::Waiting { tag, news })) => (tag, news),
            Ok(Ok(Started::Refused(outcome))) => return Ok(outcome),
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(ImapError::Timeout),
        };
        let mut outcome = IdleOutcome::News;
        if !news {
            // A quiet folder is silent for long: only the caller's limit counts here.
            self.transport().set_read_silence(None);
            outcome = self.wait(max, interrupt).await?;
            let silence = self.timeouts.silence;
            self.transport().set_read_silence(Some(silence));
        }
        news |= timeout(self.timeouts.done, self.end_idle(&tag)).await.map_err(|_| ImapError::Timeout)??;
        Ok(if news { IdleOutcome::News } else { outcome })
    }

    async fn start_idle(&mut self) -> Result<Started, ImapError> {
        let tag = self.send("IDLE").await?;
        let mut news = false;
        loop {
            match self.read().await? {
                Reply::Continue => return Ok(Started::Waiting { tag, news }),
                Reply::Tagged { tag: answered, status, code, text } if answered == tag => {
                    return match self.finish(status, code, text) {
                        Err(ImapError::No { code, text } | ImapError::Bad { code, text }) => {
                            Ok(Started::Refused(IdleOutcome::Refused { code, text }))
                        }
                        Err(error) => Err(error),
                        Ok(_) => Ok(Started::Refused(IdleOutcome::Refused {
                            code: None,
                            text: "the server ended the wait at once".to_owned(),
                        })),
                    };
                }
                other => news |= self.route(other, &mut Some)?,
            }
        }
    }

    async fn wait(&mut self, max: Duration, interrupt: impl Future<Output = ()>) -> Result<IdleOutcome, ImapError> {
        let elapsed = tokio::time::sleep(max);
        tokio::pin!(elapsed, interrupt);
        loop {
            tokio::select! {
                // The limits first: a server that never stops talking must not hold us here.
                biased;
                () = &mut interrupt => return Ok(IdleOutcome::Interrupted),
                () = &mut elapsed => return Ok(IdleOutcome::Elapsed),
                reply = self.read() => match reply? {
                    Reply::Tagged { .. } => return Err(ImapError::Parse("the end of a wait that was not ended")),
                    other => if self.route(other, &mut Some)? {
                        return Ok(IdleOutcome::News);
                    },
                },
            }
        }
    }

    /// Ends the wait and takes everything up to its answer; says whether there was news.
    async fn end_idle(&mut self, tag: &str) -> Result<bool, ImapError> {
        self.send_line("DONE").await?;
        let mut news = false;
        loop {
            match self.read().await? {
                Reply::Tagged { tag: answered, status, code, text } if answered == tag => {
                    // A refusal now changes nothing: the wait is over.
                    return match self.finish(status, code, text) {
                        Err(error) if !error.keeps_connection() => Err(error),
                        _ => Ok(news),
                    };
                }
                other => news |= self.route(other, &mut Some)?,
            }
        }
    }
}

enum Started {
    Waiting { tag: String, news: bool },
    Refused(IdleOutcome),
}
