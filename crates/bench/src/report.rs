//! A benchmark's figures: printed as a table, written as JSON.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use serde::Serialize;

use crate::setting::Setting;

#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

/// One measured figure.
#[derive(Serialize)]
pub(crate) struct Row {
    metric: String,
    unit: &'static str,
    value: f64,
    /// What it must reach, as `≤ 15`; empty where it is told for information.
    goal: String,
    /// The same figure for others, measured in the same run.
    peers: serde_json::Map<String, serde_json::Value>,
    samples: Vec<f64>,
    note: String,
}

/// What a figure must reach.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
    None,
}

impl Goal {
    fn text(self) -> String {
        match self {
            Self::AtMost(limit) => format!("≤ {limit}"),
            Self::AtLeast(limit) => format!("≥ {limit}"),
            Self::None => String::new(),
        }
    }

    fn verdict(self, value: f64) -> &'static str {
        let reached = match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
            Self::None => return "",
        };
        if reached { "reached" } else { "MISSED" }
    }
}

impl Report {
    /// Adds a figure; prints it too.
    pub(crate) fn row(
        &mut self,
        metric: impl Into<String>,
        unit: &'static str,
        value: f64,
        goal: Goal,
        samples: Vec<f64>,
        note: impl Into<String>,
    ) {
        let (metric, note) = (metric.into(), note.into());
        let value = rounded(value);
        println!("{metric:<28} {value:>10} {unit:<6} {:<8} {:<8} {note}", goal.text(), goal.verdict(value));
        self.rows.push(Row {
            metric,
            unit,
            value,
            goal: goal.text(),
            peers: serde_json::Map::new(),
            samples: samples.into_iter().map(rounded).collect(),
            note,
        });
    }

    pub(crate) fn publish(self, setting: &Setting) -> anyhow::Result<()> {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let outcome = serde_json::json!({
            "machine": setting.machine, "commit": setting.commit, "at": at, "rows": self.rows,
        });
        if let Some(folder) = setting.out.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&setting.out, format!("{outcome:#}\n"))
            .with_context(|| format!("writing {}", setting.out.display()))
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// The value below which `share` of the samples lie (nearest rank); 0 where there are none.
pub(crate) fn percentile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

pub(crate) fn mean(samples: &[f64]) -> f64 {
    if samples.is_empty() { 0.0 } else { samples.iter().sum::<f64>() / samples.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples_that_occurred() {
        let samples: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!((percentile(&samples, 0.5), percentile(&samples, 0.99)), (100.0, 198.0));
        assert_eq!((percentile(&[7.0], 0.99), percentile(&[], 0.5)), (7.0, 0.0));
    }

    #[test]
    fn a_goal_is_reached_at_its_limit() {
        assert_eq!(Goal::AtMost(20.0).verdict(20.0), "reached");
        assert_eq!(Goal::AtMost(20.0).verdict(20.1), "MISSED");
        assert_eq!(Goal::AtLeast(1400.0).verdict(1399.9), "MISSED");
    }
}
