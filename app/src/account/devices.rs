use chrono::{DateTime, SecondsFormat, Utc};
use domain::browser::browser_name;
use leptos::prelude::*;
use leptos_meta::Title;
use services::accounts::{
    self, SignedInDevice,
    second_factor::{self, TrustedDevice},
};

use super::{held::AboutField, layout::AccountLayout};
use crate::{
    page::{page, query, success},
    ssr,
    ui::*,
};

#[component]
pub fn DevicesPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let (ended, forgotten) = (query("ended") == "1", query("forgotten") == "1");
    page(async move {
        let who = who?;
        let devices = accounts::devices(&services, &who).await?;
        let trusted = second_factor::trusted_devices(&services, &who).await?;
        let (now, others) = (services.now(), devices.len() > 1);
        let rows: Vec<_> = devices
            .into_iter()
            .map(|device| {
                let place = services.place(&device.address);
                view! { <DeviceRow device place now /> }
            })
            .collect();
        let trusted: Vec<_> =
            trusted.into_iter().map(|device| (services.place(&device.address), device)).collect();
        Ok(view! {
            <Title text="Devices" />
            <AccountLayout
                here="/account/devices"
                title="Devices"
                lede="Where you are signed in. End what you do not know, and change your password."
            >
                {success(ended.then_some("Signed out there."))}
                {success(forgotten.then_some("Not trusted any more."))}
                <ul class="rows">{rows}</ul>
                {others
                    .then(|| {
                        view! {
                            <form class="mt-6" method="post" action="/api/sign_out_others">
                                <Button>"Sign out on all other devices"</Button>
                            </form>
                        }
                    })}
                {(!trusted.is_empty()).then(|| view! { <Trusted devices=trusted now /> })}
            </AccountLayout>
        })
    })
}

/// The browsers that are not asked for the second factor.
#[component]
fn Trusted(devices: Vec<(String, TrustedDevice)>, now: DateTime<Utc>) -> impl IntoView {
    let several = devices.len() > 1;
    let rows: Vec<_> =
        devices.into_iter().map(|(place, device)| view! { <TrustedRow device place now /> }).collect();
    view! {
        <section class="form-section mt-10" aria-labelledby="trusted">
            <h2 id="trusted">"Trusted browsers"</h2>
            <p class="hint mb-3">"They are asked for nothing more after the first step of signing in, neither for a second factor nor for a code by e-mail."</p>
            <ul class="rows">{rows}</ul>
            {several
                .then(|| {
                    view! {
                        <form class="mt-6" method="post" action="/api/forget_trusted_devices">
                            <Button>"Trust none of them"</Button>
                        </form>
                    }
                })}
        </section>
    }
    .into_any()
}

#[component]
fn TrustedRow(device: TrustedDevice, place: String, now: DateTime<Utc>) -> impl IntoView {
    let name = browser_name(&device.user_agent);
    let seen = ago(device.last_used_at.timestamp_millis(), now.timestamp_millis());
    let at = device.last_used_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let until = device.expires_at.format("%-d %B %Y").to_string();
    let label = format!("Do not trust {name}");
    view! {
        <li class="row">
            <div class="min-w-0">
                <p class="label">{name}</p>
                <p class="hint">
                    {(!place.is_empty()).then(|| format!("{place} · "))} "last used "
                    <RelativeTime datetime=at words=seen /> {format!(" · until {until}")}
                </p>
            </div>
            <form method="post" action="/api/forget_trusted_device">
                <input type="hidden" name="trusted" value=device.id.to_string() />
                <button class="button button-secondary button-s" type="submit" aria-label=label>
                    "Do not trust"
                </button>
            </form>
        </li>
    }
    .into_any()
}

#[component]
fn DeviceRow(device: SignedInDevice, place: String, now: DateTime<Utc>) -> impl IntoView {
    let name = browser_name(&device.user_agent);
    let seen = ago(device.last_seen_at.timestamp_millis(), now.timestamp_millis());
    let at = device.last_seen_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let since = device.created_at.format("%-d %B %Y").to_string();
    let label = format!("Sign out {name}");
    let about = format!("{name}, since {since}");
    view! {
        <li class="row">
            <div class="min-w-0">
                <p class="label">{name} {device.this.then(|| view! { " " <Badge text="This device" tone=Tone::Accent /> })}</p>
                <p class="hint">
                    {(!place.is_empty()).then(|| format!("{place} · "))} "last used "
                    <RelativeTime datetime=at words=seen /> {format!(" · since {since}")}
                </p>
            </div>
            {(!device.this)
                .then(|| {
                    view! {
                        <form method="post" action="/api/sign_out_device">
                            <input type="hidden" name="session" value=device.id.to_string() />
                            <AboutField about />
                            <button class="button button-secondary button-s" type="submit" aria-label=label>
                                "Sign out"
                            </button>
                        </form>
                    }
                })}
        </li>
    }
    .into_any()
}
