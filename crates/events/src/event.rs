use domain::{JobId, UserId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

/// Everything the rest of the system is told of. An event says that something changed, not what it
/// changed to: its consumer looks at the present state, so that a late or repeated one does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    JobPosted {
        job_id: JobId,
    },
    JobEdited {
        job_id: JobId,
    },
    JobClosed {
        job_id: JobId,
    },
    ProfileSaved {
        user_id: UserId,
    },
    /// Two people blocked or unblocked one another.
    BlockChanged {
        blocker_id: UserId,
        blocked_id: UserId,
    },
}

/// An event as it is stored, with the version of its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    pub v: u16,
    #[serde(flatten)]
    pub event: Event,
}

impl Envelope {
    /// The form this program writes. It reads this one and, once there are any, earlier ones.
    pub const VERSION: u16 = 1;
}

impl Event {
    /// Events of the same aggregate are delivered in the order in which they happened.
    pub fn aggregate(&self) -> Uuid {
        match self {
            Self::JobPosted { job_id } | Self::JobEdited { job_id } | Self::JobClosed { job_id } => {
                job_id.uuid()
            }
            Self::ProfileSaved { user_id } => user_id.uuid(),
            Self::BlockChanged { blocker_id, .. } => blocker_id.uuid(),
        }
    }
}

/// Writes an event to the outbox, in the transaction of the change that it tells of.
pub async fn append(db: &mut PgConnection, event: Event) -> storage::Result<()> {
    let envelope = serde_json::to_value(Envelope { v: Envelope::VERSION, event })
        .map_err(|cause| storage::Error::Corrupt { what: "event", cause: cause.to_string() })?;
    storage::outbox::append(db, event.aggregate(), &envelope).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stored events outlive the program that wrote them: this form must go on being read.
    #[test]
    fn the_first_version_reads_back() {
        let stored = r#"{"v":1,"type":"job_posted","job_id":"01938e5c-0000-7000-8000-000000000001"}"#;
        let envelope: Envelope = serde_json::from_str(stored).unwrap();
        assert_eq!(serde_json::to_string(&envelope).unwrap(), stored);
    }
}
