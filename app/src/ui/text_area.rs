use domain::FieldErrors;
use leptos::prelude::*;

use super::field::{Field, FieldParts};

/// Several lines of text; the only place in the application with a raw `<textarea>`.
///
/// Leptos 0.8 writes a text area's content into the page as it is, so that `</textarea><script>`
/// in it would run. Outside the browser it is escaped here, and a browser reads it back.
#[component]
pub fn TextArea(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional)] errors: FieldErrors,
    #[prop(default = true)] required: bool,
    #[prop(default = 6)] rows: u32,
    #[prop(optional, into)] max_length: Option<u32>,
    #[prop(optional, into)] placeholder: Option<String>,
) -> impl IntoView {
    let parts = FieldParts::new(&name, &errors, !hint.is_empty());
    let invalid = parts.invalid();
    view! {
        <Field id=parts.id.clone() label hint error=parts.error required>
            <textarea
                class="control"
                id=parts.id
                name=name
                rows=rows
                maxlength=max_length
                placeholder=placeholder
                required=required
                aria-invalid=invalid
                aria-describedby=parts.described_by
            >
                {content(value)}
            </textarea>
        </Field>
    }
    .into_any()
}

/// In the browser the text becomes a text node, which needs no escaping.
#[cfg(target_arch = "wasm32")]
fn content(value: String) -> String {
    value
}

/// Escaped for RCDATA, after the line break that a parser drops at the start of a text area
/// (HTML Living Standard, 13.2.6.4.7), so that a text keeps an empty first line of its own.
#[cfg(not(target_arch = "wasm32"))]
fn content(value: String) -> String {
    let mut out = String::with_capacity(value.len() + 1);
    out.push('\n');
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_its_text_area() {
        let hostile = "</textarea><script>alert(1)</script> & &lt;";
        let html = view! { <TextArea name="form[text]" label="Text" value=hostile /> }.to_html();
        assert_eq!(html.matches("</textarea>").count(), 1, "{html}");
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("&lt;/textarea&gt;&lt;script&gt;"), "{html}");
        assert!(html.contains("&amp; &amp;lt;"), "{html}");
    }

    #[test]
    fn no_other_file_has_a_raw_text_area() {
        let needle = concat!("<text", "area");
        let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ext| ext == "rs") {
                    seen += 1;
                    let has = std::fs::read_to_string(&path).unwrap().contains(needle);
                    assert!(!has || path.ends_with("ui/text_area.rs"), "{}", path.display());
                }
            }
        }
        assert!(seen > 10, "the search looks at the right folder");
    }
}
