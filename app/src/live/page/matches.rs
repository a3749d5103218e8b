use leptos::prelude::*;
use leptos_meta::Title;
use services::matches::{Feed, ProfileState};

use super::{reading_notes, reload_note};
use crate::{live::islands::MatchFeed, page::page, ssr, ui::*};

/// `/matches`: the jobs that suit the freelancer who looks at it, live.
#[component]
pub fn MatchesPage() -> impl IntoView {
    let (services, who) = (ssr::services(), ssr::signed_in());
    page(async move {
        let feed = services::matches::feed(&services, &who?).await?;
        let now_ms = services.now().timestamp_millis();
        Ok(view! {
            <Title text="My matches" />
            <PageHeader
                title="My matches"
                lede="Jobs that suit you, best fit first. New ones slide in while you watch."
            >
                <LinkButton href="/profile">"Edit profile"</LinkButton>
            </PageHeader>
            {reading_notes(feed.reading.clone())}
            {list(feed, now_ms)}
        })
    })
}

fn list(feed: Feed, now_ms: i64) -> AnyView {
    match feed.profile {
        ProfileState::Missing => view! {
            <EmptyState
                title="Tell us what you do"
                text="Your matches start from your profile: what you can do, for how much, and when. It takes a few minutes."
                action=Some(("Write your profile".to_owned(), "/profile".to_owned()))
            />
        }
        .into_any(),
        ProfileState::Paused => view! {
            <EmptyState
                title="Your profile is paused"
                text="While it is paused, clients do not see you and no jobs are matched to you. Make it visible again to get matches."
                action=Some(("Edit profile".to_owned(), "/profile".to_owned()))
            />
        }
        .into_any(),
        ProfileState::Visible => view! {
            {reload_note()}
            <MatchFeed cards=feed.cards last_seq=feed.last_seq now_ms />
        }
        .into_any(),
    }
}
