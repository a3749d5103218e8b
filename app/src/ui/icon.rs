use leptos::prelude::*;

/// The few pictograms of the interface, drawn on a 20 × 20 grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    Arrow,
    Briefcase,
    Check,
    Cross,
    Dial,
    Filter,
    Info,
    People,
    Person,
    Pin,
    Plus,
    Warning,
}

impl Glyph {
    /// The drawing, as the data of one SVG path.
    const fn path(self) -> &'static str {
        match self {
            Self::Arrow => "M4 10h12m-5-5 5 5-5 5",
            Self::Briefcase => "M3 7h14v9H3zM7 7V4h6v3M3 11h14",
            Self::Check => "m4 10.5 4 4 8-9",
            Self::Cross => "m5 5 10 10M15 5 5 15",
            Self::Dial => "M2.5 14a7.5 7.5 0 0 1 15 0M10 14l3.5-5M2.5 14h15",
            Self::Filter => "M3 6h14M6 10h8M8.5 14h3",
            Self::Info => "M10 9v5m0-8v.01M17.5 10a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0Z",
            Self::People => {
                "M7 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-5 7c0-3 2-5 5-5s5 2 5 5m1-13a3 3 0 0 1 0 6m2 2c2 .7 3 2.5 3 5"
            }
            Self::Person => "M10 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6.5 7c.5-3 3-5 6.5-5s6 2 6.5 5",
            Self::Pin => "M10 17.5s5.5-5 5.5-9.3a5.5 5.5 0 0 0-11 0c0 4.3 5.5 9.3 5.5 9.3Zm0-7.5v-3",
            Self::Plus => "M10 4v12M4 10h12",
            Self::Warning => "M10 8v4m0 2.8v.01M10 3 2.5 16.5h15z",
        }
    }
}

/// A pictogram beside a text that says the same; hidden from screen readers.
#[component]
pub fn Icon(glyph: Glyph) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
            <path d=glyph.path() />
        </svg>
    }
}
