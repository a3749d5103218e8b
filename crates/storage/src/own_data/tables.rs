//! Every table with rows about a person: what of them belongs to the export of one's data, and what
//! becomes of them when the account is deleted. A test compares this with the schema.

/// What an export has of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// The rows, in a file of this name, without these columns: secrets, hashes, and what is derived
    /// from the others.
    Rows { file: &'static str, without: &'static [&'static str] },
    /// Nothing, because of this.
    Nothing { because: &'static str },
}

/// What becomes of a person's rows when they delete their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// They go at once.
    AtOnce,
    /// They go as soon as everybody has been told that they no longer count.
    Afterwards,
    /// They stay, because of this.
    Kept { because: &'static str },
}

/// A table, or one of the ways in which its rows are about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonTable {
    pub table: &'static str,
    /// The column that names the person.
    pub owner: &'static str,
    pub export: Export,
    pub deletion: Deletion,
}

const fn rows(file: &'static str, without: &'static [&'static str]) -> Export {
    Export::Rows { file, without }
}

const fn nothing(because: &'static str) -> Export {
    Export::Nothing { because }
}

const fn table(table: &'static str, owner: &'static str, export: Export, deletion: Deletion) -> PersonTable {
    PersonTable { table, owner, export, deletion }
}

use Deletion::{Afterwards, AtOnce, Kept};

/// All of them.
pub const PERSON_TABLES: &[PersonTable] = &[
    table(
        "auth.users",
        "id",
        rows("account", &["password_hash", "suspended_for"]),
        Kept { because: "what others keep refers to it; nothing in it tells who it was" },
    ),
    table("auth.user_roles", "user_id", rows("roles", &[]), AtOnce),
    table("auth.sessions", "user_id", rows("devices", &["token_hash"]), AtOnce),
    table(
        "auth.views",
        "viewed_id",
        nothing("it lasts while somebody of the site looks; that they did is in `activity`"),
        AtOnce,
    ),
    table("auth.personal_tokens", "user_id", rows("tokens", &["token_hash"]), AtOnce),
    table(
        "auth.token_families",
        "user_id",
        nothing("the tokens that are given out for personal ones, which are in the export"),
        AtOnce,
    ),
    table(
        "auth.audit_log",
        "subject_id",
        rows("activity", &["hash", "previous_hash"]),
        Kept { because: "a chain cannot lose an entry; entries name people by identifier alone" },
    ),
    table(
        "auth.audit_log",
        "actor_id",
        nothing("what one did to others is about them; what one did oneself is among one's own entries"),
        Kept { because: "a chain cannot lose an entry; entries name people by identifier alone" },
    ),
    table(
        "auth.private_details",
        "user_id",
        nothing("it is sealed; the export has it opened, in the file `private_details`"),
        AtOnce,
    ),
    table(
        "auth.pending_sign_ins",
        "user_id",
        nothing("it lasts minutes, and is a sign-in not yet done"),
        AtOnce,
    ),
    table("auth.code_guesses", "user_id", nothing("it only counts attempts of the last minutes"), AtOnce),
    table("auth.authenticator_apps", "user_id", rows("authenticator_app", &["secret_sealed"]), AtOnce),
    table("auth.authenticator_set_ups", "user_id", nothing("it lasts minutes, and is a secret"), AtOnce),
    table("auth.recovery_codes", "user_id", rows("recovery_codes", &["hash"]), AtOnce),
    table("auth.known_browsers", "user_id", nothing("it only tells one browser from another"), AtOnce),
    table("auth.passkeys", "user_id", rows("passkeys", &["credential_id", "passkey"]), AtOnce),
    table("auth.passkey_ceremonies", "user_id", nothing("it lasts minutes, and is a challenge"), AtOnce),
    table("auth.trusted_devices", "user_id", rows("trusted_devices", &["token_hash"]), AtOnce),
    table("auth.password_resets", "user_id", nothing("it lasts half an hour, and is a link"), AtOnce),
    table(
        "auth.email_changes",
        "user_id",
        rows("change_of_address", &["old_token_hash", "new_token_hash"]),
        AtOnce,
    ),
    table(
        "auth.known_devices",
        "user_id",
        nothing("nobody can tell from it which devices they are; those signed in are in `devices`"),
        AtOnce,
    ),
    table("auth.external_identities", "user_id", rows("connections", &[]), AtOnce),
    table("auth.external_flows", "user_id", nothing("it lasts minutes, and is a visit not yet done"), AtOnce),
    table("auth.organisation_managers", "user_id", rows("organisation_managed", &[]), AtOnce),
    table("auth.organisation_identities", "user_id", rows("organisations", &[]), AtOnce),
    table("auth.exports", "user_id", nothing("it is the export"), AtOnce),
    table("core.avatars", "user_id", nothing("the export has the picture itself"), AtOnce),
    table(
        "core.profiles",
        "user_id",
        rows("profile", &["search", "skill_keys", "language_keys", "rate_usd"]),
        Afterwards,
    ),
    table("core.jobs", "client_id", rows("jobs", &["search", "skill_keys", "budget_usd"]), Afterwards),
    table("core.blocks", "blocker_id", rows("blocks", &[]), AtOnce),
    table("core.blocks", "blocked_id", nothing("nobody is told who blocked them"), AtOnce),
    table("ai.matches", "freelancer_id", rows("matches", &["client_id"]), Afterwards),
    table(
        "ai.matches",
        "client_id",
        nothing("it tells about freelancers; the jobs are in `jobs`"),
        Kept { because: "they go with their jobs" },
    ),
    table("ai.feeds", "user_id", nothing("it only counts messages"), Afterwards),
    table(
        "ai.feed_messages",
        "user_id",
        nothing("messages repeat what others wrote; what was found for oneself is in `matches`"),
        Afterwards,
    ),
];
