use domain::{JobId, UserId, job::Job};
use leptos::prelude::*;
use leptos_meta::Title;
use services::{ServiceError, matches::Explained};

use crate::{
    page::{page, param},
    ssr,
    ui::*,
};

/// `/matches/:job`: why a job suits the freelancer who looks at it.
#[component]
pub fn MatchReceiptPage() -> impl IntoView {
    let (services, who, job) = (ssr::services(), ssr::signed_in(), param::<JobId>("job"));
    page(async move {
        let who = who?;
        let (job, explained) = services::matches::receipt(&services, &who, job?, who.user_id).await?;
        let (title, href) = (job.content.title.clone(), format!("/jobs/{}", job.id));
        let trail = vec![("My matches".to_owned(), "/matches".to_owned()), (title.clone(), String::new())];
        Ok(view! {
            <Title text=format!("Why “{title}” fits") />
            <Breadcrumb trail />
            <PageHeader title=format!("Why “{title}” fits you") lede=terms(&job)>
                <LinkButton href kind=ButtonKind::Primary>"See the job"</LinkButton>
            </PageHeader>
            {receipt(explained)}
        })
    })
}

/// `/jobs/:id/candidates/:freelancer`: why a freelancer suits a job, for its client.
#[component]
pub fn CandidateReceiptPage() -> impl IntoView {
    let (services, who) = (ssr::services(), ssr::signed_in());
    let (job, freelancer) = (param::<JobId>("id"), param::<UserId>("freelancer"));
    page(async move {
        let (who, job, freelancer) = (who?, job?, freelancer?);
        let (job, explained) = services::matches::receipt(&services, &who, job, freelancer).await?;
        // A profile that was paused meanwhile shows no name any more.
        let (name, lede) = match services::profiles::view(&services, Some(&who), freelancer).await {
            Ok(seen) => {
                let content = seen.profile.content;
                (seen.profile.display_name, format!("{} · {} an hour", content.title, content.rate.label()))
            }
            Err(ServiceError::NotFound(_)) => ("this freelancer".to_owned(), String::new()),
            Err(other) => return Err(other.into()),
        };
        let title = job.content.title;
        let candidates = format!("/jobs/{}/candidates", job.id);
        let trail = vec![
            (title.clone(), format!("/jobs/{}", job.id)),
            ("Candidates".to_owned(), candidates),
            (name.clone(), String::new()),
        ];
        Ok(view! {
            <Title text=format!("{name} for {title}") />
            <Breadcrumb trail />
            <PageHeader title=format!("How {name} fits “{title}”") lede>
                <LinkButton href=format!("/freelancers/{freelancer}") kind=ButtonKind::Primary>
                    "See the profile"
                </LinkButton>
            </PageHeader>
            {receipt(explained)}
        })
    })
}

/// "$40–60 an hour · A few weeks · by Harbour Studio".
fn terms(job: &Job) -> String {
    let content = &job.content;
    format!("{} · {} · by {}", content.budget.label(), content.duration.label(), job.client_name)
}

/// The receipt, with a word before it where the match no longer holds.
fn receipt(explained: Explained) -> impl IntoView {
    let gone = explained.removed_at.map(|at| {
        let when = at.format("%-d %B %Y, %H:%M UTC").to_string();
        view! {
            <div class="mb-5">
                <Notice kind=NoticeKind::Warning title="This match no longer holds">
                    <p>{format!("It ended on {when}. The receipt below is the last one.")}</p>
                </Notice>
            </div>
        }
    });
    view! {
        {gone}
        <ReceiptView receipt=explained.receipt />
    }
}
