use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// What kind of message a notice carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoticeKind {
    #[default]
    Info,
    Success,
    Warning,
    Error,
}

/// A message about the page or about what was just done. Errors are announced at once, the rest
/// politely.
#[component]
pub fn Notice(
    #[prop(optional)] kind: NoticeKind,
    #[prop(optional, into)] title: String,
    children: Children,
) -> impl IntoView {
    let (class, glyph) = match kind {
        NoticeKind::Info => ("notice notice-info", Glyph::Info),
        NoticeKind::Success => ("notice notice-success", Glyph::Check),
        NoticeKind::Warning => ("notice notice-warning", Glyph::Warning),
        NoticeKind::Error => ("notice notice-error", Glyph::Warning),
    };
    let role = if kind == NoticeKind::Error { "alert" } else { "status" };
    view! {
        <div class=class role=role>
            <Icon glyph />
            <div class="notice-body">
                {(!title.is_empty()).then(|| view! { <p class="label">{title}</p> })}
                {children()}
            </div>
        </div>
    }
    .into_any()
}

/// While texts are still being read for their meaning: how far that is. Renders nothing once all
/// are done.
#[component]
pub fn ReadingBanner(
    done: u64,
    total: u64,
    /// What is read, in the plural: "profiles".
    #[prop(default = "profiles")]
    what: &'static str,
) -> impl IntoView {
    (done < total).then(|| {
        let percent = done * 100 / total;
        view! {
            <div class="notice notice-info" role="status">
                <Icon glyph=Glyph::Dial />
                <div class="notice-body grow">
                    <p>
                        {format!(
                            "Still reading {what}: {} of {}. Matches get better until it is done.",
                            thousands(done),
                            thousands(total),
                        )}
                    </p>
                    <svg class="progress" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                        <rect class="progress-track" width="100" height="6" />
                        <rect class="progress-done" width=percent height="6" />
                    </svg>
                </div>
            </div>
        }
    })
}

/// A whole number with its thousands set apart: 1,200.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Lines that stand in for text on its way.
#[component]
pub fn Skeleton(#[prop(default = 3)] lines: u8) -> impl IntoView {
    let lines: Vec<_> = (0..lines).map(|_| view! { <span class="skeleton"></span> }).collect();
    view! {
        <div role="status">
            <span class="sr-only">"Loading"</span>
            {lines}
        </div>
    }
    .into_any()
}

/// How the live channel stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    Live,
    #[default]
    Reconnecting,
    Offline,
}

/// Whether the page is live; announced when it changes.
#[component]
pub fn ConnectionStatus(#[prop(into)] state: Signal<Connection>) -> impl IntoView {
    let class = move || match state.get() {
        Connection::Live => "live",
        Connection::Reconnecting => "live live-reconnecting",
        Connection::Offline => "live live-offline",
    };
    let text = move || match state.get() {
        Connection::Live => "Live",
        Connection::Reconnecting => "Connecting…",
        Connection::Offline => "Offline: reload to see what is new",
    };
    view! {
        <span class=class role="status">
            <span class="live-dot"></span>
            {text}
        </span>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_200), "1,200");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}
