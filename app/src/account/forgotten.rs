use domain::account::AddressForm;
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;

use crate::{
    error::ApiError,
    mailbox::MailboxHint,
    page::{faults, query, refused},
    ui::*,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    form: AddressForm,
}

/// Where one asks for a new password. It says the same whether or not the address has an account.
#[component]
pub fn ForgottenPage() -> impl IntoView {
    let (form, error) = match refused::<Arguments>("/api/ask_reset") {
        Some(refused) => (refused.arguments.form, Some(refused.error)),
        None => (AddressForm::default(), None),
    };
    let sent = query("sent") == "1" && error.is_none();
    view! {
        <Title text="A new password" />
        <div class="max-w-lg mx-auto">
            {if sent { view! { <ResetSent /> }.into_any() } else { view! { <AskReset form error /> }.into_any() }}
        </div>
    }
    .into_any()
}

#[component]
fn ResetSent() -> impl IntoView {
    view! {
        <PageHeader
            title="Look into your mail"
            lede="A letter is on its way to the address you gave. The link in it is good for half an hour."
        />
        <MailboxHint />
        <p>
            "If nothing comes within a few minutes, look among unwanted mail, or "
            <a href="/forgotten">"try once more"</a> "."
        </p>
    }
    .into_any()
}

#[component]
fn AskReset(form: AddressForm, error: Option<ApiError>) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    view! {
        <PageHeader
            title="Forgotten your password?"
            lede="Tell us the address of your account. We send you a link by which you choose a new one."
        />
        <form class="form" method="post" action="/api/ask_reset">
            {faults(error.as_ref(), vec![("email", "E-mail address")])}
            <TextInput
                name="form[email]"
                label="E-mail address"
                input_type="email"
                value=form.email
                autocomplete="username"
                max_length=254_u32
                errors=errors
            />
            <div class="form-actions">
                <Button kind=ButtonKind::Primary size=ButtonSize::Large>"Send me a link"</Button>
            </div>
        </form>
        <p class="mt-6">"It came back to you? " <a href="/sign-in">"Sign in"</a></p>
    }
    .into_any()
}
