//! The gallery: every widget of the design system in its states, without a server.
//!
//! In the browser the page mounts itself. Elsewhere this program prints the same page as HTML
//! (`cargo run -p gallery -- [light|dark]`), which is quick to build and good for screenshots.

pub mod forms;
pub mod matches;
pub mod page;
pub mod reading;

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(page::Gallery);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    use leptos::prelude::*;

    let theme = std::env::args().nth(1).unwrap_or_default();
    let attribute = if matches!(theme.as_str(), "light" | "dark") {
        format!(" data-theme={theme}")
    } else {
        String::new()
    };
    let head = include_str!("../static/index.html")
        .replace("<html lang=\"en\"", &format!("<html lang=\"en\"{attribute}"));
    let head = head
        .split("<body>")
        .next()
        .unwrap_or_default()
        .replace("<script type=\"module\" src=\"./start.js\"></script>", "");
    let body = Owner::new().with(|| view! { <page::Gallery /> }.to_html());
    println!("{head}<body>{body}</body></html>");
}
