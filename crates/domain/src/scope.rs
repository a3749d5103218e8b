//! What a token for a program may be used for. A token never allows more than its owner may do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    permission::Permission,
    validate::{FieldErrors, UnknownValue, line},
};

text_enum! {
    /// One thing that a token may be used for.
    pub enum Scope {
        ProfileRead = "profile:read", "See who you are: your name, region and roles";
        JobsRead = "jobs:read", "See the jobs you have posted";
        MatchesRead = "matches:read", "See your matches, and hear of new ones as they come";
    }
}

impl Scope {
    /// The permissions of its owner that a token of this scope may make use of.
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::ProfileRead => &[],
            Self::JobsRead => &[Permission::SeeOwnJobs],
            Self::MatchesRead => &[Permission::SeeMatches],
        }
    }
}

/// The scopes of one token, each at most once. In text they stand with a space between them, as in
/// OAuth (RFC 6749 §3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each of these is among the `others`.
    pub fn is_within(&self, others: &Self) -> bool {
        self.iter().all(|scope| others.contains(scope))
    }

    /// Whether one of them makes use of the permission.
    pub fn permit(&self, permission: Permission) -> bool {
        self.iter().any(|scope| scope.permissions().contains(&permission))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        let mut scopes: Vec<_> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl FromStr for Scopes {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_ascii_whitespace().map(str::parse).collect()
    }
}

/// For how many days a personal access token may be good.
pub const TOKEN_DAYS: [(u16, &str); 4] =
    [(30, "30 days"), (90, "90 days"), (180, "180 days"), (365, "One year")];

/// What a person fills in to make a personal access token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenForm {
    /// What it is for, in the person's own words.
    pub name: String,
    pub scopes: Vec<String>,
    /// One of [`TOKEN_DAYS`].
    pub days: String,
}

/// A valid wish for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenWish {
    pub name: String,
    pub scopes: Scopes,
    pub days: u16,
}

impl TokenForm {
    pub fn validate(&self) -> Result<TokenWish, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.keep("name", line(&self.name, 1, 60));
        let known: Result<Scopes, _> = self.scopes.iter().map(|scope| scope.parse()).collect();
        let scopes = errors.keep(
            "scopes",
            known
                .ok()
                .filter(|scopes| !scopes.is_empty())
                .ok_or_else(|| "Please choose at least one thing that the token may do.".to_owned()),
        );
        let days = TOKEN_DAYS.into_iter().find(|(days, _)| days.to_string() == self.days);
        let days = errors.keep(
            "days",
            days.map(|(days, _)| days).ok_or_else(|| "Please choose how long it is good for.".to_owned()),
        );
        match (name, scopes, days) {
            (Some(name), Some(scopes), Some(days)) => Ok(TokenWish { name, scopes, days }),
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_they_are_written_and_none_is_made_up() {
        let scopes: Scopes = "matches:read profile:read matches:read".parse().unwrap();
        assert_eq!(scopes.to_string(), "profile:read matches:read");
        assert!("matches:read everything".parse::<Scopes>().is_err());
        assert!(!scopes.contains(Scope::JobsRead));
    }

    #[test]
    fn a_scope_makes_use_of_what_it_names_and_of_nothing_that_changes_or_guards() {
        let reading = [Permission::SeeOwnJobs, Permission::SeeMatches];
        for &permission in Permission::ALL {
            let permitted = Scopes(Scope::ALL.to_vec()).permit(permission);
            assert_eq!(permitted, reading.contains(&permission), "{permission}");
        }
    }

    #[test]
    fn a_token_needs_a_name_a_use_and_an_end() {
        let errors = TokenForm { days: "3650".into(), ..TokenForm::default() }.validate().unwrap_err();
        assert_eq!(errors.iter().map(|(field, _)| field).collect::<Vec<_>>(), ["days", "name", "scopes"]);
        let form =
            TokenForm { name: " My  script ".into(), scopes: vec!["jobs:read".into()], days: "90".into() };
        assert_eq!(form.validate().unwrap().name, "My script");
        let made_up = TokenForm { scopes: vec!["jobs:read".into(), "all".into()], ..form };
        assert!(made_up.validate().unwrap_err().get("scopes").is_some());
    }
}
