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
    page::{faults, page, query, refused, success},
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

/// Nothing of a file comes back.
#[derive(Default, Deserialize)]
struct NoArguments {}

#[component]
pub fn AccountPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let picture = ssr::own_picture().0;
    let picture_error = refused::<NoArguments>("/account/picture").map(|refused| refused.error);
    let refused_private = refused::<PrivateArguments>("/api/save_private_details");
    let refused = refused::<Arguments>("/api/save_account");
    let saved =
        query("saved") == "1" && refused.is_none() && refused_private.is_none() && picture_error.is_none();
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
        let picture_name = who.display_name.clone();
        let since = account.created_at.format("%-d %B %Y").to_string();
        Ok(view! {
            <Title text="Account" />
            <AccountLayout here="/account" title="Account">
                {success(saved.then_some("Your account is saved."))}
                <div class="mb-8">
                    <Facts facts=vec![("E-mail address", account.email), ("Member since", since)] />
                </div>
                <AccountFields form error />
                <OwnPicture name=picture_name picture error=picture_error />
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
fn OwnPicture(name: String, picture: Option<String>, error: Option<ApiError>) -> impl IntoView {
    let fault = error.as_ref().and_then(|error| error.fields.get("picture").map(str::to_owned));
    let invalid = fault.is_some().then_some("true");
    let id = field_id("picture");
    let described_by = if fault.is_some() { format!("{id}-hint {id}-error") } else { format!("{id}-hint") };
    let shown = picture.is_some();
    view! {
        <section class="form-section mt-10" aria-labelledby="picture">
            <h2 id="picture">"Picture"</h2>
            <div class="own-picture">
                <Avatar name picture size=AvatarSize::Large />
                <form class="form" method="post" action="/account/picture" enctype="multipart/form-data">
                    {faults(error.as_ref(), vec![("picture", "Picture")])}
                    <Field
                        id=id.clone()
                        label="A picture of you"
                        hint="JPEG, PNG, WebP or GIF, at most 5 MB. The square in its middle is shown to everybody; it plays no part in matching."
                        error=fault
                    >
                        <input
                            class="control control-file"
                            id=id
                            type="file"
                            name="picture"
                            accept="image/jpeg,image/png,image/webp,image/gif"
                            required
                            aria-invalid=invalid
                            aria-describedby=described_by
                        />
                    </Field>
                    <div class="form-actions">
                        <Button>{if shown { "Use this picture instead" } else { "Use this picture" }}</Button>
                    </div>
                </form>
                {shown
                    .then(|| {
                        view! {
                            <form class="own-picture-removal" method="post" action="/api/remove_picture">
                                <Button kind=ButtonKind::Quiet>"Remove my picture"</Button>
                            </form>
                        }
                    })}
            </div>
        </section>
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
