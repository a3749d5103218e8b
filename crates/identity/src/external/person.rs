//! Who came, in words of ours and of bounded length.

use domain::account::{Email, display_name};

use super::{ExternalError, ProviderId};

/// OpenID Connect Core allows a subject no more.
const LONGEST_SUBJECT: usize = 255;
/// As many as Microsoft puts into a token.
const MOST_GROUPS: usize = 200;
const LONGEST_GROUP: usize = 255;
const LONGEST_NAME: usize = 80;

/// A person as a provider vouches for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalIdentity {
    pub provider: ProviderId,
    /// Who vouches. People are known again by issuer **and** subject, never by their address.
    pub issuer: String,
    /// The person's unchanging name at the issuer, up to 255 visible ASCII characters.
    pub subject: String,
    pub email: Option<Email>,
    /// Whether the provider says that the address is the person's, or says nothing while the operator
    /// answers for it. Never set without an address; without it an address is no more than what
    /// somebody typed.
    pub email_verified: bool,
    /// Whether the provider says that the address is **not** verified. Many an organisation's says
    /// neither, for it gives out the addresses itself.
    pub email_refuted: bool,
    /// Fit to be a display name.
    pub name: Option<String>,
    /// What the configured claim lists: up to 200 groups. Those of more than 255 bytes are left
    /// out, and so are all beyond the 200th.
    pub groups: Vec<String>,
}

/// What a provider said of somebody, as it said it.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) subject: String,
    pub(super) email: Option<String>,
    /// None where the provider says nothing of it.
    pub(super) email_verified: Option<bool>,
    pub(super) name: Option<String>,
    pub(super) groups: Option<Vec<String>>,
}

impl Claims {
    /// Adds what is missing. An address and whether it is verified are taken together.
    pub(super) fn complete(&mut self, others: Self) {
        if self.email.is_none() {
            self.email = others.email;
            self.email_verified = others.email_verified;
        }
        self.name = self.name.take().or(others.name);
        self.groups = self.groups.take().or(others.groups);
    }

    pub(super) fn into_identity(
        self,
        provider: &ProviderId,
        issuer: &str,
    ) -> Result<ExternalIdentity, ExternalError> {
        let subject = self.subject;
        if !(1..=LONGEST_SUBJECT).contains(&subject.len()) || !subject.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ExternalError::untrusted("the subject must have 1 to 255 visible ASCII characters"));
        }
        // Letters outside ASCII are refused before they are folded: the Kelvin sign becomes a k,
        // and with it somebody else's address.
        let email = self.email.filter(|text| text.is_ascii()).and_then(|text| Email::parse(&text).ok());
        let mut groups = self.groups.unwrap_or_default();
        groups
            .retain(|group| (1..=LONGEST_GROUP).contains(&group.len()) && !group.contains(char::is_control));
        groups.truncate(MOST_GROUPS);
        Ok(ExternalIdentity {
            provider: provider.clone(),
            issuer: issuer.to_owned(),
            subject,
            email_verified: email.is_some() && self.email_verified == Some(true),
            email_refuted: self.email_verified == Some(false),
            email,
            name: self.name.and_then(|name| fit_name(&name)),
            groups,
        })
    }
}

/// As much of a name as a display name may have.
fn fit_name(name: &str) -> Option<String> {
    let visible = |c: &char| !domain::validate::is_deceptive(*c);
    display_name(name).ok().or_else(|| {
        let shorter: String = name.chars().take(4 * LONGEST_NAME).filter(visible).collect();
        let words = shorter.split_whitespace().collect::<Vec<_>>().join(" ");
        display_name(&words.chars().take(LONGEST_NAME).collect::<String>()).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(claims: Claims) -> Result<ExternalIdentity, ExternalError> {
        claims.into_identity(&"acme".parse().unwrap(), "https://id.example.com")
    }

    fn ada() -> Claims {
        Claims {
            subject: "ada".into(),
            email: Some("Ada@Example.com".into()),
            email_verified: Some(true),
            name: Some("Ada Lovelace".into()),
            groups: Some(vec!["engineers".into()]),
        }
    }

    #[test]
    fn a_person_is_taken_over_as_told() {
        let person = identity(ada()).unwrap();
        assert_eq!(person.subject, "ada");
        assert_eq!(person.email.unwrap().as_str(), "ada@example.com");
        assert!(person.email_verified && !person.email_refuted);
        assert_eq!(person.name.as_deref(), Some("Ada Lovelace"));
        assert_eq!(person.groups, ["engineers"]);
    }

    #[test]
    fn a_subject_that_names_nobody_is_refused() {
        for wrong in [String::new(), "a b".into(), "ä".into(), "a\n".into(), "x".repeat(256)] {
            let error = identity(Claims { subject: wrong.clone(), ..ada() }).unwrap_err();
            assert!(matches!(error, ExternalError::Untrusted(_)), "{wrong}");
        }
        identity(Claims { subject: "x".repeat(255), ..ada() }).unwrap();
    }

    #[test]
    fn an_address_that_is_none_is_not_verified_either() {
        // The last one contains a Kelvin sign.
        for wrong in ["", "ada", "ada@@example.com", "\u{212a}ate@example.com"] {
            let person = identity(Claims { email: Some(wrong.into()), ..ada() }).unwrap();
            assert_eq!((person.email, person.email_verified), (None, false), "{wrong}");
        }
        let person = identity(Claims { email: None, ..ada() }).unwrap();
        assert!(!person.email_verified);
        let said = |verified| {
            let person = identity(Claims { email_verified: verified, ..ada() }).unwrap();
            (person.email_verified, person.email_refuted)
        };
        assert_eq!((said(None), said(Some(false))), ((false, false), (false, true)));
    }

    #[test]
    fn an_address_keeps_what_its_own_source_says_of_it() {
        let mut claims = Claims { email_verified: Some(false), ..ada() };
        claims.complete(ada());
        assert_ne!(claims.email_verified, Some(true), "another source does not verify this one's address");
        let mut claims = Claims { email: None, email_verified: Some(true), ..ada() };
        claims.complete(Claims { email_verified: Some(false), ..ada() });
        assert_ne!(
            claims.email_verified,
            Some(true),
            "what was said without an address says nothing of this one"
        );
    }

    #[test]
    fn names_and_groups_are_bounded() {
        let person = identity(Claims {
            name: Some(format!("  Ada\u{202e}\n{}", "x".repeat(100_000))),
            groups: Some((0..300).map(|n| format!("g{n}")).chain([String::new()]).collect()),
            ..ada()
        })
        .unwrap();
        assert_eq!(person.name, Some(format!("Ada {}", "x".repeat(76))));
        assert_eq!(person.groups.len(), MOST_GROUPS);
        let person = identity(Claims {
            name: Some("\u{202e}".into()),
            groups: Some(vec![String::new(), "a\nb".into(), "x".repeat(256), "right".into()]),
            ..ada()
        })
        .unwrap();
        assert_eq!((person.name, person.groups), (None, vec!["right".to_owned()]));
    }
}
