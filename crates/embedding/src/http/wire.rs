//! The protocol's messages.

use serde::{Deserialize, Serialize};

use crate::vector::to_unit;

#[derive(Serialize)]
pub(super) struct Request<'a> {
    pub(super) model: &'a str,
    pub(super) input: &'a [&'a str],
    pub(super) encoding_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dimensions: Option<usize>,
}

#[derive(Deserialize)]
struct Response {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    index: usize,
    embedding: Vec<f32>,
}

/// The answer's vectors in the order of the texts, scaled to unit length, or what is wrong.
pub(super) fn vectors(body: &[u8], texts: usize, dimension: usize) -> Result<Vec<Vec<f32>>, String> {
    // serde_json's message may quote the answer; its category and place suffice.
    let response: Response = serde_json::from_slice(body).map_err(|e| {
        format!("{:?} error in its JSON at byte {} of line {}", e.classify(), e.column(), e.line())
    })?;
    if response.data.len() != texts {
        return Err(format!("{} vectors for {texts} texts", response.data.len()));
    }
    let mut ordered: Vec<Option<Vec<f32>>> = vec![None; texts];
    for Item { index, mut embedding } in response.data {
        if embedding.len() != dimension {
            return Err(format!("a vector of {} elements instead of {dimension}", embedding.len()));
        }
        if !to_unit(&mut embedding) {
            return Err("a vector that is zero or not finite".to_owned());
        }
        match ordered.get_mut(index) {
            Some(place @ None) => *place = Some(embedding),
            _ => return Err(format!("index {index} twice or out of range")),
        }
    }
    // As many items as texts and no index twice: every place is filled.
    Ok(ordered.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_answers_are_told_apart() {
        for (body, texts, wanted) in [
            (r#"{"data":[]}"#, 1, "0 vectors for 1 texts"),
            (r#"{"data":[{"index":0,"embedding":[1]}]}"#, 1, "1 elements instead of 2"),
            (r#"{"data":[{"index":1,"embedding":[1,2]}]}"#, 1, "out of range"),
            (r#"{"data":[{"index":0,"embedding":[1,2]},{"index":0,"embedding":[1,2]}]}"#, 2, "index 0 twice"),
            (r#"{"data":[{"index":0,"embedding":[0,0]}]}"#, 1, "zero or not finite"),
            (r#"{"data":[{"index":0,"embedding":[1e39,0]}]}"#, 1, "zero or not finite"),
            (r#"{"data":[{"index":0,"embedding":[NaN,0]}]}"#, 1, "JSON"),
            (r#"{"data":[{"index":0,"embedding":["#, 1, "JSON"),
            ("<html>sign in</html>", 1, "JSON"),
        ] {
            let reason = vectors(body.as_bytes(), texts, 2).expect_err(body);
            assert!(reason.contains(wanted), "{body}: {reason}");
        }
    }
}
