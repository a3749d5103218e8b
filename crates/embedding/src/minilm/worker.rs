//! The thread that evaluates the model.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};
use tokenizers::{Encoding, Tokenizer};
use tokio::sync::oneshot;

use super::GROUP_TOKENS;
use super::bert::Bert;
use super::queue::Queue;
use crate::measure::Priority;
use crate::{EmbedError, OpenError, normalise};

type Answer = Result<Vec<Vec<f32>>, EmbedError>;

/// Texts to embed together, and where the vectors go.
pub(super) struct Job {
    pub(super) texts: Vec<String>,
    pub(super) reply: oneshot::Sender<Answer>,
}

pub(super) struct Worker {
    bert: Bert,
    tokenizer: Tokenizer,
    queue: Arc<Queue<Job>>,
    /// The product's other parallel work must not get between the steps of an evaluation.
    pool: ThreadPool,
}

impl Worker {
    pub(super) fn new(bert: Bert, tokenizer: Tokenizer, queue: Arc<Queue<Job>>) -> Result<Self, OpenError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(candle_core::utils::get_num_threads())
            .thread_name(|i| format!("embedding-{i}"))
            .build()
            .map_err(|e| OpenError::Threads(e.to_string()))?;
        Ok(Self { bert, tokenizer, queue, pool })
    }

    /// Runs on a thread of its own until the queue is closed.
    pub(super) fn start(self) -> Result<(), OpenError> {
        std::thread::Builder::new()
            .name("embedding".to_owned())
            .spawn(move || {
                while let Some((priority, job)) = self.queue.next() {
                    self.serve(priority, job);
                }
            })
            .map(drop)
            .map_err(|e| OpenError::Threads(e.to_string()))
    }

    fn serve(&self, priority: Priority, job: Job) {
        if job.reply.is_closed() {
            // Whoever asked has gone.
            return;
        }
        // A panic in a library must cost one answer, not the embedder.
        let answer = catch_unwind(AssertUnwindSafe(|| self.answer(priority, &job)))
            .unwrap_or_else(|_| Err(EmbedError::Model("it panicked".to_owned())));
        // The send fails where the asker has gone meanwhile, which is fine.
        let _ = job.reply.send(answer);
    }

    fn answer(&self, priority: Priority, job: &Job) -> Answer {
        let encodings = job
            .texts
            .iter()
            .map(|text| self.tokenizer.encode_fast(normalise(text), true))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| EmbedError::Model(format!("tokenizer: {e}")))?;
        let texts: Vec<&[u32]> = encodings.iter().map(Encoding::get_ids).collect();
        let mut vectors = Vec::with_capacity(texts.len());
        for group in groups(&texts, GROUP_TOKENS) {
            if priority == Priority::Bulk {
                while let Some(urgent) = self.queue.try_interactive() {
                    self.serve(Priority::Interactive, urgent);
                }
                if job.reply.is_closed() {
                    break;
                }
            }
            let mut embedded = self
                .pool
                .install(|| self.bert.forward(group))
                .map_err(|e| EmbedError::Model(e.to_string()))?;
            vectors.append(&mut embedded);
        }
        Ok(vectors)
    }
}

/// Runs of texts that have at most `limit` tokens together, or are one longer text.
fn groups<'a>(texts: &'a [&'a [u32]], limit: usize) -> Vec<&'a [&'a [u32]]> {
    let mut groups = Vec::new();
    let (mut start, mut tokens) = (0, 0);
    for (i, text) in texts.iter().enumerate() {
        if i > start && tokens + text.len() > limit {
            groups.push(&texts[start..i]);
            (start, tokens) = (i, 0);
        }
        tokens += text.len();
    }
    if start < texts.len() {
        groups.push(&texts[start..]);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_all_texts_in_order_within_the_limit() {
        let ids: Vec<u32> = (0..100).collect();
        let texts: Vec<&[u32]> = [30, 30, 40, 1, 100, 5, 5].iter().map(|&n| &ids[..n]).collect();
        let sizes: Vec<Vec<usize>> =
            groups(&texts, 70).iter().map(|group| group.iter().map(|text| text.len()).collect()).collect();
        assert_eq!(sizes, [vec![30, 30], vec![40, 1], vec![100], vec![5, 5]]);
        assert!(groups(&[], 70).is_empty());
    }
}
