use domain::{
    job::BudgetKind,
    money::{Currency, Money},
    receipt::{Component, Condition, Evidence, Receipt, SkillEvidence},
};
use leptos::prelude::*;

use super::{
    badge::{SkillState, SkillTag},
    dial::{Dial, DialSize},
    icon::{Glyph, Icon},
};

/// The whole match receipt: the score, the scale it adds up on, each part with its evidence, the
/// conditions that held, and under which policy and model. For pages, not for islands.
#[component]
pub fn ReceiptView(receipt: Receipt) -> impl IntoView {
    let summary = receipt.summary();
    let conditions: Vec<_> = receipt.conditions.iter().map(condition).collect();
    let scale = scale(&receipt.components);
    let as_of = receipt.as_of.format("%-d %B %Y, %H:%M UTC").to_string();
    let parts: Vec<_> = receipt.components.into_iter().map(part).collect();
    view! {
        <section class="card grid gap-6">
            <h2 class="sr-only">"Match receipt"</h2>
            <div class="receipt-total">
                <Dial score=receipt.score size=DialSize::Large />
                <div class="grow basis-72 grid gap-3">
                    <p class="match-summary text-lg">{summary}</p>
                    {scale}
                    <p class="hint">
                        "Each field is one part, as wide as its weight and filled as far as it fits. The filled parts together are the score."
                    </p>
                </div>
            </div>
            <div>{parts}</div>
            <div>
                <h3 class="mb-1">"What had to hold, and does"</h3>
                <ul class="checks">{conditions}</ul>
            </div>
            <p class="fine-print">
                {format!("Policy {} · model {} · as of {as_of}. ", receipt.policy, receipt.model)}
                "The same inputs give the same score. Names, photos and pronouns are never part of it."
            </p>
        </section>
    }
    .into_any()
}

/// All parts side by side on one scale from 0° to 100°.
fn scale(components: &[Component]) -> impl IntoView + use<> {
    let mut x = 0;
    let fields: Vec<_> = components
        .iter()
        .map(|component| {
            let start = x;
            x += component.weight / 1_000;
            view! {
                <g>
                    <rect class="scale-part" x=start width=component.weight / 1_000 height="28" />
                    <rect class="bar-fit" x=start width=component.contribution / 1_000 height="28" />
                    <path class="scale-edge" d=format!("M{start} 0V28") />
                </g>
            }
        })
        .collect();
    view! {
        <svg class="scale" viewBox="0 0 1000 28" preserveAspectRatio="none" aria-hidden="true">
            {fields}
        </svg>
    }
    .into_any()
}

/// Millionths as degrees with one decimal, rounded down: 284,900 → "28.4°".
fn degrees(ppm: u32) -> String {
    format!("{}.{}°", ppm / 10_000, ppm % 10_000 / 1_000)
}

fn part(component: Component) -> impl IntoView {
    let fit = component.fit / 10_000;
    view! {
        <div class="receipt-part">
            <h3>{component.kind.label()}</h3>
            <p class="receipt-degrees">
                <strong>{degrees(component.contribution)}</strong>
                " of "
                {degrees(component.weight)}
            </p>
            <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                <rect class="bar-track" width="100" height="4" />
                <rect class="bar-fit" width=fit height="4" />
            </svg>
            <p class="hint">{format!("Fits {fit}%. {}", words(&component.evidence))}</p>
            {tags(component.evidence)}
        </div>
    }
    .into_any()
}

/// Minutes as hours: "3 h", "3.5 h".
fn hours(minutes: u16) -> String {
    match minutes % 60 {
        0 => format!("{} h", minutes / 60),
        _ => format!("{:.1} h", f32::from(minutes) / 60.0),
    }
}

/// The evidence in a plain sentence.
fn words(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Meaning { cosine, range: (low, high) } => format!(
            "The two texts have a similarity of {cosine:.2}, where {low:.2} means unrelated work and {high:.2} the same work."
        ),
        Evidence::Skills { required, nice_to_have } => {
            let met =
                |skills: &[SkillEvidence]| skills.iter().filter(|skill| skill.practised.is_some()).count();
            let mut text = format!("{} of {} required", met(required), required.len());
            if !nice_to_have.is_empty() {
                text.push_str(&format!(", {} of {} nice to have", met(nice_to_have), nice_to_have.len()));
            }
            text.push('.');
            text
        }
        Evidence::Experience { wanted: Some(wanted), has } => {
            format!("{} asked for, {} brought.", wanted.label(), has.label().to_lowercase())
        }
        Evidence::Experience { wanted: None, has } => {
            format!("None asked for; brings {}.", has.label().to_lowercase())
        }
        Evidence::Rate { kind, budget_cents, rate_cents, entered } => {
            let (currency, rate, budget) = match entered {
                Some(entered) => (entered.currency, entered.rate, entered.budget),
                None => (Currency::Usd, *rate_cents, *budget_cents),
            };
            let amount = |hundredths| Money::of_hundredths(hundredths, currency).label();
            let rate = amount(rate);
            match (kind, budget) {
                (BudgetKind::Fixed, _) => {
                    format!("A fixed price, with which the rate of {rate} an hour is not compared.")
                }
                (_, Some(budget)) => format!("{rate} an hour against a budget of up to {}.", amount(budget)),
                (_, None) => format!("{rate} an hour; no budget given."),
            }
        }
        Evidence::Availability { wanted: Some(wanted), offered } => {
            format!("{offered} h a week free, {wanted} wanted.")
        }
        Evidence::Availability { wanted: None, offered } => {
            format!("{offered} h a week free; the job does not say how many it needs.")
        }
        Evidence::TimeZone { shared_minutes: Some(minutes) } => {
            format!("Both are at work {} a day.", hours(*minutes))
        }
        Evidence::TimeZone { shared_minutes: None } => "The job asks for no shared hours.".to_owned(),
        Evidence::Freshness { age_hours } => match age_hours {
            0 => "Published within the last hour.".to_owned(),
            1..=47 => format!("Published {age_hours} h ago."),
            hours => format!("Published {} days ago.", hours / 24),
        },
    }
}

/// Each skill by itself, where the evidence is about skills.
fn tags(evidence: Evidence) -> impl IntoView {
    let Evidence::Skills { required, nice_to_have } = evidence else { return None };
    let tag = |asked: bool| {
        move |skill: SkillEvidence| {
            let state = match (&skill.practised, asked) {
                (Some(_), _) => SkillState::Met,
                (None, true) => SkillState::Missing,
                (None, false) => SkillState::Nice,
            };
            let detail = skill.practised.map_or_else(String::new, |(level, years)| {
                let years = if years == 0 { String::new() } else { format!(", {years} y") };
                format!("{}{years}", level.label())
            });
            view! { <li><SkillTag name=skill.label state detail /></li> }
        }
    };
    let tags: Vec<_> =
        required.into_iter().map(tag(true)).chain(nice_to_have.into_iter().map(tag(false))).collect();
    Some(view! { <ul class="tags">{tags}</ul> })
}

fn condition(condition: &Condition) -> impl IntoView + use<> {
    let text = match condition {
        Condition::Place { work_place, regions, home } => {
            let open_to = match regions.as_slice() {
                [] => "every region".to_owned(),
                regions => regions.iter().map(|region| region.label()).collect::<Vec<_>>().join(", "),
            };
            format!("{}, open to {open_to}; at home in {}.", work_place.label(), home.label())
        }
        Condition::Language { language, level } => {
            format!("Works in {}: {}.", language.label(), level.label().to_lowercase())
        }
        Condition::RateWithinBudget { over_percent, tolerance_percent } if *over_percent > 0 => {
            format!("Rate {over_percent}% over budget, with {tolerance_percent}% tolerated.")
        }
        Condition::RateWithinBudget { .. } => "Rate within budget.".to_owned(),
        Condition::Availability { wanted, offered } => {
            format!("{offered} h a week free, {wanted} wanted.")
        }
    };
    view! {
        <li>
            <Icon glyph=Glyph::Check />
            <span>{text}</span>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::receipt::Entered;

    use super::*;

    #[test]
    fn evidence_reads_as_a_sentence() {
        assert_eq!(degrees(284_900), "28.4°");
        let rate = |entered| Evidence::Rate {
            kind: BudgetKind::Hourly,
            budget_cents: Some(10_440),
            rate_cents: 8_352,
            entered,
        };
        assert_eq!(words(&rate(None)), "$83.52 an hour against a budget of up to $104.40.");
        assert_eq!(words(&Evidence::TimeZone { shared_minutes: Some(210) }), "Both are at work 3.5 h a day.");
        assert_eq!(words(&Evidence::Freshness { age_hours: 50 }), "Published 2 days ago.");
    }

    #[test]
    fn euros_on_both_sides_are_not_told_in_dollars() {
        let entered = Entered { currency: Currency::Eur, budget: Some(9_000), rate: 7_200 };
        let evidence = |kind, entered: Entered| Evidence::Rate {
            kind,
            budget_cents: entered.budget.map(|_| 10_440),
            rate_cents: 8_352,
            entered: Some(entered),
        };
        assert_eq!(
            words(&evidence(BudgetKind::Hourly, entered)),
            "€72 an hour against a budget of up to €90."
        );
        assert_eq!(
            words(&evidence(BudgetKind::Fixed, Entered { budget: None, ..entered })),
            "A fixed price, with which the rate of €72 an hour is not compared."
        );
    }
}
