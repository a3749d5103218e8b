//! Arithmetic that the embedders share.

/// Scales to unit length. False, with the vector left as it was, where that can't be done:
/// length zero, or an element that is not finite.
pub(crate) fn to_unit(vector: &mut [f32]) -> bool {
    // In f64, so that large but finite elements don't overflow.
    let square: f64 = vector.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
    if !square.is_finite() || square <= 0.0 {
        return false;
    }
    let scale = 1.0 / square.sqrt();
    for v in vector {
        *v = (f64::from(*v) * scale) as f32;
    }
    true
}

/// The vector of a text with nothing in it: the first axis, since zero has no direction.
pub(crate) fn blank(dimension: usize) -> Vec<f32> {
    let mut vector = vec![0.0; dimension];
    if let Some(first) = vector.first_mut() {
        *first = 1.0;
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_length_or_untouched() {
        let mut v = [3.0, 4.0];
        assert!(to_unit(&mut v));
        assert_eq!(v, [0.6, 0.8]);
        let mut large = [f32::MAX, f32::MAX];
        assert!(to_unit(&mut large));
        assert!((large[0] - std::f32::consts::FRAC_1_SQRT_2).abs() < 1e-6);
        for mut bad in [[0.0, 0.0], [f32::NAN, 1.0], [f32::INFINITY, 1.0]] {
            assert!(!to_unit(&mut bad));
        }
    }
}
