//! The letters: what is written to people, as plain text and as HTML.
//!
//! Each has a pair of templates in `letters/`; the first line of the plain one is the subject. No
//! letter greets anybody by name: whoever signs up with somebody else's address could otherwise
//! have us deliver a sentence of theirs.

use std::{fmt, sync::LazyLock};

use chrono::{DateTime, Utc};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, context, escape_formatter,
    syntax::SyntaxConfig, value::Serde,
};
use serde::{Deserialize, Serialize};

/// The longest text from outside that is shown; links are shorter.
const SHOWN: usize = 2000;

/// What letters call the site, and where its pages are. All addresses are absolute.
#[derive(Clone, Debug, Serialize)]
pub struct SiteNames {
    pub name: String,
    pub url: String,
    pub sign_in: String,
    /// Where one asks for a new password.
    pub reset_password: String,
    /// Where one looks after password, devices and second factors.
    pub security: String,
    /// The address of people who help.
    pub support: Option<String>,
}

/// A rendered letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// What was done to the second factors of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorChange {
    AppAdded,
    AppRemoved,
    PasskeyAdded,
    PasskeyRemoved,
    EmailCodesAllowed,
    EmailCodesForbidden,
    RecoveryCodesRenewed,
    RecoveryCodeUsed,
}

impl FactorChange {
    fn sentence(self) -> &'static str {
        match self {
            Self::AppAdded => "An authenticator app now guards your account.",
            Self::AppRemoved => "The authenticator app no longer guards your account.",
            Self::PasskeyAdded => "A passkey was added to your account.",
            Self::PasskeyRemoved => "A passkey was removed from your account.",
            Self::EmailCodesAllowed => "Your account now accepts codes that are sent by e-mail.",
            Self::EmailCodesForbidden => "Your account no longer accepts codes that are sent by e-mail.",
            Self::RecoveryCodesRenewed => {
                "Your account has new recovery codes, and the former ones no longer work."
            }
            Self::RecoveryCodeUsed => {
                "A recovery code was used to sign in to your account; it will not work again."
            }
        }
    }
}

/// Everything that is ever written to people. It is stored while it waits to be sent, so that
/// former forms of a variant must go on being read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "letter")]
pub enum Letter {
    VerifyEmail {
        link: String,
        hours: u32,
    },
    ResetPassword {
        link: String,
        minutes: u32,
        at: DateTime<Utc>,
        place: String,
    },
    /// Somebody asked for a new password for an address without an account.
    ResetUnknown,
    /// Somebody signed up with an address that has an account.
    AlreadyRegistered,
    /// Somebody wanted to use an address for their account that has one of its own.
    AddressTaken,
    ChangeEmailOld {
        link: String,
        new_email: String,
    },
    ChangeEmailNew {
        link: String,
    },
    EmailChanged,
    PasswordChanged,
    NewSignIn {
        device: String,
        place: String,
        at: DateTime<Utc>,
    },
    SecondFactorCode {
        code: String,
        minutes: u32,
    },
    SecondFactorChanged {
        what: FactorChange,
    },
    /// An account elsewhere became a way in.
    ConnectionAdded {
        provider: String,
    },
    ConnectionRemoved {
        provider: String,
    },
    /// A personal access token was made.
    TokenCreated {
        token_name: String,
        days: u32,
    },
    AccountSuspended,
    /// All of one's data is ready to be downloaded.
    ExportReady {
        days: u32,
    },
    AccountDeleted,
    AccountReinstated,
    /// The person administers the site from now on, or no longer does.
    RolesChanged,
}

/// Names a letter's templates and embeds them.
macro_rules! templates {
    ($($variant:ident => $name:literal,)+) => {
        impl Letter {
            /// Tells letters apart where nothing of what they say may be told, as in logs.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $name,)+
                }
            }
        }

        const TEMPLATES: &[(&str, &str)] = &[
            $(
                (concat!($name, ".txt"), include_str!(concat!("letters/", $name, ".txt"))),
                (concat!($name, ".html"), include_str!(concat!("letters/", $name, ".html"))),
            )+
            ("foot.txt", include_str!("letters/foot.txt")),
            ("layout.html", include_str!("letters/layout.html")),
            ("parts.html", include_str!("letters/parts.html")),
        ];
    };
}

templates! {
    VerifyEmail => "verify_email",
    ResetPassword => "reset_password",
    ResetUnknown => "reset_unknown",
    AlreadyRegistered => "already_registered",
    AddressTaken => "address_taken",
    ChangeEmailOld => "change_email_old",
    ChangeEmailNew => "change_email_new",
    EmailChanged => "email_changed",
    PasswordChanged => "password_changed",
    NewSignIn => "new_sign_in",
    SecondFactorCode => "second_factor_code",
    SecondFactorChanged => "second_factor_changed",
    ConnectionAdded => "connection_added",
    ConnectionRemoved => "connection_removed",
    TokenCreated => "token_created",
    AccountSuspended => "account_suspended",
    ExportReady => "export_ready",
    AccountDeleted => "account_deleted",
    AccountReinstated => "account_reinstated",
    RolesChanged => "roles_changed",
}

/// Tells neither links nor codes.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Letter").field(&self.name()).finish()
    }
}

/// Tells the subject alone.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl Letter {
    pub fn render(&self, site: &SiteNames) -> Content {
        self.try_render(site).expect("the templates are part of the program, and a test renders each")
    }

    fn try_render(&self, site: &SiteNames) -> Result<Content, Error> {
        let letter = Value::from(Serde(self));
        let sentence = match self {
            Self::SecondFactorChanged { what } => what.sentence(),
            _ => "",
        };
        let given = context! { site => Serde(site), sentence, ..letter };
        let plain = LETTERS.get_template(&format!("{}.txt", self.name()))?.render(given.clone())?;
        let (subject, text) = plain
            .split_once('\n')
            .and_then(|(first, rest)| Some((first.strip_prefix("Subject: ")?.to_owned(), rest.trim_start())))
            .ok_or_else(|| Error::new(ErrorKind::BadSerialization, "a letter begins with its subject"))?;
        let html = LETTERS
            .get_template(&format!("{}.html", self.name()))?
            .render(context! { subject => subject.as_str(), ..given })?;
        Ok(Content { subject, text: format!("{}\n", text.trim_end()), html })
    }
}

static LETTERS: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut letters = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    letters.set_syntax(syntax.expect("the usual delimiters are valid"));
    letters.set_undefined_behavior(UndefinedBehavior::Strict);
    letters.add_filter("units", units);
    letters.add_filter("moment", moment);
    // Whatever comes from outside stays within its line, in the plain text too. Slashes stay as they
    // are: filters look askance at links that are written in another way than usual.
    letters.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() && *state.auto_escape() == AutoEscape::Html => {
            Ok(out.write_str(&escaped(&one_line(text)))?)
        }
        Some(text) if !value.is_safe() => Ok(out.write_str(&one_line(text))?),
        _ => escape_formatter(out, state, value),
    });
    for (name, source) in TEMPLATES {
        letters.add_template(name, source).expect("the templates are part of the program");
    }
    letters
});

/// The text without line breaks and without characters that reorder what stands around them.
fn one_line(text: &str) -> String {
    let breaks = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().take(SHOWN).map(|c| if breaks(c) { ' ' } else { c }).collect()
}

/// The text as HTML, within an element or a quoted attribute.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

/// `1 hour`, `24 hours`.
fn units(count: u32, unit: &str) -> String {
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// `20 November 2026, 12:00 UTC`.
fn moment(at: &str) -> Result<String, Error> {
    let at: DateTime<Utc> = at
        .parse()
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, "not a moment").with_source(error))?;
    Ok(at.format("%-d %B %Y, %H:%M UTC").to_string())
}

#[cfg(test)]
mod tests;
