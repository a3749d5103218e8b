//! What forms about jobs do.

use domain::{JobId, job::JobForm};
use leptos::prelude::*;
use services::jobs::{self, Ended, Intent};

use crate::{
    error::{ApiError, ErrorKind},
    ssr,
};

pub(super) const CREATE: &str = "/api/create_job";
pub(super) const EDIT: &str = "/api/edit_job";
pub(super) const PUBLISH: &str = "/api/publish_job";
pub(super) const CLOSE: &str = "/api/close_job";

/// Which button of the form was pressed.
fn wanted(text: &str) -> Intent {
    if text == "publish" { Intent::Publish } else { Intent::Keep }
}

fn parse(text: &str) -> Result<JobId, ApiError> {
    text.parse().map_err(|_| ErrorKind::NotFound.into())
}

/// Leads on from a saved job: to the candidates, the job as others see it, or one's list.
fn go_on(id: JobId, intent: &str) {
    match intent {
        "publish" => ssr::redirect(&format!("/jobs/{id}/candidates")),
        "preview" | "save" => ssr::redirect(&format!("/jobs/{id}")),
        _ => ssr::redirect("/my/jobs"),
    }
}

#[server(endpoint = "create_job", prefix = "/api")]
pub async fn create_job(
    /// Chosen when the form was made, so that one sent twice adds one job.
    job_id: String,
    form: JobForm,
    #[server(default)] intent: String,
) -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    let id = parse(&job_id)?;
    jobs::create(&ssr::services(), &who, id, &form, wanted(&intent)).await?;
    go_on(id, &intent);
    Ok(())
}

#[server(endpoint = "edit_job", prefix = "/api")]
pub async fn edit_job(
    job_id: String,
    /// The version that the form was filled in with.
    version: i32,
    form: JobForm,
    #[server(default)] intent: String,
) -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    let id = parse(&job_id)?;
    jobs::edit(&ssr::services(), &who, id, version, &form, wanted(&intent)).await?;
    go_on(id, &intent);
    Ok(())
}

#[server(endpoint = "publish_job", prefix = "/api")]
pub async fn publish_job(job_id: String) -> Result<(), ApiError> {
    let who = ssr::signed_in()?;
    let id = parse(&job_id)?;
    jobs::publish(&ssr::services(), &who, id).await?;
    ssr::redirect(&format!("/jobs/{id}/candidates"));
    Ok(())
}

#[server(endpoint = "close_job", prefix = "/api")]
pub async fn close_job(
    job_id: String,
    /// The version of the draft that is to be discarded; none for a job that is open.
    #[server(default)]
    version: Option<i32>,
) -> Result<(), ApiError> {
    let (services, who) = (ssr::services(), ssr::signed_in()?);
    let id = parse(&job_id)?;
    let ended = match version {
        Some(version) => jobs::discard(&services, &who, id, version).await.map(|()| Ended::Discarded)?,
        None => jobs::close(&services, &who, id).await?,
    };
    match ended {
        Ended::Closed => ssr::redirect(&format!("/jobs/{id}")),
        Ended::Discarded => ssr::redirect("/my/jobs?discarded=1"),
    }
    Ok(())
}
