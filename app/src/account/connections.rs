use chrono::{DateTime, SecondsFormat, Utc};
use leptos::prelude::*;
use leptos_meta::Title;
use services::accounts::external::{self, Connection, Offer};

use super::{
    held::AboutField,
    layout::AccountLayout,
    with::{brand, troubled},
};
use crate::{
    page::{faults, page, query, refusal, success},
    ssr,
    ui::*,
};

#[component]
pub fn ConnectionsPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let error = refusal("/api/connect").or_else(|| refusal("/api/disconnect"));
    let done = match (query("connected").as_str(), query("removed").as_str()) {
        _ if error.is_some() => None,
        ("1", _) => Some("Connected. From now on you can sign in with it, too."),
        (_, "1") => Some("Disconnected. It no longer lets you in."),
        _ => None,
    };
    let trouble = query("trouble");
    page(async move {
        let connections = external::connections(&services, &who?).await?;
        let now = services.now();
        let offers: Vec<Offer> = connections.iter().map(|connection| connection.provider.clone()).collect();
        let rows: Vec<_> =
            connections.into_iter().map(|connection| view! { <ConnectionRow connection now /> }).collect();
        let list = if rows.is_empty() {
            view! {
                <EmptyState
                    title="Nothing to connect"
                    text="This site lets nobody in by an account elsewhere. A passkey is another way in without a password."
                />
            }
            .into_any()
        } else {
            view! { <ul class="rows">{rows}</ul> }.into_any()
        };
        Ok(view! {
            <Title text="Connections" />
            <AccountLayout
                here="/account/connections"
                title="Connections"
                lede="Accounts elsewhere with which you can sign in here. We learn your name and address from them, and nothing else."
            >
                {success(done)}
                {troubled(&trouble, &offers)}
                {error.map(|error| view! { <div class="mb-6">{faults(Some(&error), vec![])}</div> })}
                {list}
            </AccountLayout>
        })
    })
}

#[component]
fn ConnectionRow(connection: Connection, now: DateTime<Utc>) -> impl IntoView {
    let Connection { provider, connected } = connection;
    let (mark, label) = (brand(&provider), provider.label.clone());
    let (state, act) = match connected {
        None => {
            let name = format!("Connect {label}");
            let state = view! { <p class="hint">"Not connected"</p> }.into_any();
            let act = view! {
                <form method="post" action="/api/connect">
                    <input type="hidden" name="provider" value=provider.id />
                    <AboutField about=provider.label />
                    <button class="button button-secondary button-s" type="submit" aria-label=name>
                        "Connect"
                    </button>
                </form>
            };
            (state, act.into_any())
        }
        Some(connected) => {
            let name = format!("Disconnect {label}");
            let used = ago(connected.last_used_at.timestamp_millis(), now.timestamp_millis());
            let at = connected.last_used_at.to_rfc3339_opts(SecondsFormat::Secs, true);
            let since = connected.linked_at.format("%-d %B %Y").to_string();
            let about = match &connected.email {
                Some(email) => format!("{label}, {email}"),
                None => label.clone(),
            };
            let state = view! {
                <p class="hint">
                    {connected.email.map(|email| format!("{email} · "))} "last used "
                    <RelativeTime datetime=at words=used /> {format!(" · since {since}")}
                </p>
            };
            let act = match connected.id {
                Some(id) => view! {
                    <form method="post" action="/api/disconnect">
                        <input type="hidden" name="identity" value=id.to_string() />
                        <AboutField about />
                        <button class="button button-quiet button-s" type="submit" aria-label=name>
                            "Disconnect"
                        </button>
                    </form>
                }
                .into_any(),
                None => view! { <p class="hint">"Your organisation"</p> }.into_any(),
            };
            (state.into_any(), act)
        }
    };
    view! {
        <li class="row">
            <div class="connection">
                <BrandMark brand=mark />
                <div class="min-w-0">
                    <p class="label">{label}</p>
                    {state}
                </div>
            </div>
            {act}
        </li>
    }
    .into_any()
}
