use domain::{
    JobId,
    feed::{CandidateCard, FeedEvent},
};
use leptos::prelude::*;

use crate::{
    live::{
        list::{Item, List},
        news::{News, news_line},
    },
    ui::{CandidateCardView, EmptyState},
};

/// The best freelancers for a job, best first. New ones slide into their rank.
#[island]
pub fn CandidateList(
    job_id: JobId,
    cards: Vec<CandidateCard>,
    /// The number of the last message that is already in `cards`.
    last_seq: i64,
) -> impl IntoView {
    let list = RwSignal::new(List::new(cards));
    let news = News::new();
    news.start(last_seq, move |seq, event| {
        let FeedEvent::CandidatesChanged(change) = event else { return };
        if change.job_id != job_id {
            return;
        }
        let joined = list.try_update(|list| list.apply(seq, change)).unwrap_or_default();
        match joined.as_slice() {
            [] => {}
            [card] => {
                let degrees = card.score.degrees().to_string();
                news.tell(1, ["New candidate at ", &degrees, " degrees: ", &card.name].concat());
            }
            many => news.tell(many.len(), [&many.len().to_string(), " new candidates"].concat()),
        }
    });
    let receipts = ["/jobs/", &job_id.to_string(), "/candidates/"].concat();
    view! {
        {news_line(news)}
        <ol class="grid gap-4">
            <For
                each=move || list.with(|list| list.items().to_vec())
                key=|item| (item.card.freelancer_id, item.seq)
                children=move |Item { card, is_new, .. }| {
                    let why = [receipts.as_str(), &card.freelancer_id.to_string()].concat();
                    view! {
                        <li>
                            <CandidateCardView card why is_new />
                        </li>
                    }
                }
            />
        </ol>
        <Show when=move || list.with(|list| list.items().is_empty())>
            <EmptyState
                title="Looking for people who fit"
                text="As soon as a freelancer suits this job, they appear here by themselves, with the reasons. You can stay on this page or come back later."
            />
        </Show>
    }
}
