//! One connection to the server: commands and their answers.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::contents::{Folder, Mailbox, Persona};
use super::fetch::{fetch, flags, ranges};
use super::{Fault, ScriptedMailbox};

/// A folder as the client knows it.
struct View {
    name: String,
    uid_validity: u32,
    uids: Vec<u32>,
    mod_seq: u64,
}

pub struct Session {
    server: ScriptedMailbox,
    view: Option<View>,
    resync: bool,
    /// How often all connections were ended before this one was made.
    hang_ups: usize,
}

/// The lines of an answer, and how it ends.
type Answer = (Vec<Vec<u8>>, String);

impl Session {
    pub fn new(server: ScriptedMailbox) -> Self {
        Self { server, view: None, resync: false, hang_ups: 0 }
    }

    /// Serves until the client or a fault ends it.
    pub async fn serve(mut self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let _ended: io::Result<()> = self.talk(&mut stream).await;
        let _closed: io::Result<()> = stream.shutdown().await;
    }

    async fn talk(&mut self, stream: &mut BufReader<TcpStream>) -> io::Result<()> {
        let closed = self.server.with(|mailbox| {
            mailbox.connections += 1;
            self.hang_ups = mailbox.hang_ups;
            mailbox.closed
        });
        if closed {
            return say(stream, b"* BYE not now").await;
        }
        say(stream, b"* OK ready").await?;
        loop {
            let Some(line) = read_line(stream).await? else { return Ok(()) };
            let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
            let fault = self.server.with(|mailbox| {
                mailbox.commands.push(command.to_owned());
                mailbox.fault(command)
            });
            if !self.answer(stream, tag, command, fault).await? {
                return Ok(());
            }
        }
    }

    /// Answers one command. False when the connection is over.
    async fn answer(
        &mut self,
        stream: &mut BufReader<TcpStream>,
        tag: &str,
        command: &str,
        mut fault: Option<Fault>,
    ) -> io::Result<bool> {
        if let Some(Fault::Waits(until)) = &fault {
            until.notified().await;
        }
        if let Some(Fault::Changes(change)) = fault.take_if(|fault| matches!(fault, Fault::Changes(_))) {
            self.server.with(change);
        }
        if command == "IDLE" && !matches!(fault, Some(Fault::Ends(..))) {
            return self.idle(stream, tag, fault).await;
        }
        let mailbox = self.server.mailbox.clone();
        let (mut lines, mut end) = {
            let mut mailbox = mailbox.lock().unwrap();
            let (mut lines, end) = self.lines(&mut mailbox, command);
            if !command.starts_with("EXAMINE") {
                lines.extend(self.news(&mailbox));
            }
            (lines, end)
        };
        let mut after = None;
        match fault {
            Some(Fault::Ends(count, with)) => {
                lines.truncate(count);
                with.clone_into(&mut end);
            }
            Some(Fault::Bye(count, text)) => {
                lines.truncate(count);
                lines.push(format!("* BYE {text}").into_bytes());
                send(stream, &lines).await?;
                return Ok(false);
            }
            Some(Fault::Closes(count)) => {
                lines.truncate(count);
                send(stream, &lines).await?;
                return Ok(false);
            }
            Some(Fault::Silence(count)) => {
                lines.truncate(count);
                send(stream, &lines).await?;
                while read_line(stream).await?.is_some() {}
                return Ok(false);
            }
            Some(Fault::LeavesOut(uid)) => {
                let of_it = [format!("(UID {uid} "), format!("(UID {uid})")];
                lines.retain(|line| {
                    let start =
                        String::from_utf8_lossy(line.get(..60.min(line.len())).unwrap_or_default()).into_owned();
                    !of_it.iter().any(|text| start.contains(text))
                });
            }
            Some(Fault::Backwards) => lines.reverse(),
            Some(Fault::Says(text)) => {
                let _none = lines.splice(0..0, text.lines().map(|line| line.as_bytes().to_vec()));
            }
            Some(Fault::ChangesAfter(change)) => after = Some(change),
            _ => {}
        }
        lines.push(format!("{tag} {end}").into_bytes());
        send(stream, &lines).await?;
        if let Some(change) = after {
            self.server.with(change);
        }
        Ok(command != "LOGOUT")
    }

    /// Waits with the client for news.
    async fn idle(&mut self, stream: &mut BufReader<TcpStream>, tag: &str, fault: Option<Fault>) -> io::Result<bool> {
        let mut changed = self.server.changed.subscribe();
        match fault {
            Some(Fault::Says(text)) => {
                // Said once, and not again behind the start of the wait.
                let _said = self.open_news();
                say(stream, text.replace('\n', "\r\n").as_bytes()).await?;
            }
            Some(Fault::Silence(_)) => {
                say(stream, b"+ idling").await?;
                while read_line(stream).await?.is_some() {}
                return Ok(false);
            }
            Some(Fault::Bye(_, text)) => {
                say(stream, b"+ idling").await?;
                say(stream, format!("* BYE {text}").as_bytes()).await?;
                return Ok(false);
            }
            _ => {}
        }
        say(stream, b"+ idling").await?;
        let next = self.server.with(|mailbox| mailbox.script.pop_front());
        if let Some(change) = next {
            self.server.with(change);
        }
        loop {
            let Some(lines) = self.open_news() else {
                say(stream, b"* BYE not any more").await?;
                return Ok(false);
            };
            send(stream, &lines).await?;
            tokio::select! {
                line = read_line(stream) => {
                    if line?.is_none() {
                        return Ok(false);
                    }
                    say(stream, format!("{tag} OK waited").as_bytes()).await?;
                    return Ok(true);
                }
                _ = changed.changed() => {}
            }
        }
    }

    /// News of the open folder; none when the connection is over, as when the folder has other UIDs now.
    fn open_news(&mut self) -> Option<Vec<Vec<u8>>> {
        let mailbox = self.server.mailbox.clone();
        let mut mailbox = mailbox.lock().unwrap();
        if mailbox.hang_ups > self.hang_ups {
            return None;
        }
        if let Some(view) = &self.view {
            let (name, uid_validity) = (view.name.clone(), view.uid_validity);
            let folder = mailbox.folder(&name);
            if folder.uid_validity != uid_validity && !folder.restless {
                return None;
            }
        }
        Some(self.news(&mailbox))
    }

    /// What the client does not know of the open folder yet.
    fn news(&mut self, mailbox: &Mailbox) -> Vec<Vec<u8>> {
        let Some(view) = &mut self.view else { return Vec::new() };
        let Some(folder) = mailbox.folders.iter().find(|folder| folder.name == view.name) else { return Vec::new() };
        let mut lines = Vec::new();
        let there = |uid: u32| folder.messages.iter().any(|message| message.uid == uid);
        while let Some(place) = view.uids.iter().position(|uid| !there(*uid)) {
            let uid = view.uids.remove(place);
            lines.push(if self.resync { format!("* VANISHED {uid}") } else { format!("* {} EXPUNGE", place + 1) });
        }
        for (message, seq) in folder.messages.iter().zip(1..) {
            if view.uids.contains(&message.uid) && message.mod_seq > view.mod_seq {
                lines.push(format!("* {seq} FETCH ({})", flags(mailbox.persona, message)));
            }
        }
        if folder.messages.len() > view.uids.len() {
            lines.push(format!("* {} EXISTS", folder.messages.len()));
        }
        view.uids = folder.messages.iter().map(|message| message.uid).collect();
        view.mod_seq = folder.mod_seq;
        lines.into_iter().map(String::into_bytes).collect()
    }

    fn lines(&mut self, mailbox: &mut Mailbox, command: &str) -> Answer {
        let ok = |lines: Vec<String>| (lines.into_iter().map(String::into_bytes).collect(), "OK done".to_owned());
        let word = command.split(' ').next().unwrap_or_default();
        match word {
            "CAPABILITY" => {
                let capabilities = mailbox.capabilities.unwrap_or(mailbox.persona.capabilities());
                ok(vec![format!("* CAPABILITY {capabilities}")])
            }
            "LOGIN" | "ID" | "NOOP" => ok(Vec::new()),
            "LOGOUT" => ok(vec!["* BYE until next time".to_owned()]),
            "ENABLE" => {
                self.resync = true;
                let confirmed = mailbox.persona == Persona::Full;
                ok(vec![if confirmed { "* ENABLED QRESYNC" } else { "* ENABLED" }.to_owned()])
            }
            "LIST" => {
                let listed = mailbox.folders.iter().filter(|folder| folder.listed);
                ok(listed.map(|folder| format!("* LIST ({}) \"/\" \"{}\"", folder.special_use, folder.name)).collect())
            }
            "STATUS" => match self::folder(mailbox, command) {
                Some(folder) => {
                    let (name, count) = (folder.name, folder.messages.len());
                    let (next, validity, mod_seq) = (folder.uid_next, folder.uid_validity, folder.mod_seq);
                    let mod_seq =
                        if command.contains("MODSEQ") { format!(" HIGHESTMODSEQ {mod_seq}") } else { String::new() };
                    let figures = format!("MESSAGES {count} UIDNEXT {next} UIDVALIDITY {validity} UNSEEN 0{mod_seq}");
                    ok(vec![format!("* STATUS \"{name}\" ({figures})")])
                }
                None => (Vec::new(), "NO [NONEXISTENT] there is no such folder".to_owned()),
            },
            "EXAMINE" => self.examine(mailbox, command),
            "UID" => {
                (fetch(mailbox, self.view.as_ref().map(|view| view.name.as_str()), command), "OK fetched".to_owned())
            }
            _ => (Vec::new(), "BAD what is that".to_owned()),
        }
    }

    fn examine(&mut self, mailbox: &mut Mailbox, command: &str) -> Answer {
        let was_open = self.view.take().is_some();
        let (persona, claims) = (mailbox.persona, mailbox.claims_vanished);
        let Some(folder) = self::folder(mailbox, command) else {
            return (Vec::new(), "NO [NONEXISTENT] there is no such folder".to_owned());
        };
        if folder.restless {
            folder.uid_validity += 1;
        }
        let mut lines = Vec::new();
        if was_open && self.resync {
            lines.push("* OK [CLOSED] the other one".to_owned());
        }
        lines.push("* FLAGS (\\Seen \\Flagged)".to_owned());
        lines.push(format!("* {} EXISTS", folder.messages.len()));
        lines.push(format!("* OK [UIDVALIDITY {}] x", folder.uid_validity));
        lines.push(format!("* OK [UIDNEXT {}] x", folder.uid_next));
        if persona.has_condstore() {
            lines.push(format!("* OK [HIGHESTMODSEQ {}] x", folder.mod_seq));
        }
        if let Some((_, known)) = command.split_once("QRESYNC (") {
            if !self.resync {
                return (Vec::new(), "BAD enable it first".to_owned());
            }
            let words: Vec<&str> = known.trim_end_matches(')').split(' ').collect();
            let [validity, since, uids] = words.as_slice() else { return (Vec::new(), "BAD three things".to_owned()) };
            if validity.parse() == Ok(folder.uid_validity) {
                let (since, uids) = (since.parse().unwrap(), ranges(uids));
                let known = |uid: u32| uids.iter().any(|range| range.contains(&uid));
                lines.extend(claims.map(|uids| format!("* VANISHED (EARLIER) {uids}")));
                let gone = folder.gone.iter().filter(|(uid, at)| *at > since && known(*uid));
                lines.extend(gone.map(|(uid, _)| format!("* VANISHED (EARLIER) {uid}")));
                let changed = folder
                    .messages
                    .iter()
                    .zip(1..)
                    .filter(|(message, _)| message.mod_seq > since && known(message.uid));
                lines.extend(changed.map(|(message, seq)| format!("* {seq} FETCH ({})", flags(persona, message))));
            }
        }
        self.view = Some(View {
            name: folder.name.to_owned(),
            uid_validity: folder.uid_validity,
            uids: folder.messages.iter().map(|message| message.uid).collect(),
            mod_seq: folder.mod_seq,
        });
        (lines.into_iter().map(String::into_bytes).collect(), "OK [READ-ONLY] open".to_owned())
    }
}

/// The folder that a command names.
fn folder<'a>(mailbox: &'a mut Mailbox, command: &str) -> Option<&'a mut Folder> {
    let name = command.split('"').nth(1)?;
    mailbox.folders.iter_mut().find(|folder| folder.name == name && folder.opens)
}

async fn send(stream: &mut BufReader<TcpStream>, lines: &[Vec<u8>]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    stream.write_all(&[lines.join(b"\r\n".as_slice()), b"\r\n".to_vec()].concat()).await
}

async fn say(stream: &mut BufReader<TcpStream>, line: &[u8]) -> io::Result<()> {
    send(stream, &[line.to_vec()]).await
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut line = String::new();
    let length = stream.read_line(&mut line).await?;
    Ok((length > 0).then(|| line.trim_end().to_owned()))
}
