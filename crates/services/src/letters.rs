//! Letters to people. One is written in the transaction of its cause and sent by the background
//! runner, so that it is sent exactly if the cause was committed, however often the server of the
//! mail is away.

use ::jobs::{Attempt, Failure, Job, Options, Runner, enqueue};
use mail::{Letter, Message, SiteNames};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use storage::letter_counts;
use uuid::Uuid;

use crate::{Result, ServiceError, Services, accounts::new_token};

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

/// So many letters of a kind go to an address that anybody can name within each half hour, whoever
/// asks for them. Other kinds are not held up by them: who is signed up by strangers still gets a link
/// for a new password. Every link is good for half an hour at least, so that who has had enough letters has one
/// that works, and nobody can keep another from getting in by asking in their name.
const MOST_IN_HALF_AN_HOUR: i32 = 4;

/// Whether one more letter may go to an address that anybody can name. The letter is counted.
pub(crate) async fn may_send<J: Job>(
    services: &Services,
    attempt: &Attempt,
    to: &str,
) -> Result<bool, Failure> {
    may_send_as(services, J::KIND, attempt, to).await
}

/// The same for letters that are counted by themselves, because not everybody can have them sent.
pub(crate) async fn may_send_as(
    services: &Services,
    kind: &str,
    attempt: &Attempt,
    to: &str,
) -> Result<bool, Failure> {
    // The first attempt counts for all of them.
    if attempt.number() > 1 {
        return Ok(true);
    }
    let sent = letter_counts::count(services.database.house(), kind, to, services.now()).await;
    let sent = sent.map_err(Failure::retry)?;
    if sent > MOST_IN_HALF_AN_HOUR {
        tracing::info!(sent, "an address has had enough letters for now");
    }
    Ok(sent <= MOST_IN_HALF_AN_HOUR)
}

/// A new link to a page of the site, and the hash of the token in it.
pub(crate) fn link(services: &Services, path: &str) -> Result<(String, [u8; 32]), Failure> {
    let (token, hash) = new_token().map_err(Failure::retry)?;
    Ok((format!("{}{path}?token={}", services.site.url, token.expose_secret()), hash))
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
