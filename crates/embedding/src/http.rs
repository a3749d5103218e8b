//! Vectors from a service that speaks OpenAI's `POST /v1/embeddings`: OpenAI itself, Azure's
//! compatible endpoint, or a local server such as llama.cpp, Ollama or vLLM.

mod retry;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};

pub use retry::Retry;

use crate::measure::{Priority, observed};
use crate::vector::blank;
use crate::{EmbedError, Embedder, ModelId, OpenError, normalise};
use retry::Failure;

/// Bytes that a number may take in the answer's JSON, with its comma: 17 digits, sign, point and
/// exponent, and some white space.
const BYTES_PER_NUMBER: usize = 32;

/// The service and how to use it.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The address up to and with the version, e.g. `https://api.openai.com/v1`.
    pub base_url: String,
    /// Sent as a bearer token, if there is one.
    pub key: Option<SecretString>,
    /// The model's name at the service.
    pub model: String,
    /// The length of its vectors. Every answer is checked against it.
    pub dimension: usize,
    /// Ask the service for `dimension` elements: for models that can shorten their vectors.
    pub request_dimension: bool,
    /// Most texts in one request.
    pub batch_size: usize,
    /// For one request, answer read to the end.
    pub timeout: Duration,
    /// What to do about passing failures.
    pub retry: Retry,
    /// See [`Embedder::similarity_range`].
    pub similarity_range: (f32, f32),
}

impl Default for HttpSettings {
    /// OpenAI's small model; the key is missing. The similarity range is a middle value for
    /// models of this kind, not measured.
    fn default() -> Self {
        Self {
            base_url: "https://api.openai.com/v1".to_owned(),
            key: None,
            model: "text-embedding-3-small".to_owned(),
            dimension: 1536,
            request_dimension: false,
            batch_size: 64,
            timeout: Duration::from_secs(30),
            retry: Retry::default(),
            similarity_range: (0.15, 0.65),
        }
    }
}

/// The embedder.
#[derive(Debug)]
pub struct Http {
    model: ModelId,
    endpoint: Url,
    client: Client,
    settings: HttpSettings,
}

impl Http {
    /// Checks the settings; sends nothing yet.
    ///
    /// # Errors
    /// [`OpenError::Setting`] names the setting that can't work.
    pub fn new(settings: HttpSettings) -> Result<Self, OpenError> {
        let wrong = |name, reason: String| OpenError::Setting { name, reason };
        let base = settings.base_url.trim_end_matches('/');
        let endpoint =
            Url::parse(&format!("{base}/embeddings")).map_err(|e| wrong("base_url", e.to_string()))?;
        if !matches!(endpoint.scheme(), "http" | "https") {
            return Err(wrong("base_url", "it must begin with http:// or https://".to_owned()));
        }
        if !endpoint.username().is_empty() || endpoint.password().is_some() {
            // Addresses are logged; a key is not.
            return Err(wrong("base_url", "it must not carry a password; there is `key`".to_owned()));
        }
        if !(1..=65_536).contains(&settings.dimension) {
            return Err(wrong("dimension", "it must be from 1 to 65536".to_owned()));
        }
        if !(1..=2_048).contains(&settings.batch_size) {
            return Err(wrong("batch_size", "it must be from 1 to 2048".to_owned()));
        }
        if settings.retry.attempts == 0 {
            return Err(wrong("retry.attempts", "it must be at least 1".to_owned()));
        }
        let (low, high) = settings.similarity_range;
        if !(-1.0 <= low && low < high && high <= 1.0) {
            return Err(wrong("similarity_range", "it must rise within -1 and 1".to_owned()));
        }
        let mut headers = HeaderMap::new();
        if let Some(key) = &settings.key {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()))
                .map_err(|_| wrong("key", "it has characters that a header can't have".to_owned()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        // The client panics where the process has no TLS provider. The binary installs one; this
        // does nothing then.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .default_headers(headers)
            .timeout(settings.timeout)
            // A redirect would carry texts to a place that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| wrong("http client", e.without_url().to_string()))?;
        let model = ModelId::new(format!("openai:{}/{}", settings.model, settings.dimension));
        Ok(Self { model, endpoint, client, settings })
    }

    async fn embed_all(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let normalised: Vec<String> = texts.iter().map(|text| normalise(text)).collect();
        // Services refuse an empty text, and with it the whole batch.
        let filled: Vec<&str> =
            normalised.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        let mut vectors = Vec::with_capacity(filled.len());
        for batch in filled.chunks(self.settings.batch_size) {
            let mut answer = self.settings.retry.run(|| self.request(batch)).await?;
            vectors.append(&mut answer);
        }
        let mut vectors = vectors.into_iter();
        Ok(normalised
            .iter()
            .map(|text| if text.is_empty() { None } else { vectors.next() })
            .map(|vector| vector.unwrap_or_else(|| blank(self.settings.dimension)))
            .collect())
    }

    async fn request(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Failure> {
        let dimension = self.settings.dimension;
        let response = self
            .client
            .post(self.endpoint.clone())
            .json(&wire::Request {
                model: &self.settings.model,
                input: texts,
                encoding_format: "float",
                dimensions: self.settings.request_dimension.then_some(dimension),
            })
            .send()
            .await
            .map_err(Failure::transport)?;
        if !response.status().is_success() {
            return Err(Failure::status(response.status(), response.headers()));
        }
        let limit = 65_536 + texts.len() * (dimension * BYTES_PER_NUMBER + 256);
        let body = read_bounded(response, limit).await?;
        wire::vectors(&body, texts.len(), dimension)
            .map_err(|reason| Failure::Final(EmbedError::Malformed(reason)))
    }
}

async fn read_bounded(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Failure::transport)? {
        if body.len() + chunk.len() > limit {
            let reason = format!("it is longer than {limit} bytes");
            return Err(Failure::Final(EmbedError::Malformed(reason)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[async_trait]
impl Embedder for Http {
    fn model(&self) -> &ModelId {
        &self.model
    }

    fn dimension(&self) -> usize {
        self.settings.dimension
    }

    fn batch_size(&self) -> usize {
        self.settings.batch_size
    }

    fn similarity_range(&self) -> (f32, f32) {
        self.settings.similarity_range
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        observed(&self.model, Priority::Interactive, self.embed_all(texts)).await
    }

    async fn embed_bulk(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        observed(&self.model, Priority::Bulk, self.embed_all(texts)).await
    }
}
