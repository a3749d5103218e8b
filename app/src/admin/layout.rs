use leptos::prelude::*;

use crate::account::SectionLayout;

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
    view! {
        <SectionLayout label="Administration" pages=PAGES.to_vec() here title lede wide=true>
            {children()}
        </SectionLayout>
    }
    .into_any()
}
