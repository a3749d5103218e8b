//! Light, dark, or as the device has it.

use leptos::prelude::*;

use crate::{error::ApiError, ssr, ui::Theme};

const ONE_YEAR: i64 = 365 * 24 * 60 * 60;

/// The theme that the request's cookie asks for.
pub fn chosen() -> Theme {
    ssr::cookie(ssr::transport().theme_cookie()).map(|cookie| Theme::parse(&cookie)).unwrap_or_default()
}

#[server(endpoint = "theme")]
pub async fn set_theme(theme: String, #[server(default)] next: String) -> Result<(), ApiError> {
    ssr::set_cookie(ssr::transport().theme_cookie(), Theme::parse(&theme).as_str(), ONE_YEAR);
    // Without one, the browser goes back to the page it comes from.
    if !next.is_empty() {
        ssr::redirect(&next);
    }
    Ok(())
}
