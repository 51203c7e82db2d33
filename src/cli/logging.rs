//! The log: lines on standard error, as set by `TAGWIRE_LOG` and `TAGWIRE_LOG_FORMAT`.

use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use tagwire::config::{Config, LogFormat, SettingError};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

/// Begins to log, panics included.
///
/// # Errors
/// When the filter cannot be read.
pub fn begin(config: &Config) -> Result<(), SettingError> {
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|_| SettingError::new("TAGWIRE_LOG", &config.log, "a filter such as info or tagwire=debug"))?;
    let registry = tracing_subscriber::registry().with(filter).with(filter_fn(is_discreet));
    let writer = fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => registry.with(writer).init(),
        LogFormat::Json => registry.with(writer.json()).init(),
    }
    std::panic::set_hook(Box::new(note_panic));
    Ok(())
}

/// What other people's code tells in detail is what it handles: passwords on the way to a mail server, values on the way to the
/// database. It is kept out of the log whatever the filter says.
fn is_discreet(metadata: &Metadata<'_>) -> bool {
    let ours = metadata.target().split("::").next() == Some("tagwire");
    ours || *metadata.level() <= Level::INFO
}

fn note_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("without a message");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "A fault of ours: {message}");
}
