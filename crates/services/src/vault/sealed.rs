//! Every column that holds sealed values.

use identity::vault::Purpose;
use storage::vault::Column;

/// A column of sealed values, and what they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedColumn {
    pub at: Column,
    pub purpose: Purpose,
}

/// All of them. Their names in the schema end in `_sealed`, and a test compares the two.
pub const SEALED: &[SealedColumn] = &[
    SealedColumn { at: of_person("auth.private_details", "phone_sealed"), purpose: Purpose::Phone },
    SealedColumn { at: of_person("auth.private_details", "legal_name_sealed"), purpose: Purpose::LegalName },
    SealedColumn { at: of_person("auth.authenticator_apps", "secret_sealed"), purpose: Purpose::TotpSecret },
    SealedColumn {
        at: of_person("auth.authenticator_set_ups", "secret_sealed"),
        purpose: Purpose::TotpSecret,
    },
    SealedColumn { at: of_person("auth.exports", "archive_sealed"), purpose: Purpose::Export },
    SealedColumn {
        at: of_row("auth.organisations", "client_secret_sealed"),
        purpose: Purpose::IssuerClientSecret,
    },
    SealedColumn { at: of_row("auth.external_flows", "flow_sealed"), purpose: Purpose::ExternalFlow },
    SealedColumn {
        at: Column { table: "auth.signing_keys", key: "id", owner: "id", column: "private_key_sealed" },
        purpose: Purpose::SigningKey,
    },
];

/// A column of a table with one row for each person.
const fn of_person(table: &'static str, column: &'static str) -> Column {
    Column { table, key: "user_id", owner: "user_id", column }
}

/// A column whose values belong to nobody but their row.
const fn of_row(table: &'static str, column: &'static str) -> Column {
    Column { table, key: "id", owner: "id", column }
}
