//! Changes of tags, and of who carries them.

use async_graphql::{ID, Interface, Object};
use entity::{ContactId, TagGroupId, TagId};

use super::change::actor;
use super::contact::Contact;
use super::error::ApiError;
use super::following::Event;
use super::id;
use super::scalar::{Cursor, DateTime};
use super::tag::Tag;
use super::tag_group::TagGroup;
use super::user::User;
use crate::changes::{self, Action, Kind};

/// Tags and groups made, renamed, recolored, merged or removed; contacts tagged and untagged.
/// What an id names is null when it is gone or not visible now.
#[derive(Interface)]
#[graphql(
    field(name = "cursor", ty = "Cursor", desc = "Behind this change."),
    field(name = "occurred_at", ty = "DateTime", desc = "When it happened."),
    field(name = "actor", ty = "Option<Result<User, ApiError>>", desc = "The user who did it.")
)]
pub enum TagChange {
    /// Made.
    TagCreated(TagCreated),
    /// Changed itself.
    TagUpdated(TagUpdated),
    /// Deleted.
    TagDeleted(TagDeleted),
    /// Several became one.
    TagsMerged(TagsMerged),
    /// A group was made, changed or deleted.
    TagGroupChanged(TagGroupChanged),
    /// A contact got or lost tags.
    ContactTagsChanged(ContactTagsChanged),
}

impl Event {
    fn shown_cursor(&self) -> Cursor {
        Cursor(self.cursor.to_string())
    }

    fn occurred_at(&self) -> DateTime {
        DateTime(self.change.at)
    }

    async fn actor(&self) -> Option<Result<User, ApiError>> {
        actor(&self.reader, self.change.actor).await.transpose()
    }

    fn tag_id(&self) -> ID {
        id::encode(TagId(self.change.subject))
    }

    async fn tag(&self) -> Option<Result<Tag, ApiError>> {
        let tag =
            self.reader.shared().load_one(TagId(self.change.subject)).await.map_err(ApiError::from).transpose()?;
        Some(tag.map(|tag| Tag::new(tag, &self.reader)))
    }
}

macro_rules! tag_change {
    ($(#[doc = $doc:literal])* $name:ident { $($fields:tt)* }) => {
        $(#[doc = $doc])*
        #[derive(Clone)]
        pub struct $name(Event);

        $(#[doc = $doc])*
        #[Object]
        impl $name {
            /// Behind this change.
            async fn cursor(&self) -> Cursor {
                self.0.shown_cursor()
            }

            /// When it happened.
            async fn occurred_at(&self) -> DateTime {
                self.0.occurred_at()
            }

            /// The user who did it.
            async fn actor(&self) -> Option<Result<User, ApiError>> {
                self.0.actor().await
            }

            $($fields)*
        }
    };
}

tag_change! {
    /// A tag was made.
    TagCreated {
        /// Its id.
        async fn tag_id(&self) -> ID {
            self.0.tag_id()
        }

        /// The tag as it is now.
        async fn tag(&self) -> Option<Result<Tag, ApiError>> {
            self.0.tag().await
        }
    }
}

tag_change! {
    /// A tag itself changed.
    TagUpdated {
        /// Its id.
        async fn tag_id(&self) -> ID {
            self.0.tag_id()
        }

        /// The tag as it is now.
        async fn tag(&self) -> Option<Result<Tag, ApiError>> {
            self.0.tag().await
        }
    }
}

tag_change! {
    /// Gone from every contact: clients drop the id wherever they hold it; no event per contact follows.
    TagDeleted {
        /// Its id.
        async fn tag_id(&self) -> ID {
            self.0.tag_id()
        }
    }
}

tag_change! {
    /// Clients replace the ids wherever they hold them; no event per contact follows.
    TagsMerged {
        /// The tags that are gone.
        async fn from_ids(&self) -> Vec<ID> {
            self.0.change.body.merged_from.iter().map(|id| id::encode(*id)).collect()
        }

        /// The tag that they are now.
        async fn into_id(&self) -> ID {
            self.0.tag_id()
        }

        /// That tag as it is now.
        async fn into(&self) -> Option<Result<Tag, ApiError>> {
            self.0.tag().await
        }
    }
}

tag_change! {
    /// A group was made, changed, moved or deleted. Deleted, its tags are without a group, and without its color where they have none of
    /// their own; no event per tag follows.
    TagGroupChanged {
        /// Its id.
        async fn tag_group_id(&self) -> ID {
            id::encode(TagGroupId(self.0.change.subject))
        }

        /// Null when deleted.
        async fn tag_group(&self) -> Option<Result<TagGroup, ApiError>> {
            let reader = &self.0.reader;
            let group = reader.shared().load_one(TagGroupId(self.0.change.subject)).await;
            let group = group.map_err(ApiError::from).transpose()?;
            Some(group.map(|group| TagGroup { group, reader: reader.clone() }))
        }
    }
}

tag_change! {
    /// A contact got or lost tags.
    ContactTagsChanged {
        /// The contact's id.
        async fn contact_id(&self) -> ID {
            id::encode(ContactId(self.0.change.subject))
        }

        /// The contact as it is now.
        async fn contact(&self) -> Option<Result<Contact, ApiError>> {
            let reader = &self.0.reader;
            let contact = reader.shared().load_one(ContactId(self.0.change.subject)).await;
            let contact = contact.map_err(ApiError::from).transpose()?;
            Some(contact.map(|contact| Contact { contact, reader: reader.clone() }))
        }

        /// Tags it got.
        async fn added_ids(&self) -> Vec<ID> {
            self.0.change.body.tags_added.iter().map(|id| id::encode(*id)).collect()
        }

        /// Tags it lost.
        async fn removed_ids(&self) -> Vec<ID> {
            self.0.change.body.tags_removed.iter().map(|id| id::encode(*id)).collect()
        }
    }
}

impl TagChange {
    /// Whether a change is one of tags, before anything is made for it.
    pub(super) fn concerns(change: &changes::Change) -> bool {
        match change.kind {
            // A merge is told once, by the tag that stays.
            Kind::Tag => change.body.merged_into.is_none(),
            Kind::TagGroup => true,
            Kind::Contact => !change.body.tags_added.is_empty() || !change.body.tags_removed.is_empty(),
            _ => false,
        }
    }

    /// An event as a change of tags; none for one of something else.
    pub(super) fn of(event: &Event) -> Option<Self> {
        if !Self::concerns(&event.change) {
            return None;
        }
        let action = event.action;
        let event = event.clone();
        match (event.change.kind, action) {
            (Kind::Tag, Action::Created) => Some(Self::TagCreated(TagCreated(event))),
            (Kind::Tag, Action::Updated) if !event.change.body.merged_from.is_empty() => {
                Some(Self::TagsMerged(TagsMerged(event)))
            }
            (Kind::Tag, Action::Updated) => Some(Self::TagUpdated(TagUpdated(event))),
            (Kind::Tag, Action::Removed) => Some(Self::TagDeleted(TagDeleted(event))),
            (Kind::TagGroup, _) => Some(Self::TagGroupChanged(TagGroupChanged(event))),
            (Kind::Contact, _) => Some(Self::ContactTagsChanged(ContactTagsChanged(event))),
            _ => None,
        }
    }
}
