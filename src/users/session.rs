//! Sessions: one for each sign-in, found by the hash of its token.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::share::Resource;
use entity::{SessionId, ShareLevel, Timestamp, UserId, WorkspaceId, session};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, Statement};
use sha2::{Digest, Sha256};

use super::{Error, Status};
use crate::access::{Cx, Inboxes, Rights, Viewer};
use crate::changes::{Action, Kind, NewChange, Scope};
use crate::clock::Clock;
use crate::db::{Db, Fault, Tx};

/// How long a sign-in lasts.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// `last_used_at` is not written more often than this.
const USE_NOTED_EVERY: Duration = Duration::from_secs(5 * 60);

/// A running session, what its user may do now, and what is shared with them now.
#[derive(Clone, Debug)]
pub struct Session {
    /// The workspace it is for.
    pub workspace: WorkspaceId,
    /// Who signed in.
    pub viewer: Arc<Viewer>,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// A new session within a transaction, and its token: 256 random bits, of which only the SHA-256 is kept.
pub async fn begin_session(tx: &Tx, user: UserId, user_agent: Option<&str>) -> Result<String, Error> {
    let token = new_token();
    let now = tx.cx().now();
    let row = session::ActiveModel {
        token_hash: Set(token_hash(&token)),
        id: Set(tx.cx().new_id::<SessionId>()),
        workspace: Set(tx.workspace()),
        user_id: Set(user),
        created_at: Set(now),
        last_used_at: Set(now),
        expires_at: Set(now.plus(LIFETIME)),
        user_agent: Set(user_agent.map(|text| text.chars().filter(|c| !c.is_control()).take(300).collect())),
    };
    session::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(token)
}

/// The running session of a token with this hash; none when there is none, it ended, or its user may not sign in (any more).
pub(super) async fn authenticate(db: &Db, clock: &Clock, token_hash: &[u8]) -> Result<Option<Session>, Fault> {
    let now = clock.now();
    let found = find(db, "s.token_hash = $1", [token_hash.into(), now.into()]).await?;
    let Some(last_used_at) = found.first().map(|found| found.last_used_at) else { return Ok(None) };
    if last_used_at < now.minus(USE_NOTED_EVERY) {
        session::Entity::update_many()
            .col_expr(session::Column::LastUsedAt, Expr::value(now))
            .filter(session::Column::TokenHash.eq(token_hash))
            .exec(db.writer())
            .await?;
    }
    Ok(sessions(&found).pop())
}

/// The running sessions of a user.
pub(super) async fn of_user(
    db: &Db,
    now: Timestamp,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Vec<Session>, Fault> {
    let found = find(db, "s.workspace = $1 AND s.user_id = $3", [workspace.into(), now.into(), user.into()]).await?;
    Ok(sessions(&found))
}

/// The session with an id, if it still runs, with the rights of now.
pub async fn running_session(
    db: &Db,
    clock: &Clock,
    workspace: WorkspaceId,
    id: SessionId,
) -> Result<Option<Session>, Fault> {
    let values = [workspace.into(), clock.now().into(), id.into()];
    Ok(sessions(&find(db, "s.workspace = $1 AND s.id = $3", values).await?).pop())
}

/// Ends the session through which the actor asks. Its sockets close, on every node.
pub async fn sign_out(cx: &Cx, db: &Db) -> Result<(), Error> {
    let Some(viewer) = cx.viewer() else { return Ok(()) };
    let mut tx = db.begin(cx).await?;
    let ended = session::Entity::delete_many()
        .filter(session::Column::Workspace.eq(cx.workspace))
        .filter(session::Column::Id.eq(viewer.session))
        .exec(tx.conn())
        .await?;
    if ended.rows_affected > 0 {
        tx.record(NewChange::in_scope(Scope::Nobody, Kind::Session, Action::Removed, viewer.session));
    }
    Ok(tx.commit().await?)
}

/// Removes sessions that ended by themselves.
pub(super) async fn remove_expired(db: &Db, now: Timestamp) -> Result<(), Fault> {
    session::Entity::delete_many().filter(session::Column::ExpiresAt.lte(now)).exec(db.writer()).await?;
    Ok(())
}

/// A session, once for each inbox that is shared with its user, or once without one.
#[derive(FromQueryResult)]
struct Found {
    id: SessionId,
    workspace: WorkspaceId,
    user_id: UserId,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    rights: i64,
    inbox_owner: Option<UserId>,
    inbox_level: Option<ShareLevel>,
}

fn sessions(found: &[Found]) -> Vec<Session> {
    let of_session = found.chunk_by(|one, next| one.id == next.id && one.workspace == next.workspace);
    let session = |rows: &[Found]| {
        let inboxes = rows.iter().filter_map(|row| row.inbox_owner.zip(row.inbox_level)).collect::<Inboxes>();
        let row = rows.first()?;
        let rights = Rights::from_bits(row.rights);
        let viewer = Arc::new(Viewer { user: row.user_id, session: row.id, rights, inboxes });
        Some(Session { workspace: row.workspace, viewer, expires_at: row.expires_at })
    };
    of_session.filter_map(session).collect()
}

/// Sessions by a condition in which `$2` is now; rows of one stand together.
async fn find<const N: usize>(db: &Db, condition: &str, values: [sea_orm::Value; N]) -> Result<Vec<Found>, Fault> {
    let sql = format!(
        "SELECT s.id, s.workspace, s.user_id, s.last_used_at, s.expires_at, u.rights, \
         h.owner AS inbox_owner, h.level AS inbox_level \
         FROM session s JOIN workspace_user u ON u.workspace = s.workspace AND u.id = s.user_id \
         LEFT JOIN share h ON h.workspace = s.workspace AND h.grantee = s.user_id AND h.resource = '{}' \
         WHERE {condition} AND s.expires_at > $2 AND u.status = '{}' ORDER BY s.workspace, s.id",
        Resource::Inbox.to_value(),
        Status::Active.to_value()
    );
    Ok(Found::find_by_statement(Statement::from_sql_and_values(db.backend(), sql, values)).all(db.reader()).await?)
}

/// 256 random bits as text: a token that nobody guesses.
#[must_use]
pub fn new_token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What is stored of a token, and it is found by.
#[must_use]
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
