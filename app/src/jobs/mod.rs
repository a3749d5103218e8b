//! Jobs.

use leptos::prelude::*;

#[component]
pub fn BrowsePage() -> impl IntoView {
    view! { <h1>"BrowsePage"</h1> }
}

#[component]
pub fn NewPage() -> impl IntoView {
    view! { <h1>"NewPage"</h1> }
}

#[component]
pub fn JobPage() -> impl IntoView {
    view! { <h1>"JobPage"</h1> }
}

#[component]
pub fn EditPage() -> impl IntoView {
    view! { <h1>"EditPage"</h1> }
}

#[component]
pub fn OwnJobsPage() -> impl IntoView {
    view! { <h1>"OwnJobsPage"</h1> }
}
