use domain::feed::{CandidateCard, MatchCard};
use leptos::prelude::*;

use super::{
    button::{ButtonKind, LinkButton},
    icon::{Glyph, Icon},
};

/// The frame of a list's filters: a GET form that phones fold away. `active` counts the filters
/// that are set; `open` unfolds it on phones from the start.
#[component]
pub fn FilterBar(
    #[prop(into)] action: String,
    #[prop(optional)] active: usize,
    #[prop(optional)] open: bool,
    children: Children,
) -> impl IntoView {
    let clear = action.clone();
    let text = match active {
        0 => "Filters".to_owned(),
        set => format!("Filters ({set} set)"),
    };
    view! {
        <details class="filters" open=open>
            <summary>
                <Icon glyph=Glyph::Filter />
                {text}
            </summary>
            <form method="get" action=action class="filter-fields" role="search">
                {children()}
                <div class="flex flex-wrap gap-2">
                    <button class="button button-primary grow" type="submit">"Show results"</button>
                    {(active > 0)
                        .then(|| view! { <a class="button button-quiet" href=clear>"Clear all"</a> })}
                </div>
            </form>
        </details>
    }
    .into_any()
}

/// Where a list goes on. `first` is the address of the first page, where this one is not it;
/// `next` that of the next one, where there is one.
#[component]
pub fn Pager(
    #[prop(optional_no_strip)] first: Option<String>,
    #[prop(optional_no_strip)] next: Option<String>,
    /// What the page shows, in words: "20 jobs".
    #[prop(optional, into)]
    shown: String,
) -> impl IntoView {
    view! {
        <nav class="pager" aria-label="Pages">
            <span class="hint">{shown}</span>
            <span class="flex gap-3">
                {first.map(|href| view! { <LinkButton href kind=ButtonKind::Quiet>"First page"</LinkButton> })}
                {next
                    .map(|href| {
                        view! {
                            <LinkButton href>
                                "Next page" <Icon glyph=Glyph::Arrow />
                            </LinkButton>
                        }
                    })}
            </span>
        </nav>
    }
    .into_any()
}

/// What stands where a list has nothing in it: a dial without a reading, why, and what to do.
#[component]
pub fn EmptyState(
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    /// Text and address of the way on.
    #[prop(optional_no_strip)]
    action: Option<(String, String)>,
    /// It is all that the page has: its title is the page's.
    #[prop(optional)]
    whole_page: bool,
) -> impl IntoView {
    let heading = if whole_page {
        view! { <h1>{title}</h1> }.into_any()
    } else {
        view! { <h2>{title}</h2> }.into_any()
    };
    view! {
        <div class="empty">
            <svg viewBox="0 0 176 96" aria-hidden="true">
                <path class="dial-track" d="M20 84a68 68 0 0 1 136 0" stroke-dasharray="2 6" />
                <g class="dial-tick">
                    <path d="M12 84H2M164 84h10M88 8V-2M34.3 30.3l-7-7M141.7 30.3l7-7" />
                </g>
                <path class="dial-needle" d="M88 84 44 52" />
                <circle class="dial-hub" cx="88" cy="84" r="6" />
                <circle class="mark-degree" cx="166" cy="22" r="7" stroke-width="3" />
            </svg>
            {heading}
            <p>{text}</p>
            {action
                .map(|(text, href)| {
                    view! { <div class="mt-3"><LinkButton href kind=ButtonKind::Primary>{text}</LinkButton></div> }
                })}
        </div>
    }
    .into_any()
}

/// Rows below each other, parted by lines.
#[component]
pub fn Rows(children: Children) -> impl IntoView {
    view! { <div class="rows">{children()}</div> }.into_any()
}

/// What a row of a list of jobs shows; all of it in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobRowData {
    pub href: String,
    pub title: String,
    pub budget: String,
    /// "by Harbour Studio", "Remote · Europe & Africa", "3 hours ago", "Expert".
    pub meta: Vec<String>,
    pub excerpt: String,
    pub skills: Vec<String>,
    /// The reader's own fit in degrees, where it is known.
    pub score: Option<domain::receipt::Score>,
}

/// A row of a list of jobs.
#[component]
pub fn JobRow(job: JobRowData) -> impl IntoView {
    let budget = job.budget.clone();
    row(None, job, budget)
}

/// What a row of a list of freelancers shows; all of it in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FreelancerRowData {
    pub href: String,
    pub name: String,
    /// The address of their picture, if they have one.
    pub picture: Option<String>,
    pub title: String,
    pub rate: String,
    pub meta: Vec<String>,
    pub excerpt: String,
    pub skills: Vec<String>,
    pub score: Option<domain::receipt::Score>,
}

/// A row of a list of freelancers.
#[component]
pub fn FreelancerRow(freelancer: FreelancerRowData) -> impl IntoView {
    let FreelancerRowData { href, name, picture, title, rate, mut meta, excerpt, skills, score } = freelancer;
    meta.insert(0, name.clone());
    let job = JobRowData { href, title, budget: String::new(), meta, excerpt, skills, score };
    row(Some((name, picture)), job, rate)
}

/// At most this many skills stand in a row; the rest are counted.
const SKILLS_SHOWN: usize = 6;

fn row(person: Option<(String, Option<String>)>, data: JobRowData, amount: String) -> impl IntoView {
    let class = if person.is_some() { "row row-with-avatar" } else { "row" };
    let more = data.skills.len().saturating_sub(SKILLS_SHOWN);
    let skills: Vec<_> = data
        .skills
        .into_iter()
        .take(SKILLS_SHOWN)
        .map(|skill| view! { <li class="tag">{skill}</li> })
        .collect();
    let meta: Vec<_> = data.meta.into_iter().map(|text| view! { <span>{text}</span> }).collect();
    view! {
        <article class=class>
            {person.map(|(name, picture)| view! { <super::Avatar name picture /> })}
            <div class="grid gap-1.5 min-w-0">
                <h2 class="row-title">
                    <a href=data.href>{data.title}</a>
                </h2>
                <p class="meta">{meta}</p>
                {(!data.excerpt.is_empty()).then(|| view! { <p class="clamp">{data.excerpt}</p> })}
                <ul class="tags">
                    {skills} {(more > 0).then(|| view! { <li class="hint">{format!("+{more} more")}</li> })}
                </ul>
            </div>
            <div class="row-side">
                {data.score.map(|score| view! { <super::Dial score size=super::DialSize::Small /> })}
                <p class="amount">{amount}</p>
            </div>
        </article>
    }
    .into_any()
}

/// A job in a freelancer's feed. `when` is its age in words; `is_new` lets it slide in.
#[component]
pub fn MatchCardView(
    card: MatchCard,
    #[prop(optional, into)] when: String,
    /// The address of the receipt.
    #[prop(optional, into)]
    why: String,
    #[prop(optional)] is_new: bool,
) -> impl IntoView {
    let href = ["/jobs/", &card.job_id.to_string()].concat();
    let mut meta = vec![card.budget, card.place, card.client_name];
    meta.extend((!when.is_empty()).then_some(when));
    match_card(href, card.title, meta, card.score, card.summary, card.reasons, why, is_new)
}

/// A freelancer among the candidates for a job. `is_new` lets it slide in.
#[component]
pub fn CandidateCardView(
    card: CandidateCard,
    /// The address of the receipt.
    #[prop(optional, into)]
    why: String,
    #[prop(optional)] is_new: bool,
) -> impl IntoView {
    let href = ["/freelancers/", &card.freelancer_id.to_string()].concat();
    let meta = vec![card.name, card.rate, card.place];
    match_card(href, card.title, meta, card.score, card.summary, card.reasons, why, is_new)
}

#[allow(clippy::too_many_arguments, reason = "the two cards above are all that calls it")]
fn match_card(
    href: String,
    title: String,
    meta: Vec<String>,
    score: domain::receipt::Score,
    summary: String,
    reasons: Vec<domain::feed::Reason>,
    why: String,
    is_new: bool,
) -> impl IntoView {
    let about = title.clone();
    let meta: Vec<_> = meta.into_iter().map(|text| view! { <span>{text}</span> }).collect();
    view! {
        <article class=if is_new { "match match-new" } else { "match" }>
            <super::Dial score />
            <div class="grid gap-1 content-start min-w-0">
                <h2 class="row-title">
                    <a href=href>{title}</a>
                    {is_new.then(|| view! { " " <super::Badge text="New" tone=super::Tone::Fit /> })}
                </h2>
                <p class="meta">{meta}</p>
                <p class="match-summary">{summary}</p>
            </div>
            <div class="match-wide">
                <ReceiptBrief reasons />
                {(!why.is_empty())
                    .then(|| {
                        view! {
                            <a class="match-why" href=why>
                                "The whole receipt" <span class="sr-only">" for "{about}</span>
                            </a>
                        }
                    })}
            </div>
        </article>
    }
    .into_any()
}

/// How well each part of a score fits, as small bars.
#[component]
pub fn ReceiptBrief(reasons: Vec<domain::feed::Reason>) -> impl IntoView {
    let reasons: Vec<_> = reasons
        .into_iter()
        .map(|reason| {
            view! {
                <li class="reason">
                    <span>
                        {reason.part.label()} <span class="sr-only">{format!(": {} percent", reason.fit)}</span>
                    </span>
                    <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                        <rect class="bar-track" width="100" height="4" />
                        <rect class="bar-fit" width=reason.fit height="4" />
                    </svg>
                </li>
            }
        })
        .collect();
    view! { <ul class="reasons">{reasons}</ul> }.into_any()
}
