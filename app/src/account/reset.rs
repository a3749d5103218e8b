use leptos::prelude::*;
use leptos_meta::Title;
use services::accounts;

use super::new_password_field;
use crate::{
    error::ApiError,
    page::{faults, page, refusal},
    ssr,
    ui::*,
};

/// Where the link of somebody who forgot their password leads. Opening it does nothing yet.
#[component]
pub fn ResetPage() -> impl IntoView {
    let Some(link) = ssr::link("/reset") else { return ().into_any() };
    let services = ssr::services();
    let error = refusal("/api/reset_password");
    page(async move {
        let email = accounts::reset_link(&services, &link).await?;
        Ok(view! {
            <Title text="A new password" />
            <div class="max-w-lg mx-auto">
                {match email {
                    Some(email) => view! { <Choose email error /> }.into_any(),
                    None => {
                        view! {
                            <PageHeader
                                title="This link does not work any more"
                                lede="It was used already, or is older than half an hour, or a newer letter has taken its place."
                            />
                            <LinkButton href="/forgotten" kind=ButtonKind::Primary>"Ask for a new link"</LinkButton>
                        }
                            .into_any()
                    }
                }}
            </div>
        })
    })
    .into_any()
}

#[component]
fn Choose(email: String, error: Option<ApiError>) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    view! {
        <PageHeader
            title="Choose a new password"
            lede=format!("For the account of {email}. You will be signed in here and signed out everywhere else.")
        />
        <form class="form" method="post" action="/api/reset_password">
            {faults(error.as_ref(), vec![("password", "New password")])}
            // Lets password managers know whose password it is.
            <input type="hidden" name="username" value=email autocomplete="username" />
            {new_password_field("New password", errors)}
            <div class="form-actions">
                <Button kind=ButtonKind::Primary size=ButtonSize::Large>"Use this password"</Button>
            </div>
        </form>
    }
    .into_any()
}
