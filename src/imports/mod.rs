//! Contacts from files and into files: imports with a report, and exports.
//!
//! Owns the tables `contact_import`, `contact_import_problem`, how files are read (`rows`) and written (`written`), and what an
//! address to download from says (`export`). What becomes of a contact is decided in `contacts`. Start reading at `commands`.

mod cells;
mod columns;
mod commands;
mod csv_rows;
mod error;
mod export;
mod met;
mod queries;
mod rows;
mod text_lines;
mod vcards;
mod written;

use entity::ContactImportId;

pub use commands::{Abandoned, advance, begin, cancel, fail, finish, run_sweep};
pub use entity::contact_import::State;
pub use error::Error;
pub use export::{Export, ExportError};
pub use met::Met;
pub use queries::{by_ids, problem_count, problems};
pub use rows::{Batches, ColumnGiven, Row};

/// What a file of contacts is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Format {
    /// Rows of cells, the first of which name the columns.
    Csv,
    /// vCards; 3.0 and 4.0 are read, 4.0 is written.
    Vcard,
}

/// One run of an import, as far as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactImport {
    /// Its id.
    pub id: ContactImportId,
    /// Whether it goes on, or how it ended.
    pub state: State,
    /// It only reports, and changes nothing.
    pub dry_run: bool,
    /// Rows read.
    pub rows: i64,
    /// Contacts added.
    pub created: i64,
    /// Contacts changed.
    pub updated: i64,
    /// Rows whose contact stays as it is.
    pub skipped: i64,
    /// Rows that cannot be used.
    pub failed: i64,
}

/// What there is to say about a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportProblem {
    /// The row's number, from 1; 0 for the file as a whole.
    pub row: i64,
    /// The column, as the file names it.
    pub column: Option<String>,
    /// One sentence for a person.
    pub message: String,
}

impl From<entity::contact_import::Model> for ContactImport {
    fn from(row: entity::contact_import::Model) -> Self {
        Self {
            id: row.id,
            state: row.state,
            dry_run: row.dry_run,
            rows: row.row_count,
            created: row.created,
            updated: row.updated,
            skipped: row.skipped,
            failed: row.failed,
        }
    }
}
