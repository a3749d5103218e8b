use domain::{
    FieldErrors, JobId,
    job::{BudgetKind, JobForm, JobStatus},
    language::Language,
    money::Currency,
    permission::Permission,
    place::{Region, WorkPlace},
};
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;

use super::form::{LABELS, job_fields};
use crate::{
    error::{ApiError, ErrorKind},
    jobs::api,
    page::{Refused, page, param, refused},
    ssr,
    ui::*,
};

/// What the form holds besides its buttons.
#[derive(Deserialize)]
struct Sent {
    job_id: String,
    #[serde(default)]
    version: i32,
    form: JobForm,
}

/// A form as it is shown.
struct Shown {
    sent: Sent,
    error: Option<ApiError>,
}

impl From<Refused<Sent>> for Shown {
    fn from(refused: Refused<Sent>) -> Self {
        Self { sent: refused.arguments, error: Some(refused.error) }
    }
}

/// `/jobs/new`: a client describes a job.
#[component]
pub fn NewPage() -> impl IntoView {
    let who = ssr::signed_in();
    let refused = refused::<Sent>(api::CREATE).map(Shown::from);
    page(async move {
        let who = who?;
        if let Err(refused) = ssr::may(&who, Permission::PostJobs) {
            let message = "Posting jobs is for clients. You can become one, too, in your account.".to_owned();
            return Err(ApiError { message, ..refused });
        }
        let fresh = || Shown {
            sent: Sent { job_id: JobId::new().to_string(), version: 0, form: blank(who.region) },
            error: None,
        };
        let buttons = view! {
            <div class="form-actions">
                <Button kind=ButtonKind::Primary size=ButtonSize::Large name="intent" value="publish">
                    "Publish and find people"
                </Button>
                <Button size=ButtonSize::Large name="intent" value="preview">"Preview"</Button>
                <Button kind=ButtonKind::Quiet size=ButtonSize::Large name="intent" value="draft">
                    "Save as draft"
                </Button>
            </div>
        };
        Ok(view! {
            <Title text="Post a job" />
            <div class="max-w-3xl mx-auto">
                <PageHeader
                    title="Post a job"
                    lede="The moment you publish it, the freelancers it suits see it, and you see them."
                />
                {form(api::CREATE, refused.unwrap_or_else(fresh), buttons)}
            </div>
        })
    })
}

/// `/jobs/:id/edit`: its client changes a job.
#[component]
pub fn EditPage() -> impl IntoView {
    let (services, who, id) = (ssr::services(), ssr::signed_in(), param::<JobId>("id"));
    let refused = refused::<Sent>(api::EDIT).map(Shown::from);
    page(async move {
        let job = services::jobs::own_job(&services, &who?, id?).await?;
        if job.status == JobStatus::Closed {
            return Err(ApiError::new(
                ErrorKind::Conflict,
                "This job is closed and can no longer be changed.",
            ));
        }
        let href = format!("/jobs/{}", job.id);
        let title = job.content.title.clone();
        let trail = vec![
            ("My jobs".to_owned(), "/my/jobs".to_owned()),
            (title.clone(), href.clone()),
            ("Edit".to_owned(), String::new()),
        ];
        let stored = || Shown {
            sent: Sent {
                job_id: job.id.to_string(),
                version: job.version,
                form: JobForm::from(&job.content),
            },
            error: None,
        };
        let buttons = if job.status == JobStatus::Draft {
            view! {
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary size=ButtonSize::Large name="intent" value="publish">
                        "Publish and find people"
                    </Button>
                    <Button size=ButtonSize::Large name="intent" value="preview">"Preview"</Button>
                    <Button kind=ButtonKind::Quiet size=ButtonSize::Large name="intent" value="draft">
                        "Save as draft"
                    </Button>
                </div>
            }
            .into_any()
        } else {
            view! {
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary size=ButtonSize::Large name="intent" value="save">
                        "Save changes"
                    </Button>
                    <LinkButton href kind=ButtonKind::Quiet size=ButtonSize::Large>"Leave as it is"</LinkButton>
                </div>
            }
            .into_any()
        };
        Ok(view! {
            <Title text=format!("Edit {title}") />
            <div class="max-w-3xl mx-auto">
                <Breadcrumb trail />
                <PageHeader title="Edit the job" />
                {form(api::EDIT, refused.unwrap_or_else(stored), buttons)}
            </div>
        })
    })
}

/// The form with its faults above it.
fn form(action: &'static str, shown: Shown, buttons: impl IntoView + 'static) -> impl IntoView {
    let Shown { sent, error } = shown;
    let (errors, message) = match error {
        // Where no field is at fault, the sentence alone says what is.
        Some(error) if error.fields.is_empty() => (FieldErrors::default(), Some(error.message)),
        Some(error) => (error.fields, None),
        None => (FieldErrors::default(), None),
    };
    view! {
        {message
            .map(|message| {
                view! {
                    <Notice kind=NoticeKind::Error>
                        <p>{message}</p>
                    </Notice>
                }
            })}
        <ErrorSummary errors=errors.clone() labels=LABELS.to_vec() />
        <form method="post" action=action class="form">
            <input type="hidden" name="job_id" value=sent.job_id />
            {(action == api::EDIT).then(|| view! { <input type="hidden" name="version" value=sent.version /> })}
            {job_fields(sent.form, errors)}
            {buttons}
        </form>
    }
}

/// A form to begin with.
fn blank(region: Region) -> JobForm {
    let currency = match region {
        Region::Eu => Currency::Eur,
        Region::Na | Region::Asia | Region::Sa => Currency::Usd,
    };
    JobForm {
        budget_kind: BudgetKind::Hourly.to_string(),
        currency: currency.to_string(),
        work_place: WorkPlace::Remote.to_string(),
        languages: vec![Language::En.to_string()],
        ..JobForm::default()
    }
}
