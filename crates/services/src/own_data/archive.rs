//! The archive itself: a zip of JSON files, and a page that tells what they are.

use std::io::{Cursor, Write as _};

use serde_json::Value;
use zip::{CompressionMethod, ZipWriter, result::ZipResult, write::SimpleFileOptions};

/// A file of the archive.
pub(super) struct File {
    /// With its ending.
    pub(super) name: String,
    pub(super) content: Vec<u8>,
}

impl File {
    pub(super) fn json(name: &str, value: &Value) -> Self {
        // The alternate form of a JSON value is indented.
        Self { name: format!("{name}.json"), content: format!("{value:#}\n").into_bytes() }
    }
}

/// What stands in `README.txt`.
pub(super) fn read_me(site: &str, names: &[&str]) -> File {
    let text = format!(
        "This is everything that {site} keeps about you, as you asked for it.\n\n\
         Each file with the ending .json is a list of entries, for programs and for people; times are in UTC.\n\
         An empty list means that there is nothing.\n\n{}\n\n\
         Not in here are hashes of passwords and of tokens, which are of no use to anybody, and what other\n\
         people wrote. On the page of your account you can read what else is kept, and delete all of it.\n",
        names.iter().map(|name| format!("  {name}")).collect::<Vec<_>>().join("\n")
    );
    File { name: "README.txt".to_owned(), content: text.into_bytes() }
}

/// The zip of the files. They are stored as they are: most archives are smaller than a photograph.
pub(super) fn zip(files: &[File]) -> ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for file in files {
        zip.start_file(&file.name, options)?;
        zip.write_all(&file.content)?;
    }
    Ok(zip.finish()?.into_inner())
}
