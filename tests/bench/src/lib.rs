//! What the measurements share: a filled database, the servers under measure, a plain HTTP client, and percentiles.
//!
//! The measurements themselves are the programs in `bin`. Start reading at `bin/load.rs`, then `seed`.

pub mod http;
pub mod seed;
pub mod server;
pub mod socket;
pub mod spread;

/// Writes a line of the report.
pub fn say(line: &str) {
    #[expect(clippy::print_stdout, reason = "the report is what these programs are for")]
    {
        println!("{line}");
    }
}
