use chrono::{DateTime, SecondsFormat, Utc};
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;
use services::accounts::second_factor::{self as factors, OwnPasskey};

use super::passkey_form::{Passkey, PasskeyForm};
use crate::{
    account::{AboutField, AccountLayout},
    page::{faults, page, query, refused, success},
    ssr,
    ui::*,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    name: String,
    passkey: String,
}

/// One's passkeys: made, named, removed.
#[component]
pub fn PasskeysPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let adding = refused::<Arguments>("/api/add_passkey");
    let renaming = refused::<Arguments>("/api/rename_passkey");
    let removing = refused::<Arguments>("/api/remove_passkey").map(|refused| refused.error);
    let changed = query("changed") == "1" && adding.is_none() && renaming.is_none() && removing.is_none();
    page(async move {
        let who = who?;
        let passkeys = factors::passkeys(&services, &who).await?;
        let app = factors::check_up(&services, &who).await?.factors.app_since.is_some();
        let now = services.now();
        let (empty, last_factor) = (passkeys.is_empty(), passkeys.len() == 1 && !app);
        let rows: Vec<_> = passkeys
            .into_iter()
            .map(|passkey| {
                let refused = renaming
                    .as_ref()
                    .filter(|refused| refused.arguments.passkey == passkey.id.to_string())
                    .map(|refused| (refused.arguments.name.clone(), refused.error.fields.clone()));
                view! { <PasskeyRow passkey last_factor refused now /> }
            })
            .collect();
        let (name, errors) = match adding {
            Some(refused) => (refused.arguments.name, refused.error.fields),
            None => Default::default(),
        };
        Ok(view! {
            <Title text="Passkeys" />
            <AccountLayout
                here="/account/security"
                title="Passkeys"
                lede="A passkey signs you in with your fingerprint, face or screen lock, and works on no site but this one."
            >
                {faults(removing.as_ref(), Vec::new())}
                {success(changed.then_some("Your passkeys are changed."))}
                {(!empty).then(|| view! { <ul class="rows mb-10">{rows}</ul> })}
                <section class="form-section" aria-labelledby="new">
                    <h2 id="new">{if empty { "Your first passkey" } else { "Another passkey" }}</h2>
                    <PasskeyForm
                        kind=Passkey::Create
                        action="/api/add_passkey"
                        options="/api/passkey_options"
                        label="Make a passkey"
                        button=ButtonKind::Primary
                        errors=errors.clone()
                    >
                        <TextInput
                            name="name"
                            label="Name"
                            hint="So that you tell them apart; else it is called after this device."
                            value=name
                            required=false
                            max_length=60_u32
                            errors=errors
                        />
                    </PasskeyForm>
                </section>
            </AccountLayout>
        })
    })
}

#[component]
fn PasskeyRow(
    passkey: OwnPasskey,
    /// Whether the account has no second factor without it.
    last_factor: bool,
    /// The name that was refused, and why.
    refused: Option<(String, domain::FieldErrors)>,
    now: DateTime<Utc>,
) -> impl IntoView {
    let since = passkey.created_at.format("%-d %B %Y").to_string();
    let used = passkey.last_used_at.map(|at| {
        let words = ago(at.timestamp_millis(), now.timestamp_millis());
        let datetime = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        view! { " · last used " <RelativeTime datetime words /> }
    });
    let (id, label) = (passkey.id.to_string(), format!("Remove {}", passkey.name));
    let open = refused.is_some();
    let (value, errors) = refused.unwrap_or((passkey.name.clone(), Default::default()));
    view! {
        <li class="row">
            <div class="min-w-0">
                <p class="label">
                    {passkey.name.clone()} {passkey.synced.then(|| view! { " " <Badge text="Synced" tone=Tone::Accent /> })}
                </p>
                <p class="hint">{format!("Since {since}")} {used}</p>
                <details class="mt-1" open=open>
                    <summary>"Rename"</summary>
                    <form class="form mt-3" method="post" action="/api/rename_passkey">
                        <input type="hidden" name="passkey" value=id.clone() />
                        <label class="label" for=format!("name-{id}")>"New name"</label>
                        <input class="control" id=format!("name-{id}") name="name" value=value maxlength="60" required />
                        {errors
                            .get("name")
                            .map(|error| view! { <ErrorText id=format!("name-{id}-error") error=error.to_owned() /> })}
                        <div>
                            <Button size=ButtonSize::Small>"Save"</Button>
                        </div>
                    </form>
                </details>
            </div>
            {if last_factor {
                view! { <RemoveLast id name=passkey.name label /> }.into_any()
            } else {
                view! {
                    <form method="post" action="/api/remove_passkey">
                        <input type="hidden" name="passkey" value=id.clone() />
                        <AboutField about=passkey.name />
                        <button class="button button-secondary button-s" type="submit" aria-label=label>
                            "Remove"
                        </button>
                    </form>
                }
                    .into_any()
            }}
        </li>
    }
    .into_any()
}

/// What goes with the last second factor is said before it goes.
#[component]
fn RemoveLast(id: String, name: String, label: String) -> impl IntoView {
    view! {
        <details class="col-span-full">
            <summary>"Remove"</summary>
            <p class="hint mt-3">
                "It is your last second factor. Without it, whatever else you sign in with will open the account alone, and your recovery codes end with it. Browsers that you trusted are asked again."
            </p>
            <form class="mt-3" method="post" action="/api/remove_passkey">
                <input type="hidden" name="passkey" value=id />
                <AboutField about=name />
                <Button kind=ButtonKind::Danger size=ButtonSize::Small>{label}</Button>
            </form>
        </details>
    }
    .into_any()
}
