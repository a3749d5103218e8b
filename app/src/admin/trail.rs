use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use domain::{UserId, browser::browser_name};
use leptos::prelude::*;
use leptos_meta::Title;
use services::{
    admin::{self, Trail},
    audit::{self, Entry},
};

use super::AdminLayout;
use crate::{
    page::{page, query},
    ssr,
    ui::*,
};

const PATH: &str = "/admin/trail";

#[component]
pub fn TrailPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let before: Option<i64> = query("before").parse().ok();
    page(async move {
        let trail = admin::trail(&services, &who?, before).await?;
        let entries = &trail.entries;
        let full = entries.len() as i64 == audit::PAGE;
        let next = entries.last().filter(|_| full).map(|entry| format!("{PATH}?before={}", entry.seq));
        let first = before.map(|_| PATH.to_owned());
        let shown = match entries.len() {
            1 => "1 entry".to_owned(),
            count => format!("{count} entries"),
        };
        Ok(view! {
            <Title text="Audit trail" />
            <AdminLayout
                here=PATH
                title="Audit trail"
                lede="Every act that matters for security, newest first. Entries are only ever added."
            >
                <TrailRows trail now=services.now() />
                <Pager first next shown />
            </AdminLayout>
        })
    })
}

/// Entries as administrators read them: what was done, by whom, to whom, from where.
#[component]
pub(super) fn TrailRows(trail: Trail, now: DateTime<Utc>) -> impl IntoView {
    let Trail { entries, names } = trail;
    if entries.is_empty() {
        return view! { <EmptyState title="Nothing yet" text="Nothing that matters for security was done so far." /> }
            .into_any();
    }
    let rows: Vec<_> =
        entries.into_iter().map(|entry| view! { <EntryRow entry names=&names now /> }).collect();
    view! { <ol class="rows">{rows}</ol> }.into_any()
}

#[component]
fn EntryRow<'a>(
    entry: Entry,
    names: &'a HashMap<UserId, String>,
    now: DateTime<Utc>,
) -> impl IntoView + use<> {
    let words = ago(entry.at.timestamp_millis(), now.timestamp_millis());
    let at = entry.at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut from = Vec::new();
    if !entry.user_agent.is_empty() {
        from.push(browser_name(&entry.user_agent));
    }
    if !entry.address.is_empty() {
        from.push(entry.address);
    }
    let from = from.join(" · ");
    let subject = entry.subject_id.filter(|_| entry.subject_id != entry.actor_id);
    let change = match (entry.before, entry.after) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => String::new(),
    };
    view! {
        <li class="row">
            <div class="grid gap-1 min-w-0">
                <p class="label">
                    <code>{entry.action}</code> <span class="hint">{format!(" no. {}", entry.seq)}</span>
                </p>
                <p class="hint">
                    "by " {person(entry.actor_id, names, "nobody signed in")}
                    {subject.map(|id| view! { " about " {person(Some(id), names, "")} })}
                </p>
                {(!change.is_empty()).then(|| view! { <p class="hint">{change}</p> })}
                <p class="hint">
                    <RelativeTime datetime=at words /> {(!from.is_empty()).then(|| format!(" · {from}"))}
                </p>
            </div>
        </li>
    }
    .into_any()
}

/// The way to a person's account, by their name; by their identifier where there is no account.
fn person(id: Option<UserId>, names: &HashMap<UserId, String>, nobody: &'static str) -> AnyView {
    match id {
        Some(id) => {
            let name = names.get(&id).cloned().unwrap_or_else(|| id.to_string());
            view! { <a href=format!("/admin/people/{id}")>{name}</a> }.into_any()
        }
        None => nobody.into_any(),
    }
}
