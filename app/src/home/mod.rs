//! The landing page.

use leptos::prelude::*;

#[component]
pub fn HomePage() -> impl IntoView {
    view! { <h1>"HomePage"</h1> }
}

#[component]
pub fn TablePage() -> impl IntoView {
    view! { <h1>"TablePage"</h1> }
}
