//! The rows of a file, read on a thread of their own and handed on some at a time.

use std::fs::File;
use std::io;

use tokio::sync::mpsc;

pub use super::columns::ColumnGiven;
use super::columns::Origins;
use super::csv_rows::CsvRows;
use super::text_lines::TextLines;
use super::vcards::Vcards;
use super::{Error, Format};
use crate::contacts::Incoming;

/// Rows handed on at once: what one transaction takes.
const BATCH: usize = 100;

/// A row of a file.
#[derive(Debug)]
pub struct Row {
    /// Its number, from 1, without the header and empty lines.
    pub(super) number: i64,
    pub(super) content: Result<Incoming, RowProblem>,
    pub(super) origins: Origins,
}

/// Why a row cannot be read.
#[derive(Clone, Debug)]
pub(super) struct RowProblem {
    pub column: Option<String>,
    pub message: &'static str,
}

enum Rows {
    Csv(Box<CsvRows>),
    Vcard(Box<Vcards>),
}

impl Rows {
    fn open(file: File, format: Format, columns: Option<&[ColumnGiven]>) -> Result<Self, Error> {
        let lines = TextLines::open(file)?;
        Ok(match format {
            Format::Csv => Self::Csv(Box::new(CsvRows::open(lines, columns)?)),
            Format::Vcard => Self::Vcard(Box::new(Vcards::open(lines)?)),
        })
    }

    fn next(&mut self) -> io::Result<Option<Row>> {
        match self {
            Self::Csv(rows) => rows.next(),
            Self::Vcard(rows) => rows.next(),
        }
    }
}

/// What is read of a file, as it is read: never more than a few batches ahead.
#[derive(Debug)]
pub struct Batches(mpsc::Receiver<io::Result<Vec<Row>>>);

impl Batches {
    /// Reads the head of a file, and begins with its rows.
    ///
    /// # Errors
    /// `File` when it cannot be read as what it is said to be, `Column` for an entry of the columns.
    pub async fn open(file: File, format: Format, columns: Option<Vec<ColumnGiven>>) -> Result<Self, Error> {
        let opened = tokio::task::spawn_blocking(move || Rows::open(file, format, columns.as_deref())).await;
        let mut rows = opened.map_err(io::Error::other)??;
        let (sender, receiver) = mpsc::channel(2);
        tokio::task::spawn_blocking(move || {
            loop {
                let batch: io::Result<Vec<Row>> = std::iter::from_fn(|| rows.next().transpose()).take(BATCH).collect();
                // An empty one says that the file was read to its end.
                let is_last = batch.as_ref().map_or(true, Vec::is_empty);
                // Nobody wants more when the import was canceled.
                if sender.blocking_send(batch).is_err() || is_last {
                    break;
                }
            }
        });
        Ok(Self(receiver))
    }

    /// The next rows; none at the end.
    ///
    /// # Errors
    /// When the file cannot be read from disk.
    pub async fn next(&mut self) -> io::Result<Option<Vec<Row>>> {
        match self.0.recv().await {
            Some(batch) => Ok(Some(batch?).filter(|batch| !batch.is_empty())),
            None => Err(io::Error::other("nobody reads the file any more")),
        }
    }
}
