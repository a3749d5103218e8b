//! Outgoing mail: the letters, and the ways they leave the house.
//!
//! A [`Letter`] is rendered to a [`Content`], plain text and HTML side by side, which becomes a
//! [`Message`] to somebody. A [`Mailer`] sends it: [`Smtp`] through a mail server, [`Folder`] into a
//! folder, where a demonstration's mailbox page reads it.
//!
//! # Providers
//!
//! Every provider that takes SMTP is a matter of [`smtp::Settings`]:
//!
//! | provider | url |
//! |---|---|
//! | SendGrid | `smtps://apikey:KEY@smtp.sendgrid.net`, with the word `apikey` itself as the user |
//! | Amazon SES | `smtps://USER:PASSWORD@email-smtp.REGION.amazonaws.com`, with SMTP credentials made in its console |
//! | a server of one's own | `smtp://USER:PASSWORD@mail.example.com` |
//! | a relay on the same machine | `smtp://localhost:25?tls=off` |
//!
//! `smtps` speaks TLS from the start (port 465), `smtp` turns to it by STARTTLS (port 587) and sends
//! nothing if the server does not offer that. User and password are percent-encoded. The address
//! letters come from must be one that the provider lets the account use.

mod error;
pub mod folder;
pub mod letter;
mod message;
pub mod smtp;

pub use error::{MailError, SettingsError};
pub use folder::Folder;
pub use letter::{Content, FactorChange, Letter, SiteNames};
pub use message::Message;
pub use smtp::Smtp;

/// A way to send mail.
#[async_trait::async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Hands the message over. A message that was handed over may come twice if the answer got
    /// lost and it is sent again; its [id](Message::id) stays the same then.
    async fn send(&self, message: &Message) -> Result<(), MailError>;
}
