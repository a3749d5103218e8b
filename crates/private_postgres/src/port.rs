//! A TCP port of our own.

use std::net::{Ipv4Addr, TcpListener};

use crate::Error;

/// Below the range from which Linux takes the ports of outgoing connections, so that a port
/// that is free today is likely to be free tomorrow.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Whether nothing listens on `port` of the loopback interface.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// `preferred` if it is free, otherwise another free port.
pub(crate) fn choose(preferred: Option<u16>) -> Result<u16, Error> {
    if let Some(port) = preferred
        && is_free(port)
    {
        return Ok(port);
    }
    for _ in 0..64 {
        let mut random = [0; 2];
        getrandom::fill(&mut random).map_err(|error| Error::io("drawing a random port")(error.into()))?;
        let port = RANGE.start + u16::from_le_bytes(random) % (RANGE.end - RANGE.start);
        if is_free(port) {
            return Ok(port);
        }
    }
    // The range is crowded; the system knows what is left.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(Error::io("asking for a free port"))?;
    Ok(listener.port())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_passed_over() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert!(!is_free(port));
        assert_ne!(choose(Some(port)).unwrap(), port);
    }

    #[test]
    fn a_free_port_is_kept() {
        let port = choose(None).unwrap();
        assert_eq!(choose(Some(port)).unwrap(), port);
    }
}
