use domain::account::AccountForm;
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;
use services::accounts::external::{self, Joining};

use super::{Home, PurposeAndName, with::brand};
use crate::{
    error::ApiError,
    head,
    page::{faults, go, page, refused},
    ssr,
    ui::*,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    form: AccountForm,
}

/// What is left to say for somebody new who comes from another site.
#[component]
pub fn FinishPage() -> impl IntoView {
    let (services, flow) = (ssr::services(), ssr::flow());
    let refused = refused::<Arguments>("/api/finish_sign_up");
    page(async move {
        let Some(joining) = external::joining(&services, &flow).await? else {
            go("/sign-up");
            return Ok(().into_any());
        };
        ssr::private();
        head::hide_from_search();
        let (form, error) = match refused {
            Some(refused) => (refused.arguments.form, Some(refused.error)),
            None => {
                let display_name = joining.name.clone().unwrap_or_default();
                (AccountForm { display_name, ..AccountForm::default() }, None)
            }
        };
        Ok(view! {
            <Title text="Join" />
            <Finish joining form error />
        }
        .into_any())
    })
}

#[component]
fn Finish(joining: Joining, form: AccountForm, error: Option<ApiError>) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    let labels = vec![("purpose", "What brings you here"), ("display_name", "Name"), ("region", "Region")];
    let (label, mark) = match &joining.with {
        Some(offer) => (offer.label.clone(), brand(offer)),
        None => ("another site".to_owned(), Brand::Other),
    };
    view! {
        <div class="max-w-2xl mx-auto">
            <PageHeader title="Almost there" lede="Two more answers, and your account is ready. Everything can be changed later." />
            <p class="came-with mb-8">
                <BrandMark brand=mark />
                <span>
                    "You come from " <strong>{label}</strong> ", with the address " <strong>{joining.email}</strong> "."
                </span>
            </p>
            <form class="form" method="post" action="/api/finish_sign_up">
                {faults(error.as_ref(), labels)}
                <PurposeAndName purpose=form.purpose name=form.display_name errors=errors.clone() />
                <Home region=form.region errors />
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary size=ButtonSize::Large>"Create my account"</Button>
                </div>
            </form>
        </div>
    }
    .into_any()
}
