//! Logs: for people on a terminal, as JSON for machines. Every line within a request carries the
//! request's id, from its span.

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Log, LogFormat};

/// Starts logging to standard error. A panic is logged as well, where it happens.
pub(crate) fn start(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_default();
    let terminal = std::io::stderr().is_terminal();
    let human = match log.format {
        LogFormat::Auto => terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let base = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails only where logging was started before, which is then in place.
    let _ = if human {
        base.with_target(false).with_ansi(terminal).compact().try_init()
    } else {
        base.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("(no message)");
        let trace = std::backtrace::Backtrace::capture();
        tracing::error!(%place, message, trace = %trace, "panic");
    }));
}
