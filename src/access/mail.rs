//! Whose mail one sees, and how much of it: the one definition, for what is judged in memory and for conditions of SQL.

use entity::{MailAccountId, UserId};

use super::{Actor, Cx, Level, Right, Viewer};

/// The colleagues who share their inbox with a user, and how much of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inboxes(Vec<(UserId, Level)>);

impl FromIterator<(UserId, Level)> for Inboxes {
    fn from_iter<I: IntoIterator<Item = (UserId, Level)>>(shared: I) -> Self {
        let mut shared: Vec<_> = shared.into_iter().collect();
        shared.sort_unstable();
        Self(shared)
    }
}

impl Inboxes {
    /// How much is seen of a colleague's inbox; none when it is not shared.
    #[must_use]
    pub fn level(&self, owner: UserId) -> Option<Level> {
        let place = self.0.binary_search_by_key(&owner, |(owner, _)| *owner).ok()?;
        self.0.get(place).map(|(_, level)| *level)
    }
}

/// The mailboxes of which somebody sees mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailReach {
    /// All of the workspace.
    All,
    /// One.
    Mailbox(MailAccountId),
    /// Those of these owners.
    Of(Vec<UserId>),
}

impl Viewer {
    /// How much is seen of the mail in an owner's mailboxes; of that marked private, or of the other.
    fn mail_access(&self, owner: UserId, private: bool) -> Option<Level> {
        if owner == self.user {
            Some(Level::Full)
        } else if private && !self.rights.allow(Right::ViewPrivateMail) {
            None
        } else {
            self.inboxes.level(owner)
        }
    }
}

impl Cx {
    /// How much the actor sees of a mail in a mailbox; none for nothing at all. `private`: its owner marked it.
    #[must_use]
    pub fn mail_access(&self, account: MailAccountId, owner: UserId, private: bool) -> Option<Level> {
        match &self.actor {
            Actor::System => Some(Level::Full),
            Actor::MailAccount(own, _) => (*own == account).then_some(Level::Full),
            Actor::User(viewer) => viewer.mail_access(owner, private),
        }
    }

    /// The mailboxes of whose mail the actor sees at least this much; of that marked private, which is never more, or of the other.
    #[must_use]
    pub fn mail_reach(&self, least: Level, private: bool) -> MailReach {
        match &self.actor {
            Actor::System => MailReach::All,
            Actor::MailAccount(own, _) => MailReach::Mailbox(*own),
            Actor::User(viewer) => {
                let owners = std::iter::once(viewer.user).chain(viewer.inboxes.0.iter().map(|(owner, _)| *owner));
                let seen = |owner: &UserId| viewer.mail_access(*owner, private).is_some_and(|level| level >= least);
                MailReach::Of(owners.filter(seen).collect())
            }
        }
    }
}
