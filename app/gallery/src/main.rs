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
    let html = match theme.as_str() {
        "light" => r#"<html lang="en" data-theme="light">"#,
        "dark" => r#"<html lang="en" data-theme="dark">"#,
        _ => r#"<html lang="en">"#,
    };
    let body = Owner::new().with(|| view! { <page::Gallery /> }.to_html());
    // The page as the browser gets it, without the script that would mount it again.
    let page = include_str!("../page.html");
    let (before, rest) = page.split_once("<script").unwrap_or((page, ""));
    let after = rest.split_once("</script>").map_or("", |(_, after)| after);
    let page = [before, after].concat();
    println!("{}", page.replace(r#"<html lang="en">"#, html).replace("<body>", &format!("<body>{body}")));
}
