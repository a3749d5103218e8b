//! What a page says of itself in the head of its document, for search engines and previews.
//!
//! It belongs to the request, not to the framework's context: the framework's own tags are written
//! when a thread happens to render them, and can then end up in the document of somebody else.

use std::sync::{Arc, Mutex, PoisonError};

use leptos::prelude::use_context;

/// The tags of one document; the server makes one for each request.
#[derive(Clone, Debug, Default)]
pub struct Head(Arc<Mutex<Vec<String>>>);

impl Head {
    /// The tags as HTML.
    pub fn html(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).concat()
    }

    fn add(&self, tag: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(tag);
    }
}

/// What the page is about, in a sentence or two.
pub fn describe(text: &str) {
    meta("name", "description", text);
}

/// What a preview of the page shows beside its description.
pub fn preview(title: &str, text: &str) {
    meta("property", "og:title", title);
    meta("property", "og:description", text);
    meta("property", "og:type", "website");
}

/// The page is not worth finding.
pub fn hide_from_search() {
    meta("name", "robots", "noindex");
}

/// The browser goes on to another site by itself. A redirect would not do: after a form, policies
/// forbid those that lead away.
pub fn go_on_to(url: &str) {
    meta("http-equiv", "refresh", &format!("0;url={url}"));
}

/// The one address of what the page shows.
pub fn canonical(path: &str) {
    add(format!("<link rel=\"canonical\" href=\"{}\">", escape(path)));
}

fn meta(kind: &str, name: &str, content: &str) {
    add(format!("<meta {kind}=\"{name}\" content=\"{}\">", escape(content)));
}

fn add(tag: String) {
    if let Some(head) = use_context::<Head>() {
        head.add(tag);
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use leptos::{context::provide_context, reactive::owner::Owner};

    use super::*;

    #[test]
    fn what_people_wrote_cannot_leave_its_attribute() {
        let head = Head::default();
        Owner::new().with(|| {
            provide_context(head.clone());
            describe("\"><script>alert(1)</script> & more");
        });
        let expected = "<meta name=\"description\" content=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; more\">";
        assert_eq!(head.html(), expected);
    }
}
