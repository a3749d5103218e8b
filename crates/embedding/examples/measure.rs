//! How fast MiniLM is on this machine: `cargo run --release -p embedding --example measure`.
//!
//! Prints, for texts of some lengths, the milliseconds for one text and the texts per second in
//! bulk, and how long an interactive text takes while bulk work is going on.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use embedding::minilm::MiniLm;
use embedding::{EmbedError, Embedder};

const WORDS: &str = "we are looking for a senior backend developer with experience in Rust and \
    PostgreSQL who will design build and operate services for a logistics platform the work \
    includes modelling shipments writing migrations reviewing code and mentoring two juniors";

/// A text of this many words; `seed` makes it differ from the others.
fn text(words: usize, seed: usize) -> String {
    let all: Vec<&str> = WORDS.split_whitespace().collect();
    let words: Vec<&str> = (0..words).map(|i| all[(i * 7 + seed * 3 + i / 11) % all.len()]).collect();
    words.join(" ")
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

async fn single(embedder: &Arc<MiniLm>, label: &str, words: usize, runs: usize) -> Result<(), EmbedError> {
    let mut millis = Vec::with_capacity(runs);
    for seed in 0..runs {
        let started = Instant::now();
        embedder.embed(&[text(words, seed)]).await?;
        millis.push(started.elapsed().as_secs_f64() * 1e3);
    }
    millis.sort_by(f64::total_cmp);
    println!(
        "{label}: p50 {:.1} ms, p90 {:.1} ms, worst {:.1} ms",
        percentile(&millis, 0.5),
        percentile(&millis, 0.9),
        percentile(&millis, 1.0)
    );
    Ok(())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::var_os("EIGHTH_MODEL_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.data/models/all-MiniLM-L6-v2")),
        PathBuf::from,
    );
    let started = Instant::now();
    let embedder = Arc::new(MiniLm::load(&folder)?);
    println!("{} loaded in {:.0} ms", embedder.model(), started.elapsed().as_secs_f64() * 1e3);
    for _ in 0..3 {
        embedder.embed(&[text(200, 0)]).await?;
    }
    for words in [50, 120, 160, 200, 300] {
        single(&embedder, &format!("one text of {words} words"), words, 40).await?;
    }
    for (words, count) in [(10, 512), (50, 512), (160, 128)] {
        let texts: Vec<String> = (0..count).map(|seed| text(words, seed)).collect();
        let started = Instant::now();
        embedder.embed_bulk(&texts).await?;
        let seconds = started.elapsed().as_secs_f64();
        println!("bulk, {words} words: {:.0} texts/s", count as f64 / seconds);
    }
    let bulk = tokio::spawn({
        let embedder = embedder.clone();
        let texts: Vec<String> = (0..2_000).map(|seed| text(20 + seed % 160, seed)).collect();
        async move { embedder.embed_bulk(&texts).await }
    });
    single(&embedder, "one text of 160 words beside bulk work", 160, 40).await?;
    bulk.abort();
    Ok(())
}
