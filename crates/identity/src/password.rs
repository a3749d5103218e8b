//! Passwords, hashed with Argon2id.

mod memory;

use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{
        PasswordHasher as _, PasswordVerifier as _,
        phc::{Output, PasswordHash},
    },
};
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{Semaphore, oneshot};

use self::memory::Memory;

/// Memory in KiB, passes and lanes. For one pass OWASP asks for 46 MiB at least (ASVS 5.0, appendix C):
/// memory is what whoever tries passwords on graphics cards has least of.
const MEMORY_KIB: u32 = 65_536;
const PASSES: u32 = 1;
const LANES: u32 = 1;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a password could not be hashed: {0}")]
    Hash(argon2::password_hash::Error),
    #[error("hashing was interrupted")]
    Interrupted,
    #[error("there are no threads to hash on: {0}")]
    Threads(ThreadPoolBuildError),
}

/// What comes of comparing a password with a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right {
        /// Whether the hash was made with another algorithm or other parameters than today's. The
        /// caller, who has the password at hand only now, then stores a new one.
        outdated: bool,
    },
}

impl Verdict {
    pub fn is_right(self) -> bool {
        matches!(self, Self::Right { .. })
    }
}

/// Hashes and checks passwords on threads of their own, one for each core, that step back for those
/// who serve requests: a hash is costly by design, and a crowd at the door must not stop the house.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    /// Started when the first password is hashed.
    threads: Arc<OnceLock<ThreadPool>>,
    cores: usize,
    permits: Arc<Semaphore>,
    /// What hashes before have worked in. While there is a crowd it is handed on: to get so
    /// much from the system, all zero, and to clear it takes a good part of the time of a hash.
    memory: Arc<Mutex<Vec<Memory>>>,
}

/// So many passwords for each core are taken in at a time, so that the next one is at hand when one is
/// done. The others wait outside, and whoever gives up costs nothing.
const AT_HAND: usize = 2;

/// How far the threads that hash step back, on the scale of `nice(2)`.
const STEP_BACK: i32 = 10;

fn threads(count: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new()
        .num_threads(count)
        .thread_name(|n| format!("passwords-{n}"))
        // On Linux this is about the thread alone.
        .start_handler(|_| {
            if let Err(error) = rustix::process::nice(STEP_BACK) {
                tracing::debug!(%error, "a thread that hashes passwords does not step back");
            }
        })
        // Whoever waits for the answer learns that none comes.
        .panic_handler(|_| tracing::error!("hashing a password panicked"))
        .build()
}

impl Default for Passwords {
    fn default() -> Self {
        let params =
            Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within Argon2's bounds");
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            threads: Arc::default(),
            cores,
            permits: Arc::new(Semaphore::new(AT_HAND * cores)),
            memory: Arc::default(),
        }
    }
}

impl Passwords {
    /// The password's hash with a salt of its own, in PHC form.
    pub async fn hash(&self, password: SecretString) -> Result<String, Error> {
        let argon2 = self.argon2.clone();
        self.run(move |memory| {
            // This one brings its own, so that no more is in use than a hash needs on each core.
            *memory = None;
            let hash = argon2.hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(Error::Hash)
        })
        .await?
    }

    /// Whether the password belongs to the hash. With no hash, for an account that is not there,
    /// the same work is done and the answer is no, so that the time taken tells nothing.
    pub async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<Verdict, Error> {
        let argon2 = self.argon2.clone();
        self.run(move |memory| {
            let known = hash.is_some();
            let stored = hash.unwrap_or_else(|| NOBODY.clone());
            let matches = fits(&argon2, password.expose_secret().as_bytes(), &stored, memory);
            if matches && known { Verdict::Right { outdated: is_outdated(&stored) } } else { Verdict::Wrong }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Option<Memory>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| Error::Interrupted)?;
        let threads = match self.threads.get() {
            Some(threads) => threads,
            None => {
                let started = threads(self.cores).map_err(Error::Threads)?;
                self.threads.get_or_init(|| started)
            }
        };
        let (answer, answered) = oneshot::channel();
        let this = self.clone();
        threads.spawn(move || {
            let mut memory = this.kept().pop();
            let done = work(&mut memory);
            // Of several who end at once, the last one sees that nobody else is in or waits outside: all of it
            // goes back to the system.
            let mut kept = this.kept();
            drop(permit);
            if this.permits.available_permits() >= AT_HAND * this.cores {
                kept.clear();
            } else {
                kept.extend(memory);
            }
            drop(kept);
            // Nobody may be waiting for it any more.
            drop(answer.send(done));
        });
        answered.await.map_err(|_| Error::Interrupted)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Memory>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The algorithm alone, with today's parameters, in memory that is kept, as [`Passwords`] keeps it in a
/// crowd: for measuring against it. Each call hashes once.
pub fn alone() -> impl FnMut() -> bool {
    let argon2 = Passwords::default().argon2;
    let mut memory = Memory::new(argon2.params().block_count()).ok();
    move || {
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        let Some(memory) = &mut memory else { return false };
        let (password, salt) = (b"a few words in a row", b"sixteen letters.");
        argon2.hash_password_into_with_memory(password, salt, &mut output, memory.blocks()).is_ok()
    }
}

/// Whether a password belongs to a stored hash. It is worked out in `memory`, whatever that holds: the
/// algorithm writes each block before it reads it.
fn fits(argon2: &Argon2<'_>, password: &[u8], stored: &str, memory: &mut Option<Memory>) -> bool {
    let Ok(hash) = PasswordHash::new(stored) else { return false };
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return false };
    if memory.is_none() {
        *memory = Memory::new(argon2.params().block_count()).ok();
    }
    let (Some(memory), Some(former)) = (memory, as_it_was_made(&hash)) else {
        return argon2.verify_password(password, &hash).is_ok();
    };
    let blocks = memory.blocks();
    if former.params().block_count() > blocks.len() {
        return argon2.verify_password(password, &hash).is_ok();
    }
    let mut output = [0; Output::MAX_LENGTH];
    let output = &mut output[..expected.as_bytes().len()];
    let hashed = former.hash_password_into_with_memory(password, salt, output, &mut *blocks);
    // Outputs are compared in constant time.
    let fits = hashed.is_ok() && Output::new(output).is_ok_and(|output| output == *expected);
    if let Some(left) = work_left(former.params()) {
        // In other memory, as far as there is some: with what is at hand it would be done sooner.
        let begins_at = blocks.len() - left.block_count();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, left);
        // Only the time that it takes is wanted.
        let _ = argon2.hash_password_into_with_memory(password, salt, output, &mut blocks[begins_at..]);
    }
    fits
}

/// The algorithm and its parameters as a hash was made with them.
fn as_it_was_made(hash: &PasswordHash) -> Option<Argon2<'static>> {
    let algorithm = Algorithm::new(hash.algorithm.as_str()).ok()?;
    let version = Version::try_from(hash.version?).ok()?;
    Some(Argon2::new(algorithm, version, Params::try_from(hash).ok()?))
}

/// The work that a hash with former parameters lacks of one with today's, if any. It is done all the same:
/// for an address without an account there is as much work as today, and the time would tell which have one.
fn work_left(former: &Params) -> Option<Params> {
    let done = former.m_cost().saturating_mul(former.t_cost());
    Params::new((MEMORY_KIB * PASSES).saturating_sub(done), 1, LANES, None).ok()
}

/// Whether a hash in PHC form was made otherwise than one would be today.
fn is_outdated(hash: &str) -> bool {
    !hash.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"))
}

/// The hash of a password nobody has.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let passwords = Passwords::default();
    let hash = passwords.argon2.hash_password(b"nobody has this password");
    hash.map(|hash| hash.to_string()).unwrap_or_default()
});

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    const RIGHT: Verdict = Verdict::Right { outdated: false };

    /// A hash of the password made with other parameters than today's.
    fn hashed_with(
        algorithm: Algorithm,
        version: Version,
        memory: u32,
        passes: u32,
        password: &str,
    ) -> String {
        let params = Params::new(memory, passes, LANES, None).unwrap();
        let hash = Argon2::new(algorithm, version, params).hash_password(password.as_bytes());
        hash.unwrap().to_string()
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_no_other() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=65536,t=1,p=1$"), "{hash}");
        let verdict = passwords.verify("correct horse battery".into(), Some(hash.clone())).await.unwrap();
        assert_eq!(verdict, RIGHT);
        let verdict = passwords.verify("correct horse batterz".into(), Some(hash.clone())).await.unwrap();
        assert_eq!(verdict, Verdict::Wrong);
        assert_ne!(
            hash,
            passwords.hash("correct horse battery".into()).await.unwrap(),
            "each hash has its own salt"
        );
    }

    #[tokio::test]
    async fn a_hash_made_otherwise_still_opens_and_is_called_outdated() {
        let passwords = Passwords::default();
        for hash in [
            hashed_with(Algorithm::Argon2id, Version::V0x13, MEMORY_KIB / 2, PASSES, "correct horse"),
            hashed_with(Algorithm::Argon2id, Version::V0x13, MEMORY_KIB, PASSES + 1, "correct horse"),
            hashed_with(Algorithm::Argon2id, Version::V0x10, MEMORY_KIB, PASSES, "correct horse"),
            hashed_with(Algorithm::Argon2i, Version::V0x13, MEMORY_KIB, PASSES, "correct horse"),
        ] {
            let verdict = passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap();
            assert_eq!(verdict, Verdict::Right { outdated: true }, "{hash}");
            let verdict = passwords.verify("wrong horse".into(), Some(hash.clone())).await.unwrap();
            assert_eq!(verdict, Verdict::Wrong, "{hash}");
        }
    }

    #[test]
    fn what_a_hash_before_left_in_the_memory_changes_nothing() {
        let argon2 = Passwords::default().argon2;
        let hash_of = |password: &[u8]| argon2.hash_password(password).unwrap().to_string();
        let (one, other) = (hash_of(b"correct horse battery"), hash_of(b"wrong horse battery"));
        let mut memory = None;
        for _ in 0..2 {
            assert!(fits(&argon2, b"correct horse battery", &one, &mut memory));
            assert!(!fits(&argon2, b"correct horse battery", &other, &mut memory));
            assert!(fits(&argon2, b"wrong horse battery", &other, &mut memory));
            assert!(!fits(&argon2, b"", &one, &mut memory));
        }
    }

    #[test]
    fn a_hash_of_former_times_is_as_much_work_as_one_of_today() {
        let left = |memory, passes| work_left(&Params::new(memory, passes, LANES, None).unwrap());
        assert_eq!(left(19_456, 2).map(|params| (params.m_cost(), params.t_cost())), Some((26_624, 1)));
        assert!(left(MEMORY_KIB, PASSES).is_none() && left(MEMORY_KIB, 9).is_none());
        let former = hashed_with(Algorithm::Argon2id, Version::V0x13, 19_456, 2, "correct horse");
        let mut memory = None;
        assert!(!fits(&Passwords::default().argon2, b"wrong horse", &former, &mut memory));
        let mut memory = memory.unwrap();
        let used = |block: &argon2::Block| block.as_ref().iter().any(|word| *word != 0);
        let rest = MEMORY_KIB as usize - 26_624;
        assert!(memory.blocks()[rest..].iter().all(used), "the rest was worked out as well");
    }

    #[tokio::test]
    async fn memory_is_handed_on_in_a_crowd_and_given_back_after_it() {
        let passwords = Passwords { cores: 1, permits: Arc::new(Semaphore::new(2)), ..Passwords::default() };
        let held = passwords.permits.clone().acquire_owned().await.unwrap();
        passwords.verify("x".into(), None).await.unwrap();
        assert_eq!(passwords.kept().len(), 1);
        drop(held);
        passwords.verify("x".into(), None).await.unwrap();
        assert!(passwords.kept().is_empty());
    }

    #[tokio::test]
    async fn an_account_that_is_not_there_is_never_entered() {
        let verdict = Passwords::default().verify("nobody has this password".into(), None).await.unwrap();
        assert_eq!(verdict, Verdict::Wrong);
        assert!(!is_outdated(&NOBODY), "the work for nobody must be as much as for somebody");
    }

    #[tokio::test]
    async fn a_stored_hash_that_is_none_lets_nobody_in() {
        let verdict = Passwords::default().verify("x".into(), Some("plain text".into())).await.unwrap();
        assert_eq!(verdict, Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_crowd_waits_outside_and_whoever_gives_up_costs_nothing() {
        let passwords = Passwords::default();
        let places = u32::try_from(passwords.permits.available_permits()).unwrap();
        let all = passwords.permits.clone().acquire_many_owned(places).await.unwrap();
        let mut waiting = Box::pin(passwords.hash("correct horse battery".into()));
        let mut context = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        assert!(passwords.threads.get().is_none(), "nothing was begun");
        drop(all);
        assert!(waiting.await.is_ok());
    }
}
