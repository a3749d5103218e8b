use app::ui::*;
use leptos::prelude::*;

use crate::{
    forms::Forms,
    matches::{Hero, Matches},
    reading::Reading,
};

/// The whole gallery on one page.
#[component]
pub fn Gallery() -> impl IntoView {
    let both =
        Viewer { name: "Ines Okafor".into(), is_freelancer: true, is_client: true, ..Viewer::default() };
    view! {
        <Shell viewer=Some(both) path="/matches" bare=true>
            <Hero />
            <div class="page page-main">
                <PageHeader title="Gallery" lede="Every widget of the design system in its states, without a server.">
                    <ThemeButtons />
                </PageHeader>
                <Colours />
                <Reading />
                <Matches />
                <Forms />
                <Headers />
            </div>
        </Shell>
    }
    .into_any()
}

/// A part of the gallery under its name.
#[component]
pub fn Specimen(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="grid gap-4 border-t border-line py-8">
            <h2>{title}</h2>
            {children()}
        </section>
    }
    .into_any()
}

/// Sets the colours of the page at once; the product's own switch is a form that needs a server.
#[component]
fn ThemeButtons() -> impl IntoView {
    let set = |theme: Theme| {
        move |_| {
            if let Some(html) = document().document_element() {
                // A rejected attribute leaves the colours as they are.
                let _ = match theme.attribute() {
                    Some(value) => html.set_attribute("data-theme", value),
                    None => html.remove_attribute("data-theme"),
                };
            }
        }
    };
    view! {
        <Button size=ButtonSize::Small button_type="button" on:click=set(Theme::Light)>"Light"</Button>
        <Button size=ButtonSize::Small button_type="button" on:click=set(Theme::Dark)>"Dark"</Button>
        <Button size=ButtonSize::Small button_type="button" on:click=set(Theme::Auto)>"Auto"</Button>
    }
    .into_any()
}

#[component]
fn Colours() -> impl IntoView {
    let swatches = [
        ("bg-paper", "paper"),
        ("bg-sheet", "sheet"),
        ("bg-well", "well"),
        ("bg-ink", "ink"),
        ("bg-muted", "muted"),
        ("bg-edge", "edge"),
        ("bg-accent", "accent"),
        ("bg-accent-soft", "accent-soft"),
        ("bg-fit", "fit"),
        ("bg-fit-soft", "fit-soft"),
        ("bg-danger", "danger"),
        ("bg-success", "success"),
        ("bg-warning", "warning"),
        ("bg-info", "info"),
    ]
    .into_iter()
    .map(|(class, name)| {
        view! {
            <li>
                <div class=format!("h-16 rounded-md border border-line {class}")></div>
                <span class="hint">{name}</span>
            </li>
        }
    })
    .collect_view();
    view! {
        <Specimen title="Mark and colours">
            <Logo />
            <ul class="grid grid-cols-4 gap-3 md:grid-cols-7">{swatches}</ul>
        </Specimen>
    }
    .into_any()
}

#[component]
fn Headers() -> impl IntoView {
    let freelancer = Viewer { name: "Ravi Sandhu".into(), is_freelancer: true, ..Viewer::default() };
    let client = Viewer { name: "Harbour Studio".into(), is_client: true, ..Viewer::default() };
    view! {
        <Specimen title="Header: signed out, freelancer, client (wide windows)">
            <div class="hidden gap-4 md:grid">
                <SiteHeader viewer=None path="/jobs" label="Signed out" />
                <SiteHeader viewer=Some(freelancer) path="/matches" label="Freelancer" />
                <SiteHeader viewer=Some(client) path="/my/jobs" label="Client" />
            </div>
        </Specimen>
    }
    .into_any()
}
