//! A message, and its form on the wire.

use std::fmt;

use lettre::{
    Address,
    message::{Mailbox, MultiPart, header},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Content, MailError, SettingsError};

/// RFC 5321, section 4.5.3.1.3, without the angle brackets.
const ADDRESS_LENGTH: usize = 254;
const SUBJECT_LENGTH: usize = 200;
const BODY_LENGTH: usize = 256 * 1024;

/// A mail to one person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Becomes the Message-ID. Sent again, a message should keep it: a mailbox that has it already
    /// can tell.
    pub id: Uuid,
    /// An address alone, such as `ada@example.com`.
    pub to: String,
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Tells neither the text nor the links in it.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl Message {
    pub fn new(to: impl Into<String>, content: Content) -> Self {
        let Content { subject, text, html } = content;
        Self { id: Uuid::new_v4(), to: to.into(), subject, text, html }
    }

    /// The message with its headers. Nothing in it can become a header or a command of its own:
    /// what could is refused.
    pub(crate) fn compose(&self, from: &Mailbox) -> Result<lettre::Message, MailError> {
        if self.subject.chars().any(char::is_control) || self.subject.len() > SUBJECT_LENGTH {
            return Err(MailError::Invalid("its subject is not a short line"));
        }
        let to = recipient(&self.to).ok_or(MailError::Invalid("the address is not one"))?;
        let auto = header::HeaderName::new_from_ascii_str("Auto-Submitted");
        lettre::Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to))
            .subject(&self.subject)
            .date_now()
            .message_id(Some(format!("<{}@{}>", self.id, from.email.domain())))
            // Asks answering machines to be silent (RFC 3834).
            .raw_header(header::HeaderValue::new(auto, "auto-generated".into()))
            .multipart(MultiPart::alternative_plain_html(lines(&self.text)?, lines(&self.html)?))
            .map_err(|_| MailError::Invalid("it lacks what every mail has"))
    }
}

/// Reads the address letters come from, with or without a name, as in `8thDegree <mail@example.com>`.
pub(crate) fn sender(text: &str) -> Result<Mailbox, SettingsError> {
    let mailbox: Mailbox = text.parse().map_err(|_| SettingsError::From)?;
    // It is part of every Message-ID, which is ASCII.
    if text.chars().any(char::is_control) || !mailbox.email.to_string().is_ascii() {
        return Err(SettingsError::From);
    }
    Ok(mailbox)
}

/// An international domain goes by its ASCII name, so that every server knows it.
fn recipient(text: &str) -> Option<Address> {
    let strange = |c: char| c.is_control() || c.is_whitespace() || "<>,;".contains(c);
    if text.len() > ADDRESS_LENGTH || text.contains(strange) {
        return None;
    }
    let (user, domain) = text.rsplit_once('@')?;
    if domain.is_ascii() {
        return Address::new(user, domain).ok();
    }
    match url::Host::parse(domain).ok()? {
        url::Host::Domain(domain) => Address::new(user, domain).ok(),
        url::Host::Ipv4(_) | url::Host::Ipv6(_) => None,
    }
}

/// The text with line feeds alone, which become CRLF on the wire. A carriage return by itself is
/// what smuggles commands past some servers.
fn lines(text: &str) -> Result<String, MailError> {
    if text.len() > BODY_LENGTH {
        return Err(MailError::Invalid("it is too long"));
    }
    if text.contains('\0') {
        return Err(MailError::Invalid("its text holds a NUL"));
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    fn message(to: &str, subject: &str) -> Message {
        let content = Content { subject: subject.into(), text: "text".into(), html: "<p>html</p>".into() };
        Message::new(to, content)
    }

    fn composed(message: &Message) -> Result<Vec<u8>, MailError> {
        Ok(message.compose(&sender("8thDegree <mail@8thdegree.example>").unwrap())?.formatted())
    }

    #[test]
    fn it_has_the_headers_of_an_automatic_mail() {
        let message = message("ada@example.com", "Good morning");
        let bytes = composed(&message).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        for header in [
            "From: 8thDegree <mail@8thdegree.example>\r\n",
            "To: ada@example.com\r\n",
            "Subject: Good morning\r\n",
            &format!("Message-ID: <{}@8thdegree.example>\r\n", message.id),
            "Auto-Submitted: auto-generated\r\n",
            "MIME-Version: 1.0\r\n",
            "\r\nDate: ",
        ] {
            assert!(text.contains(header), "{header:?} in {text}");
        }
    }

    #[test]
    fn nothing_can_add_a_header_or_a_recipient() {
        for to in [
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@example.com\nBcc: eve@example.com",
            "ada@example.com, eve@example.com",
            "ada@example.com;eve@example.com",
            "ada@example.com>\r\nRCPT TO:<eve@example.com",
            "Ada <ada@example.com>",
            "\"ada\r\nBcc: eve\"@example.com",
            "ada@example.com\0",
            "ada@example.com\u{2028}Bcc: eve@example.com",
            "ada",
            "@example.com",
            "",
            &format!("{}@example.com", "a".repeat(250)),
        ] {
            let refused = composed(&message(to, "Good morning"));
            assert!(matches!(refused, Err(MailError::Invalid(_))), "{to:?}");
        }
        for subject in ["Good\r\nBcc: eve@example.com", "Good\nmorning", "Good\rmorning", &"x".repeat(201)] {
            let refused = composed(&message("ada@example.com", subject));
            assert!(matches!(refused, Err(MailError::Invalid(_))), "{subject:?}");
        }
    }

    #[test]
    fn long_lines_and_any_script_come_through_in_lines_that_every_server_takes() {
        let text =
            format!("{}\n.\n..two dots\nЗдравствуйте, 世界 🌍\ntrailing space \n", "long ".repeat(500));
        let html = format!("<p>{}</p>\n", "ő".repeat(3000));
        let subject = "Grüße an alle, 世界 🌍, und noch ein paar Worte, damit die Zeile zu lang wird";
        let content = Content { subject: subject.into(), text: text.clone(), html: html.clone() };
        let bytes = composed(&Message::new("ada@example.com", content)).unwrap();
        assert!(bytes.is_ascii());
        for line in bytes.split(|byte| *byte == b'\n') {
            assert!(line.len() <= 998, "a line of {} bytes", line.len());
        }
        let parsed = MessageParser::new().parse(&bytes).unwrap();
        assert_eq!(parsed.subject().unwrap(), subject);
        assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n"), text);
        assert_eq!(parsed.body_html(0).unwrap().replace("\r\n", "\n"), html);
    }

    #[test]
    fn a_carriage_return_never_stands_alone() {
        let content = Content { subject: "s".into(), text: "a\rb\r\n.\rc".into(), html: "\r".into() };
        let bytes = composed(&Message::new("ada@example.com", content)).unwrap();
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\r') {
            assert_eq!(bytes.get(at + 1), Some(&b'\n'), "at {at}");
        }
        let nul = Content { subject: "s".into(), text: "a\0b".into(), html: String::new() };
        assert!(composed(&Message::new("ada@example.com", nul)).is_err());
    }

    #[test]
    fn an_international_domain_goes_by_its_ascii_name() {
        assert_eq!(recipient("ada@bücher.example").unwrap().to_string(), "ada@xn--bcher-kva.example");
        assert_eq!(recipient("ada+tag@example.com").unwrap().to_string(), "ada+tag@example.com");
    }

    #[test]
    fn the_address_letters_come_from_is_one() {
        assert!(sender("mail@8thdegree.example").is_ok());
        for text in ["", "8thDegree", "8thDegree <mail>", "mail@8thdegree.example\r\nBcc: eve@example.com"] {
            assert!(sender(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_logged_of_a_message_holds_no_link() {
        let content = Content { subject: "s".into(), text: "https://secret".into(), html: "secret".into() };
        let shown = format!("{:?}", Message::new("ada@example.com", content));
        assert!(!shown.contains("secret") && !shown.contains("ada"), "{shown}");
    }
}
