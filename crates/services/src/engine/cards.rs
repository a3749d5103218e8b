//! Matches put in words, as the feed and the candidates show them.

use domain::{
    feed::{CandidateCard, MatchCard, reasons},
    job::{Job, JobContent},
    place::{Region, UtcOffset, WorkPlace},
    receipt::Receipt,
};
use storage::matches::{CandidateRow, FeedRow};

pub(crate) fn match_card(job: &Job, receipt: &Receipt) -> MatchCard {
    let JobContent { title, budget, work_place, location, regions, .. } = &job.content;
    MatchCard {
        job_id: job.id,
        title: title.clone(),
        client_name: job.client_name.clone(),
        budget: budget.label(),
        place: job_place(*work_place, location, regions),
        published_ms: job.published_at.unwrap_or(job.created_at).timestamp_millis(),
        score: receipt.score,
        summary: receipt.summary(),
        reasons: reasons(receipt),
    }
}

pub(crate) fn feed_card(row: &FeedRow) -> MatchCard {
    MatchCard {
        job_id: row.job_id,
        title: row.title.clone(),
        client_name: row.client_name.clone(),
        budget: row.budget.label(),
        place: job_place(row.work_place, &row.location, &row.regions),
        published_ms: row.published_at.timestamp_millis(),
        score: row.receipt.score,
        summary: row.receipt.summary(),
        reasons: reasons(&row.receipt),
    }
}

pub(crate) fn candidate_card(row: &CandidateRow) -> CandidateCard {
    CandidateCard {
        freelancer_id: row.freelancer_id,
        name: row.name.clone(),
        title: row.title.clone(),
        rate: format!("{} an hour", row.rate.label()),
        place: freelancer_place(row.region, row.utc_offset),
        score: row.receipt.score,
        summary: row.receipt.summary(),
        reasons: reasons(&row.receipt),
    }
}

/// "Remote · Europe & Africa", "On site · Lisbon", "Remote · anywhere".
pub fn job_place(work_place: WorkPlace, location: &str, regions: &[Region]) -> String {
    match work_place {
        WorkPlace::OnSite => format!("{} · {location}", work_place.label()),
        WorkPlace::Remote if regions.is_empty() => format!("{} · anywhere", work_place.label()),
        WorkPlace::Remote => {
            let regions: Vec<_> = regions.iter().map(|region| region.label()).collect();
            format!("{} · {}", work_place.label(), regions.join(", "))
        }
    }
}

/// "Europe & Africa · UTC+01:00".
pub fn freelancer_place(region: Region, offset: UtcOffset) -> String {
    format!("{} · {}", region.label(), offset.label())
}
