//! Text to vector, behind one trait.
//!
//! Three embedders stand behind [`Embedder`]:
//!
//! | module | what | needs |
//! |---|---|---|
//! | [`minilm`] | all-MiniLM-L6-v2 on the CPU, by candle | a folder with the model's files |
//! | [`http`] | any service that speaks OpenAI's `/v1/embeddings` | an address, perhaps a key |
//! | [`lexical`] | hashed words and character n-grams | nothing |
//!
//! [`open()`] makes the one that the settings ask for. Every embedder normalises its input with
//! [`normalise`] first, so that the vector belongs to [`content_hash`] and can be stored under it
//! together with the [`ModelId`].
//!
//! Metrics: the histogram `embedding_seconds` (labels `model`, `priority`; one call, waiting
//! included) and the counter `embedding_texts_total` (same labels).

mod error;
pub mod http;
pub mod lexical;
mod measure;
pub mod minilm;
mod open;
mod text;
mod vector;

use async_trait::async_trait;

pub use error::{EmbedError, OpenError};
pub use open::{Choice, Notice, Settings, open};
pub use text::{MAX_CHARS, content_hash, normalise};

/// Identifies what made a vector, e.g. `minilm-l6-v2/384`, `lexical-v1/384` or
/// `openai:text-embedding-3-small/1536`. Vectors of different models can't be compared: where
/// this changes, every text has to be embedded again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelId(String);

impl ModelId {
    /// The identifier of an embedder that is defined elsewhere.
    pub fn custom(id: impl Into<String>) -> Self {
        Self::new(id)
    }

    pub(crate) fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The identifier as it is stored beside a vector.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ModelId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Makes vectors of texts. Cheap to share: all callers use one behind an `Arc`.
#[async_trait]
pub trait Embedder: Send + Sync + 'static {
    /// What makes the vectors.
    fn model(&self) -> &ModelId;

    /// The length of every vector.
    fn dimension(&self) -> usize;

    /// How many texts a caller with many should hand over at a time.
    fn batch_size(&self) -> usize;

    /// Two cosines of this model: what a job's text and a profile with nothing in common have,
    /// and what a pair that could hardly fit better has. A score maps the first to 0 and the
    /// second to 1, so that it means the same whatever the model.
    fn similarity_range(&self) -> (f32, f32);

    /// Embeds texts that somebody waits for: they go ahead of bulk work. Returns one vector of
    /// unit length and [`dimension`](Self::dimension) elements for each text, in order. No
    /// texts give no vectors; any text is accepted, and cut where the model's limit is.
    ///
    /// # Errors
    /// All or nothing; [`EmbedError::is_transient`] tells whether to try again later.
    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError>;

    /// The same for work in the background, which gives way to [`embed`](Self::embed) where the
    /// embedder has a queue.
    ///
    /// # Errors
    /// As [`embed`](Self::embed).
    async fn embed_bulk(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.embed(texts).await
    }
}
