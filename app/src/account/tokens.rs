use chrono::{DateTime, SecondsFormat, Utc};
use domain::scope::Scope;
use leptos::prelude::*;
use leptos_meta::Title;
use services::tokens::{self, PersonalToken};

use super::{held::AboutField, layout::AccountLayout};
use crate::{
    page::{page, query, success},
    ssr,
    ui::*,
};

/// `/account/tokens`: the tokens that one's programs have.
#[component]
pub fn TokensPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let revoked = query("revoked") == "1";
    let fresh = ssr::revealed();
    page(async move {
        let tokens = tokens::list(&services, &who?).await?;
        let now = services.now();
        Ok(view! {
            <Title text="Tokens" />
            <AccountLayout
                here="/account/tokens"
                title="Tokens"
                lede="With a token, a program of yours reads from your account without your password. Each can do only what you chose for it, and changing your password ends them all."
            >
                {fresh.map(|token| view! { <Fresh token /> })}
                {success(revoked.then_some("The token was revoked. It opens nothing any more."))}
                <Tokens tokens now />
            </AccountLayout>
        })
    })
}

/// A token that was just made. It is on this page and nowhere else.
#[component]
fn Fresh(token: String) -> impl IntoView {
    view! {
        <section class="card mb-8" aria-labelledby="fresh">
            <h2 id="fresh">"Your new token"</h2>
            <p class="hint mt-1 mb-3">
                "Copy it now and keep it as you keep a password. We store only a fingerprint of it, so nobody can show it to you again."
            </p>
            <label class="sr-only" for="token">"The token"</label>
            <input class="control secret" id="token" type="text" readonly value=token autocomplete="off" spellcheck="false" />
        </section>
    }
    .into_any()
}

#[component]
fn Tokens(tokens: Vec<PersonalToken>, now: DateTime<Utc>) -> impl IntoView {
    if tokens.is_empty() {
        return view! {
            <EmptyState
                title="No tokens yet"
                text="Make one when a script, a spreadsheet or another service is to read your matches or jobs."
                action=Some(("Make a token".to_owned(), "/account/tokens/new".to_owned()))
            />
        }
        .into_any();
    }
    let rows: Vec<_> = tokens.into_iter().map(|token| view! { <TokenRow token now /> }).collect();
    view! {
        <ul class="rows">{rows}</ul>
        <div class="mt-6">
            <LinkButton href="/account/tokens/new" kind=ButtonKind::Primary>"Make a token"</LinkButton>
        </div>
    }
    .into_any()
}

#[component]
fn TokenRow(token: PersonalToken, now: DateTime<Utc>) -> impl IntoView {
    let expired = token.expires_at <= now;
    let date = |at: DateTime<Utc>| at.format("%-d %B %Y").to_string();
    let until = format!("{} {}", if expired { "expired on" } else { "good until" }, date(token.expires_at));
    let used = match token.last_used_at {
        None => view! { "never used" }.into_any(),
        Some(at) => {
            let words = ago(at.timestamp_millis(), now.timestamp_millis());
            let from = match token.last_address.as_str() {
                "" => String::new(),
                address => format!(" from {address}"),
            };
            let datetime = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            view! { "last used " <RelativeTime datetime words /> {from} }.into_any()
        }
    };
    let scopes: Vec<_> = token.scopes.iter().map(Scope::as_str).collect();
    let label = format!("Revoke {}", token.name);
    let about = format!("{}, 8th_pat_…{}", token.name, token.ending);
    view! {
        <li class="row">
            <div class="min-w-0">
                <p class="label">
                    {token.name} {expired.then(|| view! { " " <Badge text="Expired" tone=Tone::Warning /> })}
                </p>
                <p class="hint">{format!("8th_pat_…{} · {}", token.ending, scopes.join(", "))}</p>
                <p class="hint">{format!("{until} · ")} {used}</p>
            </div>
            <form method="post" action="/api/revoke_token">
                <input type="hidden" name="token" value=token.id.to_string() />
                <AboutField about />
                <button class="button button-secondary button-s" type="submit" aria-label=label>
                    "Revoke"
                </button>
            </form>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_told_by_its_end_and_its_name_stays_text() {
        let now = Utc::now();
        let token = PersonalToken {
            id: "00000000-0000-7000-8000-000000000001".parse().unwrap(),
            name: "<b>Ledger</b>".into(),
            ending: "0a1b".into(),
            scopes: "jobs:read".parse().unwrap(),
            created_at: now,
            expires_at: now,
            last_used_at: None,
            last_address: String::new(),
        };
        let html = Owner::new().with(|| view! { <Tokens tokens=vec![token] now /> }.to_html());
        assert!(!html.contains("<b>") && html.contains("0a1b") && html.contains("Expired"), "{html}");
        let none = Owner::new().with(|| view! { <Tokens tokens=vec![] now /> }.to_html());
        assert!(none.contains("No tokens yet") && none.contains("/account/tokens/new"), "{none}");
    }
}
