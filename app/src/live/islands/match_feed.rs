use domain::feed::MatchCard;
use leptos::prelude::*;

use crate::{
    live::{
        list::{Item, List},
        news::{News, news_line},
    },
    ui::{EmptyState, MatchCardView, ago},
};

/// A freelancer's matches, best first. New ones slide into their rank.
#[island]
pub fn MatchFeed(
    cards: Vec<MatchCard>,
    /// The number of the last message that is already in `cards`.
    last_seq: i64,
    /// When the server made the page, in milliseconds since 1970.
    now_ms: i64,
) -> impl IntoView {
    let list = RwSignal::new(List::new(cards));
    let news = News::new();
    news.start(last_seq, move |seq, event| {
        let found = list.try_update(|list| list.apply(seq, event)).flatten();
        if let Some(card) = found {
            let degrees = card.score.degrees().to_string();
            news.tell(1, ["New match at ", &degrees, " degrees: ", &card.title].concat());
        }
    });
    view! {
        {news_line(news)}
        <ul class="grid gap-4">
            <For
                each=move || list.with(|list| list.items().to_vec())
                key=|item| (item.card.job_id, item.seq)
                children=move |Item { card, is_new, seq }| {
                    let now = if seq == 0 { now_ms } else { js_sys::Date::now() as i64 };
                    let when = ago(card.published_ms, now);
                    let why = ["/matches/", &card.job_id.to_string()].concat();
                    view! {
                        <li>
                            <MatchCardView card when why is_new />
                        </li>
                    }
                }
            />
        </ul>
        <Show when=move || list.with(|list| list.items().is_empty())>
            <EmptyState
                title="Nothing fits yet"
                text="The moment a job suits you, it appears here by itself, with the reasons. The more your profile says about what you can do, the better it can be matched."
                action=Some(("Look over your profile".to_owned(), "/profile".to_owned()))
            />
        </Show>
    }
}
