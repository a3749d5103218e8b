//! Which operating-system user PostgreSQL runs as, and where its files may lie.
//!
//! `initdb` and `postgres` refuse to run as root, so root hands them to an unprivileged user.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

/// Where the data goes if the unprivileged user cannot reach the folder that was asked for.
const FALLBACK_PARENT: &str = "/var/lib/eighth";

/// The user PostgreSQL's programs run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Whoever runs this process.
    Caller,
    /// This process is root; the programs run as somebody else.
    Other { uid: u32, gid: u32 },
}

impl Owner {
    pub(crate) fn find() -> Result<Self, Error> {
        if id(&["-u"])? != Some(0) {
            return Ok(Self::Caller);
        }
        for user in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (id(&["-u", user])?, id(&["-g", user])?)
                && uid != 0
            {
                return Ok(Self::Other { uid, gid });
            }
        }
        Err(Error::NoUnprivilegedUser)
    }

    /// Makes `command` run as this user.
    pub(crate) fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        if let Self::Other { uid, gid } = *self {
            command.uid(uid).gid(gid);
        }
        // The caller's folder may be closed to that user; PostgreSQL complains if so.
        command.current_dir("/")
    }

    /// Gives `path` to this user.
    pub(crate) fn give(&self, path: &Path) -> Result<(), Error> {
        if let Self::Other { uid, gid } = *self {
            std::os::unix::fs::chown(path, Some(uid), Some(gid))
                .map_err(Error::io(format!("changing the owner of {}", path.display())))?;
        }
        Ok(())
    }

    /// Whether this user can create files in `dir`: every folder above it must let them through.
    fn can_write(&self, dir: &Path) -> Result<bool, Error> {
        let mut probe = Command::new("/bin/sh");
        probe
            .args(["-c", "test -w \"$0\" && test -x \"$0\""])
            .arg(dir)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let status = self
            .apply(&mut probe)
            .status()
            .map_err(Error::io("checking who may write to the data folder"))?;
        Ok(status.success())
    }

    /// Creates `wanted` for this user, or a folder under `/var/lib` if they cannot reach it.
    pub(crate) fn prepare_home(&self, wanted: &Path) -> Result<PathBuf, Error> {
        self.create(wanted)?;
        let wanted = wanted.canonicalize().map_err(Error::io(format!("resolving {}", wanted.display())))?;
        if self.can_write(&wanted)? {
            return Ok(wanted);
        }
        let name = format!("{:016x}", fnv1a(wanted.as_os_str().as_encoded_bytes()));
        let parent = Path::new(FALLBACK_PARENT);
        std::fs::create_dir_all(parent).map_err(Error::io(format!("creating {}", parent.display())))?;
        allow_passage(parent)?;
        let fallback = parent.join(name);
        self.create(&fallback)?;
        Ok(fallback)
    }

    fn create(&self, dir: &Path) -> Result<(), Error> {
        use std::os::unix::fs::PermissionsExt;
        std::fs::create_dir_all(dir).map_err(Error::io(format!("creating {}", dir.display())))?;
        self.give(dir)?;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
            .map_err(Error::io(format!("closing {} to other users", dir.display())))
    }
}

/// A strict umask would otherwise close the shared parent to the unprivileged user.
fn allow_passage(dir: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755))
        .map_err(Error::io(format!("opening {}", dir.display())))
}

/// Asks `id` for a number; `None` if there is no such user.
fn id(arguments: &[&str]) -> Result<Option<u32>, Error> {
    let output = Command::new("id")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(Error::io("running `id`"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
}

/// FNV-1a, 64 bits: a name that stays the same for the same path, across releases of Rust.
/// Source: <http://www.isthe.com/chongo/tech/comp/fnv/>.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_agrees_with_the_published_vectors() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn an_unknown_user_has_no_number() {
        assert!(matches!(id(&["-u", "no such user here"]), Ok(None)));
    }
}
