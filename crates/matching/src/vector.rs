//! Unit vectors and their exact cosine.

use std::sync::Arc;

/// A vector of length one, as single-precision numbers. Clones share them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Vector(Arc<[f32]>);

impl Vector {
    /// Scales a vector to length one. There is none for an empty vector, for one of length zero,
    /// or where a number is not finite.
    pub(crate) fn unit(raw: &[f32]) -> Option<Self> {
        let length = dot(raw, raw).sqrt();
        if !length.is_finite() || length < 1e-12 {
            return None;
        }
        Some(Self(raw.iter().map(|&x| (f64::from(x) / length) as f32).collect()))
    }

    pub(crate) fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// The cosine of the angle between two vectors of the same dimension, rounded to millionths.
    ///
    /// The same on every machine: products of single-precision numbers are exact in double
    /// precision, and they are added in one fixed order. Six decimals also survive any JSON.
    pub(crate) fn cosine(&self, other: &Self) -> f32 {
        let millionths = (dot(&self.0, &other.0).clamp(-1.0, 1.0) * 1e6).round();
        (millionths / 1e6) as f32
    }
}

const LANES: usize = 8;

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut lanes = [0.0_f64; LANES];
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..LANES {
            lanes[lane] += f64::from(a[lane]) * f64::from(b[lane]);
        }
    }
    for (lane, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        lanes[lane] += f64::from(*a) * f64::from(*b);
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_cosine_is_that_of_the_angle_whatever_the_lengths() {
        let unit = |raw: &[f32]| Vector::unit(raw).unwrap();
        assert_eq!(unit(&[3.0, 0.0]).cosine(&unit(&[3.0, 4.0])), 0.6);
        assert_eq!(unit(&[3.0, 0.0]).cosine(&unit(&[-1.0, 0.0])), -1.0);
        let long: Vec<f32> = (0..19_u8).map(f32::from).collect();
        assert_eq!(unit(&long).cosine(&unit(&long)), 1.0);
    }

    #[test]
    fn nothing_without_a_direction_becomes_a_vector() {
        for raw in [&[][..], &[0.0, 0.0], &[f32::NAN, 1.0], &[f32::INFINITY, 1.0]] {
            assert!(Vector::unit(raw).is_none(), "{raw:?}");
        }
    }
}
