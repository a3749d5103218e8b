//! Metrics in the format of Prometheus.

use std::sync::OnceLock;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Upper bounds in seconds. Delivery is to stay below 25 ms without the embedding and 250 ms with
/// it, so the steps are finest there.
const SECONDS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.025, 0.05, 0.075, 0.12, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// Installs the recorder of this process, once.
pub fn install() {
    if HANDLE.get().is_some() {
        return;
    }
    let builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS);
    match builder.map(PrometheusBuilder::install_recorder) {
        Ok(Ok(handle)) => {
            let _ = HANDLE.set(handle);
            describe();
        }
        Ok(Err(error)) => tracing::warn!(%error, "metrics are not recorded"),
        Err(error) => tracing::warn!(%error, "metrics are not recorded"),
    }
}

fn describe() {
    describe_counter!("http_requests_total", "Requests answered, by method, route and status");
    describe_histogram!("http_request_seconds", Unit::Seconds, "Time to the head of the answer, by route");
    describe_gauge!("http_requests_in_flight", "Requests being answered");
    describe_counter!("http_panics_total", "Handlers that panicked");
    describe_counter!("connections_refused_total", "Connections beyond what one network may have");
    describe_counter!("security_events_total", "Refusals and the like, by event; docs/logging.md lists them");
    describe_gauge!("sockets_open", "Open sockets of the live channel");
    describe_counter!("sockets_closed_total", "Sockets closed, by close code");
    describe_counter!("socket_frames_sent_total", "Feed messages written to sockets");
    describe_histogram!(
        "match_delivery_seconds",
        Unit::Seconds,
        "From the commit of the change to the write of the feed message"
    );
    describe_histogram!(
        "match_stage_seconds",
        Unit::Seconds,
        "The same time by stage: pickup, embed, search, settle, publish"
    );
    describe_gauge!("background_jobs_waiting", "Background jobs that wait for their time or for a worker");
    describe_gauge!("background_jobs_parked", "Background jobs that were given up");
    describe_gauge!(
        "background_jobs_lag_seconds",
        Unit::Seconds,
        "How long the background job that waits longest has been due"
    );
    describe_gauge!("process_resident_memory_bytes", Unit::Bytes, "Memory of this process");
}

/// The metrics as text; empty where no recorder is installed.
pub(crate) fn render() -> String {
    if let Some(bytes) = resident_bytes() {
        metrics::gauge!("process_resident_memory_bytes").set(bytes);
    }
    HANDLE.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Lets the recorder tidy up; to be called every few seconds.
pub(crate) fn upkeep() {
    if let Some(handle) = HANDLE.get() {
        handle.run_upkeep();
    }
}

/// Memory that is in use by this process, where the system tells (Linux).
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0)
}
