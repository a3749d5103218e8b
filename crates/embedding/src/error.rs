//! What can go wrong, told apart by what the caller should do.

/// Why texts could not be embedded. No variant carries a key, an address or the texts.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// The service did not answer in time, or answered "later" until the attempts were used up.
    #[error("the embedding service is unavailable: {0}")]
    Unavailable(String),
    /// The service refused the request, and would refuse it again.
    #[error("the embedding service refused the request with status {status}")]
    Rejected {
        /// The HTTP status.
        status: u16,
    },
    /// The service's answer is not one embedding per text, each of the configured dimension.
    #[error("the embedding service gave an unusable answer: {0}")]
    Malformed(String),
    /// The local model failed on these texts.
    #[error("the embedding model failed: {0}")]
    Model(String),
    /// The thread that runs the local model is gone: the process is shutting down.
    #[error("the embedding model has stopped")]
    Stopped,
}

impl EmbedError {
    /// True where the same call may succeed later without anybody's help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// Why an embedder could not be made. Needs the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file of the model can't be read.
    #[error("cannot read the model file {path}: {cause}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// The operating system's reason.
        cause: std::io::Error,
    },
    /// The model's files are there but are not a model that this program can run.
    #[error("the model in {path} cannot be used: {reason}")]
    Model {
        /// The model's folder.
        path: std::path::PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting has a value that can't work.
    #[error("the embedding setting {name} is wrong: {reason}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The model's thread could not be started.
    #[error("cannot start the embedding threads: {0}")]
    Threads(String),
}
