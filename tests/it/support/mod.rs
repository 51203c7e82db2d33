//! What the stories are told with: a running Tagwire, its people, real servers, and scripted ones for faults no real server commits on
//! demand. Start reading at `TestApp`.

pub mod dns_server;
pub mod dovecot;
pub mod edited_way;
pub mod faulty_way;
pub mod http;
pub mod https_server;
pub mod mailbox;
pub mod people;
pub mod process;
pub mod scripted_imap;
pub mod scripted_mailbox;
pub mod smtp_sink;
pub mod socket;
pub mod test_app;

pub use people::{Company, Person};
pub use socket::Socket;
pub use test_app::TestApp;
