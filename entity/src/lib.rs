//! Rows of Tagwire's tables and the typed ids in them.
//!
//! One file per noun; what a column means stands in `migration`, which made it. A row is never an API type: `graphql` builds its
//! objects by hand. Each feature reads and writes its own tables only.
#![expect(
    missing_docs,
    reason = "columns are described in the migration that makes them; SeaORM's derives add undocumented items"
)]

pub mod address;
pub mod blocked_address;
pub mod change_head;
pub mod change_log;
pub mod contact;
pub mod contact_import;
pub mod contact_import_problem;
pub mod contact_phone;
pub mod contact_tag;
pub mod contact_word;
pub mod email_change;
pub mod history_entry;
pub mod id;
pub mod invitation;
pub mod mail_account;
pub mod mail_account_event;
pub mod mail_attachment;
pub mod mail_folder;
pub mod mail_hole;
pub mod mail_location;
pub mod mail_message;
pub mod mail_pack_upkeep;
pub mod mail_participant;
pub mod mail_thread_key;
pub mod outbox;
pub mod person;
pub mod private_reading;
pub mod saved_filter;
pub mod session;
pub mod share;
pub mod sign_in_attempt;
pub mod tag;
pub mod tag_group;
pub mod tag_key;
pub mod tag_name;
pub mod time;
pub mod workspace;
pub mod workspace_user;

pub use id::*;
pub use share::ShareLevel;
pub use time::Timestamp;
