use leptos::prelude::*;

use crate::ui::PageHeader;

/// The pages of administration: text and address.
const PAGES: [(&str, &str); 2] = [("People", "/admin/people"), ("Audit trail", "/admin/trail")];

/// The frame of a page of administration: its title, and the way to the others.
#[component]
pub fn AdminLayout(
    /// The address of this page, or of the one it belongs to.
    here: &'static str,
    #[prop(into)] title: String,
    #[prop(optional, into)] lede: String,
    children: Children,
) -> impl IntoView {
    let links: Vec<_> = PAGES
        .into_iter()
        .map(|(text, href)| {
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
            <nav class="account-nav" aria-label="Administration">
                <ul>{links}</ul>
            </nav>
            <div class="account-main account-main-wide">
                <PageHeader title lede />
                {children()}
            </div>
        </div>
    }
    .into_any()
}
