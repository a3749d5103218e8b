//! The embedders as the engine calls them.

#![allow(clippy::unwrap_used)]

mod http;
mod minilm;
mod quality;
mod support;
