//! How the people of one's organisation sign in: its domains, its issuer, and what follows from them.

mod api;
mod domains;
mod issuer;
mod steps;

pub use api::*;
pub use domains::*;
pub use issuer::*;
pub use steps::*;

use domain::organisation::OrganisationForm;
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;
use services::{
    accounts::external::{Brand, Offer},
    organisations::{self, Own},
};

use super::{layout::AccountLayout, with::troubled};
use crate::{
    error::ApiError,
    page::{faults, page, query, refusal, refused, success},
    ssr,
    ui::*,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    form: OrganisationForm,
}

/// `/account/organisation`.
#[component]
pub fn OrganisationPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let origin = ssr::origin();
    let trouble = query("trouble");
    let done = done(&query("done"));
    let (form, error) = match refused::<Arguments>("/api/create_organisation") {
        Some(refused) => (refused.arguments.form, Some(refused.error)),
        None => (OrganisationForm::default(), None),
    };
    // What belongs to no field stands above all of them.
    let failed = ["prove_organisation_domain", "try_organisation_issuer", "require_organisation_issuer"]
        .into_iter()
        .find_map(|action| refusal(&format!("/api/{action}")));
    let done = done.filter(|_| ssr::held_back().is_none());
    page(async move {
        let own = organisations::own(&services, &who?).await?;
        let now = services.now();
        let offers: Vec<Offer> = own.iter().map(offer).collect();
        let title = own.as_ref().map_or_else(|| "Organisation".to_owned(), |own| own.name.clone());
        let body = match own {
            None => view! { <Create form error /> }.into_any(),
            Some(own) => {
                let callback = format!("{origin}/sign-in/with/{}/callback", own.provider);
                view! {
                    <DomainsSection own=own.clone() now />
                    <IssuerSection own=own.clone() callback />
                    <TrySection own=own.clone() now />
                    <RequireSection own />
                    <RemoveSection />
                }
                .into_any()
            }
        };
        Ok(view! {
            <Title text="Organisation" />
            <AccountLayout
                here="/account/organisation"
                title
                lede="Have everybody with an address of your domains sign in here with your own identity provider, by OpenID Connect."
            >
                {success(done)}
                {troubled(&trouble, &offers)}
                {failed.map(|error| view! { <div class="mb-6">{faults(Some(&error), vec![])}</div> })}
                {body}
            </AccountLayout>
        })
    })
}

/// The issuer as the pages for other sites know it.
fn offer(own: &Own) -> Offer {
    Offer { id: own.provider.clone(), label: own.name.clone(), brand: Brand::Other }
}

fn done(what: &str) -> Option<&'static str> {
    match what {
        "created" => Some("Your organisation is here. Next, say which domains are yours."),
        "domain_added" => Some("The domain is in your list. Publish its record, and have it looked for."),
        "domain_proved" => Some("The domain is proved to be yours."),
        "domain_removed" => Some("The domain is removed. Its people sign in like everybody else."),
        "issuer_set" => Some("The issuer is saved. Try it before you rely on it."),
        "tried" => Some("It works: your issuer has let you in."),
        "required" => Some(
            "From now on your people come in by your issuer alone. Those who came in another way were signed out.",
        ),
        "not_required" => Some("Your people may sign in in other ways again."),
        "removed" => Some("The organisation is removed. Its people keep their accounts."),
        _ => None,
    }
}

#[component]
fn Create(form: OrganisationForm, error: Option<ApiError>) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    view! {
        <p class="mb-3">"What it takes, about a quarter of an hour all in all:"</p>
        <ol class="next-steps mb-8">
            <li>"Prove that a domain is yours, by a TXT record in its DNS."</li>
            <li>"Name your issuer – Okta, Entra ID, Keycloak, Google Workspace, or any other that speaks OpenID Connect."</li>
            <li>"Try it. Once it has let you in, you can require it of everybody."</li>
        </ol>
        <form class="form" method="post" action="/api/create_organisation">
            {faults(error.as_ref(), vec![("name", "Name")])}
            <TextInput
                name="form[name]"
                label="Name"
                hint="As your people know it; they see it when they sign in."
                value=form.name
                autocomplete="organization"
                max_length=80_u32
                errors
            />
            <div class="form-actions">
                <Button kind=ButtonKind::Primary>"Set up my organisation"</Button>
            </div>
        </form>
    }
    .into_any()
}

/// A text that is to be copied as it is.
#[component]
fn ToCopy(#[prop(into)] id: String, label: &'static str, value: String) -> impl IntoView {
    view! {
        <div class="field">
            <label class="label" for=id.clone()>{label}</label>
            <input class="control secret" id=id type="text" readonly value=value autocomplete="off" spellcheck="false" />
        </div>
    }
    .into_any()
}
