//! Beginning an import, going on with it, and ending it.

use std::time::Duration;

use entity::contact_import::State;
use entity::{ContactImportId, WorkspaceId, contact_import, contact_import_problem};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, QuerySelect};

use super::met::Met;
use super::rows::Row;
use super::{ContactImport, Error, ImportProblem};
use crate::access::{Cx, Denied, Right};
use crate::changes::{Action, Kind, NewChange, Scope};
use crate::clock::Clock;
use crate::contacts::{self, Incoming, Mode, Placed};
use crate::db::{Db, Fault, Tx, Unique};
use crate::users;

/// Most problems kept of one import. What is behind them is counted only.
const MOST_PROBLEMS: i64 = 100_000;

/// An import that was not gone on with for so long is nobody's.
const ABANDONED: Duration = Duration::from_secs(5 * 60);

/// How often abandoned ones are looked for.
const SWEEP: Duration = Duration::from_secs(60);

/// A user's one import that is at work.
const RUNNING: Unique =
    Unique { index: "contact_import_running", columns: "contact_import.workspace, contact_import.owner" };

/// Begins an import, or a dry run of one, on this node.
///
/// # Errors
/// `AtWork` when the actor's last one is.
pub async fn begin(cx: &Cx, db: &Db, node: Uuid, dry_run: bool) -> Result<ContactImport, Error> {
    cx.require(Right::ImportExport)?;
    let owner = cx.viewer().ok_or(Denied(Right::ImportExport))?.user;
    let mut tx = db.begin(cx).await?;
    let row = contact_import::Model {
        workspace: cx.workspace,
        id: cx.new_id(),
        owner,
        node,
        state: State::Running,
        dry_run,
        row_count: 0,
        created: 0,
        updated: 0,
        skipped: 0,
        failed: 0,
        problem_count: 0,
        version: 1,
        created_at: cx.now(),
        touched_at: cx.now(),
    };
    let insert = contact_import::Entity::insert(contact_import::ActiveModel::from(row.clone()).reset_all());
    if let Err(error) = insert.exec_without_returning(tx.conn()).await {
        let fault = Fault::from(error);
        if !fault.breaks(RUNNING) {
            return Err(fault.into());
        }
        tx.rollback().await?;
        let running = contact_import::Entity::find()
            .filter(contact_import::Column::Workspace.eq(cx.workspace))
            .filter(contact_import::Column::Owner.eq(owner))
            .filter(contact_import::Column::State.eq(State::Running))
            .one(db.reader())
            .await?;
        return Err(running.map_or(Error::Fault(fault), |running| Error::AtWork(running.id)));
    }
    record(&mut tx, &row, Action::Created);
    tx.commit().await?;
    Ok(row.into())
}

/// Takes the first of some rows, in one transaction with the progress. Returns how many.
///
/// # Errors
/// `Ended` when somebody ended the import, `Denied` when the actor may not import any more; what makes it worth trying again.
pub async fn advance(
    cx: &Cx,
    db: &Db,
    import: ContactImportId,
    rows: &[Row],
    mode: Mode,
    met: &mut Met,
) -> Result<usize, Error> {
    require_now(cx, db).await?;
    let sound: Vec<Incoming> = rows.iter().filter_map(|row| row.content.as_ref().ok().cloned()).collect();
    let mut tx = db.begin(cx).await?;
    let mut before = running(&tx, import).await?;
    let dry_run = before.dry_run;
    let placed = if sound.is_empty() { Vec::new() } else { contacts::place(&mut tx, &sound, mode).await? };
    if dry_run {
        // Nothing of it was.
        tx.rollback().await?;
        tx = db.begin(cx).await?;
        before = running(&tx, import).await?;
    }
    let mut report = Report { row: before, mode, problems: Vec::new(), taken: 0 };
    let mut placed = placed.into_iter();
    met.forget_unsettled();
    for row in rows {
        match &row.content {
            Err(problem) => report.fail(row.number, problem.column.clone(), problem.message.to_owned()),
            Ok(incoming) => {
                // Where there is none, it depends on one before it.
                let Some(placed) = placed.next() else { break };
                let again = dry_run && matches!(placed, Placed::Created) && met.meets_again(incoming);
                report.tell(row, placed, again);
            }
        }
        report.taken += 1;
    }
    let taken = report.taken;
    report.save(tx).await?;
    met.settle();
    Ok(taken)
}

/// Refuses an actor who has lost the right since the import began.
async fn require_now(cx: &Cx, db: &Db) -> Result<(), Error> {
    let users = users::by_ids(cx, db, cx.user().into_iter().collect()).await?;
    let may = |user: &users::User| user.status == users::Status::Active && user.rights.allow(Right::ImportExport);
    if users.iter().any(may) { Ok(()) } else { Err(Denied(Right::ImportExport).into()) }
}

/// What one transaction adds to the report of an import.
struct Report {
    row: contact_import::Model,
    mode: Mode,
    problems: Vec<ImportProblem>,
    taken: usize,
}

impl Report {
    fn fail(&mut self, number: i64, column: Option<String>, message: String) {
        self.row.failed += 1;
        self.problems.push(ImportProblem { row: number, column, message });
    }

    /// A dry run also tells of each row that would add no contact. `again`: an earlier row would have added it.
    fn tell(&mut self, row: &Row, placed: Placed, again: bool) {
        let note = match placed {
            Placed::Created if !again => {
                self.row.created += 1;
                None
            }
            Placed::Created if self.mode == Mode::Skip => {
                self.row.skipped += 1;
                Some("This contact stands further up in the file; it would be skipped.")
            }
            Placed::Created => {
                self.row.updated += 1;
                Some("This contact stands further up in the file; it would be changed.")
            }
            Placed::Updated(_) => {
                self.row.updated += 1;
                Some("This contact exists; it would be changed.")
            }
            Placed::Kept(_) => {
                self.row.skipped += 1;
                Some("This contact exists; it would stay as it is.")
            }
            Placed::Refused(contacts::Error::Invalid(field, message)) => {
                return self.fail(row.number, row.origins.of(field), message.to_owned());
            }
            Placed::Refused(error) => return self.fail(row.number, None, error.to_string()),
        };
        if let Some(note) = note.filter(|_| self.row.dry_run) {
            self.problems.push(ImportProblem { row: row.number, column: None, message: note.to_owned() });
        }
    }

    async fn save(mut self, mut tx: Tx) -> Result<(), Error> {
        self.row.row_count += i64::try_from(self.taken).unwrap_or(0);
        note(&tx, &mut self.row, self.problems).await?;
        touch(&tx, &mut self.row).await?;
        record(&mut tx, &self.row, Action::Updated);
        Ok(tx.commit().await?)
    }
}

/// Ends an import: the file is at its end, or, with a sentence why, cannot be read to it.
pub async fn finish(cx: &Cx, db: &Db, import: ContactImportId, problem: Option<&str>) -> Result<(), Error> {
    let mut tx = db.begin(cx).await?;
    let row = running(&tx, import).await?;
    end(&mut tx, row, problem).await?;
    Ok(tx.commit().await?)
}

/// Stops an import. What was imported by then stays. One that has ended stays as it is.
pub async fn cancel(cx: &Cx, db: &Db, import: ContactImportId) -> Result<ContactImport, Error> {
    cx.require(Right::ImportExport)?;
    let mut tx = db.begin(cx).await?;
    let mut row = locked(&tx, import).await?.filter(|row| Some(row.owner) == cx.user()).ok_or(Error::NotFound)?;
    if row.state == State::Running {
        row.state = State::Canceled;
        touch(&tx, &mut row).await?;
        record(&mut tx, &row, Action::Updated);
        tx.commit().await?;
    }
    Ok(row.into())
}

/// Which imports are nobody's any more.
#[derive(Clone, Copy, Debug)]
pub enum Abandoned {
    /// Those of this node, which stops.
    Of(Uuid),
    /// Those of all nodes but this one: the database is its own.
    OfOthers(Uuid),
    /// Those that nobody has gone on with for minutes.
    Long,
}

/// Ends imports that nobody goes on with.
pub async fn fail(db: &Db, clock: &Clock, which: Abandoned) -> Result<(), Error> {
    let found = contact_import::Entity::find().filter(contact_import::Column::State.eq(State::Running));
    let found = match which {
        Abandoned::Of(node) => found.filter(contact_import::Column::Node.eq(node)),
        Abandoned::OfOthers(node) => found.filter(contact_import::Column::Node.ne(node)),
        Abandoned::Long => found.filter(contact_import::Column::TouchedAt.lt(clock.now().minus(ABANDONED))),
    };
    for row in found.all(db.reader()).await? {
        let cx = Cx::of_system(row.workspace, clock.clone());
        let mut tx = db.begin(&cx).await?;
        let Some(row) = locked(&tx, row.id).await?.filter(|row| row.state == State::Running) else { continue };
        let why =
            "The server stopped in the middle of this import. Import the file again: what is there already is found.";
        end(&mut tx, row, Some(why)).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Looks for abandoned imports, until dropped.
pub async fn run_sweep(db: &Db, clock: &Clock, node: Uuid) {
    // Whoever began one in an embedded database before this node is gone. One of this node can be abandoned too: its request was
    // given up before the first row, or its end could not be stored.
    let mut which = if db.is_embedded() { Abandoned::OfOthers(node) } else { Abandoned::Long };
    loop {
        if let Err(error) = fail(db, clock, which).await {
            tracing::warn!(%error, "Could not look for imports that nobody works on");
        }
        which = Abandoned::Long;
        clock.sleep(SWEEP).await;
    }
}

async fn end(tx: &mut Tx, mut row: contact_import::Model, problem: Option<&str>) -> Result<(), Error> {
    row.state = if problem.is_some() { State::Failed } else { State::Done };
    let problem =
        problem.map(|message| ImportProblem { row: row.row_count, column: None, message: message.to_owned() });
    note(tx, &mut row, problem.into_iter().collect()).await?;
    touch(tx, &mut row).await?;
    record(tx, &row, Action::Updated);
    Ok(())
}

async fn locked(tx: &Tx, import: ContactImportId) -> Result<Option<contact_import::Model>, Fault> {
    let mut query = contact_import::Entity::find_by_id((tx.workspace(), import));
    if tx.conn().get_database_backend() == DbBackend::Postgres {
        query = query.lock_exclusive();
    }
    Ok(query.one(tx.conn()).await?)
}

async fn running(tx: &Tx, import: ContactImportId) -> Result<contact_import::Model, Error> {
    locked(tx, import).await?.filter(|row| row.state == State::Running).ok_or(Error::Ended)
}

async fn note(tx: &Tx, row: &mut contact_import::Model, mut problems: Vec<ImportProblem>) -> Result<(), Fault> {
    let room = usize::try_from(MOST_PROBLEMS - row.problem_count).unwrap_or(0);
    problems.truncate(room);
    if problems.is_empty() {
        return Ok(());
    }
    let (workspace, import): (WorkspaceId, ContactImportId) = (row.workspace, row.id);
    let first = row.problem_count + 1;
    row.problem_count += i64::try_from(problems.len()).unwrap_or(0);
    let rows = problems.into_iter().zip(first..).map(|(problem, number)| contact_import_problem::ActiveModel {
        workspace: Set(workspace),
        import: Set(import),
        number: Set(number),
        row_number: Set(problem.row),
        column_name: Set(problem.column.map(|column| column.chars().filter(|c| *c != '\0').take(200).collect())),
        message: Set(problem.message),
    });
    contact_import_problem::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

async fn touch(tx: &Tx, row: &mut contact_import::Model) -> Result<(), Fault> {
    row.version += 1;
    row.touched_at = tx.cx().now();
    contact_import::Entity::update(contact_import::ActiveModel::from(row.clone()).reset_all()).exec(tx.conn()).await?;
    Ok(())
}

fn record(tx: &mut Tx, row: &contact_import::Model, action: Action) {
    let change = NewChange::in_scope(Scope::User(row.owner), Kind::ContactImport, action, row.id);
    tx.record(change.version(row.version));
}
