use domain::account::AddressForm;
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;
use services::accounts::{self, EmailLink, OwnEmail};

use super::layout::AccountLayout;
use crate::{
    error::ApiError,
    mailbox::MailboxHint,
    page::{faults, page, query, refusal, refused},
    ssr,
    ui::*,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    form: AddressForm,
}

/// One's address, and how it is changed.
#[component]
pub fn EmailPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let (form, error) = match refused::<Arguments>("/api/ask_email_change") {
        Some(refused) => (refused.arguments.form, Some(refused.error)),
        None => (AddressForm::default(), None),
    };
    page(async move {
        let OwnEmail { email, verified, change } = accounts::own_email(&services, &who?).await?;
        let state = if verified {
            "Confirmed"
        } else {
            "Not confirmed yet; changing it or choosing a new password by e-mail does that"
        };
        Ok(view! {
            <Title text="E-mail" />
            <AccountLayout
                here="/account/email"
                title="E-mail address"
                lede="You sign in with it, and we write to it when something happens to your account. Nobody else sees it but those who look after accounts here."
            >
                <div class="mb-8">
                    <Facts facts=vec![("Address", email), ("State", state.to_owned())] />
                </div>
                {match change {
                    Some(change) => {
                        let waiting = (!change.old_confirmed, !change.new_confirmed);
                        view! { <ChangeWaiting new_email=change.new_email waiting /> }.into_any()
                    }
                    None => view! { <AskChange form error /> }.into_any(),
                }}
            </AccountLayout>
        })
    })
}

#[component]
fn AskChange(form: AddressForm, error: Option<ApiError>) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    view! {
        <form class="form" method="post" action="/api/ask_email_change">
            {faults(error.as_ref(), vec![("email", "New address")])}
            <TextInput
                name="form[email]"
                label="New address"
                hint="Both addresses get a letter, and both links must be opened within a day."
                input_type="email"
                value=form.email
                autocomplete="email"
                max_length=254_u32
                errors=errors
            />
            <div class="form-actions">
                <Button kind=ButtonKind::Primary>"Change the address"</Button>
            </div>
        </form>
    }
    .into_any()
}

/// `waiting` tells for the old and the new address whether their letter is yet to be answered.
#[component]
fn ChangeWaiting(new_email: String, waiting: (bool, bool)) -> impl IntoView {
    let what = match waiting {
        (true, true) => "Please open the links in the letters that went to both addresses.",
        (true, false) => {
            "The new address is confirmed. Please open the link in the letter to your present one, too."
        }
        (false, _) => {
            "Your present address has agreed. Please open the link in the letter to the new one, too."
        }
    };
    view! {
        <Notice title=format!("To become {new_email}")>
            <p>{what}</p>
        </Notice>
        <div class="mt-6">
            <MailboxHint />
        </div>
        <form class="mt-6" method="post" action="/api/give_up_email_change">
            <Button>"Keep the present address"</Button>
        </form>
    }
    .into_any()
}

/// Where the links of a change lead. Opening one does nothing yet.
#[component]
pub fn ConfirmEmailPage() -> impl IntoView {
    let Some(link) = ssr::link("/account/email/confirm") else { return ().into_any() };
    let services = ssr::services();
    let signed_in = ssr::viewer().is_some();
    let error = refusal("/api/confirm_email_change");
    let done = if error.is_some() { String::new() } else { query("done") };
    page(async move {
        let found = accounts::email_link(&services, &link).await?;
        let way_on = if signed_in { ("Your account", "/account/email") } else { ("Sign in", "/sign-in") };
        let shown = match (done.as_str(), found) {
            ("half", _) => {
                outcome("Thank you", "Now open the link in the letter to the other address, too.", way_on)
            }
            ("all", _) => outcome(
                "Your address is changed",
                "From now on you sign in with the new one. All other devices are signed out.",
                way_on,
            ),
            (_, Some(link)) => view! { <Agree link error /> }.into_any(),
            (_, None) => {
                let why = "It was used already, or is older than a day, or the change was given up.";
                let why = error.map_or(why.to_owned(), |error| error.message);
                outcome("This link does not work any more", &why, way_on)
            }
        };
        Ok(view! {
            <Title text="Change of address" />
            <div class="max-w-lg mx-auto">{shown}</div>
        })
    })
    .into_any()
}

fn outcome(title: &str, lede: &str, (text, href): (&'static str, &'static str)) -> AnyView {
    view! {
        <PageHeader title lede />
        <LinkButton href kind=ButtonKind::Primary>
            {text}
        </LinkButton>
    }
    .into_any()
}

#[component]
fn Agree(link: EmailLink, error: Option<ApiError>) -> impl IntoView {
    let EmailLink { new_email, to_old } = link;
    let lede = if to_old {
        "Your account is to get another address. If you did not ask for that, close this page and change your password."
    } else {
        "Somebody, hopefully you, wants to use this address for their account."
    };
    view! {
        <PageHeader title="Change the address?" lede />
        <form class="form" method="post" action="/api/confirm_email_change">
            {faults(error.as_ref(), Vec::new())}
            <Facts facts=vec![("New address", new_email)] />
            <div class="form-actions">
                <Button kind=ButtonKind::Primary size=ButtonSize::Large>"Yes, change it"</Button>
            </div>
        </form>
    }
    .into_any()
}
