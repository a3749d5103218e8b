//! Ctrl-C and `kill`: what was started is stopped before this program ends.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

static REQUESTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From now on these signals set a flag instead of ending the process.
pub(crate) fn install() -> anyhow::Result<()> {
    let flag = Arc::clone(REQUESTED.get_or_init(Arc::default));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // The second one ends us at once, should stopping take too long.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag))
            .context("handling Ctrl-C")?;
        signal_hook::flag::register(signal, Arc::clone(&flag)).context("handling Ctrl-C")?;
    }
    Ok(())
}

/// Whether we were asked to stop.
pub(crate) fn requested() -> bool {
    REQUESTED.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}
