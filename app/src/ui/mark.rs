use leptos::prelude::*;

/// The mark: two rings that touch are two people and an 8; the small ring makes it degrees.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
            <circle class="mark-ring" cx="13" cy="9" r="5.5" stroke-width="3" />
            <circle class="mark-ring" cx="13" cy="22.5" r="6.5" stroke-width="3" />
            <circle class="mark-degree" cx="25.5" cy="6" r="3" stroke-width="2.5" />
        </svg>
    }
}

/// Mark and name, leading to the start page.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <a class="logo" href="/" aria-label="8thDegree, start page">
            <Mark />
            <span>"8thDegree"</span>
        </a>
    }
}
