//! From the settings to an embedder.

use std::path::PathBuf;
use std::sync::Arc;

use crate::http::{Http, HttpSettings};
use crate::lexical::Lexical;
use crate::minilm::MiniLm;
use crate::{Embedder, OpenError};

/// Which embedder to use.
#[derive(Debug, Clone, Default)]
pub enum Choice {
    /// MiniLM where its files are there and load, else lexical with a notice.
    #[default]
    Auto,
    /// MiniLM, or an error.
    MiniLm,
    /// A service that speaks OpenAI's protocol.
    Http(HttpSettings),
    /// The lexical embedder.
    Lexical,
}

/// What [`open`] needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which embedder to use.
    pub choice: Choice,
    /// The folder with MiniLM's files ([`crate::minilm::FILES`]).
    pub model_dir: PathBuf,
}

/// One sentence for the operator and for the pages, where the product does less than it could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice(pub String);

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Makes the embedder that the settings ask for. Blocks while a model loads (about a second).
///
/// # Errors
/// [`OpenError`]; never with [`Choice::Auto`] or [`Choice::Lexical`].
pub fn open(settings: Settings) -> Result<(Arc<dyn Embedder>, Option<Notice>), OpenError> {
    Ok(match settings.choice {
        Choice::Auto => match MiniLm::load(&settings.model_dir) {
            Ok(minilm) => (Arc::new(minilm), None),
            Err(error) => {
                tracing::warn!(%error, "no embedding model: matching by words");
                let notice = "Matching compares words, not meaning, because the embedding model \
                              is not installed."
                    .to_owned();
                (Arc::new(Lexical::new()), Some(Notice(notice)))
            }
        },
        Choice::MiniLm => (Arc::new(MiniLm::load(&settings.model_dir)?), None),
        Choice::Http(http) => (Arc::new(Http::new(http)?), None),
        Choice::Lexical => (Arc::new(Lexical::new()), None),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn settings(choice: Choice, model_dir: &str) -> Settings {
        Settings { choice, model_dir: model_dir.into() }
    }

    #[tokio::test]
    async fn without_a_model_auto_is_lexical_and_says_so() {
        let (embedder, notice) = open(settings(Choice::Auto, "/nonexistent")).unwrap();
        assert_eq!(embedder.model().as_str(), "lexical-v1/384");
        assert!(notice.unwrap().to_string().ends_with("is not installed."));
        let vectors = embedder.embed(&["a plumber".to_owned()]).await.unwrap();
        assert_eq!((vectors.len(), vectors[0].len()), (1, embedder.dimension()));
    }

    #[test]
    fn a_model_that_was_asked_for_must_be_there() {
        assert!(matches!(open(settings(Choice::MiniLm, "/nonexistent")), Err(OpenError::File { .. })));
    }

    #[test]
    fn lexical_by_choice_needs_no_notice() {
        assert!(open(settings(Choice::Lexical, "/nonexistent")).unwrap().1.is_none());
    }
}
