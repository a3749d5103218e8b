//! Letters to people. One is written in the transaction of its cause and sent by the background
//! runner, so that it is sent exactly if the cause was committed, however often the server of the
//! mail is away.

use ::jobs::{Attempt, Failure, Job, Options, Runner, enqueue};
use mail::{Letter, Message, SiteNames};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Result, ServiceError, Services};

/// A letter that waits to be sent. One with a link that opens something is not kept like this: the
/// job that sends it makes the link.
#[derive(Serialize, Deserialize)]
struct SendLetter {
    /// The same in every attempt, so that a mailbox can tell.
    id: Uuid,
    to: String,
    letter: Letter,
}

impl Job for SendLetter {
    const KIND: &'static str = "send_letter";
}

/// Has a letter sent once the transaction is committed.
pub(crate) async fn send(services: &Services, db: &mut PgConnection, to: &str, letter: Letter) -> Result<()> {
    let job = SendLetter { id: Uuid::new_v4(), to: to.to_owned(), letter };
    enqueue(db, &job, Options::at(services.now())).await.map_err(ServiceError::internal)?;
    Ok(())
}

/// Sends a letter now; for jobs.
pub(crate) async fn deliver(services: &Services, id: Uuid, to: &str, letter: &Letter) -> Result<(), Failure> {
    let message = Message { id, ..Message::new(to, letter.render(&services.site)) };
    services.mailer.send(&message).await.map_err(|error| {
        tracing::warn!(letter = letter.name(), %error, "a letter was not sent");
        if error.is_transient() { Failure::retry(error) } else { Failure::give_up(error) }
    })
}

/// Teaches the runner to send letters.
pub(crate) fn handle(services: &Services, runner: Runner) -> Runner {
    let services = services.clone();
    runner.handle(move |job: SendLetter, _: Attempt| {
        let services = services.clone();
        async move { deliver(&services, job.id, &job.to, &job.letter).await }
    })
}

/// What letters call a site at the origin, such as `https://8thdegree.example`.
pub fn site_at(origin: &str) -> SiteNames {
    SiteNames {
        name: "8thDegree".into(),
        url: origin.into(),
        sign_in: format!("{origin}/sign-in"),
        reset_password: format!("{origin}/forgotten"),
        security: format!("{origin}/account/security"),
        support: None,
    }
}
