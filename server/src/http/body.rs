//! Reading a request's body within the limit.

use std::time::Duration;

use app::error::{ApiError, ErrorKind};
use axum::body::{Body, Bytes};
use http_body_util::BodyExt as _;

/// How much of a body that is too large is read and thrown away, as a multiple of the limit.
/// Browsers show an answer only once they have sent the body; past this they get none.
const DISCARD_FACTOR: usize = 32;
const DISCARD_FOR: Duration = Duration::from_secs(10);

/// Shorter than a request may take in all, so that the answer says what was wrong.
const READ_WITHIN: Duration = Duration::from_secs(20);

/// The whole body, if it has at most `limit` bytes and arrives in time.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let read = tokio::time::timeout(READ_WITHIN, read_all(body, limit)).await;
    read.unwrap_or_else(|_| Err(ErrorKind::TooSlow.into()))
}

async fn read_all(mut body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::from(ErrorKind::Malformed))?;
        let Ok(data) = frame.into_data() else { continue };
        if read.len() + data.len() > limit {
            let left = limit.saturating_mul(DISCARD_FACTOR);
            // Whether or not it ends in time, the answer is the same.
            let _ = tokio::time::timeout(DISCARD_FOR, discard(body, left)).await;
            let kib = limit / 1024;
            let message = format!("This is more than we can take at once. Please keep it to {kib} KiB.");
            return Err(ApiError::new(ErrorKind::TooLarge, message));
        }
        read.extend_from_slice(&data);
    }
    Ok(read.into())
}

async fn discard(mut body: Body, mut left: usize) {
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        if length > left {
            return;
        }
        left -= length;
    }
}

/// Whether these bytes are a urlencoded form of valid UTF-8, as every browser sends it.
pub(crate) fn is_form(body: &[u8]) -> bool {
    let mut decoded = Vec::with_capacity(body.len());
    let mut bytes = body.iter();
    while let Some(&byte) = bytes.next() {
        let byte = match byte {
            b'%' => match (bytes.next().and_then(hex), bytes.next().and_then(hex)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return false,
            },
            b'+' => b' ',
            other => other,
        };
        decoded.push(byte);
    }
    std::str::from_utf8(&decoded).is_ok()
}

fn hex(digit: &u8) -> Option<u8> {
    char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_read_up_to_the_limit_and_no_further() {
        assert_eq!(read(Body::from("12345678"), 8).await.unwrap(), "12345678");
        let error = read(Body::from("123456789"), 8).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::TooLarge);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let endless = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(read(endless, 8).await.unwrap_err().kind, ErrorKind::TooSlow);
    }

    #[test]
    fn a_form_is_urlencoded_utf8() {
        for fine in ["", "a=b&c=d", "a=%C3%A9+%20", "a=é"] {
            assert!(is_form(fine.as_bytes()), "{fine}");
        }
        for wrong in ["a=%FF", "a=%C3", "a=%", "a=%4", "a=%zz"] {
            assert!(!is_form(wrong.as_bytes()), "{wrong}");
        }
        assert!(!is_form(b"a=\xff"));
    }
}
