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
                {(size != DialSize::Small)
                    .then(|| {
                        view! {
                            <path class="dial-tick" d=TICKS />
                            <path class="dial-tick-major" d=MAJOR_TICKS />
                        }
                    })}
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

/// A tick at every ten degrees, on radii from 50 to 53.
const TICKS: &str = concat!(
    "M2.4 34.5L-0.4 33.6M9.5 20.6L7.1 18.8M20.6 9.5L18.8 7.1M34.5 2.4L33.6 -0.4M6",
    "5.5 2.4L66.4 -0.4M79.4 9.5L81.2 7.1M90.5 20.6L92.9 18.8M97.6 34.5L100.4 33.6"
);

/// The longer ticks at 0°, 50° and 100°.
const MAJOR_TICKS: &str = "M0 50L-6 50M50 0L50 -6M100 50L106 50";
