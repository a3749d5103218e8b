//! Looking into the audit log, and copying it elsewhere.

use std::io::{BufWriter, Write};

use chrono::SecondsFormat;
use serde_json::json;
use services::audit::{self, Link, Verdict};

use super::with_services;
use crate::config::Config;

/// Walks the audit log; an error where it is not as it was written.
pub(crate) async fn verify(config: &Config) -> anyhow::Result<()> {
    with_services(config, async |services| match services::audit::verify(services).await? {
        Verdict::Intact { entries } => {
            println!("The audit log is intact: {entries} entries.");
            Ok(())
        }
        Verdict::Broken { seq } => {
            anyhow::bail!("the audit log was tampered with at entry {seq} or before it")
        }
        Verdict::CutOff { entries } => {
            anyhow::bail!("the audit log was cut off: {entries} entries are left, and there were more")
        }
    })
    .await
}

/// Writes the entries after the one of this number to standard output, one a line.
pub(crate) async fn export(config: &Config, after: i64) -> anyhow::Result<()> {
    with_services(config, async |services| {
        let mut out = BufWriter::new(std::io::stdout().lock());
        audit::export(services, after, |link| writeln!(out, "{}", line(&link)).map_err(anyhow::Error::from))
            .await?;
        Ok(out.flush()?)
    })
    .await
}

/// An entry as JSON. `before` and `after` stay the text they are, which is what the hash covers.
fn line(Link { entry, previous_hash, hash }: &Link) -> serde_json::Value {
    json!({
        "seq": entry.seq,
        "at": entry.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "actor": entry.actor_id,
        "subject": entry.subject_id,
        "action": entry.action,
        "address": entry.address,
        "user_agent": entry.user_agent,
        "before": entry.before,
        "after": entry.after,
        "previous_hash": hex::encode(previous_hash),
        "hash": hex::encode(hash),
    })
}
