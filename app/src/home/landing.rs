use std::sync::Arc;

use domain::{browse::JobListing, role::Role};
use leptos::prelude::*;
use leptos_meta::Title;
use services::{
    engine::cards::job_place,
    home::{self, Example, Overview, Stats},
};

use crate::{head, page::page, ssr, ui::*};

const DESCRIPTION: &str =
    "A freelance marketplace that measures how well a job and a person fit, in degrees, and says why.";
const NEWEST_SHOWN: usize = 5;
const SAMPLES_SHOWN: usize = 4;

#[component]
pub fn HomePage() -> impl IntoView {
    let services = ssr::services();
    let visitor = ssr::viewer().map_or(Visitor::Stranger, |who| {
        match (who.roles.contains(Role::Freelancer), who.roles.contains(Role::Client)) {
            (freelancer, client) if freelancer || client => Visitor::Member { freelancer, client },
            _ => Visitor::Member { freelancer: false, client: false },
        }
    });
    page(async move {
        let overview = home::overview(&services).await?;
        let now_ms = services.now().timestamp_millis();
        let threshold = services.engine().policy().threshold.degrees();
        head::describe(DESCRIPTION);
        head::preview("8thDegree", DESCRIPTION);
        Ok(view! {
            <Title text="" />
            <Landing overview visitor threshold now_ms />
        })
    })
}

/// Who looks at the landing page, as far as it matters to what is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visitor {
    Stranger,
    Member { freelancer: bool, client: bool },
}

#[component]
fn Landing(overview: Arc<Overview>, visitor: Visitor, threshold: u32, now_ms: i64) -> impl IntoView {
    let samples = spread(&overview.examples, SAMPLES_SHOWN).into_iter().map(sample).collect();
    let example = overview.examples.first().cloned();
    view! {
        <LandingHero samples stats=figures(overview.stats)>
            <Actions visitor />
        </LandingHero>
        <div class="page grid gap-16 py-16">
            <section class="grid gap-6" aria-labelledby="how">
                <h2 id="how">"How a match is made"</h2>
                <Steps steps=steps(threshold) />
            </section>
            {example.map(|example| view! { <Reasons example /> })}
            <Newest jobs=overview.newest.iter().take(NEWEST_SHOWN).cloned().collect() now_ms />
            {(visitor == Visitor::Stranger).then(|| view! { <Invitations /> })}
        </div>
    }
    .into_any()
}

/// What to do next, by who one is.
#[component]
fn Actions(visitor: Visitor) -> impl IntoView {
    let actions: Vec<(&str, &str)> = match visitor {
        Visitor::Stranger => {
            vec![("Post a job", "/sign-up?for=client"), ("Find work that fits", "/sign-up?for=freelancer")]
        }
        Visitor::Member { freelancer, client } => {
            let mut actions = Vec::with_capacity(2);
            if freelancer {
                actions.push(("See my matches", "/matches"));
            }
            if client {
                actions.push(("Post a job", "/jobs/new"));
            }
            match actions.len() {
                0 => actions.push(("Browse jobs", "/jobs")),
                1 if freelancer => actions.push(("Edit my profile", "/profile")),
                1 => actions.push(("See my jobs", "/my/jobs")),
                _ => {}
            }
            actions
        }
    };
    actions
        .into_iter()
        .enumerate()
        .map(|(i, (text, href))| {
            let kind = if i == 0 { ButtonKind::Primary } else { ButtonKind::Secondary };
            view! { <LinkButton href kind size=ButtonSize::Large>{text}</LinkButton> }
        })
        .collect_view()
}

/// Some of the examples, from the best to the last in even steps, so that they show the range.
fn spread(examples: &[Example], count: usize) -> Vec<&Example> {
    let Some(last) = examples.len().checked_sub(1) else { return Vec::new() };
    let count = count.min(examples.len());
    let steps = count.saturating_sub(1).max(1);
    (0..count).filter_map(|i| examples.get(i * last / steps)).collect()
}

fn sample(example: &Example) -> HeroSample {
    HeroSample {
        score: example.score(),
        person: example.trade.clone(),
        job: example.job_title.clone(),
        href: format!("/jobs/{}", example.job_id),
    }
}

fn figures(stats: Stats) -> Vec<(String, String)> {
    let figure = |number: i64, label: &str| (thousands(number.max(0).unsigned_abs()), label.to_owned());
    vec![
        figure(stats.open_jobs, "open jobs"),
        figure(stats.visible_freelancers, "freelancers"),
        figure(stats.matches, "matches that hold now"),
        figure(stats.recent_matches, "found in the last 24 hours"),
    ]
}

/// `threshold` is in degrees.
fn steps(threshold: u32) -> Vec<(String, String)> {
    [
        (
            "A job is posted",
            "What is to be done, the skills it needs, the budget, the hours. Conditions come first: region, language, rate and time must be right before anything is measured.".to_owned(),
        ),
        (
            "Every profile is measured",
            "Meaning of the work, skills, experience, rate, availability, shared hours and freshness add up to degrees. Names, photos and pronouns are never read.".to_owned(),
        ),
        (
            "Those who fit know at once",
            format!(
                "From {threshold}° on, the job appears in the freelancer's open feed, and the freelancer among the client's candidates. Both see the same reasons."
            ),
        ),
    ]
    .map(|(title, text)| (title.to_owned(), text))
    .into()
}

/// A receipt of a match that holds at this moment.
#[component]
fn Reasons(example: Example) -> impl IntoView {
    let href = format!("/jobs/{}", example.job_id);
    view! {
        <section class="grid gap-6" aria-labelledby="reasons">
            <div>
                <h2 id="reasons">"Every score can explain itself"</h2>
                <p class="lede">
                    "This is the receipt of a match that holds right now: “" {example.trade} "” for the job “"
                    <a href=href>{example.job_title}</a> "”."
                </p>
            </div>
            <ReceiptView receipt=example.receipt />
        </section>
    }
    .into_any()
}

#[component]
fn Newest(jobs: Vec<JobListing>, now_ms: i64) -> impl IntoView {
    if jobs.is_empty() {
        return view! {
            <EmptyState
                title="No open jobs yet"
                text="The first one reaches everybody it suits."
                action=Some(("Post the first job".to_owned(), "/jobs/new".to_owned()))
            />
        }
        .into_any();
    }
    let rows: Vec<_> = jobs.into_iter().map(|job| view! { <JobRow job=row(job, now_ms) /> }).collect();
    view! {
        <section class="grid gap-4" aria-labelledby="newest">
            <div class="flex flex-wrap items-baseline justify-between gap-x-6">
                <h2 id="newest">"Newest jobs"</h2>
                <a href="/jobs" class="py-2">"All open jobs"</a>
            </div>
            <Rows>{rows}</Rows>
        </section>
    }
    .into_any()
}

fn row(job: JobListing, now_ms: i64) -> JobRowData {
    JobRowData {
        href: format!("/jobs/{}", job.id),
        title: job.title,
        budget: job.budget.label(),
        meta: vec![
            job.client_name,
            job_place(job.work_place, &job.location, &job.regions),
            ago(job.published_at.timestamp_millis(), now_ms),
        ],
        excerpt: String::new(),
        skills: job.required.into_iter().map(|skill| skill.label).collect(),
        score: None,
    }
}

#[component]
fn Invitations() -> impl IntoView {
    view! {
        <div class="grid gap-4 md:grid-cols-2">
            <Card title="You need somebody">
                <p class="mb-4">
                    "Describe the work once. The freelancers it suits are ranked the moment you publish, and you see for each why."
                </p>
                <LinkButton href="/sign-up?for=client" >"Post a job"</LinkButton>
            </Card>
            <Card title="You look for work">
                <p class="mb-4">
                    "Fill in one profile. Jobs that fit appear in your feed by themselves; there is nothing to search and nothing to bid for."
                </p>
                <LinkButton href="/sign-up?for=freelancer" >"Create a profile"</LinkButton>
            </Card>
        </div>
    }
    .into_any()
}
