use domain::job::JobStatus;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    page::{page, query},
    ssr,
    ui::*,
};

/// `/my/jobs`: a client's own jobs, drafts and closed ones included.
#[component]
pub fn OwnJobsPage() -> impl IntoView {
    let (services, who) = (ssr::services(), ssr::signed_in());
    let discarded = query("discarded") == "1";
    page(async move {
        let jobs = services::jobs::own(&services, &who?).await?;
        let now_ms = services.now().timestamp_millis();
        let rows: Vec<_> = jobs
            .into_iter()
            .map(|job| {
                let href = format!("/jobs/{}", job.id);
                let when = match job.published_at {
                    Some(at) => format!("Posted {}", ago(at.timestamp_millis(), now_ms)),
                    None => format!("Begun {}", ago(job.created_at.timestamp_millis(), now_ms)),
                };
                let candidates = (job.status == JobStatus::Open).then(|| {
                    let text = match job.candidates {
                        0 => "No candidates yet".to_owned(),
                        1 => "1 candidate".to_owned(),
                        many => format!("{many} candidates"),
                    };
                    view! {
                        <a class="match-why" href=format!("{href}/candidates")>
                            {text}
                            <span class="sr-only">" for "{job.title.clone()}</span>
                        </a>
                    }
                });
                view! {
                    <article class="row">
                        <div class="grid gap-1.5 min-w-0">
                            <h2 class="row-title">
                                <a href=href.clone()>{job.title.clone()}</a>
                            </h2>
                            <p class="meta">
                                {status_badge(job.status)}
                                <span>{when}</span>
                            </p>
                        </div>
                        <div class="row-side">
                            <p class="amount">{job.budget.label()}</p>
                            {candidates}
                        </div>
                    </article>
                }
            })
            .collect();
        let list = if rows.is_empty() {
            view! {
                <EmptyState
                    title="You have not posted a job yet"
                    text="Describe what you need done. The freelancers it suits see it at once, and you see them, ranked, with the reasons."
                    action=Some(("Post a job".to_owned(), "/jobs/new".to_owned()))
                />
            }
            .into_any()
        } else {
            view! { <Rows>{rows}</Rows> }.into_any()
        };
        Ok(view! {
            <Title text="My jobs" />
            <PageHeader title="My jobs" lede="Everything you have posted or begun.">
                <LinkButton href="/jobs/new" kind=ButtonKind::Primary>"Post a job"</LinkButton>
            </PageHeader>
            {discarded
                .then(|| {
                    view! {
                        <div class="mb-6">
                            <Notice kind=NoticeKind::Success title="Discarded">
                                <p>"The draft is gone."</p>
                            </Notice>
                        </div>
                    }
                })}
            {list}
        })
    })
}

/// Where a job stands, in a word.
pub(super) fn status_badge(status: JobStatus) -> impl IntoView {
    let tone = match status {
        JobStatus::Draft => Tone::Warning,
        JobStatus::Open => Tone::Success,
        JobStatus::Held => Tone::Warning,
        JobStatus::Closed => Tone::Neutral,
    };
    view! { <Badge text=status.label() tone /> }
}
