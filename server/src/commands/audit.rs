//! Looking into the audit log, and copying it elsewhere.

use std::{
    collections::VecDeque,
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    path::Path,
};

use anyhow::Context as _;
use chrono::SecondsFormat;
use serde::Deserialize;
use serde_json::json;
use services::{
    Services,
    audit::{self, Link, Verdict},
};

use super::with_services;
use crate::config::Config;

/// Walks the audit log, and compares it with a copy that [`export`] made, if there is one; an error
/// where it is not as it was written. Whoever owns the database could write the whole chain anew, which
/// only the copy shows.
pub(crate) async fn verify(config: &Config, copy: Option<&Path>) -> anyhow::Result<()> {
    with_services(config, async |services| {
        let entries = match audit::verify(services).await? {
            Verdict::Intact { entries } => entries,
            Verdict::Broken { seq } => {
                anyhow::bail!("the audit log was tampered with at entry {seq} or before it")
            }
            Verdict::CutOff { entries } => {
                anyhow::bail!("the audit log was cut off: {entries} entries are left, and there were more")
            }
        };
        println!("The audit log is intact: {entries} entries.");
        if let Some(path) = copy {
            let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
            let compared = compare(services, BufReader::new(file)).await?;
            println!("It has all {compared} entries of the copy, as they were when it was made.");
        }
        Ok(())
    })
    .await
}

/// What is compared of an entry of a copy: the hash covers all that came before it.
#[derive(Deserialize)]
struct Copied {
    seq: i64,
    hash: String,
}

/// How many entries a copy has, where the log has all of them as they are there.
async fn compare(services: &Services, copy: impl BufRead) -> anyhow::Result<usize> {
    let (mut links, mut compared) = (VecDeque::<Link>::new(), 0);
    for line in copy.lines() {
        let Copied { seq, hash } = serde_json::from_str(&line?)
            .context("a line of the copy is no entry, as `eighth audit export` writes them")?;
        if links.front().is_none_or(|link| link.entry.seq != seq) {
            links = audit::stretch(services, seq.saturating_sub(1)).await?.into();
        }
        match links.pop_front() {
            Some(link) if link.entry.seq == seq && hex::encode(&link.hash) == hash => compared += 1,
            Some(_) => {
                anyhow::bail!("the audit log was written anew: entry {seq} is another one in the copy")
            }
            None => anyhow::bail!("the audit log was cut off: the copy has entry {seq}, and the log has not"),
        }
    }
    Ok(compared)
}

/// Writes the entries after the one of this number to standard output, one a line.
pub(crate) async fn export(config: &Config, mut after: i64) -> anyhow::Result<()> {
    with_services(config, async |services| {
        let mut out = BufWriter::new(std::io::stdout().lock());
        loop {
            let links = audit::stretch(services, after).await?;
            let Some(last) = links.last() else { return Ok(out.flush()?) };
            after = last.entry.seq;
            for link in &links {
                writeln!(out, "{}", line(link))?;
            }
        }
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
