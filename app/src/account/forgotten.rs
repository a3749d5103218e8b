use domain::account::AddressForm;
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;

use crate::{
    error::ApiError,
    mailbox::MailboxHint,
    page::{encode, faults, query, refused},
    ui::*,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    form: AddressForm,
    next: String,
}

/// Where one asks for a new password. It says the same whether or not the address has an account.
#[component]
pub fn ForgottenPage() -> impl IntoView {
    let (Arguments { form, next }, error) = match refused::<Arguments>("/api/ask_reset") {
        Some(refused) => (refused.arguments, Some(refused.error)),
        None => (Arguments { next: query("next"), ..Arguments::default() }, None),
    };
    let sent = query("sent") == "1" && error.is_none();
    view! {
        <Title text="A new password" />
        <div class="max-w-lg mx-auto">
            {if sent {
                view! { <ResetSent next /> }.into_any()
            } else {
                view! { <AskReset form next error /> }.into_any()
            }}
        </div>
    }
    .into_any()
}

/// The address of a page that goes on leading to where the person was going.
fn on_the_way(page: &str, next: &str) -> String {
    if next.is_empty() { page.to_owned() } else { format!("{page}?next={}", encode(next)) }
}

#[component]
fn ResetSent(next: String) -> impl IntoView {
    let again = on_the_way("/forgotten", &next);
    view! {
        <PageHeader
            title="Look into your mail"
            lede="A letter is on its way to the address you gave. The link in it is good for half an hour."
        />
        <MailboxHint />
        <p>
            "If nothing comes within a few minutes, look among unwanted mail, or "
            <a href=again>"try once more"</a> "."
        </p>
    }
    .into_any()
}

#[component]
fn AskReset(form: AddressForm, next: String, error: Option<ApiError>) -> impl IntoView {
    let sign_in = on_the_way("/sign-in", &next);
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    view! {
        <PageHeader
            title="Forgotten your password?"
            lede="Tell us the address of your account. We send you a link by which you choose a new one."
        />
        <form class="form" method="post" action="/api/ask_reset">
            {faults(error.as_ref(), vec![("email", "E-mail address")])}
            <input type="hidden" name="next" value=next />
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
        <p class="mt-6">"It came back to you? " <a href=sign_in>"Sign in"</a></p>
    }
    .into_any()
}
