//! Tagwire: a GraphQL server with a real-time layer for a CRM.
//!
//! Foundations first (`crash_point`, `clock`, `text`, `paging`, `access`, `changes`, `history`, `db`, `feed`, `post`, `config`, `hosts`, `blobs`, `secrets`), features on them, entrances on top;
//! `app` builds it all. `ARCHITECTURE.md` has the picture.

pub mod access;
pub mod app;
pub mod blobs;
pub mod changes;
pub mod clock;
pub mod config;
pub mod contacts;
pub mod crash_point;
pub mod db;
pub mod feed;
pub mod graphql;
pub mod history;
pub mod hosts;
pub mod http;
pub mod imports;
pub mod invitations;
pub mod mail_accounts;
pub mod mail_discovery;
pub mod mail_sync;
pub mod messages;
pub mod paging;
pub mod post;
pub mod secrets;
pub mod tags;
pub mod text;
pub mod timeline;
pub mod users;
