//! Logs: for people on a terminal, as JSON for machines. Every line within a request carries the
//! request's id, from its span.

use std::io::{self, IsTerminal as _, Write};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    fmt::{self, MakeWriter},
    layer::{Context, SubscriberExt as _},
    registry,
    util::SubscriberInitExt as _,
};

use crate::config::{Log, LogFormat};

/// The target of refusals and whatever else may be an attack.
const SECURITY: &str = "security";

/// Starts logging to standard error. A panic is logged as well, where it happens.
pub(crate) fn start(log: &Log) {
    // Fails only where logging was started before, which is then in place.
    let _ = subscriber(log, io::stderr().is_terminal(), io::stderr).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("(no message)");
        let trace = std::backtrace::Backtrace::capture();
        tracing::error!(%place, message, trace = %trace, "panic");
    }));
}

/// What writes lines, and counts those about security.
///
/// One filter stands before both: with one for each layer, an event gets lost after somebody has
/// asked whether another level is enabled (tokio-rs/tracing#2519), as sqlx does for each query.
fn subscriber<W>(log: &Log, terminal: bool, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let human = match log.format {
        LogFormat::Auto => terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let base = fmt::layer::<Registry>().with_ansi(terminal);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if !human {
        base.json().flatten_event(true).with_current_span(true).with_span_list(false).with_writer(to).boxed()
    } else if terminal {
        base.with_target(false).compact().with_writer(to).boxed()
    } else {
        base.with_target(false).compact().with_writer(OneLine(to)).boxed()
    };
    registry().with(lines).with(Count).with(filter(&log.filter))
}

/// What the operator wants to read, and what is about security unless they name it themselves.
fn filter(wanted: &str) -> EnvFilter {
    let wanted =
        if wanted.contains(SECURITY) { wanted.to_owned() } else { format!("{SECURITY}=info,{wanted}") };
    EnvFilter::try_new(wanted).unwrap_or_default()
}

/// Keeps each event on one line: what came from outside cannot begin another one, nor move the
/// cursor of whoever reads the file.
struct OneLine<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for OneLine<W> {
    type Writer = OneLine<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLine(self.0.make_writer())
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        OneLine(self.0.make_writer_for(meta))
    }
}

impl<W: Write> Write for OneLine<W> {
    /// Takes a whole event, as the layer writes it.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let mut line = String::with_capacity(event.len());
        for c in text.trim_end().chars() {
            if c.is_control() {
                line.extend(c.escape_default());
            } else {
                line.push(c);
            }
        }
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Counts events about security by their field `event`.
struct Count;

impl<S: Subscriber> Layer<S> for Count {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != SECURITY {
            return;
        }
        let mut name = Name(String::new());
        event.record(&mut name);
        metrics::counter!("security_events_total", "event" => name.0).increment(1);
    }
}

struct Name(String);

impl Visit for Name {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "event" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written while `act` runs.
    pub(crate) fn written(format: LogFormat, act: impl FnOnce()) -> String {
        written_of(&Log { format, ..Log::default() }, act)
    }

    fn written_of(log: &Log, act: impl FnOnce()) -> String {
        let kept = Kept::default();
        let to = kept.clone();
        tracing::subscriber::with_default(subscriber(log, false, move || to.clone()), act);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_others_wrote_cannot_forge_a_line() {
        let forged = "x\r\n2026-01-01T00:00:00Z ERROR all is well\u{1b}[2J\u{7}\u{9b}1m\" , \"level\":\"";
        for format in [LogFormat::Human, LogFormat::Json] {
            let lines = written(format, || {
                let span = tracing::info_span!("request", path = forged);
                span.in_scope(|| tracing::warn!(said = forged, shown = %forged, "{forged}"));
                tracing::info!("the next one");
            });
            assert_eq!(lines.lines().count(), 2, "{lines}");
            assert!(!lines.trim_end().replace('\n', "").chars().any(|c| c.is_ascii_control()), "{lines:?}");
            assert!(lines.lines().last().unwrap().contains("the next one"));
            if format == LogFormat::Json {
                let line: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
                assert_eq!((&line["shown"], &line["level"]), (&forged.into(), &"WARN".into()));
            }
        }
    }

    #[test]
    fn the_filter_decides_what_is_written() {
        let lines = written(LogFormat::Json, || {
            tracing::debug!("too quiet");
            tracing::info!(target: "security", event = "tested", "heard");
        });
        assert!(lines.contains("heard") && !lines.contains("too quiet"), "{lines}");
    }

    #[test]
    fn what_is_about_security_is_silenced_by_name_alone() {
        for (filter, is_written) in [("error", true), ("", true), ("info,security=off", false)] {
            let log = Log { format: LogFormat::Json, filter: filter.into() };
            let lines = written_of(&log, || tracing::info!(target: "security", event = "tested", "heard"));
            assert_eq!(lines.contains("heard"), is_written, "{filter}: {lines}");
        }
    }

    #[test]
    fn a_question_about_another_level_loses_no_event() {
        let lines = written(LogFormat::Json, || {
            for _ in 0..2 {
                assert!(!tracing::enabled!(tracing::Level::TRACE));
                tracing::warn!(target: "security", event = "tested", "refused");
            }
        });
        assert_eq!(lines.lines().count(), 2, "{lines}");
    }
}
