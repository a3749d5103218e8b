use leptos::prelude::*;

use crate::ui::PageHeader;

/// The pages of one's account: text and address.
const PAGES: &[(&str, &str)] = &[
    ("You", "/account"),
    ("E-mail", "/account/email"),
    ("Security", "/account/security"),
    ("Password", "/account/password"),
    ("Connections", "/account/connections"),
    ("Devices", "/account/devices"),
    ("Tokens", "/account/tokens"),
    ("Activity", "/account/activity"),
    ("Your data", "/account/data"),
];

/// The frame of a page of one's account: its title, and the way to the others.
#[component]
pub fn AccountLayout(
    /// The address of this page.
    here: &'static str,
    #[prop(into)] title: String,
    #[prop(optional, into)] lede: String,
    children: Children,
) -> impl IntoView {
    let links: Vec<_> = PAGES
        .iter()
        .map(|&(text, href)| {
            view! {
                <li>
                    <a href=href aria-current=(href == here).then_some("page")>
                        {text}
                    </a>
                </li>
            }
        })
        .collect();
    view! {
        <div class="account">
            <nav class="account-nav" aria-label="Account">
                <ul>{links}</ul>
            </nav>
            <div class="account-main">
                <PageHeader title lede />
                {children()}
            </div>
        </div>
    }
    .into_any()
}
