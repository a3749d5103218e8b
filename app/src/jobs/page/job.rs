use chrono::{DateTime, Utc};
use domain::{
    JobId,
    feed::reasons,
    job::{Job, JobContent, JobStatus},
    place::WorkPlace,
    receipt::Receipt,
};
use leptos::prelude::*;
use leptos_meta::Title;
use services::{engine::cards::job_place, jobs::View};

use super::own::status_badge;
use crate::{
    head,
    jobs::{api, posting::json_ld},
    page::{page, param, refusal},
    ssr,
    ui::*,
};

/// `/jobs/:id`: everything about a job; for its client also what can be done with it.
#[component]
pub fn JobPage() -> impl IntoView {
    let (services, who, id) = (ssr::services(), ssr::viewer(), param::<JobId>("id"));
    let problem = refused_action();
    page(async move {
        let seen = services::jobs::view(&services, who.as_ref(), id?).await?;
        Ok(job_view(seen, problem, services.now()))
    })
}

/// Why publishing or closing did not work, if that has just been tried.
fn refused_action() -> Option<String> {
    [api::PUBLISH, api::CLOSE].into_iter().find_map(refusal).map(|error| error.message)
}

fn job_view(seen: View, problem: Option<String>, now: DateTime<Utc>) -> impl IntoView {
    let View { job, own, receipt } = seen;
    let title = job.content.title.clone();
    let data = (job.status == JobStatus::Open).then(|| json_ld(&job));
    let trail = vec![if own { ("My jobs", "/my/jobs") } else { ("Jobs", "/jobs") }, (title.as_str(), "")];
    let trail = trail.into_iter().map(|(text, href)| (text.to_owned(), href.to_owned())).collect();
    let badge = (own || job.status != JobStatus::Open).then(|| status_badge(job.status));
    let shown = match job.published_at {
        Some(at) => (at, "Posted"),
        None => (job.created_at, "Begun"),
    };
    let when = ago(shown.0.timestamp_millis(), now.timestamp_millis());
    let aside = if own {
        owner_actions(&job).into_any()
    } else {
        view! { {receipt.map(|receipt| fit(receipt, job.id))} }.into_any()
    };
    let facts = facts(&job.content);
    let content = job.content;
    head::describe(&description(&content));
    head::canonical(&format!("/jobs/{}", job.id));
    view! {
        <Title text=title.clone() />
        {data.map(|data| view! { <script type="application/ld+json">{data}</script> })}
        <Breadcrumb trail />
        {problem
            .map(|problem| {
                view! {
                    <div class="mb-5">
                        <Notice kind=NoticeKind::Error>
                            <p>{problem}</p>
                        </Notice>
                    </div>
                }
            })}
        <div class="with-aside">
            <article class="grid gap-8 content-start min-w-0">
                <header class="grid gap-2">
                    <h1>{title}</h1>
                    <p class="meta">
                        {badge} <span>{format!("by {}", job.client_name)}</span>
                        <span>
                            {shown.1} " " <RelativeTime datetime=shown.0.to_rfc3339() words=when />
                        </span>
                    </p>
                    <p class="text-xl amount">{content.budget.label()}</p>
                </header>
                <Prose text=content.description />
                <section class="grid gap-3">
                    <h2>"Skills"</h2>
                    <h3 class="label">"Required"</h3>
                    <SkillTags skills=content.required.into_iter().map(|s| (s.label, SkillState::Plain)).collect() />
                    {(!content.nice_to_have.is_empty())
                        .then(|| {
                            let skills = content.nice_to_have.into_iter().map(|s| (s.label, SkillState::Nice)).collect();
                            view! {
                                <h3 class="label">"Nice to have"</h3>
                                <SkillTags skills />
                            }
                        })}
                </section>
            </article>
            <aside class="grid gap-5 content-start" aria-label="At a glance">
                {aside}
                <Card title="At a glance">
                    <Facts facts />
                </Card>
            </aside>
        </div>
    }
}

/// The terms in short, for search engines.
fn description(content: &JobContent) -> String {
    let place = job_place(content.work_place, &content.location, &content.regions);
    let begin: String = content.description.split_whitespace().collect::<Vec<_>>().join(" ");
    let begin: String = begin.chars().take(140).collect();
    format!("{} · {place}. {begin}", content.budget.label())
}

fn facts(content: &JobContent) -> Vec<(&'static str, String)> {
    let any = |text: String, none: &str| if text.is_empty() { none.to_owned() } else { text };
    let regions: Vec<_> = content.regions.iter().map(|region| region.label()).collect();
    let languages: Vec<_> = content.languages.iter().map(|language| language.label()).collect();
    let mut facts = vec![
        ("Payment", content.budget.kind.label().to_owned()),
        ("Budget", content.budget.label()),
        ("Duration", content.duration.label().to_owned()),
    ];
    facts.extend(content.weekly_hours.map(|hours| ("Hours", format!("{hours} a week"))));
    facts.push((
        "Experience",
        content.experience.map_or_else(|| "Any level".to_owned(), |level| level.label().to_owned()),
    ));
    facts.push((
        "Place",
        match content.work_place {
            WorkPlace::Remote => content.work_place.label().to_owned(),
            WorkPlace::OnSite => format!("{}, {}", content.work_place.label(), content.location),
        },
    ));
    facts.push(("Open to", any(regions.join(", "), "Every region")));
    facts.extend(content.utc_offset.map(|offset| ("Working time", offset.label())));
    facts.push(("Languages", any(languages.join(", "), "Any")));
    facts
}

/// How the job suits the freelancer who looks at it.
fn fit(receipt: Receipt, job: JobId) -> impl IntoView {
    let (summary, reasons) = (receipt.summary(), reasons(&receipt));
    view! {
        <Card title="How it fits you">
            <div class="grid gap-4 justify-items-center">
                <Dial score=receipt.score size=DialSize::Large />
                <p class="match-summary">{summary}</p>
                <ReceiptBrief reasons />
                <LinkButton href=format!("/matches/{job}")>"See the whole receipt"</LinkButton>
            </div>
        </Card>
    }
}

/// What its client can do with a job, as far as its state allows.
fn owner_actions(job: &Job) -> impl IntoView + use<> {
    let (id, href, status) = (job.id.to_string(), format!("/jobs/{}", job.id), job.status);
    let (title, note) = match status {
        JobStatus::Draft => ("Your draft", "Only you see it. This is how it will look to others."),
        JobStatus::Open => ("Your job", "Everybody can see it, and it is matched."),
        JobStatus::Held => {
            ("Your job", "It is on hold: nobody else sees it until your account is looked at.")
        }
        JobStatus::Closed => ("Your job", "It is closed: it can still be read, and is matched no more."),
    };
    let publish = (status == JobStatus::Draft).then(|| {
        view! {
            <form method="post" action=api::PUBLISH class="grid">
                <input type="hidden" name="job_id" value=id.clone() />
                <Button kind=ButtonKind::Primary>"Publish"</Button>
            </form>
        }
    });
    let candidates = (status == JobStatus::Open).then(|| {
        view! {
            <LinkButton href=format!("{href}/candidates") kind=ButtonKind::Primary>"See candidates"</LinkButton>
        }
    });
    let draft = (status == JobStatus::Draft).then_some(job.version);
    let rest = matches!(status, JobStatus::Draft | JobStatus::Open).then(|| {
        let (ask, consequence) = match status {
            JobStatus::Draft => ("Discard this draft", "A discarded draft is gone."),
            _ => (
                "Close this job",
                "It leaves the feeds of all freelancers at once and cannot be opened again.",
            ),
        };
        view! {
            <LinkButton href=format!("{href}/edit")>"Edit"</LinkButton>
            <details>
                <summary class="button button-quiet">{ask}</summary>
                <form method="post" action=api::CLOSE class="grid gap-3 mt-3">
                    <p class="hint">{consequence}</p>
                    <input type="hidden" name="job_id" value=id />
                    {draft.map(|version| view! { <input type="hidden" name="version" value=version /> })}
                    <Button kind=ButtonKind::Danger>"Yes, " {ask.to_lowercase()}</Button>
                </form>
            </details>
        }
    });
    view! {
        <Card title>
            <div class="grid gap-3">
                <p class="hint">{note}</p>
                {publish}
                {candidates}
                {rest}
            </div>
        </Card>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::posting::tests::job;

    #[test]
    fn discarding_names_the_version_of_the_draft_and_says_that_it_is_gone() {
        let actions = |status| {
            let job = Job { status, version: 7, ..job("A title", "A description.") };
            Owner::new().with(|| owner_actions(&job).to_html())
        };
        let version = r#"name="version" value="7""#;
        let draft = actions(JobStatus::Draft);
        assert!(draft.contains(version) && draft.contains("A discarded draft is gone."), "{draft}");
        let open = actions(JobStatus::Open);
        assert!(!open.contains(version) && open.contains("Close this job"), "{open}");
    }
}
