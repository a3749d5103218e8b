use domain::{JobId, job::JobStatus};
use leptos::prelude::*;
use leptos_meta::Title;
use services::matches::Candidates;

use super::{reading_notes, reload_note};
use crate::{
    live::islands::CandidateList,
    page::{page, param},
    ssr,
    ui::*,
};

/// `/jobs/:id/candidates`: the best freelancers for a job, live; for its client alone.
#[component]
pub fn CandidatesPage() -> impl IntoView {
    let (services, who, id) = (ssr::services(), ssr::signed_in(), param::<JobId>("id"));
    page(async move {
        let found = services::matches::candidates(&services, &who?, id?).await?;
        let href = format!("/jobs/{}", found.job.id);
        let (title, job) = (found.job.content.title.clone(), href.clone());
        let trail = vec![
            ("My jobs".to_owned(), "/my/jobs".to_owned()),
            (title.clone(), href.clone()),
            ("Candidates".to_owned(), String::new()),
        ];
        Ok(view! {
            <Title text=format!("Candidates for {title}") />
            <Breadcrumb trail />
            <PageHeader
                title="Candidates"
                lede=format!("For “{title}”, best fit first. Names and photos are never part of the score.")
            >
                <LinkButton href=job>"The job"</LinkButton>
            </PageHeader>
            {reading_notes(found.reading.clone())}
            {list(found, href)}
        })
    })
}

fn list(found: Candidates, job: String) -> AnyView {
    match found.job.status {
        JobStatus::Draft => view! {
            <EmptyState
                title="This job is still a draft"
                text="Freelancers see it, and candidates appear, once it is published."
                action=Some(("To the draft".to_owned(), job))
            />
        }
        .into_any(),
        JobStatus::Closed => view! {
            <EmptyState
                title="This job is closed"
                text="A closed job has left the feeds of all freelancers and has no candidates any more."
                action=Some(("My jobs".to_owned(), "/my/jobs".to_owned()))
            />
        }
        .into_any(),
        JobStatus::Held => view! {
            <EmptyState
                title="This job is on hold"
                text="Nobody sees it and nobody is matched with it until your account is looked at."
                action=Some(("My jobs".to_owned(), "/my/jobs".to_owned()))
            />
        }
        .into_any(),
        JobStatus::Open => view! {
            {reload_note()}
            <CandidateList job_id=found.job.id cards=found.cards last_seq=found.last_seq />
        }
        .into_any(),
    }
}
