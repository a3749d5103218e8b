use leptos::prelude::*;

/// A moment in words, as the server put them: "3 hours ago". Hovering shows the exact time.
#[component]
pub fn RelativeTime(
    /// RFC 3339, UTC.
    #[prop(into)]
    datetime: String,
    #[prop(into)] words: String,
) -> impl IntoView {
    let title = datetime.clone();
    view! { <time datetime=datetime title=title>{words}</time> }.into_any()
}

/// How long ago something was, in words: "just now", "5 minutes ago", "yesterday", "3 weeks ago".
/// Both are milliseconds since 1970; a moment to come counts as now.
pub fn ago(then_ms: i64, now_ms: i64) -> String {
    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let past = now_ms - then_ms;
    let (count, unit) = match past {
        ..MINUTE => return "just now".to_owned(),
        MINUTE..HOUR => (past / MINUTE, "minute"),
        HOUR..DAY => (past / HOUR, "hour"),
        _ if past < 2 * DAY => return "yesterday".to_owned(),
        _ if past < 14 * DAY => (past / DAY, "day"),
        _ if past < 60 * DAY => (past / (7 * DAY), "week"),
        _ if past < 730 * DAY => (past / (30 * DAY), "month"),
        _ => (past / (365 * DAY), "year"),
    };
    let plural = if count == 1 { "" } else { "s" };
    [&count.to_string(), " ", unit, plural, " ago"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passed_is_put_in_words() {
        let ago = |minutes: i64| ago(0, minutes * 60_000);
        assert_eq!(ago(-5), "just now");
        assert_eq!(ago(1), "1 minute ago");
        assert_eq!(ago(180), "3 hours ago");
        assert_eq!(ago(1_500), "yesterday");
        assert_eq!(ago(60 * 24 * 15), "2 weeks ago");
        assert_eq!(ago(60 * 24 * 800), "2 years ago");
    }
}
