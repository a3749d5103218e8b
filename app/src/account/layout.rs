use domain::permission::Permission;
use leptos::prelude::*;

use super::held::was_not_sent;
use crate::{page::query, ssr, ui::PageHeader};

/// Who may set up no organisation need not be led there.
const ORGANISATION: &str = "/account/organisation";

/// The pages of one's account: text and address.
const PAGES: &[(&str, &str)] = &[
    ("You", "/account"),
    ("E-mail", "/account/email"),
    ("Security", "/account/security"),
    ("Password", "/account/password"),
    ("Connections", "/account/connections"),
    ("Organisation", ORGANISATION),
    ("Devices", "/account/devices"),
    ("Tokens", "/account/tokens"),
    ("Activity", "/account/activity"),
    ("Your data", "/account/data"),
];

/// The frame of a page that is one of several: the way to the others, and its title.
#[component]
pub fn SectionLayout(
    /// What screen readers call the way to the others.
    label: &'static str,
    /// Text and address of each page.
    pages: Vec<(&'static str, &'static str)>,
    /// The address of this page, or of the one it belongs to.
    here: &'static str,
    title: String,
    lede: String,
    /// For lists, which need more room than forms.
    #[prop(optional)]
    wide: bool,
    children: Children,
) -> impl IntoView {
    let links: Vec<_> = pages
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
            <nav class="account-nav" aria-label=label>
                <ul>{links}</ul>
            </nav>
            <div class="account-main" class=("account-main-wide", wide)>
                <PageHeader title lede />
                {was_not_sent(&query("unsent"))}
                {children()}
            </div>
        </div>
    }
    .into_any()
}

/// The frame of a page of one's account: its title, and the way to the others.
#[component]
pub fn AccountLayout(
    /// The address of this page.
    here: &'static str,
    #[prop(into)] title: String,
    #[prop(optional, into)] lede: String,
    children: Children,
) -> impl IntoView {
    let barred = ssr::viewer().is_some_and(|who| who.may(Permission::KeepOrganisation).is_err());
    let pages = PAGES.iter().copied().filter(|(_, href)| !(barred && *href == ORGANISATION)).collect();
    view! {
        <SectionLayout label="Account" pages here title lede>
            {children()}
        </SectionLayout>
    }
    .into_any()
}
