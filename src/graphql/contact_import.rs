//! Contacts from files and into files.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::ContactImportId;
use futures_util::FutureExt;

use super::command::{payload, run};
use super::connection::{self, PageArguments, connection};
use super::contact_filter::ContactFilter;
use super::error::{ApiError, ErrorCode, Refusal, UserError, denied};
use super::id;
use super::reader::Reader;
use super::upload::{Upload, Uploads};
use crate::access::Right;
use crate::contacts::{self, Mode};
use crate::imports::{self, Batches, ColumnGiven, Error, Export, Format, Met};

/// What a file of contacts is written in.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactFileFormat {
    /// Comma-separated values, the first row of which names the columns. Commas, semicolons or tabs between cells, any usual encoding.
    Csv,
    /// vCard: 3.0 and 4.0 are read, 4.0 is written.
    Vcard,
}

/// What happens to contacts that exist already: those with one of the row's addresses, or, for a row without any, with its name and
/// company.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Mode")]
pub enum ImportMode {
    /// They stay as they are.
    Skip,
    /// What they lack is added: addresses, phone numbers, tags, and fields that are empty.
    Add,
    /// What the file has takes the place of what they have. Columns that the file does not have stay.
    Replace,
}

/// How far an import is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "imports::State")]
pub enum ImportState {
    /// It is at work.
    Running,
    /// The whole file was read.
    Done,
    /// It came to an end before the file did; the last problem says why.
    Failed,
    /// Somebody stopped it. What was imported by then stays.
    Canceled,
}

/// One run of an import (or its dry run). Rows are numbered from 1, without the header and empty lines.
#[derive(Clone)]
pub struct ContactImport {
    pub(super) import: imports::ContactImport,
    pub(super) reader: Reader,
}

/// What there is to say about a row: why it failed, or, in a dry run, why it would add no contact.
#[derive(SimpleObject, Clone)]
pub struct ImportProblem {
    /// The row's number, from 1; of a failed import itself, the last row that was read.
    pub row: i32,
    /// The column at fault, as the file names it.
    pub column: Option<String>,
    /// One sentence for the person at the screen.
    pub message: String,
}

connection!(ImportProblemConnection, ImportProblemEdge, ImportProblem, "what there is to say about rows");

/// One run of an import (or its dry run). Rows are numbered from 1, without the header and empty lines.
#[Object]
impl ContactImport {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.import.id)
    }

    /// How far it is.
    async fn state(&self) -> ImportState {
        self.import.state.into()
    }

    /// Whether it only reports, and changes nothing.
    async fn dry_run(&self) -> bool {
        self.import.dry_run
    }

    /// Rows read so far.
    async fn rows(&self) -> i32 {
        int(self.import.rows)
    }

    /// Contacts added; in a dry run, that would be.
    async fn created(&self) -> i32 {
        int(self.import.created)
    }

    /// Contacts changed; in a dry run, that would be.
    async fn updated(&self) -> i32 {
        int(self.import.updated)
    }

    /// Rows whose contact stays as it is.
    async fn skipped(&self) -> i32 {
        int(self.import.skipped)
    }

    /// Rows that cannot be used. Each has a problem that says why.
    async fn failed(&self) -> i32 {
        int(self.import.failed)
    }

    /// What there is to say about rows, in their order; the first 100 000 are kept.
    #[graphql(complexity = "connection::cost(first, None, child_complexity)")]
    async fn problems(&self, first: Option<i32>, after: Option<String>) -> Result<ImportProblemConnection, ApiError> {
        let page = PageArguments { first, after, last: None, before: None }.page()?;
        let rows = imports::problems(self.reader.cx(), self.reader.db(), self.import.id, &page).await??;
        let rows = rows.map(|problem| ImportProblem {
            row: int(problem.row),
            column: problem.column,
            message: problem.message,
        });
        let (reader, id) = (self.reader.clone(), self.import.id);
        let count = move || {
            let reader = reader.clone();
            async move { Ok(imports::problem_count(reader.cx(), reader.db(), id).await?) }.boxed()
        };
        Ok(ImportProblemConnection { rows, count: Box::new(count) })
    }
}

fn int(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// `columns` maps a header to a field (name, company, jobTitle, email, phone, notes, tags, keywords); without it headers are recognized.
#[derive(InputObject)]
pub struct ImportContactsInput {
    /// The file, sent with the request.
    pub file: Upload,
    /// What it is written in.
    pub format: ContactFileFormat,
    /// What happens to contacts that exist already.
    pub mode: ImportMode,
    /// Only reports what would be done.
    #[graphql(default = false)]
    pub dry_run: bool,
    /// What the columns of a CSV file hold; those not named are left out.
    pub columns: Option<Vec<ImportColumn>>,
}

/// What a column holds.
#[derive(InputObject)]
pub struct ImportColumn {
    /// As the first row of the file has it.
    pub header: String,
    /// name, company, jobTitle, email, phone, notes, tags or keywords.
    pub field: String,
}

payload!(ImportPayload, import: ContactImport, "The import, as far as it is.");
payload!(ExportPayload, url: String, "The address to download from, for five minutes. Whoever has it can use it while its maker is signed in.");

/// Contacts from files and into files.
#[derive(Default)]
pub struct ImportMutation;

/// Contacts from files and into files.
#[Object]
impl ImportMutation {
    /// Imports contacts from a file, behind the answer; one import at a time for each user. Changes of kind CONTACT_IMPORT tell its
    /// progress to who began it. Rows that cannot be used are reported and stop nothing; the same file again adds nothing twice.
    async fn import_contacts(&self, ctx: &Context<'_>, input: ImportContactsInput) -> Result<ImportPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        if let Err(error) = reader.cx().require(Right::ImportExport) {
            return Ok(Err(denied(error)).into());
        }
        let Some(file) = ctx.data_opt::<Uploads>().and_then(|uploads| uploads.take(input.file)) else {
            let message = "Send the file with the request, as a multipart request.";
            return Ok(Err(UserError::new(ErrorCode::Invalid, message, &["input", "file"])).into());
        };
        let given = input.columns.map(|columns| {
            columns.into_iter().map(|ImportColumn { header, field }| ColumnGiven { header, field }).collect()
        });
        let batches = match Batches::open(file, input.format.into(), given).await {
            Ok(batches) => batches,
            Err(error) => return Ok(Err(error.refusal(&["input", "file"])?).into()),
        };
        let node = reader.app().node;
        let begun = run(&[], || imports::begin(reader.cx(), reader.db(), node, input.dry_run)).await?;
        if let Ok(import) = &begun {
            let work = Box::pin(go_on(reader.clone(), import.id, batches, input.mode.into()));
            drop(reader.app().importing.spawn(work).await);
        }
        Ok(begun.map(|import| ContactImport { import, reader: reader.clone() }).into())
    }

    /// Stops an import. What was imported by then stays.
    async fn cancel_import(&self, ctx: &Context<'_>, id: ID) -> Result<ImportPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let import: ContactImportId = id::decode_or_nil(&id);
        let canceled = run(&["id"], || imports::cancel(reader.cx(), reader.db(), import)).await?;
        Ok(canceled.map(|import| ContactImport { import, reader: reader.clone() }).into())
    }

    /// A short-lived address to download from.
    async fn export_contacts(
        &self,
        ctx: &Context<'_>,
        filter: Option<ContactFilter>,
        format: ContactFileFormat,
    ) -> Result<ExportPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let filter = match filter.map(contacts::Filter::try_from).transpose() {
            Ok(filter) => filter,
            Err(wrong) => return Ok(Err(wrong.refusal(&["filter"])).into()),
        };
        let app = reader.app();
        let make = || Export::ticket(reader.cx(), reader.db(), &app.secrets, filter.clone(), format.into());
        let made = run(&["filter"], make).await?;
        Ok(made.map(|ticket| format!("{}/blobs/export?ticket={ticket}", app.config.public_url)).into())
    }
}

/// Imports the rows of a file to its end, or to that of the import.
async fn go_on(reader: Reader, import: ContactImportId, mut batches: Batches, mode: Mode) {
    let (cx, db) = (reader.cx(), reader.db());
    let mut met = Met::default();
    let problem = loop {
        let batch = match batches.next().await {
            Ok(Some(batch)) => batch,
            Ok(None) => break None,
            Err(error) => {
                tracing::error!(%error, "An uploaded file could not be read");
                break Some("The file could not be read to its end. Import it again.");
            }
        };
        let mut rest = batch.as_slice();
        while !rest.is_empty() {
            let mut tries = 1;
            let taken = loop {
                match imports::advance(cx, db, import, rest, mode, &mut met).await {
                    Err(error) if error.lost_a_race() && tries < TRIES => {
                        futures_timer::Delay::new(super::command::moment(tries)).await;
                        tries += 1;
                    }
                    other => break other,
                }
            };
            match taken {
                Ok(taken) => rest = rest.get(taken..).unwrap_or_default(),
                // Canceled, or found abandoned.
                Err(Error::Ended) => return,
                Err(Error::Denied(_)) => {
                    finish(&reader, import, Some("You may not import contacts any more.")).await;
                    return;
                }
                Err(error) => {
                    tracing::error!(%error, "An import came to an end");
                    let why =
                        "Something went wrong on our side. Import the file again: what is there already is found.";
                    finish(&reader, import, Some(why)).await;
                    return;
                }
            }
        }
    };
    finish(&reader, import, problem).await;
}

/// Times a batch is tried: many others may want the same tags.
const TRIES: u32 = 20;

async fn finish(reader: &Reader, import: ContactImportId, problem: Option<&str>) {
    let finished = run(&[], || imports::finish(reader.cx(), reader.db(), import, problem)).await;
    if let Err(error) = finished {
        tracing::error!(?error, "An import could not be ended; it will be found abandoned");
    }
}

impl From<ContactFileFormat> for Format {
    fn from(format: ContactFileFormat) -> Self {
        match format {
            ContactFileFormat::Csv => Self::Csv,
            ContactFileFormat::Vcard => Self::Vcard,
        }
    }
}

impl Refusal for Error {
    fn refusal(self, path: &[&str]) -> Result<UserError, ApiError> {
        let message = self.to_string();
        Ok(match self {
            Self::Denied(error) => denied(error),
            Self::NotFound => UserError::new(ErrorCode::NotFound, message, path),
            Self::AtWork(import) => UserError::new(ErrorCode::Conflict, message, &[]).conflicting(id::encode(import)),
            Self::File(_) | Self::Contacts(contacts::Error::Filter(_)) => {
                UserError::new(ErrorCode::Invalid, message, path)
            }
            Self::Format(_) => UserError::new(ErrorCode::Invalid, message, &["input", "format"]),
            Self::Column(entry, member, _) => {
                let path = ["input", "columns", &entry.to_string(), member];
                UserError::new(ErrorCode::Invalid, message, &path)
            }
            Self::Contacts(error) => return error.refusal(path),
            Self::Ended | Self::Disk(_) => return Err(ApiError::fault(&message)),
            Self::Fault(fault) => return Err(fault.into()),
        })
    }

    fn lost_a_race(&self) -> bool {
        match self {
            Self::Contacts(error) => error.lost_a_race(),
            Self::Fault(fault) => fault.is_transient(),
            _ => false,
        }
    }
}
