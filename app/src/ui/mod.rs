//! The design system: plain components that render on the server, hydrate inside islands and mount
//! in the gallery. They know the domain's nouns and nothing of services.
//!
//! `use crate::ui::*;` brings all of it into a page. Styles are classes of `style/*.css`; nothing
//! sets a `style` attribute, because the content security policy forbids it.

mod avatar;
mod badge;
mod brand;
mod button;
mod card;
mod choice;
mod dial;
mod error_summary;
mod field;
mod hero;
mod icon;
mod listing;
mod mark;
mod notice;
mod receipt;
mod shell;
mod text_area;
mod time;

pub use avatar::*;
pub use badge::*;
pub use brand::*;
pub use button::*;
pub use card::*;
pub use choice::*;
pub use dial::*;
pub use error_summary::*;
pub use field::*;
pub use hero::*;
pub use icon::*;
pub use listing::*;
pub use mark::*;
pub use notice::*;
pub use receipt::*;
pub use shell::*;
pub use text_area::*;
pub use time::*;
