use std::fmt::Display;

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be reached, or has no connection to spare: worth trying again.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// A constraint of this name refused the change.
    #[error("refused by {constraint}")]
    Refused { constraint: String },
    /// A stored value is not one that this program writes.
    #[error("a stored {what} does not read back: {cause}")]
    Corrupt { what: &'static str, cause: String },
    /// The connections have rights that go round the policies of the tables.
    #[error(
        "the database role {role} passes by row-level security, so that one person could be shown what is \
         another's; run `alter role {role} nosuperuser nobypassrls`, and let it own no table"
    )]
    Unguarded { role: String },
    #[error(transparent)]
    Database(sqlx::Error),
    #[error(transparent)]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl Error {
    pub(crate) fn corrupt(what: &'static str) -> impl Fn(&dyn Display) -> Self {
        move |cause| Self::Corrupt { what, cause: cause.to_string() }
    }

    /// Whether the database is away and expected back, in whatever step that showed.
    pub fn is_unavailable(&self) -> bool {
        use sqlx::{Error as E, migrate::MigrateError};
        match self {
            Self::Unavailable(_) => true,
            Self::Migration(MigrateError::Execute(
                E::Io(_) | E::PoolTimedOut | E::PoolClosed | E::Protocol(_),
            )) => true,
            Self::Migration(MigrateError::Execute(E::Database(db))) => is_passing(db.as_ref()),
            _ => false,
        }
    }

    /// Whether the constraint of this name refused the change.
    pub fn is_refused_by(&self, name: &str) -> bool {
        matches!(self, Self::Refused { constraint } if constraint == name)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Io(_) | E::PoolTimedOut | E::PoolClosed | E::Tls(_) | E::Protocol(_) => {
                Self::Unavailable(error)
            }
            E::Database(db) => {
                if is_passing(db.as_ref()) {
                    return Self::Unavailable(error);
                }
                match db.constraint() {
                    Some(name) => Self::Refused { constraint: name.to_owned() },
                    None => Self::Database(error),
                }
            }
            _ => Self::Database(error),
        }
    }
}

/// Class 57: the server is starting, stopping or ending sessions. 53300: it is full.
fn is_passing(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().is_some_and(|code| code.starts_with("57") || code == "53300")
}

/// Reads a stored text as one of the domain's values.
pub(crate) fn stored<T>(what: &'static str, text: &str) -> Result<T, Error>
where
    T: std::str::FromStr,
    T::Err: Display,
{
    text.parse().map_err(|cause: T::Err| Error::corrupt(what)(&cause))
}

/// Reads a stored number as one of the domain's values.
pub(crate) fn number<T, U>(what: &'static str, value: T) -> Result<U, Error>
where
    U: TryFrom<T>,
    U::Error: Display,
{
    U::try_from(value).map_err(|cause| Error::corrupt(what)(&cause))
}
