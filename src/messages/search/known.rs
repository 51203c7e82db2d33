//! The words of SQLite's index that begin with what was typed.
//!
//! FTS5 gathers all places of all words with a beginning before it gives the first. The places of whole words it gives one by one.

use entity::MailAccountId;
use sea_orm::{FromQueryResult, Statement};

use super::index::own_mark;
use super::mark;
use crate::access::Level;
use crate::db::{Db, Fault};
use crate::text;

/// Words that are few enough to be looked for one by one: some hundredths of a millisecond each.
const MOST: usize = 200;

/// From word to word, each time by the first that is greater: `$1` is the beginning, `$2` greater than all words that begin so. No
/// character of a word is smaller than a blank.
const NEXT: &str = "WITH RECURSIVE found (term) AS (
    SELECT (SELECT term FROM mail_search_word WHERE term >= $1 LIMIT 1)
    UNION ALL
    SELECT (SELECT term FROM mail_search_word WHERE term >= found.term || ' ' LIMIT 1) FROM found WHERE found.term < $2
    LIMIT $3
) SELECT term FROM found WHERE term < $2";

#[derive(FromQueryResult)]
struct Row {
    term: String,
}

/// The words in all of the mail of some mailboxes, as they stand in the index; none when they are many.
pub(super) async fn words(db: &Db, accounts: &[MailAccountId], beginning: &str) -> Result<Option<Vec<String>>, Fault> {
    let mut words = Vec::new();
    for account in accounts {
        let first = format!("{}{}{beginning}", own_mark(*account), mark(Level::Full));
        let behind = format!("{first}{}", text::LAST_CHAR);
        let left = i64::try_from(MOST + 2 - words.len()).unwrap_or_default();
        let statement = Statement::from_sql_and_values(db.backend(), NEXT, [first.into(), behind.into(), left.into()]);
        let found = Row::find_by_statement(statement).all(db.reader()).await?;
        words.extend(found.into_iter().map(|row| row.term));
        if words.len() > MOST {
            return Ok(None);
        }
    }
    Ok(Some(words))
}
