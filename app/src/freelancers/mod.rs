//! Freelancers.

use leptos::prelude::*;

#[component]
pub fn BrowsePage() -> impl IntoView {
    view! { <h1>"BrowsePage"</h1> }
}

#[component]
pub fn FreelancerPage() -> impl IntoView {
    view! { <h1>"FreelancerPage"</h1> }
}

#[component]
pub fn ProfilePage() -> impl IntoView {
    view! { <h1>"ProfilePage"</h1> }
}
