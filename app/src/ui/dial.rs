use domain::receipt::Score;
use leptos::prelude::*;

/// The width of a dial: 56, 88 or 208 px; the large one has a scale and a needle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DialSize {
    Small,
    #[default]
    Medium,
    Large,
}

/// The fit dial: half a protractor from 0° to 100° with the score on it.
///
/// Screen readers hear "Fit 87 of 100 degrees". The arc has a `pathLength` of 100, so that its
/// dash is the score itself.
#[component]
pub fn Dial(score: Score, #[prop(optional)] size: DialSize) -> impl IntoView {
    let degrees = score.degrees();
    let class = match size {
        DialSize::Small => "dial dial-s",
        DialSize::Medium => "dial",
        DialSize::Large => "dial dial-l",
    };
    let large = size == DialSize::Large;
    let view_box = if size == DialSize::Small { "0 0 100 54" } else { "-8 -8 116 64" };
    view! {
        <span class=class role="img" aria-label=format!("Fit {degrees} of 100 degrees")>
            <svg viewBox=view_box aria-hidden="true">
                {(size != DialSize::Small).then(|| ticks(50.0, 53.0, 56.0))}
                <path class="dial-track" d=ARC />
                <path
                    class="dial-arc"
                    d=ARC
                    pathLength="100"
                    stroke-dasharray=format!("{degrees} 100")
                />
                {large
                    .then(|| {
                        view! {
                            <g transform=format!("rotate({} 50 50)", turn(degrees))>
                                <path class="dial-needle" d="M50 50H12" />
                            </g>
                            <circle class="dial-hub" cx="50" cy="50" r="4" />
                        }
                    })}
            </svg>
            <span class="dial-number" aria-hidden="true">
                {degrees}
                <span class="degree-sign">"°"</span>
            </span>
        </span>
    }
    .into_any()
}

/// A half circle from left to right around (50, 50).
const ARC: &str = "M6 50a44 44 0 0 1 88 0";

/// The angle of a score on the dial in degrees of the circle: 0° lies left, 100° right.
pub(super) fn turn(degrees: u32) -> f32 {
    degrees as f32 * 1.8
}

/// A tick every ten degrees between two radii; those at 0, 50 and 100 reach further.
fn ticks(from: f32, to: f32, major_to: f32) -> AnyView {
    (0..=10)
        .map(|i: u32| {
            let major = i.is_multiple_of(5);
            let (inner, outer) = (50.0 - from, 50.0 - if major { major_to } else { to });
            view! {
                <path
                    class=if major { "dial-tick-major" } else { "dial-tick" }
                    d=format!("M{inner} 50H{outer}")
                    transform=format!("rotate({} 50 50)", i * 18)
                />
            }
        })
        .collect_view()
        .into_any()
}
