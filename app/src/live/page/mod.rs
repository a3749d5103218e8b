//! Pages around matches.

mod candidates;
mod matches;
mod receipts;

use leptos::prelude::*;
use services::Reading;

use crate::ui::*;

pub use candidates::*;
pub use matches::*;
pub use receipts::*;

/// How far the model has come with its reading, and whether it does less than it could.
fn reading_notes(reading: Reading) -> impl IntoView {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let (done, total) = (count(reading.done), count(reading.total));
    let notice = reading.notice.map(|notice| view! { <Notice>{notice}</Notice> });
    let any = done < total || notice.is_some();
    any.then(|| {
        view! {
            <div class="grid gap-3 mb-5">
                <ReadingBanner done total what="profiles and jobs" />
                {notice}
            </div>
        }
    })
}

/// For those whose page cannot go on by itself.
fn reload_note() -> impl IntoView {
    view! {
        <noscript>
            <p class="hint mb-3">"Without JavaScript this list stands still. Reload the page to see what is new."</p>
        </noscript>
    }
}
