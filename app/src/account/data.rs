use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;
use leptos_meta::Title;
use services::own_data::{self, AGAIN_AFTER, ExportState, KEEP_EXPORT};

use super::layout::AccountLayout;
use crate::{
    error::ApiError,
    page::{faults, go, page, query, refusal, success},
    ssr,
    ui::*,
};

/// An archive takes seconds; one that is not ready by then will not be.
const MADE_WITHIN: TimeDelta = TimeDelta::hours(1);

/// What goes when an account is deleted, and what stays.
const CONSEQUENCES: &[&str] = &[
    "Your open jobs are closed, and all your jobs, your profile, your picture and your matches are erased, with all that you wrote in them. Others no longer find them.",
    "Your password, your devices and whatever else you sign in with go at once. Your e-mail address is free again.",
    "What stays is a record without your name or address, called “Former member”, and the log of what was done with the account, which names it by a number and has network addresses and browsers in it.",
    "None of it can be brought back. There is no time in which you could change your mind.",
];

#[component]
pub fn DataPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let of_export = refusal("/api/request_export");
    let of_deletion = refusal("/api/delete_account");
    let asked = query("asked") == "1" && of_export.is_none() && of_deletion.is_none();
    page(async move {
        let who = who?;
        let state = own_data::export_state(&services, &who).await?;
        let now = services.now();
        let proved = who.proved(now).is_ok();
        // Where it is ready by now, the archive itself says so.
        let asked = asked && state.is_some_and(|state| state.ready_at.is_none());
        Ok(view! {
            <Title text="Your data" />
            <AccountLayout
                here="/account/data"
                title="Your data"
                lede="What is kept about you is yours: take it along, or have it erased."
            >
                {success(asked.then_some("We are putting your data together. A mail tells you when it is ready."))}
                <TakeAlong state now proved error=of_export />
                <Leave error=of_deletion />
            </AccountLayout>
        })
    })
}

#[component]
fn TakeAlong(
    state: Option<ExportState>,
    now: DateTime<Utc>,
    proved: bool,
    error: Option<ApiError>,
) -> impl IntoView {
    let ready = state.and_then(|state| Some((state.ready_at?, state.expires_at?)));
    let ready = ready.filter(|(_, expires_at)| *expires_at > now);
    let waiting = state.filter(|state| state.ready_at.is_none());
    let under_way = waiting.filter(|state| now - state.requested_at < MADE_WITHIN);
    let failed = waiting.is_some() && under_way.is_none();
    let again = state.map(|state| state.requested_at + AGAIN_AFTER).filter(|again| *again > now);
    let days = KEEP_EXPORT.num_days();
    view! {
        <section class="form-section" aria-labelledby="take-along">
            <h2 id="take-along">"Take your data along"</h2>
            <p>
                "An archive with everything we keep about you: files in JSON, which people and programs can read, and your picture. Passwords and keys are not in it, and nothing that others wrote."
            </p>
            {faults(error.as_ref(), Vec::new())}
            {failed
                .then(|| {
                    view! {
                        <Notice kind=NoticeKind::Error>
                            "The archive you asked for could not be made. Please ask for it once more."
                        </Notice>
                    }
                })}
            {ready
                .map(|(ready_at, expires_at)| {
                    let from = ready_at.format("%-d %B %Y, %H:%M UTC").to_string();
                    let until = expires_at.format("%-d %B %Y").to_string();
                    view! {
                        <div class="row row-lone">
                            <div class="min-w-0">
                                <p class="label">{format!("Your data of {from}")}</p>
                                <p class="hint">{format!("Can be downloaded until {until}.")}</p>
                            </div>
                            {if proved {
                                // The answer says that it is a file. Said here, the page that asks for a
                                // proof would be saved as one, too.
                                view! {
                                    <LinkButton href="/account/data/archive" kind=ButtonKind::Primary>
                                        "Download"
                                    </LinkButton>
                                }
                                    .into_any()
                            } else {
                                view! {
                                    <LinkButton href="/confirm?next=%2Faccount%2Fdata" kind=ButtonKind::Primary>
                                        "Confirm it is you to download"
                                    </LinkButton>
                                }
                                    .into_any()
                            }}
                        </div>
                    }
                })}
            {match (under_way, again) {
                (None, Some(again)) => {
                    let again = again.format("%H:%M UTC").to_string();
                    view! { <p class="hint">{format!("You can have a new one made from {again} on.")}</p> }.into_any()
                }
                (Some(_), _) => {
                    view! { <p class="hint" role="status">"Your archive is being made. Look at this page again in a minute."</p> }
                        .into_any()
                }
                (None, None) => {
                    view! {
                        <form method="post" action="/api/request_export">
                            <Button>{if ready.is_some() { "Make a new archive" } else { "Make an archive" }}</Button>
                        </form>
                        <p class="hint">
                            {format!("It is ready in a moment, and is kept, encrypted, for {days} days. You confirm first that it is you.")}
                        </p>
                    }
                        .into_any()
                }
            }}
        </section>
    }
    .into_any()
}

#[component]
fn Leave(error: Option<ApiError>) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    let consequences: Vec<_> = CONSEQUENCES.iter().map(|text| view! { <li>{*text}</li> }).collect();
    view! {
        <section class="form-section mt-10" aria-labelledby="leave">
            <h2 id="leave">"Delete your account"</h2>
            <ul class="plain-list">{consequences}</ul>
            <form class="form" method="post" action="/api/delete_account">
                {faults(error.as_ref(), vec![("understood", "Confirmation")])}
                <CheckboxGroup
                    name="understood"
                    legend="Before you go"
                    options=vec![("true".to_owned(), "I know what goes, and that nothing can be brought back.".to_owned())]
                    errors
                />
                <div class="form-actions">
                    <Button kind=ButtonKind::Danger>"Delete my account"</Button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

/// Where one comes out who has deleted their account.
#[component]
pub fn FarewellPage() -> impl IntoView {
    // A link cannot tell somebody who has an account that it is gone.
    if ssr::viewer().is_some() {
        go("/");
        return ().into_any();
    }
    view! {
        <Title text="Your account is deleted" />
        <EmptyState
            title="Your account is deleted"
            text="What was left of it is being erased at this moment. Thank you for having been here; should you come back one day, you are welcome as anybody."
            action=Some(("To the start".to_owned(), "/".to_owned()))
            whole_page=true
        />
    }
    .into_any()
}
