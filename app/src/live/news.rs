//! How a live list tells of itself: whether it is connected, what just arrived, and how much of
//! that has not been seen yet, in the title of the page.

use leptos::prelude::*;

use domain::feed::FeedEvent;

use super::channel;
use crate::ui::{Connection, ConnectionStatus};

/// The state that goes beside a live list.
#[derive(Clone, Copy)]
pub(super) struct News {
    /// None until the page comes alive.
    connection: RwSignal<Option<Connection>>,
    said: RwSignal<String>,
    unseen: RwSignal<u32>,
}

impl News {
    pub(super) fn new() -> Self {
        Self { connection: RwSignal::new(None), said: RwSignal::new(String::new()), unseen: RwSignal::new(0) }
    }

    /// In the browser, opens the channel after message number `after` and counts in the title.
    pub(super) fn start(self, after: i64, hand_on: impl Fn(i64, FeedEvent) + Clone + 'static) {
        Effect::new(move || channel::open(after, self.connection.write_only(), hand_on.clone()));
        Effect::new(move |title: Option<String>| {
            let document = document();
            let title = title.unwrap_or_else(|| document.title());
            match self.unseen.get() {
                0 => document.set_title(&title),
                unseen => document.set_title(&["(", &unseen.to_string(), ") ", &title].concat()),
            }
            title
        });
        // Whoever comes back to the page sees what is new.
        Effect::new(move || {
            let listener = window_event_listener_untyped("visibilitychange", move |_| {
                if !document().hidden() && self.unseen.get_untracked() > 0 {
                    self.unseen.set(0);
                }
            });
            std::mem::forget(listener);
        });
    }

    /// Tells of `count` new entries.
    pub(super) fn tell(self, count: usize, words: String) {
        self.unseen.update(|unseen| *unseen = unseen.saturating_add(count as u32));
        self.said.set(words);
    }
}

/// Shows the connection, and says what arrived to those who listen. Without JavaScript it is not
/// there.
pub(super) fn news_line(news: News) -> AnyView {
    let state = Signal::derive(move || news.connection.get().unwrap_or_default());
    view! {
        <div class="mb-3" hidden=move || news.connection.get().is_none()>
            <ConnectionStatus state />
            <p class="sr-only" role="status" aria-live="polite">
                {move || news.said.get()}
            </p>
        </div>
    }
    .into_any()
}
