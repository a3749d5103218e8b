//! How well the embedders tell occupations apart, on public data.

use std::collections::{HashMap, HashSet};

use embedding::Embedder;
use embedding::lexical::Lexical;
use embedding::minilm::MiniLm;

use crate::support::{cosine, data_dir, model_dir, tsv};

/// Every fourth query of MELO, their relevant names and a sample of the others.
struct Sample {
    queries: Vec<(String, HashSet<usize>)>,
    names: Vec<String>,
}

fn sample() -> Option<Sample> {
    let melo = data_dir()?.join("melo");
    let queries: Vec<Vec<String>> = tsv(&melo.join("queries.tsv")).into_iter().step_by(4).collect();
    let wanted: HashSet<&str> = queries.iter().map(|q| q[0].as_str()).collect();
    let mut relevant: HashMap<String, HashSet<String>> = HashMap::new();
    for row in tsv(&melo.join("annotations.tsv")) {
        if wanted.contains(row[0].as_str()) {
            relevant.entry(row[0].clone()).or_default().insert(row[2].clone());
        }
    }
    let named: HashSet<&String> = relevant.values().flatten().collect();
    let corpus: Vec<Vec<String>> = tsv(&melo.join("corpus_elements.tsv"))
        .into_iter()
        .enumerate()
        .filter(|(i, row)| i % 40 == 0 || named.contains(&row[0]))
        .map(|(_, row)| row)
        .collect();
    let place: HashMap<&str, usize> =
        corpus.iter().enumerate().map(|(i, row)| (row[0].as_str(), i)).collect();
    let queries = queries
        .iter()
        .map(|q| (q[1].clone(), relevant[&q[0]].iter().map(|id| place[id.as_str()]).collect()))
        .collect();
    Some(Sample { queries, names: corpus.iter().map(|row| row[1].clone()).collect() })
}

/// Mean average precision of ranking all names by cosine for each query.
async fn mean_average_precision(embedder: &dyn Embedder, sample: &Sample) -> f64 {
    let titles: Vec<String> = sample.queries.iter().map(|(title, _)| title.clone()).collect();
    let queries = embedder.embed_bulk(&titles).await.unwrap();
    let names = embedder.embed_bulk(&sample.names).await.unwrap();
    let mut total = 0.0;
    for ((_, relevant), query) in sample.queries.iter().zip(&queries) {
        let mut ranked: Vec<(f32, usize)> =
            names.iter().enumerate().map(|(i, name)| (cosine(query, name), i)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut found, mut precision) = (0.0, 0.0);
        for (rank, (_, name)) in ranked.iter().enumerate() {
            if relevant.contains(name) {
                found += 1.0;
                precision += found / (rank as f64 + 1.0);
            }
        }
        total += precision / relevant.len() as f64;
    }
    total / sample.queries.len() as f64
}

#[tokio::test]
async fn the_lexical_embedder_ranks_occupations_usefully() {
    let Some(sample) = sample() else { return };
    let quality = mean_average_precision(&Lexical::new(), &sample).await;
    println!("lexical: {quality:.3} over {} names", sample.names.len());
    assert!(quality > 0.30, "{quality}");
}

#[tokio::test]
async fn minilm_ranks_occupations_better_than_the_lexical_embedder() {
    let (Some(sample), Some(folder)) = (sample(), model_dir()) else { return };
    let lexical = mean_average_precision(&Lexical::new(), &sample).await;
    let minilm = mean_average_precision(&MiniLm::load(&folder).unwrap(), &sample).await;
    println!("MiniLM: {minilm:.3}, lexical: {lexical:.3}");
    assert!(minilm > lexical + 0.05, "MiniLM {minilm}, lexical {lexical}");
}

/// Occupations of ESCO: a profile's headline (the title and other names) and the description of
/// what such a person does, as a job's text has it.
fn occupations() -> Option<Vec<(String, String)>> {
    let text = std::fs::read_to_string(data_dir()?.join("esco/occupations.csv")).unwrap();
    let rows = csv(&text);
    let column = |name: &str| rows[0].iter().position(|field| field == name).unwrap();
    let (title, others, description) = (column("PREFERREDLABEL"), column("ALTLABELS"), column("DESCRIPTION"));
    let rows = rows[1..].iter().step_by(15);
    Some(
        rows.map(|row| {
            (format!("{}. {}", row[title], row[others].replace('\n', ", ")), row[description].clone())
        })
        .collect(),
    )
}

/// The rows of a CSV file with quoted fields.
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (vec![], vec![], String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            '\r' if !quoted => {}
            c => field.push(c),
        }
    }
    rows
}

/// The two ends of the range are where unrelated and matching pairs really are.
async fn check_similarity_range(embedder: &dyn Embedder, occupations: &[(String, String)]) {
    let (profiles, jobs): (Vec<String>, Vec<String>) = occupations.iter().cloned().unzip();
    let profiles = embedder.embed_bulk(&profiles).await.unwrap();
    let jobs = embedder.embed_bulk(&jobs).await.unwrap();
    let count = jobs.len();
    let mut matching: Vec<f32> = (0..count).map(|i| cosine(&profiles[i], &jobs[i])).collect();
    let mut unrelated: Vec<f32> = (0..count)
        .flat_map(|i| (1..8).map(move |k| (i, (i + k * 23) % count)))
        .map(|(i, j)| cosine(&profiles[i], &jobs[j]))
        .collect();
    matching.sort_by(f32::total_cmp);
    unrelated.sort_by(f32::total_cmp);
    let at = |sorted: &[f32], share: f32| sorted[((sorted.len() - 1) as f32 * share) as usize];
    for (name, sorted) in [("matching", &matching), ("unrelated", &unrelated)] {
        let quantiles: Vec<String> =
            [0.05, 0.25, 0.5, 0.75, 0.9, 0.95].iter().map(|&q| format!("{:.2}", at(sorted, q))).collect();
        println!("{} {name}: {}", embedder.model(), quantiles.join(" "));
    }
    let (low, high) = embedder.similarity_range();
    assert!((at(&unrelated, 0.5)..=at(&unrelated, 0.95)).contains(&low), "low end {low}");
    assert!((at(&matching, 0.75)..=at(&matching, 0.99)).contains(&high), "high end {high}");
}

#[tokio::test]
async fn the_similarity_range_of_the_lexical_embedder_is_where_pairs_are() {
    let Some(occupations) = occupations() else { return };
    check_similarity_range(&Lexical::new(), &occupations).await;
}

#[tokio::test]
async fn the_similarity_range_of_minilm_is_where_pairs_are() {
    let (Some(occupations), Some(folder)) = (occupations(), model_dir()) else { return };
    check_similarity_range(&MiniLm::load(&folder).unwrap(), &occupations).await;
}
