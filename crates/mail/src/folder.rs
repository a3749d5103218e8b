//! Mail into a folder, where somebody can read it: for development and for demonstrations.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use mail_parser::MessageParser;
use uuid::Uuid;

use crate::{MailError, Mailer, Message, SettingsError, message};

/// Keeps the newest mails, each in a file `<id>.eml` that mail programs open as well. Whoever reads
/// the folder can use the links in it, so it is its owner's alone.
#[derive(Clone)]
pub struct Folder {
    dir: PathBuf,
    from: Mailbox,
    keep: usize,
}

/// A mail in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Names the file; later mails have greater ones.
    pub id: Uuid,
    pub to: String,
    pub subject: String,
    pub at: DateTime<Utc>,
}

/// A mail that is read.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    pub to: String,
    pub subject: String,
    pub at: DateTime<Utc>,
    pub text: String,
    pub html: String,
}

impl Folder {
    /// Opens the folder, or makes it. When there are more than `keep` mails, the oldest are removed.
    pub fn open(dir: impl Into<PathBuf>, from: &str, keep: usize) -> Result<Self, SettingsError> {
        let (dir, from) = (dir.into(), message::sender(from)?);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        Ok(Self { dir, from, keep })
    }

    /// The mails, the newest first.
    pub async fn list(&self) -> io::Result<Vec<Listed>> {
        let dir = self.dir.clone();
        blocking(move || {
            let mut listed = Vec::new();
            for id in ids(&dir)? {
                if let Some(Kept { to, subject, at, .. }) = read(&dir, id)? {
                    listed.push(Listed { id, to, subject, at });
                }
            }
            Ok(listed)
        })
        .await
    }

    /// One mail, if it is still there.
    pub async fn read(&self, id: Uuid) -> io::Result<Option<Kept>> {
        let dir = self.dir.clone();
        blocking(move || read(&dir, id)).await
    }
}

#[async_trait::async_trait]
impl Mailer for Folder {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let content = message.compose(&self.from)?.formatted();
        let (dir, keep) = (self.dir.clone(), self.keep);
        blocking(move || {
            write(&dir, Uuid::now_v7(), &content)?;
            for id in ids(&dir)?.into_iter().skip(keep) {
                remove(&path(&dir, id))?;
            }
            Ok(())
        })
        .await?;
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// The name holds nothing but the identifier, so that no other file can be asked for.
fn path(dir: &Path, id: Uuid) -> PathBuf {
    dir.join(format!("{id}.eml"))
}

/// The identifiers of the mails, the newest first.
fn ids(dir: &Path) -> io::Result<Vec<Uuid>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(".eml"));
        ids.extend(id.and_then(|id| id.parse::<Uuid>().ok()));
    }
    ids.sort_unstable_by(|a, b| b.cmp(a));
    Ok(ids)
}

/// Writes the file beside its place first, so that nobody reads a part of it.
fn write(dir: &Path, id: Uuid, content: &[u8]) -> io::Result<()> {
    let unfinished = dir.join(format!("{id}.part"));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let written = file.write_all(content).and_then(|()| fs::rename(&unfinished, path(dir, id)));
    if written.is_err() {
        // What is wrong was said by the first error.
        let _ = remove(&unfinished);
    }
    written
}

/// Somebody else may have removed it already.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn read(dir: &Path, id: Uuid) -> io::Result<Option<Kept>> {
    let bytes = match fs::read(path(dir, id)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(parse(id, &bytes))
}

/// None for what was not written by us.
fn parse(id: Uuid, bytes: &[u8]) -> Option<Kept> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    let mail = MessageParser::new().parse(bytes)?;
    let body = |text: std::borrow::Cow<'_, str>| text.replace("\r\n", "\n");
    Some(Kept {
        to: mail.to()?.first()?.address()?.to_owned(),
        subject: mail.subject()?.to_owned(),
        at: DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)?,
        text: mail.body_text(0).map(body)?,
        html: mail.body_html(0).map(body)?,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::Content;

    fn message(to: &str, subject: &str) -> Message {
        let text = "Grüße, 世界\n.\nhttps://8thdegree.example/x?token=a%2Fb&c=d\n".to_owned();
        let html = "<p>Grüße, 世界 &amp; <a href=\"https://8thdegree.example/\">mehr</a></p>\n".to_owned();
        Message::new(to, Content { subject: subject.into(), text, html })
    }

    fn folder(keep: usize) -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let folder =
            Folder::open(dir.path().join("a/mail"), "8thDegree <mail@8thdegree.example>", keep).unwrap();
        (dir, folder)
    }

    #[tokio::test]
    async fn what_was_sent_is_read_as_it_was() {
        let (_dir, folder) = folder(10);
        let sent = message("ada@example.com", "Grüße 🌍");
        let before = Utc::now();
        folder.send(&sent).await.unwrap();
        let listed = folder.list().await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].to.as_str(), listed[0].subject.as_str()), ("ada@example.com", "Grüße 🌍"));
        assert!((listed[0].at - before).num_seconds() < 60, "{}", listed[0].at);
        let kept = folder.read(listed[0].id).await.unwrap().unwrap();
        assert_eq!((kept.text, kept.html), (sent.text, sent.html));
        assert_eq!((kept.to, kept.subject, kept.at), (sent.to, sent.subject, listed[0].at));
    }

    #[tokio::test]
    async fn the_newest_come_first_and_the_oldest_go() {
        let (_dir, folder) = folder(3);
        for n in 0..5 {
            folder.send(&message("ada@example.com", &format!("{n}"))).await.unwrap();
        }
        let listed = folder.list().await.unwrap();
        let subjects: Vec<_> = listed.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(subjects, ["4", "3", "2"]);
        assert_eq!(fs::read_dir(&folder.dir).unwrap().count(), 3, "no file is left behind");
    }

    #[tokio::test]
    async fn a_mail_that_is_not_there_or_is_none_is_not_shown() {
        let (_dir, folder) = folder(10);
        assert!(folder.read(Uuid::now_v7()).await.unwrap().is_none());
        for name in ["notes.txt", "notes.eml", &format!("{}.eml", Uuid::now_v7())] {
            fs::write(folder.dir.join(name), "not a mail").unwrap();
        }
        assert_eq!(folder.list().await.unwrap(), []);
    }

    #[tokio::test]
    async fn others_on_the_machine_cannot_read_it() {
        let (_dir, folder) = folder(10);
        folder.send(&message("ada@example.com", "Good morning")).await.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.dir), 0o700);
        let id = folder.list().await.unwrap()[0].id;
        assert_eq!(mode(&path(&folder.dir, id)), 0o600);
    }

    #[tokio::test]
    async fn what_cannot_be_sent_is_not_kept_either() {
        let (_dir, folder) = folder(10);
        let refused = folder.send(&message("ada@example.com\r\nBcc: eve@example.com", "s")).await;
        assert!(!refused.unwrap_err().is_transient());
        assert_eq!(folder.list().await.unwrap(), []);
    }
}
