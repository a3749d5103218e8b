use domain::receipt::Score;
use leptos::prelude::*;

use super::{card::Stat, dial::turn};

/// A match the landing page shows: whom it brings together, in words, and how well they fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeroSample {
    pub score: Score,
    /// "Database engineer".
    pub person: String,
    /// "Move a shop to PostgreSQL".
    pub job: String,
    pub href: String,
}

/// The top of the landing page: what the product does, on a protractor with real matches.
///
/// Up to four samples are drawn, best first, an arc each; `stats` are figures and what they count.
/// The children are the actions.
#[component]
pub fn LandingHero(
    samples: Vec<HeroSample>,
    stats: Vec<(String, String)>,
    children: Children,
) -> impl IntoView {
    let mut samples = samples;
    samples.sort_by_key(|sample| std::cmp::Reverse(sample.score));
    samples.truncate(4);
    let list: Vec<_> = samples
        .iter()
        .map(|sample| {
            view! {
                <li>
                    <a class="hero-match" href=sample.href.clone()>
                        <span class="hero-degrees">{sample.score.degrees()}"°"</span>
                        <span class="min-w-0">
                            <span class="hero-job">{sample.job.clone()}</span>
                            <span class="hint block">{sample.person.clone()}</span>
                        </span>
                    </a>
                </li>
            }
        })
        .collect();
    let stats: Vec<_> = stats.into_iter().map(|(value, label)| view! { <Stat value label /> }).collect();
    let has_samples = !samples.is_empty();
    view! {
        <section class="hero">
            <div class="page hero-grid">
                <div class="hero-words">
                    <h1 class="hero-title">"How well do you fit?" <br /> "We measure it."</h1>
                    <p class="hero-lede">
                        "Post a job, and the freelancers it suits see it at once, each with a fit from 0° to 100° and the reasons for it."
                    </p>
                    <div class="flex flex-wrap gap-3">{children()}</div>
                </div>
                <div class="hero-instrument">
                    <Protractor scores=samples.iter().map(|sample| sample.score).collect() />
                    {has_samples.then(|| view! { <ul class="hero-matches">{list}</ul> })}
                </div>
            </div>
            <div class="page hero-stats">{stats}</div>
            <div class="rule" aria-hidden="true"></div>
        </section>
    }
    .into_any()
}

/// A protractor with an arc for each score, the best one outermost with the needle on it. The
/// sector from 70° on, where a match is made, is tinted. Decoration: the list beside it says the
/// same.
#[component]
pub fn Protractor(scores: Vec<Score>) -> impl IntoView {
    let ticks = ticks(|i| !i.is_multiple_of(10));
    let major_ticks = self::ticks(|i| i.is_multiple_of(10));
    let numbers: Vec<_> = (1..10_u32)
        .map(|i| {
            let (x, y) = at(i * 10, f32::from(RIM) - 34.0);
            view! { <text class="hero-number" x=x y=y + 5.0 text-anchor="middle">{i * 10}</text> }
        })
        .collect();
    let arcs: Vec<_> = scores
        .iter()
        .enumerate()
        .map(|(i, score)| {
            let radius = f32::from(RIM) - 66.0 - 30.0 * i as f32;
            let degrees = score.degrees();
            let (x, y) = at(degrees, radius);
            let arc = format!("M{} 300a{radius} {radius} 0 0 1 {} 0", 300.0 - radius, radius * 2.0);
            view! {
                <g class=if i == 0 { "hero-arc hero-arc-best" } else { "hero-arc" }>
                    <path class="hero-track" d=arc.clone() />
                    <path class="dial-arc" d=arc pathLength="100" stroke-dasharray=format!("{degrees} 100") />
                    <circle class="hero-tip" cx=x cy=y r="6.5" />
                </g>
            }
        })
        .collect();
    let best = scores.first().map(|score| {
        let (x, y) = at(score.degrees(), f32::from(RIM) - 24.0);
        view! { <path class="hero-needle" d=format!("M300 300L{x} {y}") /> }
    });
    let ((x1, y1), (x2, y2)) = (at(70, RIM), at(100, RIM));
    view! {
        <svg class="protractor" viewBox="0 0 600 330" aria-hidden="true">
            <path class="hero-sector" d=format!("M300 300L{x1} {y1}A{RIM} {RIM} 0 0 1 {x2} {y2}Z") />
            <path class="hero-rim" d=format!("M{} 300a{RIM} {RIM} 0 0 1 {} 0z", 300 - RIM, 2 * RIM) />
            <path class="dial-tick" d=ticks />
            <path class="dial-tick-major" d=major_ticks />
            {numbers}
            {arcs}
            {best}
            <circle class="dial-hub" cx="300" cy="300" r="9" />
        </svg>
    }
    .into_any()
}

/// The radius of the protractor's rim.
const RIM: i16 = 290;

/// The point of a score at a radius, rounded to a tenth.
fn at(degrees: u32, radius: impl Into<f32>) -> (f32, f32) {
    let radius = radius.into();
    let angle = turn(degrees).to_radians();
    let round = |value: f32| (value * 10.0).round() / 10.0;
    (round(300.0 - radius * angle.cos()), round(300.0 - radius * angle.sin()))
}

/// The ticks of the scores that are asked for, as one path: longer for fives and tens.
fn ticks(of: impl Fn(u32) -> bool) -> String {
    let rim = f32::from(RIM);
    (0..=100)
        .filter(|&i| of(i))
        .map(|i: u32| {
            let length = match i {
                i if i.is_multiple_of(10) => 18.0,
                i if i.is_multiple_of(5) => 13.0,
                _ => 8.0,
            };
            let ((x1, y1), (x2, y2)) = (at(i, rim), at(i, rim - length));
            format!("M{x1} {y1}L{x2} {y2}")
        })
        .collect()
}
