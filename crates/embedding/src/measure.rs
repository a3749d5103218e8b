//! The metrics of a call.

use std::time::Instant;

use crate::{EmbedError, ModelId};

/// Who waits for the vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Priority {
    Interactive,
    Bulk,
}

impl Priority {
    fn label(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Bulk => "bulk",
        }
    }
}

/// Awaits a call and records how long it took and how many texts it embedded.
pub(crate) async fn observed(
    model: &ModelId,
    priority: Priority,
    call: impl Future<Output = Result<Vec<Vec<f32>>, EmbedError>>,
) -> Result<Vec<Vec<f32>>, EmbedError> {
    let started = Instant::now();
    let vectors = call.await?;
    let labels = [("model", model.as_str().to_owned()), ("priority", priority.label().to_owned())];
    metrics::histogram!("embedding_seconds", &labels).record(started.elapsed());
    metrics::counter!("embedding_texts_total", &labels).increment(vectors.len() as u64);
    Ok(vectors)
}
