//! Progress, on standard error: every piece of work says what it is and how long it took.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Announces `title`, does `work`, and says how long it took. For work that prints nothing
/// itself: on a terminal the seconds count up on the same line.
pub(crate) fn step<T>(title: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let start = Instant::now();
    if !std::io::stderr().is_terminal() || crate::process::verbose() {
        eprintln!("▸ {title} …");
        let result = work();
        finish(title, start, result.is_ok());
        return result;
    }
    let (done, ticks) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            loop {
                eprint!("\r▸ {title} … {:.0} s", start.elapsed().as_secs_f64());
                let _ = std::io::stderr().flush();
                if ticks.recv_timeout(Duration::from_secs(1)) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        let result = work();
        // Dropping the sender ends the ticker.
        drop(done);
        result
    })
    .inspect(|_| {
        eprint!("\r\x1b[K");
        finish(title, start, true);
    })
    .inspect_err(|_| {
        eprint!("\r\x1b[K");
        finish(title, start, false);
    })
}

/// Like [`step`], for work whose programs show their own progress.
pub(crate) fn loud_step<T>(title: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    judged_step(title, |_| true, work)
}

/// Like [`loud_step`], for work that can end without an error and yet not well, as tests do.
pub(crate) fn judged_step<T>(
    title: &str,
    fine: impl FnOnce(&T) -> bool,
    work: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let start = Instant::now();
    eprintln!("▸ {title} …");
    let result = work();
    finish(title, start, result.as_ref().is_ok_and(fine));
    result
}

fn finish(title: &str, start: Instant, fine: bool) {
    let mark = if fine { '✓' } else { '✗' };
    eprintln!("{mark} {title} {:.1} s", start.elapsed().as_secs_f64());
}
