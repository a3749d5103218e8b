//! What the browser runs: it finds the islands in the page and hydrates them.

// The islands live there; each exports a function of its own to the browser.
use app as _;

#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
