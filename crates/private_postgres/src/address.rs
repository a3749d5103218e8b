//! Where a server is, and as whom one may sign in to it.

use std::path::PathBuf;

use crate::cluster::password;
use crate::owner::Owner;
use crate::{Error, check_name};

/// A running server's address, with the passwords of its logins at hand.
#[derive(Debug, Clone)]
pub struct Address {
    pub(crate) home: PathBuf,
    pub(crate) owner: Owner,
    pub(crate) superuser: String,
    pub(crate) port: u16,
}

impl Address {
    /// Connection string of the superuser for `database`, as `postgres://…`.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        url("postgres", &self.superuser, self.port, database)
    }

    /// The same for a login that [`ensure_logins`](crate::PrivatePostgres::ensure_logins) made.
    ///
    /// # Errors
    /// [`Error::BadName`] for what cannot be one; [`Error::Io`] if its password cannot be read.
    pub fn url_as(&self, login: &str, database: &str) -> Result<String, Error> {
        check_name(login)?;
        Ok(url(login, &password(&self.home, &file_of(login), self.owner)?, self.port, database))
    }
}

/// The file of a login's password.
pub(crate) fn file_of(login: &str) -> String {
    format!("password.{login}")
}

fn url(login: &str, password: &str, port: u16, database: &str) -> String {
    format!("postgres://{login}:{password}@127.0.0.1:{port}/{database}")
}
