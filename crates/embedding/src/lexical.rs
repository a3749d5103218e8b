//! Vectors from the words alone: no model, no files, always the same.
//!
//! Words (lightly stemmed) and the character 3- and 4-grams of each word are hashed, with a
//! sign, into 384 dimensions ("the hashing trick", Weinberger et al. 2009), weighted by the
//! logarithm of their count. The cosine then says how much of their wording two texts share. It
//! knows no synonyms: this is what the product falls back on without a model.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::measure::{Priority, observed};
use crate::vector::{blank, to_unit};
use crate::{EmbedError, Embedder, ModelId, normalise};

/// Elements of a vector.
pub const DIMENSION: usize = 384;

/// What an n-gram weighs beside a whole word.
const GRAM_WEIGHT: f32 = 0.4;

/// Words that say nothing about a trade.
const STOP_WORDS: [&str; 72] = [
    "a", "about", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
    "do", "for", "from", "has", "have", "he", "her", "his", "how", "i", "if", "in", "into", "is", "it",
    "its", "may", "more", "my", "no", "not", "of", "on", "or", "other", "our", "out", "she", "should", "so",
    "some", "such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this",
    "those", "to", "up", "us", "was", "we", "were", "what", "when", "which", "who", "will", "with", "you",
    "your",
];

/// The embedder.
pub struct Lexical {
    model: ModelId,
}

impl Lexical {
    /// Needs nothing.
    pub fn new() -> Self {
        Self { model: ModelId::new(format!("lexical-v1/{DIMENSION}")) }
    }
}

impl Default for Lexical {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Embedder for Lexical {
    fn model(&self) -> &ModelId {
        &self.model
    }

    fn dimension(&self) -> usize {
        DIMENSION
    }

    fn batch_size(&self) -> usize {
        256
    }

    fn similarity_range(&self) -> (f32, f32) {
        // The median of unrelated pairs is 0.07, 95% are below 0.21; of matching pairs a quarter
        // is above 0.58 (ESCO's descriptions against its titles, see `tests/it/quality.rs`).
        (0.1, 0.6)
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        observed(&self.model, Priority::Interactive, vectors(texts)).await
    }

    async fn embed_bulk(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        observed(&self.model, Priority::Bulk, vectors(texts)).await
    }
}

async fn vectors(texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
    let mut vectors = Vec::with_capacity(texts.len());
    for text in texts {
        vectors.push(vector(text));
        // A text takes well below a millisecond; the executor gets its turn after each.
        tokio::task::yield_now().await;
    }
    Ok(vectors)
}

/// The vector of a text, of unit length.
pub fn vector(text: &str) -> Vec<f32> {
    let mut words: HashMap<String, u32> = HashMap::new();
    for word in words_of(&normalise(text).to_lowercase()) {
        *words.entry(word).or_default() += 1;
    }
    let mut grams: HashMap<[char; 4], u32> = HashMap::new();
    for (word, count) in &words {
        let framed: Vec<char> = std::iter::once(' ').chain(word.chars()).chain([' ']).collect();
        for window in framed.windows(4) {
            *grams.entry([window[0], window[1], window[2], window[3]]).or_default() += count;
        }
        for window in framed.windows(3) {
            *grams.entry([window[0], window[1], window[2], '\0']).or_default() += count;
        }
    }
    let mut features: Vec<(u64, f32)> = Vec::with_capacity(words.len() + grams.len());
    features.extend(words.iter().map(|(word, &count)| (hash(b'w', word.bytes()), weight(count))));
    features.extend(grams.iter().map(|(gram, &count)| {
        let bytes = gram.iter().flat_map(|&c| u32::from(c).to_le_bytes());
        (hash(b'g', bytes), GRAM_WEIGHT * weight(count))
    }));
    // Addition of floats depends on the order, and that of a HashMap changes with each run.
    features.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut vector = vec![0.0_f32; DIMENSION];
    for (hash, weight) in features {
        let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
        vector[(hash % DIMENSION as u64) as usize] += sign * weight;
    }
    if !to_unit(&mut vector) {
        return blank(DIMENSION);
    }
    vector
}

/// The tenth mention of a word says less than the first.
fn weight(count: u32) -> f32 {
    1.0 + (count as f32).ln()
}

/// The stems of a lower-case text's words. "C++", "C#" and "F#" stay apart from "C" and "F".
fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !(c.is_alphanumeric() || c == '+' || c == '#'))
        .map(|word| word.trim_start_matches(['+', '#']))
        .filter(|word| !word.is_empty() && STOP_WORDS.binary_search(word).is_err())
        .map(stem)
}

/// Cuts the commonest English endings, keeping at least three letters of the word.
fn stem(word: &str) -> String {
    const ENDINGS: [(&str, &str); 10] = [
        ("ational", "ate"),
        ("ization", "ize"),
        ("ies", "y"),
        ("sses", "ss"),
        ("ments", "ment"),
        ("ing", ""),
        ("ers", "er"),
        ("ed", ""),
        ("es", "e"),
        ("s", ""),
    ];
    if word.ends_with("ss") || !word.is_ascii() {
        return word.to_owned();
    }
    for (ending, instead) in ENDINGS {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.len() >= 3
        {
            return format!("{stem}{instead}");
        }
    }
    word.to_owned()
}

/// FNV-1a, then mixed (SplitMix64's finaliser), because FNV's high bits are weak for short input.
fn hash(kind: u8, bytes: impl Iterator<Item = u8>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in std::iter::once(kind).chain(bytes) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(a: &str, b: &str) -> f32 {
        vector(a).iter().zip(vector(b)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn stop_words_are_sorted_for_the_binary_search() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn the_same_wording_in_other_forms_is_close() {
        assert!(cosine("Software developers", "software developer.") > 0.9);
        assert!(cosine("Translating documents", "translated document") > 0.6);
        assert!(cosine("C++ engineer", "C++ engineers") > cosine("C++ engineer", "C# engineer"));
        assert!(cosine("bookkeeper", "sheet metal worker").abs() < 0.25);
    }

    #[test]
    fn a_vector_is_the_same_in_every_process() {
        // Computed once and written down: the vectors are stored, so they must never change
        // without a new version in the model's name.
        let v = vector("Senior Rust developer, remote; Postgres and Kubernetes");
        let checksum: f32 = v.iter().enumerate().map(|(i, v)| v * (i as f32 + 1.0)).sum();
        assert!((checksum - 234.563).abs() < 0.01, "{checksum}");
    }

    #[test]
    fn anything_has_a_vector_of_unit_length() {
        let long = "word and wörter ".repeat(70_000);
        for text in ["", " \n", "the of", "🦀🦀", "\u{202e}x\u{0}", "漢字", &long] {
            let v = vector(text);
            let square: f32 = v.iter().map(|v| v * v).sum();
            assert_eq!(v.len(), DIMENSION);
            assert!((square - 1.0).abs() < 1e-5, "{square}");
        }
    }
}
