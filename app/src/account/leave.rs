use leptos::prelude::*;
use leptos_meta::Title;
use services::accounts::external;

use super::with::brand;
use crate::{
    head,
    page::{go, page, param},
    ssr,
    ui::*,
};

/// Where one is for a moment on the way to another site.
#[component]
pub fn LeavePage() -> impl IntoView {
    let (services, flow) = (ssr::services(), ssr::flow());
    let provider = param::<String>("provider");
    page(async move {
        let Some(leaving) = external::leaving(&services, &provider?, &flow).await? else {
            go("/sign-in?trouble=expired");
            return Ok(().into_any());
        };
        ssr::private();
        head::hide_from_search();
        head::go_on_to(leaving.url.as_str());
        let (label, mark) = (leaving.to.label.clone(), brand(&leaving.to));
        let title = format!("On to {label}");
        let url = String::from(leaving.url);
        Ok(view! {
            <Title text=title.clone() />
            <div class="max-w-lg mx-auto">
                <PageHeader title lede="You prove there who you are, and come back here." />
                <p>
                    <a class="button button-primary button-l" href=url>
                        <BrandMark brand=mark />
                        {format!("Go on to {label}")}
                    </a>
                </p>
                <p class="hint mt-4">"Your browser goes there by itself; if it does not, this button leads the way."</p>
            </div>
        }
        .into_any())
    })
}
