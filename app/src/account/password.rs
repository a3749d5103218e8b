use domain::FieldErrors;
use leptos::prelude::*;
use leptos_meta::Title;
use services::accounts;

use super::layout::AccountLayout;
use crate::{
    error::ApiError,
    page::{faults, page, query, refusal, success},
    ssr,
    ui::*,
};

#[component]
pub fn PasswordPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let error = refusal("/api/change_password");
    let saved = query("saved") == "1" && error.is_none();
    page(async move {
        let who = who?;
        who.proved(services.now()).map_err(services::ServiceError::from)?;
        let has_one = accounts::has_password(&services, &who).await?;
        Ok(view! {
            <Title text="Password" />
            <AccountLayout
                here="/account/password"
                title="Password"
                lede="A few words in a row make a good one. Changing it signs you out on every other device."
            >
                {success(saved.then_some("Your password is changed, and every other device is signed out."))}
                <NewPassword has_one error />
            </AccountLayout>
        })
    })
}

#[component]
fn NewPassword(has_one: bool, error: Option<ApiError>) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    let (shortest, longest) = super::password_bounds();
    view! {
        <form class="form" method="post" action="/api/change_password">
            {faults(error.as_ref(), vec![("current", "Present password"), ("password", "New password")])}
            {has_one.then(|| view! { <PresentPassword errors=errors.clone() /> })}
            <TextInput
                name="form[password]"
                label="New password"
                hint="At least 12 characters."
                input_type="password"
                autocomplete="new-password"
                min_length=shortest
                max_length=longest
                errors=errors
            />
            <div class="form-actions">
                <Button kind=ButtonKind::Primary>"Change the password"</Button>
            </div>
        </form>
    }
    .into_any()
}

/// Whoever found a browser open may have come in time for the last proof, and does not know this.
#[component]
fn PresentPassword(errors: FieldErrors) -> impl IntoView {
    let (_, longest) = super::password_bounds();
    view! {
        <TextInput
            name="form[current]"
            label="Present password"
            input_type="password"
            autocomplete="current-password"
            max_length=longest
            errors
        />
    }
    .into_any()
}
