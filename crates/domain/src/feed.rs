//! What travels over the live channel. `docs/websocket.md` describes the same for other programs.

use serde::{Deserialize, Serialize};

use crate::{
    id::{JobId, UserId},
    receipt::{ComponentKind, Receipt, Score},
};

/// One message of a person's feed: `{"seq":7,"type":"match_added","data":{…}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedMessage {
    /// Counts a person's messages from 1 on, without a gap.
    pub seq: i64,
    #[serde(flatten)]
    pub event: FeedEvent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum FeedEvent {
    /// A job suits the person and was not in their feed before.
    MatchAdded(MatchCard),
    /// A job in the feed, its score or its reasons changed.
    MatchUpdated(MatchCard),
    /// A job left the feed.
    MatchRemoved { job_id: JobId, reason: RemovalReason },
    /// The best freelancers for one of the person's own jobs changed.
    CandidatesChanged(CandidatesChange),
    /// Too much was missed to replay it: load the feed afresh and go on from `seq`.
    Reset {},
}

text_enum! {
    /// Why a job left somebody's feed.
    pub enum RemovalReason {
        Closed = "closed", "The job was closed.";
        NoLongerFits = "no_longer_fits", "Something changed, and it no longer fits.";
    }
}

/// One part of a score, as the cards show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    pub part: ComponentKind,
    /// How well this part fits, in percent.
    pub fit: u32,
}

/// A job as it stands in the feed of a freelancer it suits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatchCard {
    pub job_id: JobId,
    pub title: String,
    pub client_name: String,
    /// In words: "$40–60 an hour".
    pub budget: String,
    /// In words: "Remote · Europe & Africa".
    pub place: String,
    /// Milliseconds since 1970 (UTC).
    pub published_ms: i64,
    pub score: Score,
    /// The receipt in one line.
    pub summary: String,
    /// In the order of the receipt's parts.
    pub reasons: Vec<Reason>,
}

/// A freelancer as they stand among the candidates for a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateCard {
    pub freelancer_id: UserId,
    pub name: String,
    pub title: String,
    /// In words: "€85 an hour".
    pub rate: String,
    /// In words: "Europe & Africa · UTC+01:00".
    pub place: String,
    pub score: Score,
    pub summary: String,
    pub reasons: Vec<Reason>,
}

/// How the candidates for a job changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidatesChange {
    pub job_id: JobId,
    pub job_title: String,
    /// New or rescored candidates.
    pub upserted: Vec<CandidateCard>,
    pub removed: Vec<UserId>,
}

/// The parts of a receipt in its own order, as the cards show them: each part has its place, so that
/// cards can be compared at a glance.
pub fn reasons(receipt: &Receipt) -> Vec<Reason> {
    receipt
        .components
        .iter()
        .map(|component| Reason { part: component.kind, fit: component.fit / 10_000 })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_written_as_documented() {
        let message = FeedMessage {
            seq: 7,
            event: FeedEvent::MatchRemoved {
                job_id: JobId::from_uuid(uuid::Uuid::nil()),
                reason: RemovalReason::Closed,
            },
        };
        assert_eq!(
            serde_json::to_string(&message).unwrap(),
            r#"{"seq":7,"type":"match_removed","data":{"job_id":"00000000-0000-0000-0000-000000000000","reason":"closed"}}"#
        );
        let reset = r#"{"seq":9,"type":"reset","data":{}}"#;
        assert_eq!(
            serde_json::from_str::<FeedMessage>(reset).unwrap(),
            FeedMessage { seq: 9, event: FeedEvent::Reset {} }
        );
    }
}
