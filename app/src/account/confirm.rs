use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;

use crate::{
    error::ApiError,
    page::{faults, page, query, refused},
    ssr,
    ui::*,
};

/// What comes back of a refused form; the password does not.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    next: String,
}

/// Where one proves again who one is, before something that guards the account is changed.
#[component]
pub fn ConfirmPage() -> impl IntoView {
    let who = ssr::signed_in();
    let refused = refused::<Arguments>("/api/confirm");
    let (next, error) = match refused {
        Some(refused) => (refused.arguments.next, Some(refused.error)),
        None => (query("next"), None),
    };
    page(async move {
        let who = who?;
        Ok(view! {
            <Title text="Is it you?" />
            <Confirm name=who.display_name next error />
        })
    })
}

#[component]
fn Confirm(name: String, next: String, error: Option<ApiError>) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    let (_, longest) = super::password_bounds();
    view! {
        <div class="max-w-lg mx-auto">
            <PageHeader
                title=format!("Is it you, {name}?")
                lede="What comes next guards your account. Confirm that it is you; for ten minutes we will not ask again."
            />
            <form class="form" method="post" action="/api/confirm">
                {faults(error.as_ref(), vec![("password", "Password")])}
                <input type="hidden" name="next" value=next />
                <TextInput
                    name="password"
                    label="Password"
                    input_type="password"
                    autocomplete="current-password"
                    max_length=longest
                    errors=errors
                />
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary>"Go on"</Button>
                </div>
            </form>
        </div>
    }
    .into_any()
}
