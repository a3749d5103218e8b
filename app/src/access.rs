//! Who may come in where: one table of every page, server function and other address. The services
//! enforce it; a test walks all of it as every role, and fails where an address is missing here or
//! where the table and the site disagree.

use domain::{permission::Permission, role::Role, scope::Scope};

/// Who may come in. What lies behind the door may still be somebody else's: then it is not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Signed in or not.
    Anyone,
    /// Whoever has an account, in any role.
    SignedIn,
    /// Whoever has an account; or a program with a token of this scope.
    SignedInOr(Scope),
    /// Whoever has the permission by one of their roles.
    May(Permission),
    /// A program with a token of this scope, whose owner has the permission, if one is needed.
    Token(Scope, Option<Permission>),
}

impl Access {
    /// In words, for the documents.
    pub fn label(self) -> String {
        match self {
            Self::Anyone => "anyone".to_owned(),
            Self::SignedIn => "anyone signed in".to_owned(),
            Self::SignedInOr(scope) => format!("anyone signed in, or a token for `{scope}`"),
            Self::May(permission) => format!("`{permission}`"),
            Self::Token(scope, None) => format!("a token for `{scope}`"),
            Self::Token(scope, Some(permission)) => format!("a token for `{scope}`, and `{permission}`"),
        }
    }

    /// Whether somebody with exactly these roles may come in by a session; none for nobody signed in.
    pub fn admits(self, roles: Option<&[Role]>) -> bool {
        match (self, roles) {
            (Self::Anyone, _) | (Self::SignedIn | Self::SignedInOr(_), Some(_)) => true,
            (Self::May(permission), Some(roles)) => permission.is_held_by(roles.iter().copied()),
            (Self::Token(..), _) | (_, None) => false,
        }
    }

    /// Whether a program may come in with a token of these scopes, whose owner has these roles.
    pub fn admits_token(self, scopes: &[Scope], roles: &[Role]) -> bool {
        match self {
            Self::SignedInOr(scope) => scopes.contains(&scope),
            Self::Token(scope, permission) => {
                scopes.contains(&scope)
                    && permission.is_none_or(|permission| permission.is_held_by(roles.iter().copied()))
            }
            _ => self.admits(None),
        }
    }
}

/// An address and who may come in there.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    pub method: &'static str,
    pub path: &'static str,
    pub access: Access,
    /// For a server function: a form that it can read, so that what it answers is about who asks.
    pub form: &'static str,
    /// Whether a proof of the last ten minutes is asked for.
    pub proof: bool,
}

impl Door {
    const fn after_a_proof(self) -> Self {
        Self { proof: true, ..self }
    }
}

const ANYONE: Access = Access::Anyone;
const SIGNED_IN: Access = Access::SignedIn;
const SEE_OWN_JOBS: Access = Access::May(Permission::SeeOwnJobs);
const POST_JOBS: Access = Access::May(Permission::PostJobs);
const SEE_CANDIDATES: Access = Access::May(Permission::SeeCandidates);
const KEEP_PROFILE: Access = Access::May(Permission::KeepProfile);
const KEEP_ORGANISATION: Access = Access::May(Permission::KeepOrganisation);
const SEE_MATCHES: Access = Access::May(Permission::SeeMatches);

const fn page(path: &'static str, access: Access) -> Door {
    Door { method: "GET", path, access, form: "", proof: false }
}

const fn function(path: &'static str, access: Access, form: &'static str) -> Door {
    Door { method: "POST", path, access, form, proof: false }
}

/// The job that the forms of the walk speak of: there is none of this number.
const NO_JOB: &str = "job_id=00000000-0000-7000-8000-000000000001";
const NEW_JOB: &str = "job_id=00000000-0000-7000-8000-000000000001&intent=publish&form%5Btitle%5D=x";
const EDITED_JOB: &str =
    "job_id=00000000-0000-7000-8000-000000000001&version=1&intent=publish&form%5Btitle%5D=x";
const NEW_TOKEN: &str = "token=00000000-0000-7000-8000-000000000001&form%5Bname%5D=";
const NO_PERSON: &str = "user=00000000-0000-7000-8000-000000000001";

const SUSPENDED: &str = "user=00000000-0000-7000-8000-000000000001&reason=Spam";

/// Every door of the site.
pub const DOORS: &[Door] = &[
    // What everybody sees.
    page("/", ANYONE),
    page("/jobs", ANYONE),
    page("/jobs/{id}", ANYONE),
    page("/freelancers", ANYONE),
    page("/freelancers/{id}", ANYONE),
    page("/sign-up", ANYONE),
    page("/sign-up/sent", ANYONE),
    page("/sign-in", ANYONE),
    page("/forgotten", ANYONE),
    // These show what the link from a letter leads to, to whoever has it.
    page("/sign-up/confirm", ANYONE),
    page("/reset", ANYONE),
    page("/account/email/confirm", ANYONE),
    // There is something to see in a demonstration alone.
    page("/mailbox", ANYONE),
    page("/mailbox/{id}", ANYONE),
    // It shows what the account of a sign-in that was begun has to go on with, and to nobody else.
    page("/sign-in/second", ANYONE),
    // On the way to another site, and back from there: guarded by the cookie of whoever began.
    page("/sign-in/with/{provider}", ANYONE),
    page("/sign-in/with/{provider}/callback", ANYONE),
    page("/sign-up/finish", ANYONE),
    page("/benchmark/table", ANYONE),
    page("/farewell", ANYONE),
    // It shows nothing but what its visitor has just sent.
    page("/signed-out", ANYONE),
    // Hiring.
    page("/jobs/new", POST_JOBS),
    page("/jobs/{id}/edit", POST_JOBS),
    page("/jobs/{id}/candidates", SEE_CANDIDATES),
    page("/jobs/{id}/candidates/{freelancer}", SEE_CANDIDATES),
    page("/my/jobs", SEE_OWN_JOBS),
    function("/api/create_job", POST_JOBS, NEW_JOB),
    function("/api/edit_job", POST_JOBS, EDITED_JOB),
    function("/api/publish_job", POST_JOBS, NO_JOB),
    function("/api/close_job", POST_JOBS, NO_JOB),
    // Freelancing.
    page("/profile", KEEP_PROFILE),
    page("/matches", SEE_MATCHES),
    page("/matches/{job}", SEE_MATCHES),
    function("/api/save_profile", KEEP_PROFILE, "form%5Btitle%5D=x"),
    // One's own account.
    page("/account", SIGNED_IN),
    page("/account/email", SIGNED_IN),
    page("/account/security", SIGNED_IN),
    page("/account/security/app", SIGNED_IN),
    page("/account/security/codes", SIGNED_IN),
    page("/account/security/passkeys", SIGNED_IN),
    page("/account/password", SIGNED_IN),
    page("/account/devices", SIGNED_IN),
    page("/account/connections", SIGNED_IN),
    page("/account/organisation", KEEP_ORGANISATION),
    page("/account/tokens", SIGNED_IN),
    page("/account/tokens/new", SIGNED_IN),
    page("/account/activity", SIGNED_IN),
    page("/account/data", SIGNED_IN),
    page("/account/data/archive", SIGNED_IN),
    page("/confirm", SIGNED_IN),
    function("/api/save_account", SIGNED_IN, "form%5Bdisplay_name%5D="),
    function("/api/save_private_details", SIGNED_IN, "form%5Bphone%5D="),
    function("/api/ask_email_change", SIGNED_IN, "form%5Bemail%5D=x").after_a_proof(),
    function("/api/give_up_email_change", SIGNED_IN, ""),
    function("/api/change_password", SIGNED_IN, "form%5Bpassword%5D=short").after_a_proof(),
    // A file that is none: who may send one is told by what it answers.
    function("/account/picture", SIGNED_IN, ""),
    function("/api/remove_picture", SIGNED_IN, ""),
    function("/api/request_export", SIGNED_IN, "").after_a_proof(),
    function("/api/delete_account", SIGNED_IN, "understood=false").after_a_proof(),
    function("/api/confirm", SIGNED_IN, "password=wrong"),
    function("/api/begin_app", SIGNED_IN, "").after_a_proof(),
    function("/api/give_up_app", SIGNED_IN, ""),
    function("/api/confirm_app", SIGNED_IN, "code=000000").after_a_proof(),
    function("/api/remove_app", SIGNED_IN, "").after_a_proof(),
    function("/api/renew_recovery_codes", SIGNED_IN, "").after_a_proof(),
    function("/api/recovery_codes_kept", SIGNED_IN, ""),
    function("/api/allow_email_codes", SIGNED_IN, "allowed=false").after_a_proof(),
    function("/api/passkey_options", SIGNED_IN, "").after_a_proof(),
    function("/api/passkey_confirm_options", SIGNED_IN, ""),
    function("/api/add_passkey", SIGNED_IN, "answer=%7B%7D&name=x").after_a_proof(),
    function("/api/rename_passkey", SIGNED_IN, "passkey=00000000-0000-7000-8000-000000000001&name=x"),
    function("/api/remove_passkey", SIGNED_IN, "passkey=00000000-0000-7000-8000-000000000001")
        .after_a_proof(),
    function("/api/forget_trusted_device", SIGNED_IN, "trusted=00000000-0000-7000-8000-000000000001"),
    function("/api/forget_trusted_devices", SIGNED_IN, ""),
    function("/api/confirm_with", SIGNED_IN, "provider=nobody"),
    function("/api/connect", SIGNED_IN, "provider=nobody").after_a_proof(),
    function("/api/create_organisation", KEEP_ORGANISATION, "form%5Bname%5D=").after_a_proof(),
    function("/api/add_organisation_domain", KEEP_ORGANISATION, "form%5Bdomain%5D=x").after_a_proof(),
    function("/api/prove_organisation_domain", KEEP_ORGANISATION, "domain=nothing.example").after_a_proof(),
    function("/api/remove_organisation_domain", KEEP_ORGANISATION, "domain=nothing.example").after_a_proof(),
    function("/api/set_organisation_issuer", KEEP_ORGANISATION, "form%5Bissuer%5D=x").after_a_proof(),
    function("/api/try_organisation_issuer", KEEP_ORGANISATION, "").after_a_proof(),
    function("/api/require_organisation_issuer", KEEP_ORGANISATION, "required=false").after_a_proof(),
    function("/api/remove_organisation", KEEP_ORGANISATION, "understood=false").after_a_proof(),
    function("/api/disconnect", SIGNED_IN, "identity=00000000-0000-7000-8000-000000000001").after_a_proof(),
    function("/api/sign_out_device", SIGNED_IN, "session=00000000-0000-7000-8000-000000000001")
        .after_a_proof(),
    function("/api/sign_out_others", SIGNED_IN, "").after_a_proof(),
    function("/api/create_token", SIGNED_IN, NEW_TOKEN).after_a_proof(),
    function("/api/revoke_token", SIGNED_IN, "token=00000000-0000-7000-8000-000000000001").after_a_proof(),
    function("/api/block", SIGNED_IN, NO_PERSON),
    function("/api/unblock", SIGNED_IN, NO_PERSON),
    // Administration.
    page("/admin/people", Access::May(Permission::FindPeople)),
    page("/admin/people/{id}", Access::May(Permission::FindPeople)),
    page("/admin/trail", Access::May(Permission::SeeAudit)),
    function("/api/suspend_account", Access::May(Permission::SuspendAccounts), SUSPENDED).after_a_proof(),
    function("/api/reinstate_account", Access::May(Permission::SuspendAccounts), NO_PERSON).after_a_proof(),
    function("/api/verify_account", Access::May(Permission::VerifyAccounts), NO_PERSON).after_a_proof(),
    function("/api/end_sessions", Access::May(Permission::EndSessions), NO_PERSON).after_a_proof(),
    function("/api/change_roles", Access::May(Permission::ChangeRoles), NO_PERSON).after_a_proof(),
    function("/api/begin_view", Access::May(Permission::Impersonate), NO_PERSON).after_a_proof(),
    // Whoever looks at nobody else's pages is told so.
    function("/api/end_view", SIGNED_IN, ""),
    // Coming and going.
    function("/api/sign_up", ANYONE, "form%5Bemail%5D=x"),
    function("/api/send_sign_up_again", ANYONE, ""),
    function("/api/confirm_sign_up", ANYONE, ""),
    function("/api/ask_reset", ANYONE, "form%5Bemail%5D=x"),
    function("/api/reset_password", ANYONE, "form%5Bpassword%5D=short"),
    function("/api/confirm_email_change", ANYONE, ""),
    function("/api/sign_in", ANYONE, "form%5Bemail%5D=x"),
    function("/api/second_factor", ANYONE, "code=000000"),
    function("/api/send_sign_in_code", ANYONE, ""),
    function("/api/passkey_sign_in_options", ANYONE, ""),
    function("/api/passkey_second_options", ANYONE, ""),
    function("/api/passkey_sign_in", ANYONE, "answer=%7B%7D"),
    function("/api/continue_with", ANYONE, "provider=nobody"),
    function("/api/continue_with_organisation", ANYONE, "form%5Bemail%5D=x"),
    function("/api/finish_sign_up", ANYONE, "form%5Bdisplay_name%5D="),
    function("/api/sign_out", ANYONE, ""),
    function("/api/theme", ANYONE, "theme=dark"),
    // For programs.
    function("/api/v1/auth/token", ANYONE, "grant_type=refresh_token&refresh_token=x"),
    function("/api/v1/auth/revoke", ANYONE, "token=x"),
    page("/api/v1/me", Access::Token(Scope::ProfileRead, None)),
    page("/api/v1/jobs", Access::Token(Scope::JobsRead, Some(Permission::SeeOwnJobs))),
    page("/api/v1/matches", Access::Token(Scope::MatchesRead, Some(Permission::SeeMatches))),
    page("/.well-known/jwks.json", ANYONE),
    // For machines.
    page("/ws/feed", Access::SignedInOr(Scope::MatchesRead)),
    page("/avatars/{id}/{hash}", ANYONE),
    page("/healthz", ANYONE),
    page("/readyz", ANYONE),
    // Guarded by where the caller is, or by a token of its own.
    page("/metrics", ANYONE),
    page("/pkg/{file}", ANYONE),
    // Wherever there is no other door: a file, or the page that says that there is nothing.
    page("/{file}", ANYONE),
];

/// All that is open to somebody whose role needs a second factor that they have not given: to give or
/// set up one, or to leave.
const TO_A_SECOND_FACTOR: &[&str] = &[
    "/account/security",
    "/account/security/app",
    "/account/security/codes",
    "/account/security/passkeys",
    "/confirm",
    "/api/confirm",
    "/api/begin_app",
    "/api/give_up_app",
    "/api/confirm_app",
    "/api/recovery_codes_kept",
    "/api/passkey_options",
    "/api/passkey_confirm_options",
    "/api/add_passkey",
    "/api/sign_out",
    "/api/theme",
];

/// Whether an address is open to somebody who owes the second factor.
pub fn is_on_the_way_to_a_second_factor(path: &str) -> bool {
    TO_A_SECOND_FACTOR.contains(&path)
}

/// The tables as a document.
pub fn document() -> String {
    let mut text = "# Who may come in where\n\nMade from `app/src/access.rs` and `crates/domain/src/permission.rs`; do \
                    not edit it here. A test asks at every address as every role, signed out included, and fails \
                    where the site answers otherwise, or where an address is missing. Behind a door that admits \
                    somebody, what belongs to somebody else is not found.\n\n| Method | Address | Who |\n|---|---|---|\n"
        .to_owned();
    for door in DOORS {
        let proof = if door.proof { ", after a fresh proof" } else { "" };
        text.push_str(&format!("| {} | `{}` | {}{proof} |\n", door.method, door.path, door.access.label()));
    }
    text.push_str("\n## Who may do what\n\nA person may do what one of their roles permits.\n\n| Permission | What it is |");
    for role in Role::ALL {
        text.push_str(&format!(" {role} |"));
    }
    text.push_str("\n|---|---|");
    text.push_str(&":-:|".repeat(Role::ALL.len()));
    for permission in Permission::ALL {
        text.push_str(&format!("\n| `{permission}` | {} |", permission.label()));
        for role in Role::ALL {
            text.push_str(if permission.holders().contains(role) { " yes |" } else { " |" });
        }
    }
    text.push('\n');
    text
}
