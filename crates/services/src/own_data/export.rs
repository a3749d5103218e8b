//! Taking one's data along. The archive is made in the background, kept sealed for a week, and given
//! to its owner alone.

use ::jobs::{Attempt, Failure, Job, Options, Runner, enqueue};
use chrono::{DateTime, TimeDelta, Utc};
use domain::UserId;
use identity::Principal;
use mail::Letter;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::{
    avatars,
    own_data::{self, Export, ExportState, PERSON_TABLES},
    users,
};

use super::archive::{File, read_me, zip};
use crate::{
    Result, ServiceError, Services,
    accounts::{self, Device, act_as},
    audit::{self, Act},
    letters,
    vault::Purpose,
};

/// For so long an archive can be downloaded.
pub const KEEP_EXPORT: TimeDelta = TimeDelta::days(7);

/// One can ask for the next archive so long after the last one.
pub const AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);

#[derive(Serialize, Deserialize)]
struct MakeExport {
    user_id: UserId,
}

impl Job for MakeExport {
    const KIND: &'static str = "make_export";
}

/// How far one's own archive is; none where none was asked for lately.
pub async fn export_state(services: &Services, who: &Principal) -> Result<Option<ExportState>> {
    let mut tx = services.database.begin_as(who.user_id).await?;
    let state = own_data::state(&mut *tx, who.user_id).await?;
    tx.commit().await?;
    Ok(state)
}

/// Has an archive made of all one's data.
pub async fn request_export(services: &Services, who: &Principal, device: &Device) -> Result<()> {
    let now = services.now();
    who.proved(now)?;
    let mut tx = act_as(services, who).await?;
    if !own_data::request(&mut tx, who.user_id, now, now - AGAIN_AFTER).await? {
        return Err(ServiceError::Conflict(
            "You asked for your data less than an hour ago. Please wait a little before you ask again.",
        ));
    }
    let job = MakeExport { user_id: who.user_id };
    enqueue(&mut tx, &job, Options::at(now)).await.map_err(ServiceError::internal)?;
    audit::record(services, &mut tx, Act::of(who.user_id, "export.requested"), device).await?;
    tx.commit().await?;
    Ok(())
}

/// An archive for its owner.
pub struct Archive {
    pub zip: Vec<u8>,
    pub made_at: DateTime<Utc>,
}

/// One's own archive. Whoever found a browser open does not get it.
pub async fn download_export(services: &Services, who: &Principal, device: &Device) -> Result<Archive> {
    who.proved(services.now())?;
    let mut tx = act_as(services, who).await?;
    let stored = own_data::download(&mut *tx, who.user_id, services.now())
        .await?
        .ok_or(ServiceError::NotFound("archive"))?;
    let opened = services.vault.open(Purpose::Export, who.user_id.uuid(), &stored.sealed).await?;
    audit::record(services, &mut tx, Act::of(who.user_id, "export.downloaded"), device).await?;
    tx.commit().await?;
    Ok(Archive { zip: opened.expose_secret().to_vec(), made_at: stored.ready_at })
}

pub(super) fn handle(services: &Services, runner: Runner) -> Runner {
    let services = services.clone();
    runner.handle(move |job: MakeExport, attempt: Attempt| {
        let services = services.clone();
        async move { make(&services, job.user_id, &attempt).await }
    })
}

async fn make(services: &Services, user: UserId, attempt: &Attempt) -> Result<(), Failure> {
    let Some(account) = users::by_id(services.database.house(), user).await.map_err(Failure::retry)? else {
        return Ok(());
    };
    let files = collect(services, user).await.map_err(Failure::retry)?;
    let archive = tokio::task::spawn_blocking(move || zip(&files))
        .await
        .map_err(Failure::retry)?
        .map_err(Failure::retry)?;
    let sealed = services.vault.seal(Purpose::Export, user.uuid(), &archive).await.map_err(Failure::retry)?;
    let now = services.now();
    let mut tx = services.database.begin_as_house().await.map_err(Failure::retry)?;
    let wanted =
        own_data::ready(&mut tx, user, &sealed, now, now + KEEP_EXPORT).await.map_err(Failure::retry)?;
    if wanted {
        let letter = Letter::ExportReady { days: u32::try_from(KEEP_EXPORT.num_days()).unwrap_or(1) };
        letters::send(services, &mut tx, &account.email, letter).await.map_err(Failure::retry)?;
    }
    attempt.finish(&mut tx).await?;
    tx.commit().await.map_err(Failure::retry)
}

/// Everything about a person, as one moment has it.
async fn collect(services: &Services, user: UserId) -> Result<Vec<File>> {
    let mut tx = services.database.begin_as_house().await?;
    own_data::as_of_one_moment(&mut tx).await?;
    let mut files = Vec::new();
    for own in PERSON_TABLES {
        let Export::Rows { file, .. } = own.export else { continue };
        if let Some(rows) = own_data::rows(&mut tx, own, user).await? {
            files.push(File::json(file, &rows));
        }
    }
    let picture = avatars::of_user(&mut *tx, user).await?;
    tx.commit().await?;
    let private = accounts::private_details_of(services, user).await?;
    let private = json!([{ "legal_name": private.legal_name, "phone": private.phone }]);
    files.push(File::json("private_details", &private));
    if let Some(picture) = picture {
        files.push(File { name: "picture.jpg".to_owned(), content: picture });
    }
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let read_me = read_me(&services.site.name, &names);
    files.insert(0, read_me);
    Ok(files)
}
