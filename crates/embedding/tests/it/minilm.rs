//! MiniLM as it is loaded from its files.

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::BertModel;
use embedding::Embedder;
use embedding::minilm::{MAX_TOKENS, MiniLm};

use crate::support::{cosine, model_dir};

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[tokio::test]
async fn similarities_are_the_published_ones() {
    let Some(folder) = model_dir() else { return };
    let minilm = MiniLm::load(&folder).unwrap();
    let v = minilm
        .embed(&texts(&[
            "The weather is lovely today.",
            "It's so sunny outside!",
            "He drove to the stadium.",
        ]))
        .await
        .unwrap();
    // From the quick start of the Sentence Transformers documentation.
    for (a, b, published) in [(0, 1, 0.6660), (0, 2, 0.1046), (1, 2, 0.1411)] {
        let ours = cosine(&v[a], &v[b]);
        assert!((ours - published).abs() < 1e-4, "{ours} instead of {published}");
    }
    assert_eq!(minilm.model().as_str(), "minilm-l6-v2/384");
    assert_eq!(minilm.dimension(), v[0].len());
}

#[tokio::test]
async fn a_text_has_the_same_vector_alone_and_in_a_batch() {
    let Some(folder) = model_dir() else { return };
    let minilm = MiniLm::load(&folder).unwrap();
    // Lengths on both sides of the kernel's tiles and blocks, up to truncation.
    let all: Vec<String> = [1, 2, 13, 14, 15, 30, 31, 61, 100, 253, 254, 255, 400, 7, 90]
        .iter()
        .enumerate()
        .map(|(i, &words)| {
            ["work", "rust", "tax", "song", "map"][i % 5].to_owned() + &" go".repeat(words - 1)
        })
        .collect();
    let together = minilm.embed_bulk(&all).await.unwrap();
    for (text, vector) in all.iter().zip(&together) {
        let alone = minilm.embed(std::slice::from_ref(text)).await.unwrap();
        for (a, b) in alone[0].iter().zip(vector) {
            assert!((a - b).abs() < 1e-5, "{a} and {b} in a text of {} bytes", text.len());
        }
    }
}

#[tokio::test]
async fn anything_has_a_vector_of_unit_length() {
    let Some(folder) = model_dir() else { return };
    let minilm = MiniLm::load(&folder).unwrap();
    let odd = [
        String::new(),
        " \n\t".to_owned(),
        "🦀🏳️‍🌈👩‍🔧".to_owned(),
        "\u{202e}\u{0}\u{fffd}\u{feff}\u{10ffff} a\u{301}\u{301}\u{301}".to_owned(),
        "[CLS] [SEP] [PAD] [MASK]".to_owned(),
        "x".repeat(1_000_000),
        "many words ".repeat(100_000),
        "漢字".repeat(5_000),
    ];
    let vectors = minilm.embed(&odd).await.unwrap();
    assert_eq!(vectors.len(), odd.len());
    for vector in vectors {
        assert!((cosine(&vector, &vector) - 1.0).abs() < 1e-5);
    }
    assert!(minilm.embed(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_what_the_model_reads_counts() {
    let Some(folder) = model_dir() else { return };
    let minilm = MiniLm::load(&folder).unwrap();
    let read = "word ".repeat(MAX_TOKENS);
    let v = minilm.embed(&[format!("{read} accountant"), format!("{read} plumber")]).await.unwrap();
    assert_eq!(v[0], v[1]);
}

/// The reference: candle's own BERT with mean pooling, one text at a time.
fn reference(model: &BertModel, ids: &[u32]) -> Vec<f32> {
    let ids = Tensor::new(ids, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let hidden = model.forward(&ids, &ids.zeros_like().unwrap(), None).unwrap();
    let mean = hidden.mean(1).unwrap().squeeze(0).unwrap().to_vec1::<f32>().unwrap();
    let length = cosine(&mean, &mean).sqrt();
    mean.iter().map(|v| v / length).collect()
}

#[tokio::test]
async fn our_forward_pass_agrees_with_the_reference() {
    let Some(folder) = model_dir() else { return };
    let minilm = MiniLm::load(&folder).unwrap();
    let config = std::fs::read(folder.join("config.json")).unwrap();
    let weights = std::fs::read(folder.join("model.safetensors")).unwrap();
    let weights = VarBuilder::from_buffered_safetensors(weights, DType::F32, &Device::Cpu).unwrap();
    let model = BertModel::load(weights, &serde_json::from_slice(&config).unwrap()).unwrap();
    let mut tokenizer = tokenizers::Tokenizer::from_file(folder.join("tokenizer.json")).unwrap();
    tokenizer.with_padding(None).with_truncation(None).unwrap();
    let samples = texts(&[
        "Hi",
        "Senior Rust developer wanted for a logistics platform; Postgres, Kubernetes, 3 h overlap.",
        "Übersetzer für juristische Texte (Deutsch–Französisch)",
        &"Design, build and operate services, review code and mentor juniors. ".repeat(15),
    ]);
    let ours = minilm.embed(&samples).await.unwrap();
    for (text, vector) in samples.iter().zip(&ours) {
        let ids = tokenizer.encode_fast(text.as_str(), true).unwrap();
        let wanted = reference(&model, ids.get_ids());
        assert!(cosine(vector, &wanted) > 0.999_99, "{}: {text}", cosine(vector, &wanted));
    }
}

#[tokio::test]
async fn interactive_work_overtakes_bulk_work() {
    let Some(folder) = model_dir() else { return };
    let minilm = std::sync::Arc::new(MiniLm::load(&folder).unwrap());
    let bulk = tokio::spawn({
        let minilm = minilm.clone();
        async move { minilm.embed_bulk(&vec!["some words to embed ".repeat(40); 24]).await }
    });
    // The bulk call runs up to its first wait, so its work is queued before ours.
    tokio::task::yield_now().await;
    minilm.embed(&texts(&["urgent"])).await.unwrap();
    assert!(!bulk.is_finished());
    assert_eq!(bulk.await.unwrap().unwrap().len(), 24);
}
