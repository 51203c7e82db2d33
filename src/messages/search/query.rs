//! What is looked for, as a condition of a statement on messages.

use entity::{MailAccountId, mail_message};
use sea_orm::DbBackend;
use sea_orm::entity::prelude::Uuid;
use sea_orm::sea_query::extension::sqlite::SqliteExpr;
use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait, Query, SelectStatement, SimpleExpr};

use super::index::{PLACE, TABLE, own_mark};
use super::words::{self, BEGINNING, Piece};
use super::{known, mark};
use crate::access::{Cx, Level};
use crate::db::{Db, Fault};
use crate::messages::{visible, visible_at};

/// Characters of a text to look for.
const LONGEST: usize = 1_000;

/// Words of a text to look for; of a script without blanks, pairs of characters.
const MOST_WORDS: usize = 20;
const MOST_PAIRS: usize = 60;

/// A text that was read: each of its words begins a word of what is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText {
    words: Vec<String>,
    runs: Vec<String>,
}

/// A text that is not looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongText {
    /// Too long.
    #[error("A text to look for has at most 1000 characters.")]
    TooLong,
    /// Too many words.
    #[error("A text to look for has at most 20 words.")]
    TooManyWords,
}

impl SearchText {
    /// Reads what a person typed. All but letters and digits stands between words; a text without any finds everything.
    ///
    /// # Errors
    /// When it is too long.
    pub fn parse(text: &str) -> Result<Self, WrongText> {
        if text.chars().nth(LONGEST).is_some() {
            return Err(WrongText::TooLong);
        }
        let (mut words, mut runs) = (Vec::new(), Vec::new());
        for (_, spelled) in words::spelled(text) {
            for piece in words::pieces(&words::fold(spelled)) {
                let (list, text) = match piece {
                    Piece::Word(word) => (&mut words, word),
                    Piece::Run(run) => (&mut runs, run),
                };
                if !list.iter().any(|known| known == text) {
                    list.push(text.to_owned());
                }
            }
        }
        let pairs: usize = runs.iter().map(|run: &String| run.chars().count()).sum();
        if words.len() + runs.len() > MOST_WORDS || pairs > MOST_PAIRS {
            return Err(WrongText::TooManyWords);
        }
        Ok(Self { words, runs })
    }

    /// Whether it has no words, and so finds everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.runs.is_empty()
    }

    /// Found at the beginning of words.
    pub(super) fn words(&self) -> &[String] {
        &self.words
    }

    /// Found anywhere in scripts without blanks.
    pub(super) fn runs(&self) -> &[String] {
        &self.runs
    }

    /// Words of the index that are all there, each with whether it may go on.
    fn terms(&self) -> Vec<(String, bool)> {
        let mut terms: Vec<_> =
            self.words.iter().map(|word| (word.clone(), word.chars().nth(BEGINNING).is_some())).collect();
        for run in &self.runs {
            let chars: Vec<char> = run.chars().collect();
            if let [only] = *chars.as_slice() {
                terms.push((only.to_string(), false));
            }
            terms.extend(chars.windows(2).map(|pair| (pair.iter().collect(), false)));
        }
        terms
    }
}

/// A text looked for in the mail of some mailboxes.
#[derive(Clone, Debug)]
pub(in crate::messages) struct Search {
    pub(super) backend: DbBackend,
    pub(super) accounts: Vec<MailAccountId>,
    terms: Vec<Term>,
}

/// A word of the index, for each mailbox as it stands there.
#[derive(Clone, Debug)]
struct Term {
    word: String,
    goes_on: bool,
    /// With what it goes on in all of a message, where those words are few.
    known: Option<Vec<String>>,
}

/// How a statement comes to its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::messages) enum Way {
    /// As the database likes.
    Any,
    /// By going through the messages from this place on, or to it, in their order.
    Near(i64, i64),
    /// By the index of words.
    Far,
}

impl Search {
    /// In mailboxes of which the actor sees anything. None for a text that finds everything.
    pub(in crate::messages) async fn new(
        db: &Db,
        accounts: Vec<MailAccountId>,
        text: &SearchText,
    ) -> Result<Option<Self>, Fault> {
        if text.is_empty() {
            return Ok(None);
        }
        // Nobody's mailbox, so that there is one to look in.
        let accounts = if accounts.is_empty() { vec![Uuid::nil().into()] } else { accounts };
        let mut terms = Vec::new();
        for (word, goes_on) in text.terms() {
            let known = if goes_on && db.is_embedded() { known::words(db, &accounts, &word).await? } else { None };
            terms.push(Term { word, goes_on, known });
        }
        Ok(Some(Self { backend: db.backend(), accounts, terms }))
    }

    /// By what the matches are ordered, newest last: no two have the same.
    pub(in crate::messages) fn place(&self, way: Way) -> SimpleExpr {
        match (self.backend, way) {
            // The index itself gives this order.
            (DbBackend::Sqlite, _) => ours("rowid"),
            // In no order that the planner knows of: it would go through all mail for a few rare words.
            (_, Way::Far) => message(mail_message::Column::SearchPlace).add(0_i64),
            _ => message(mail_message::Column::SearchPlace),
        }
    }

    /// Selects from the messages that match and that the actor may see, each found by nothing but what they may see of it. The rows
    /// of the index come first, in their order.
    pub(in crate::messages) fn select_from(&self, query: &mut SelectStatement, cx: &Cx, way: Way) {
        query.from(Alias::new(TABLE));
        if self.backend == DbBackend::Sqlite {
            // "Cross" keeps the order of the tables.
            query.cross_join(mail_message::Entity);
            query.and_where(message(mail_message::Column::SearchPlace).eq(ours("rowid")));
        } else {
            let same = Condition::all()
                .add(message(mail_message::Column::Workspace).eq(ours("workspace")))
                .add(message(mail_message::Column::Account).eq(ours("account")))
                .add(message(mail_message::Column::SearchPlace).eq(ours(PLACE)));
            query.inner_join(mail_message::Entity, same);
        }
        if let Way::Near(first, last) = way {
            query.and_where(ours(PLACE).between(first, last));
            // A form that the index of words does not serve.
            query.and_where(Expr::cust(format!("({}) IS TRUE", self.at(Level::Full))));
        } else {
            query.and_where(self.found(Level::Full));
        }
        self.restrict(query, cx);
    }

    /// The same, to be asked of few messages at a time: in SQLite the matches are gathered once.
    pub(in crate::messages) fn select_some(&self, query: &mut SelectStatement, cx: &Cx) {
        if self.backend != DbBackend::Sqlite {
            return self.select_from(query, cx, Way::Any);
        }
        query.from(mail_message::Entity).and_where(self.among(Level::Full));
        self.restrict(query, cx);
    }

    fn restrict(&self, query: &mut SelectStatement, cx: &Cx) {
        query.cond_where(visible(cx));
        query.and_where(match self.accounts.as_slice() {
            [account] => message(mail_message::Column::Account).eq(*account),
            accounts => message(mail_message::Column::Account).is_in(accounts.iter().copied()),
        });
        if cx.mail_reach(Level::Full, true) == cx.mail_reach(Level::Metadata, false) {
            return;
        }
        // What all of a message says includes what part of it says; so it remains to ask those who see a part only.
        let mut seen = Condition::any().add(visible_at(cx, Level::Full));
        for level in [Level::Subject, Level::Metadata] {
            seen = seen.add(Condition::all().add(visible_at(cx, level)).add(self.among(level)));
        }
        query.cond_where(seen);
    }

    /// Whether the index's row is found by what is seen at a level.
    fn found(&self, level: Level) -> SimpleExpr {
        match self.backend {
            DbBackend::Sqlite => Expr::col((Alias::new(TABLE), Alias::new(TABLE))).matches(self.fts5(level)),
            _ => Expr::cust(self.at(level)),
        }
    }

    /// The same of a message that was found by all of it.
    fn among(&self, level: Level) -> SimpleExpr {
        if self.backend != DbBackend::Sqlite {
            return self.found(level);
        }
        let mut found = Query::select();
        found.expr(ours("rowid")).from(Alias::new(TABLE)).and_where(self.found(level));
        message(mail_message::Column::SearchPlace).in_subquery(found)
    }

    fn fts5(&self, level: Level) -> String {
        let each = |term: &Term| match &term.known {
            Some(words) if level == Level::Full => {
                let words: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
                if words.is_empty() { format!("\"{}\"", term.word) } else { words.join(" OR ") }
            }
            _ => self.each(term, level, " OR ", |word| format!("\"{word}\"{}", if term.goes_on { " *" } else { "" })),
        };
        self.terms.iter().map(|term| format!("({})", each(term))).collect::<Vec<_>>().join(" AND ")
    }

    /// PostgreSQL's condition. The words are part of the statement, not bound to it: the planner must know them. They are made of
    /// letters and digits alone.
    fn at(&self, level: Level) -> String {
        let each = |term: &Term| {
            self.each(term, level, " | ", |word| format!("''{word}''{}", if term.goes_on { ":*" } else { "" }))
        };
        let all: Vec<_> = self.terms.iter().map(|term| format!("({})", each(term))).collect();
        format!("mail_search.words @@ '{}'::tsquery", all.join(" & "))
    }

    fn each(&self, term: &Term, level: Level, or: &str, written: impl Fn(String) -> String) -> String {
        let accounts = self.accounts.iter();
        let words = accounts.map(|account| written(format!("{}{}{}", own_mark(*account), mark(level), term.word)));
        words.collect::<Vec<_>>().join(or)
    }
}

fn message(column: mail_message::Column) -> SimpleExpr {
    Expr::col((mail_message::Entity, column))
}

fn ours(column: &'static str) -> SimpleExpr {
    Expr::col((Alias::new(TABLE), Alias::new(column)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_without_accents_and_quotes() {
        let text =
            SearchText::parse("  Élan \"O'Brien\" AND -x* 日本語 語 élan").unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!(text.words, ["elan", "o", "brien", "and", "x"]);
        assert_eq!(text.runs, ["日本語", "語"]);
        let terms: Vec<_> = text.terms().into_iter().map(|(term, goes_on)| format!("{term} {goes_on}")).collect();
        let expected =
            ["elan true", "o false", "brien true", "and true", "x false", "日本 false", "本語 false", "語 false"];
        assert_eq!(terms, expected);
        assert!(SearchText::parse("?! \u{0} --").is_ok_and(|text| text.is_empty()));
    }

    #[test]
    fn a_text_is_bounded() {
        assert_eq!(SearchText::parse(&"a".repeat(1_001)), Err(WrongText::TooLong));
        assert!(SearchText::parse(&"a".repeat(1_000)).is_ok());
        let words = (0..21).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(SearchText::parse(&words), Err(WrongText::TooManyWords));
        assert_eq!(SearchText::parse(&"語".repeat(61)), Err(WrongText::TooManyWords));
    }
}
