use domain::{
    account::AccountForm,
    place::Region,
    private::{LEGAL_NAME_LENGTH, PrivateForm},
};
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;
use services::accounts;

use super::layout::AccountLayout;
use crate::{
    error::ApiError,
    page::{faults, page, query, refused},
    ssr,
    ui::*,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    form: AccountForm,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PrivateArguments {
    form: PrivateForm,
}

#[component]
pub fn AccountPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let refused_private = refused::<PrivateArguments>("/api/save_private_details");
    let refused = refused::<Arguments>("/api/save_account");
    let saved = query("saved") == "1" && refused.is_none() && refused_private.is_none();
    page(async move {
        let who = who?;
        let account = accounts::own(&services, &who).await?;
        let (private, private_error) = match refused_private {
            Some(refused) => (refused.arguments.form, Some(refused.error)),
            None => (accounts::private_details(&services, &who).await?.into(), None),
        };
        let (form, error) = match refused {
            Some(refused) => (refused.arguments.form, Some(refused.error)),
            None => {
                let form = AccountForm {
                    display_name: account.display_name,
                    region: account.region.to_string(),
                    purpose: super::purpose(&account.roles).to_owned(),
                };
                (form, None)
            }
        };
        let since = account.created_at.format("%-d %B %Y").to_string();
        Ok(view! {
            <Title text="Account" />
            <AccountLayout here="/account" title="Account">
                {saved
                    .then(|| {
                        view! {
                            <div class="mb-6">
                                <Notice kind=NoticeKind::Success>"Your account is saved."</Notice>
                            </div>
                        }
                    })}
                <div class="mb-8">
                    <Facts facts=vec![("E-mail address", account.email), ("Member since", since)] />
                </div>
                <AccountFields form error />
                <PrivateFields form=private error=private_error />
                <section class="form-section mt-10" aria-labelledby="leave">
                    <h2 id="leave">"Sign out"</h2>
                    <form method="post" action="/api/sign_out">
                        <Button>"Sign out on this device"</Button>
                    </form>
                </section>
            </AccountLayout>
        })
    })
}

#[component]
fn AccountFields(form: AccountForm, error: Option<ApiError>) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    let labels = vec![("display_name", "Name"), ("region", "Region"), ("purpose", "What you do here")];
    view! {
        <form class="form" method="post" action="/api/save_account">
            {faults(error.as_ref(), labels)}
            <TextInput
                name="form[display_name]"
                label="Name"
                hint="As others see it. It never plays a part in matching."
                value=form.display_name
                autocomplete="name"
                min_length=2_u32
                max_length=80_u32
                errors=errors.clone()
            />
            <Select
                name="form[region]"
                label="Where you are at home"
                hint="Moving takes your profile along; your matches are worked out anew."
                options=choices(Region::ALL, Region::as_str, Region::label)
                value=form.region
                errors=errors.clone()
            />
            <RadioCards
                name="form[purpose]"
                legend="What you do here"
                hint="Giving up freelancing pauses your profile; it is kept."
                options=super::purposes()
                value=form.purpose
                errors=errors
            />
            <div class="form-actions">
                <Button kind=ButtonKind::Primary>"Save"</Button>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn PrivateFields(form: PrivateForm, error: Option<ApiError>) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    let longest = u32::try_from(LEGAL_NAME_LENGTH).unwrap_or(u32::MAX);
    view! {
        <section class="form-section mt-10" aria-labelledby="private">
            <h2 id="private">"Private details"</h2>
            <p class="hint">
                "Nobody but you sees these, and they are encrypted where they are kept. Leave a field empty to have it forgotten."
            </p>
            <form class="form" method="post" action="/api/save_private_details">
                {faults(error.as_ref(), vec![("legal_name", "Legal name"), ("phone", "Telephone number")])}
                <TextInput
                    name="form[legal_name]"
                    label="Legal name"
                    hint="As it stands in your papers."
                    value=form.legal_name
                    autocomplete="off"
                    required=false
                    max_length=longest
                    errors=errors.clone()
                />
                <TextInput
                    name="form[phone]"
                    label="Telephone number"
                    hint="With the code of its country: +49 30 901820."
                    value=form.phone
                    input_type="tel"
                    autocomplete="tel"
                    required=false
                    max_length=40_u32
                    errors
                />
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary>"Save private details"</Button>
                </div>
            </form>
        </section>
    }
    .into_any()
}
