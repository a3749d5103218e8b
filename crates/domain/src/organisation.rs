//! Organisations: which domains are theirs, and what they say of their issuer.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    account::Email,
    role::{Role, Roles},
    validate::{FieldErrors, line, optional_choice},
};

/// What an organisation is called.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OrganisationForm {
    pub name: String,
}

impl OrganisationForm {
    pub fn validate(&self) -> Result<String, FieldErrors> {
        line(&self.name, 2, 80).map_err(|message| FieldErrors::one("name", message))
    }
}

/// A domain as it stands in addresses, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainName(String);

impl DomainName {
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = host(text.trim()).trim_start_matches('@').trim_end_matches('.');
        let wrong = || {
            "Please give a domain such as example.com; one with other letters as it stands in the domain name \
             system, with xn--."
                .to_owned()
        };
        // What no address can have behind its at sign is of no use here.
        let email = Email::parse(&format!("a@{text}")).map_err(|_| wrong())?;
        let (_, top) = email.domain().rsplit_once('.').ok_or_else(wrong)?;
        if top.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        Ok(Self(email.domain().to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The host of a web address, for many paste that; anything else as it is.
fn host(text: &str) -> &str {
    let Some((scheme, rest)) = text.split_once("://") else { return text };
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return text;
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    host.rsplit_once(':')
        .map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host })
}

/// A domain that somebody says is their organisation's.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DomainForm {
    pub domain: String,
}

impl DomainForm {
    pub fn validate(&self) -> Result<DomainName, FieldErrors> {
        DomainName::parse(&self.domain).map_err(|message| FieldErrors::one("domain", message))
    }
}

/// A TXT record by which somebody shows that a domain is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxtRecord {
    pub name: String,
    pub value: String,
}

impl TxtRecord {
    /// The one that a domain needs for this token.
    pub fn of(domain: &str, token: &str) -> Self {
        Self { name: format!("_8thdegree.{domain}"), value: format!("8thdegree-domain={token}") }
    }
}

/// The settings of an organisation's issuer, as they are filled in.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IssuerForm {
    pub issuer: String,
    pub client_id: String,
    /// Empty keeps the one that is stored.
    pub client_secret: String,
    /// What to ask for beyond the usual, with spaces between.
    pub scopes: String,
    /// The claim that lists groups; empty where roles do not follow from groups.
    pub groups_claim: String,
    /// Groups whose members freelance, and those whose members hire, a line each.
    pub freelancers: String,
    pub clients: String,
    /// The role of everybody else; empty where nobody else comes in.
    pub otherwise: String,
}

/// Shows no field: the secret does not belong in logs.
impl fmt::Debug for IssuerForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerForm").finish_non_exhaustive()
    }
}

/// Valid settings; where the issuer may be is not decided here.
pub struct IssuerSettings {
    pub issuer: String,
    pub client_id: String,
    /// None where the stored one stays.
    pub client_secret: Option<String>,
    pub scopes: Vec<String>,
    pub groups_claim: Option<String>,
    pub mapping: RoleMapping,
}

const MOST_GROUPS: usize = 100;
const LONGEST_GROUP: usize = 255;

impl IssuerForm {
    pub fn validate(&self) -> Result<IssuerSettings, FieldErrors> {
        let mut errors = FieldErrors::default();
        let visible = |text: &str, longest: usize| {
            (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let [issuer, client_id, secret] =
            [&self.issuer, &self.client_id, &self.client_secret].map(|text| text.trim());
        if !visible(issuer, 2000) {
            errors.add("issuer", "Please give the address of the issuer, such as https://login.example.com.");
        }
        if !visible(client_id, 255) {
            errors.add(
                "client_id",
                "Please give the client ID that the issuer shows, of 255 characters at most.",
            );
        }
        if !secret.is_empty() && !visible(secret, 1024) {
            errors.add("client_secret", "Please paste the secret as the issuer shows it, without spaces.");
        }
        let scopes: Vec<String> = self.scopes.split_whitespace().map(str::to_owned).collect();
        if scopes.len() > 10 || !scopes.iter().all(|scope| visible(scope, 128)) {
            errors.add("scopes", "Please name at most 10 scopes, with spaces between them.");
        }
        let claim = self.groups_claim.trim();
        if !claim.is_empty() && !visible(claim, 128) {
            errors.add("groups_claim", "Please give the name of one claim, such as groups.");
        }
        let mut groups = Vec::new();
        for (field, text, role) in
            [("freelancers", &self.freelancers, Role::Freelancer), ("clients", &self.clients, Role::Client)]
        {
            let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            if lines.len() > MOST_GROUPS || lines.iter().any(|group| group.len() > LONGEST_GROUP) {
                errors.add(field, "Please name at most 100 groups, a line each, of 255 letters at most.");
            }
            groups.extend(lines.into_iter().map(|group| (group.to_owned(), role)));
        }
        groups.sort_unstable();
        groups.dedup();
        if claim.is_empty() && !groups.is_empty() {
            errors.add("groups_claim", "Please say which claim lists the groups.");
        }
        let market =
            |role: &Option<Role>| role.is_none_or(|role| matches!(role, Role::Freelancer | Role::Client));
        let otherwise = optional_choice(&self.otherwise).ok().filter(market);
        match otherwise {
            None => errors.add("otherwise", "Please choose one of the options."),
            Some(None) if groups.is_empty() => {
                errors.add("otherwise", "Without groups nobody could come in. Please choose a role.");
            }
            Some(_) => {}
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(IssuerSettings {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: (!secret.is_empty()).then(|| secret.to_owned()),
            scopes,
            groups_claim: (!claim.is_empty()).then(|| claim.to_owned()),
            mapping: RoleMapping { groups, otherwise: otherwise.flatten() },
        })
    }
}

/// Which roles follow from what the issuer says of somebody. Only those of the market: what
/// administrators may do, no organisation gives away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleMapping {
    pub groups: Vec<(String, Role)>,
    /// The role of whoever is in none of the groups; without one they do not come in.
    pub otherwise: Option<Role>,
}

impl RoleMapping {
    /// The roles of somebody in these groups; none if they do not come in.
    pub fn roles(&self, groups: &[String]) -> Option<Roles> {
        let of_groups = self.groups.iter().filter(|(group, _)| groups.contains(group)).map(|(_, role)| *role);
        let of_groups: Roles = of_groups.collect();
        if of_groups.is_empty() {
            self.otherwise.map(|role| [role].into_iter().collect())
        } else {
            Some(of_groups)
        }
    }

    /// The groups of a role as the form shows them, a line each.
    pub fn lines(&self, role: Role) -> String {
        let names = self.groups.iter().filter(|(_, one)| *one == role).map(|(name, _)| name.as_str());
        names.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_taken_as_people_write_it_and_nothing_else_is() {
        for (written, meant) in [
            ("Example.COM", "example.com"),
            (" @sub.example.org. ", "sub.example.org"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("https://acme-works.example/", "acme-works.example"),
            ("HTTP://Example.com:8080/about?a=b", "example.com"),
        ] {
            assert_eq!(DomainName::parse(written).unwrap().as_str(), meant);
        }
        for wrong in [
            "",
            "localhost",
            "127.0.0.1",
            "bücher.example",
            "a b.example",
            "ftp://example.com",
            "https://somebody:secret@example.com",
            "*.example.com",
            "a@b@c.de",
            "-a.example",
        ] {
            assert!(DomainName::parse(wrong).is_err(), "{wrong}");
        }
    }

    fn form() -> IssuerForm {
        IssuerForm {
            issuer: "https://login.example.com".into(),
            client_id: "eighth".into(),
            client_secret: "hush".into(),
            groups_claim: "groups".into(),
            freelancers: "engineers\n\n  engineers \n".into(),
            clients: "buyers\nengineers".into(),
            ..IssuerForm::default()
        }
    }

    #[test]
    fn roles_follow_from_groups() {
        let mapping = form().validate().ok().unwrap().mapping;
        assert_eq!(mapping.groups.len(), 3);
        let roles = |groups: &[&str]| {
            let groups: Vec<_> = groups.iter().map(|&group| group.to_owned()).collect();
            mapping.roles(&groups).map(|roles| roles.iter().collect::<Vec<_>>())
        };
        assert_eq!(roles(&["buyers", "others"]), Some(vec![Role::Client]));
        assert_eq!(roles(&["engineers"]), Some(vec![Role::Freelancer, Role::Client]));
        assert_eq!(roles(&["others"]), None);
        let open = RoleMapping { otherwise: Some(Role::Client), ..mapping.clone() };
        assert!(open.roles(&[]).unwrap().contains(Role::Client));
        assert_eq!(mapping.lines(Role::Client), "buyers\nengineers");
    }

    #[test]
    fn no_organisation_makes_administrators() {
        let errors = IssuerForm { otherwise: "admin".into(), ..form() }.validate().err().unwrap();
        assert!(errors.get("otherwise").is_some());
    }

    #[test]
    fn what_cannot_work_is_named_at_its_field() {
        let fields = |form: IssuerForm| {
            let errors = form.validate().err().unwrap();
            errors.iter().map(|(field, _)| field.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(fields(IssuerForm::default()), ["client_id", "issuer", "otherwise"]);
        assert_eq!(fields(IssuerForm { groups_claim: String::new(), ..form() }), ["groups_claim"]);
        assert_eq!(fields(IssuerForm { client_secret: "two words".into(), ..form() }), ["client_secret"]);
        assert_eq!(fields(IssuerForm { clients: "x".repeat(256), ..form() }), ["clients"]);
        assert!(!format!("{:?}", form()).contains("hush"));
    }
}
