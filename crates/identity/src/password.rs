//! Passwords, hashed with Argon2id.

use std::sync::{Arc, LazyLock};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

/// Memory in KiB, passes and lanes: the first choice of OWASP's Password Storage Cheat Sheet.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a password could not be hashed: {0}")]
    Hash(argon2::password_hash::Error),
    #[error("hashing was interrupted")]
    Interrupted,
}

/// Hashes and checks passwords away from the threads that serve requests, as many at a time as
/// there are cores: a hash is costly by design, and a crowd at the door must not stop the house.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    permits: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let params =
            Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within Argon2's bounds");
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            permits: Arc::new(Semaphore::new(cores)),
        }
    }
}

impl Passwords {
    /// The password's hash with a salt of its own, in PHC form.
    pub async fn hash(&self, password: SecretString) -> Result<String, Error> {
        let argon2 = self.argon2.clone();
        self.run(move || {
            let hash = argon2.hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(Error::Hash)
        })
        .await?
    }

    /// Whether the password belongs to the hash. With no hash, for an account that is not there,
    /// the same work is done and the answer is no, so that the time taken tells nothing.
    pub async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool, Error> {
        let argon2 = self.argon2.clone();
        self.run(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.clone());
            let matches = PasswordHash::new(&hash)
                .is_ok_and(|hash| argon2.verify_password(password.expose_secret().as_bytes(), &hash).is_ok());
            matches && known
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| Error::Interrupted)?;
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await
        .map_err(|_| Error::Interrupted)
    }
}

/// The hash of a password nobody has.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let passwords = Passwords::default();
    let hash = passwords.argon2.hash_password(b"nobody has this password");
    hash.map(|hash| hash.to_string()).unwrap_or_default()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_no_other() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse battery".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("correct horse batterz".into(), Some(hash.clone())).await.unwrap());
        assert_ne!(
            hash,
            passwords.hash("correct horse battery".into()).await.unwrap(),
            "each hash has its own salt"
        );
    }

    #[tokio::test]
    async fn an_account_that_is_not_there_is_never_entered() {
        let passwords = Passwords::default();
        assert!(!passwords.verify("nobody has this password".into(), None).await.unwrap());
        assert!(!NOBODY.is_empty(), "the work for nobody must be real work");
    }

    #[tokio::test]
    async fn a_stored_hash_that_is_none_lets_nobody_in() {
        assert!(!Passwords::default().verify("x".into(), Some("plain text".into())).await.unwrap());
    }
}
