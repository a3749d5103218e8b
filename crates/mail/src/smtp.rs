//! Mail through a server, by SMTP.

use std::{borrow::Cow, time::Duration};

use lettre::{
    message::Mailbox,
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        extension::ClientId,
    },
};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use url::{Host, Url};

use crate::{MailError, Mailer, Message, SettingsError, message};

/// How long the server may take to say goodbye, when the message is handed over already.
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);

/// How to reach the mail server.
pub struct Settings {
    /// See the [crate's page](crate#providers).
    pub url: SecretString,
    /// The address letters come from, with or without a name.
    pub from: String,
    /// For the connection, its encryption and signing in.
    pub connect_within: Duration,
    /// For taking a message.
    pub answer_within: Duration,
    /// A certificate in PEM that is trusted besides those of the public authorities, such as that
    /// of a company.
    pub root_certificate: Option<Vec<u8>>,
}

impl Settings {
    pub fn new(url: SecretString, from: impl Into<String>) -> Self {
        Self {
            url,
            from: from.into(),
            connect_within: Duration::from_secs(10),
            answer_within: Duration::from_secs(60),
            root_certificate: None,
        }
    }
}

enum Encryption {
    FromTheStart(TlsParameters),
    StartTls(TlsParameters),
    Off,
}

/// Sends each message over a connection of its own: what a connection that was broken off in the
/// middle would answer next cannot be told, and letters are few.
pub struct Smtp {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    from: Mailbox,
    connect_within: Duration,
    answer_within: Duration,
}

impl Smtp {
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let from = message::sender(&settings.from)?;
        let address = Server::parse(settings.url.expose_secret())?;
        let tls = || {
            let mut tls = TlsParameters::builder(address.host.clone());
            if let Some(pem) = &settings.root_certificate {
                tls = tls.add_root_certificate(Certificate::from_pem(pem)?);
            }
            tls.build()
        };
        let encryption = match address.security {
            Security::FromTheStart => Encryption::FromTheStart(tls().map_err(SettingsError::Certificate)?),
            Security::StartTls => Encryption::StartTls(tls().map_err(SettingsError::Certificate)?),
            Security::Off => Encryption::Off,
        };
        Ok(Self {
            host: address.host,
            port: address.port,
            encryption,
            credentials: address.credentials,
            from,
            connect_within: settings.connect_within,
            answer_within: settings.answer_within,
        })
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, MailError> {
        let me = ClientId::Domain(self.from.email.domain().to_owned());
        let wrapper = match &self.encryption {
            Encryption::FromTheStart(tls) => Some(tls.clone()),
            Encryption::StartTls(_) | Encryption::Off => None,
        };
        let server = (self.host.as_str(), self.port);
        // A server may have several addresses, and the first may lead nowhere.
        let each = Some(self.connect_within / 2);
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, each, &me, wrapper, None).await?;
        if let Encryption::StartTls(tls) = &self.encryption {
            if !connection.can_starttls() {
                return Err(MailError::Unencrypted);
            }
            connection.starttls(tls.clone(), &me).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await?;
        }
        Ok(connection)
    }
}

#[async_trait::async_trait]
impl Mailer for Smtp {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let mail = message.compose(&self.from)?;
        let mut connection = within(self.connect_within, self.connect()).await?;
        let content = mail.formatted();
        within(self.answer_within, async { Ok(connection.send(mail.envelope(), &content).await?) }).await?;
        // The message is the server's by now, however it says goodbye.
        let _ = timeout(GOODBYE_WITHIN, connection.quit()).await;
        Ok(())
    }
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, MailError>>,
) -> Result<T, MailError> {
    timeout(limit, work).await.unwrap_or(Err(MailError::Timeout(limit)))
}

/// What the address of a server says.
struct Server {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
}

#[derive(Debug, PartialEq)]
enum Security {
    FromTheStart,
    StartTls,
    Off,
}

impl Server {
    fn parse(text: &str) -> Result<Self, SettingsError> {
        let refused = |why| Err(SettingsError::Url(why));
        let Ok(url) = Url::parse(text) else { return refused("it is not a URL") };
        let (security, usual_port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Security::FromTheStart, 465),
            ("smtp", None) => (Security::StartTls, 587),
            ("smtp", Some("tls=off")) => (Security::Off, 25),
            ("smtp" | "smtps", Some(_)) => return refused("only `?tls=off` may follow, and only with smtp"),
            _ => return refused("it begins with smtp:// or smtps://"),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return refused("nothing follows the port");
        }
        let (host, is_here) = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => {
                let loopback = name.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
                (name.to_owned(), name == "localhost" || loopback)
            }
            Some(Host::Ipv4(ip)) => (ip.to_string(), ip.is_loopback()),
            Some(Host::Ipv6(ip)) => (ip.to_string(), ip.is_loopback()),
            Some(Host::Domain(_)) | None => return refused("it names no server"),
        };
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) if !user.is_empty() => {
                Some(Credentials::new(plain(user)?, plain(password)?))
            }
            _ => return refused("user and password go together"),
        };
        if security == Security::Off && credentials.is_some() && !is_here {
            return refused("a password is not sent to another machine in clear");
        }
        Ok(Self { host, port: url.port().unwrap_or(usual_port), security, credentials })
    }
}

fn plain(text: &str) -> Result<String, SettingsError> {
    let decoded = percent_decode_str(text).decode_utf8().map(Cow::into_owned);
    decoded.map_err(|_| SettingsError::Url("user and password are UTF-8, percent-encoded"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_how_the_server_is_reached() {
        let read = |text: &str| {
            let server = Server::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            (server.host, server.port, server.security, server.credentials)
        };
        let user = |user: &str, password: &str| Some(Credentials::new(user.into(), password.into()));
        let apikey = user("apikey", "SG.x/y");
        assert_eq!(
            read("smtps://apikey:SG.x%2Fy@smtp.sendgrid.net"),
            ("smtp.sendgrid.net".into(), 465, Security::FromTheStart, apikey)
        );
        let address = "smtp://me%40example.com:p%C3%A4ss@mail.example.com:2525/";
        let me = user("me@example.com", "päss");
        assert_eq!(read(address), ("mail.example.com".into(), 2525, Security::StartTls, me));
        assert_eq!(
            read("smtp://mail.example.com"),
            ("mail.example.com".into(), 587, Security::StartTls, None)
        );
        assert_eq!(read("smtp://localhost?tls=off"), ("localhost".into(), 25, Security::Off, None));
        assert_eq!(
            read("smtp://a:b@127.0.0.1:25?tls=off"),
            ("127.0.0.1".into(), 25, Security::Off, user("a", "b"))
        );
        assert_eq!(read("smtp://a:b@[::1]:25?tls=off"), ("::1".into(), 25, Security::Off, user("a", "b")));
    }

    #[test]
    fn an_address_that_would_send_a_password_in_clear_or_means_something_else_is_refused() {
        for text in [
            "smtp://a:secret@mail.example.com?tls=off",
            "smtp://a:secret@127.0.0.1.example.com?tls=off",
            "smtps://a:secret@localhost?tls=off",
            "smtp://a:secret@mail.example.com?tls=opportunistic",
            "smtp://a@mail.example.com",
            "smtp://:secret@mail.example.com",
            "smtp://a:secret@mail.example.com/ehlo",
            "smtp://a:%FF@mail.example.com",
            "smtp://",
            "https://a:secret@mail.example.com",
            "mail.example.com",
        ] {
            let error = Server::parse(text).err().unwrap_or_else(|| panic!("{text} must be refused"));
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
