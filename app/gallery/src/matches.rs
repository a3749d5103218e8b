use app::ui::*;
use domain::{
    feed::{CandidateCard, MatchCard, reasons},
    receipt::{Receipt, Score},
};
use leptos::prelude::*;

use crate::page::Specimen;

/// A made-up receipt in the form in which receipts are stored.
fn receipt() -> Option<Receipt> {
    serde_json::from_str(include_str!("receipt.json")).ok()
}

fn match_card(degrees: u32, title: &str) -> MatchCard {
    let receipt = receipt();
    MatchCard {
        job_id: domain::JobId::from_uuid(Default::default()),
        title: title.into(),
        client_name: "Harbour Studio".into(),
        budget: "$40–60 an hour".into(),
        place: "Remote · Europe & Africa".into(),
        published_ms: 0,
        score: Score::from_ppm(degrees * 10_000),
        summary: receipt.as_ref().map(Receipt::summary).unwrap_or_default(),
        reasons: receipt.as_ref().map(reasons).unwrap_or_default(),
    }
}

fn candidate_card() -> CandidateCard {
    let card = match_card(78, "");
    CandidateCard {
        freelancer_id: domain::UserId::from_uuid(Default::default()),
        name: "Ines Okafor".into(),
        title: "Database engineer".into(),
        rate: "€85 an hour".into(),
        place: "Europe & Africa · UTC+01:00".into(),
        score: card.score,
        summary: card.summary,
        reasons: card.reasons,
    }
}

/// Dials, cards and the receipt.
#[component]
pub fn Matches() -> impl IntoView {
    let score = Score::from_ppm;
    view! {
        <Specimen title="The fit dial">
            <div class="flex flex-wrap gap-8 items-end">
                <Dial score=score(930_000) size=DialSize::Small />
                <Dial score=score(700_000) size=DialSize::Small />
                <Dial score=score(60_000) size=DialSize::Small />
                <Dial score=score(1_000_000) />
                <Dial score=score(872_000) />
                <Dial score=score(0) />
                <Dial score=score(872_000) size=DialSize::Large />
            </div>
        </Specimen>
        <Specimen title="Matches and candidates">
            <div class="grid gap-3 max-w-4xl">
                <MatchCardView card=match_card(93, "Move a web shop from MySQL to PostgreSQL") when="just now" is_new=true />
                <MatchCardView card=match_card(81, "Keep a fleet of reporting databases quick") when="3 hours ago" />
                <CandidateCardView card=candidate_card() />
            </div>
        </Specimen>
        <Specimen title="Match receipt">
            <div class="max-w-4xl">{receipt().map(|receipt| view! { <ReceiptView receipt /> })}</div>
        </Specimen>
    }
    .into_any()
}

/// The top of the landing page with sample figures.
#[component]
pub fn Hero() -> impl IntoView {
    let sample = |ppm, job: &str, person: &str| HeroSample {
        score: Score::from_ppm(ppm),
        job: job.into(),
        person: person.into(),
        href: "/jobs/1".into(),
    };
    let samples = vec![
        sample(942_000, "Move a web shop to PostgreSQL", "Database engineer, Lisbon time"),
        sample(884_000, "Translate a museum guide into Portuguese", "Literary translator"),
        sample(815_000, "Books and VAT for a small bakery chain", "Chartered accountant"),
        sample(736_000, "Redraw the icons of a weather app", "Icon designer"),
    ];
    let stats = [
        ("2,000", "freelancers"),
        ("412", "open jobs"),
        ("9,318", "matches made"),
        ("0.1 s", "from a job to its matches"),
    ]
    .map(|(value, label)| (value.to_owned(), label.to_owned()))
    .into();
    view! {
        <LandingHero samples stats>
            <LinkButton href="/sign-up" kind=ButtonKind::Primary size=ButtonSize::Large>"Post a job"</LinkButton>
            <LinkButton href="/sign-up" size=ButtonSize::Large>"Find work that fits"</LinkButton>
        </LandingHero>
    }
    .into_any()
}
