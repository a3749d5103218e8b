//! Matches and candidates, live.

use leptos::prelude::*;

#[component]
pub fn MatchesPage() -> impl IntoView {
    view! { <h1>"MatchesPage"</h1> }
}

#[component]
pub fn MatchReceiptPage() -> impl IntoView {
    view! { <h1>"MatchReceiptPage"</h1> }
}

#[component]
pub fn CandidatesPage() -> impl IntoView {
    view! { <h1>"CandidatesPage"</h1> }
}

#[component]
pub fn CandidateReceiptPage() -> impl IntoView {
    view! { <h1>"CandidateReceiptPage"</h1> }
}
