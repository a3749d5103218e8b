//! What a transformer layer does between its matrix products, as candle operations.
//!
//! candle's own operations for these take more time on a CPU than the matrix products
//! themselves: each step is a pass over memory on one thread, and `erf` and `exp` are not
//! vectorised. Here a pass does all it can while the data is in the cache, rows are spread over
//! the threads, and `pulp` compiles the loops for the vector instructions that the CPU has.

use std::f32::consts::{FRAC_1_SQRT_2, LOG2_E};

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result, bail};
use pulp::Arch;
use rayon::prelude::*;

/// Elements that an inner loop handles together: a whole number of vector registers.
pub(super) const LANES: usize = 16;

/// Rows in a unit of parallel work: small enough to share out evenly, large enough to be worth it.
const ROWS: usize = 16;

/// `e^x` for x ≤ 88 to about 2e-7 (relative), free of branches so that it vectorises. Below
/// -87 it gives e^-87, which is as good as zero here.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x.mul_add(LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, x));
    // Taylor's series to the sixth power; |r| is at most ln(2) / 2.
    let p = r.mul_add(1.0 / 720.0, 1.0 / 120.0);
    let p = r.mul_add(p, 1.0 / 24.0);
    let p = r.mul_add(p, 1.0 / 6.0);
    let p = r.mul_add(p, 0.5);
    let p = r.mul_add(p, 1.0);
    let p = r.mul_add(p, 1.0);
    p * f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()))
}

/// The exact GELU, `x * Φ(x)`, with erf after Abramowitz and Stegun 7.1.26 (error below 2e-7).
#[inline(always)]
fn gelu(x: f32) -> f32 {
    let z = x.abs() * FRAC_1_SQRT_2;
    let t = 1.0 / z.mul_add(0.327_591_1, 1.0);
    let p = t.mul_add(1.061_405_4, -1.453_152_1);
    let p = t.mul_add(p, 1.421_413_8);
    let p = t.mul_add(p, -0.284_496_72);
    let p = t.mul_add(p, 0.254_829_6);
    let erf = (1.0 - p * t * exp(-z * z)).copysign(x);
    0.5 * x * (1.0 + erf)
}

/// Sum in [`LANES`] partial sums: strict order would keep the compiler from vectorising.
#[inline(always)]
fn sum(row: &[f32], map: impl Fn(f32) -> f32) -> f32 {
    let mut partial = [0.0_f32; LANES];
    let chunks = row.chunks_exact(LANES);
    let rest: f32 = chunks.remainder().iter().map(|&v| map(v)).sum();
    for chunk in chunks {
        for (p, &v) in partial.iter_mut().zip(chunk) {
            *p += map(v);
        }
    }
    partial.iter().sum::<f32>() + rest
}

#[inline(always)]
fn layer_norm(row: &mut [f32], gamma: &[f32], beta: &[f32], epsilon: f32) {
    let width = row.len() as f32;
    let mean = sum(row, |v| v) / width;
    let variance = sum(row, |v| (v - mean) * (v - mean)) / width;
    let scale = 1.0 / (variance + epsilon).sqrt();
    for ((v, &g), &b) in row.iter_mut().zip(gamma).zip(beta) {
        *v = ((*v - mean) * scale).mul_add(g, b);
    }
}

/// The elements of a tensor that is known to be contiguous f32.
pub(super) fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let (CpuStorage::F32(data), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
        bail!("expected a contiguous f32 tensor");
    };
    Ok(&data[start..end])
}

fn slice_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    let (CpuStorage::F32(data), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
        bail!("expected a contiguous f32 tensor");
    };
    Ok(&mut data[start..end])
}

/// `x <- gelu(x + bias)`, by row.
pub(super) struct BiasGelu {
    pub(super) bias: Vec<f32>,
}

impl InplaceOp1 for BiasGelu {
    fn name(&self) -> &'static str {
        "bias-gelu"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let width = self.bias.len();
        slice_mut(storage, layout)?.par_chunks_mut(width * ROWS).for_each(|rows| {
            Arch::new().dispatch(
                #[inline(always)]
                || {
                    for row in rows.chunks_exact_mut(width) {
                        for (v, &b) in row.iter_mut().zip(&self.bias) {
                            *v = gelu(*v + b);
                        }
                    }
                },
            );
        });
        Ok(())
    }
}

/// Layer normalisation with its parameters, by row.
pub(super) struct Norm {
    pub(super) gamma: Vec<f32>,
    pub(super) beta: Vec<f32>,
    pub(super) epsilon: f32,
}

impl Norm {
    /// `x <- norm(x)`.
    pub(super) fn apply(&self, data: &mut [f32]) {
        let width = self.gamma.len();
        data.par_chunks_mut(width * ROWS).for_each(|rows| {
            Arch::new().dispatch(
                #[inline(always)]
                || {
                    for row in rows.chunks_exact_mut(width) {
                        layer_norm(row, &self.gamma, &self.beta, self.epsilon);
                    }
                },
            );
        });
    }
}

/// `x <- norm(x + bias + residual)`, by row.
pub(super) struct AddNorm {
    pub(super) bias: Vec<f32>,
    pub(super) norm: Norm,
}

impl InplaceOp2 for AddNorm {
    fn name(&self) -> &'static str {
        "add-norm"
    }

    fn cpu_fwd(&self, s1: &mut CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<()> {
        let width = self.bias.len();
        let Norm { gamma, beta, epsilon } = &self.norm;
        let residual = slice(s2, l2)?;
        slice_mut(s1, l1)?.par_chunks_mut(width * ROWS).zip(residual.par_chunks(width * ROWS)).for_each(
            |(rows, residual)| {
                Arch::new().dispatch(
                    #[inline(always)]
                    || {
                        for (row, add) in rows.chunks_exact_mut(width).zip(residual.chunks_exact(width)) {
                            for ((v, &a), &b) in row.iter_mut().zip(add).zip(&self.bias) {
                                *v += a + b;
                            }
                            layer_norm(row, gamma, beta, *epsilon);
                        }
                    },
                );
            },
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_exact_enough() {
        for i in -8_600..=0 {
            let x = i as f32 / 100.0;
            let want = f64::from(x).exp();
            assert!((f64::from(exp(x)) / want - 1.0).abs() < 5e-7, "e^{x}");
        }
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn gelu_has_the_published_values() {
        // x * Φ(x), with Φ from tables of the normal distribution.
        for (x, want) in [
            (0.0, 0.0),
            (1.0, 0.841_344_8),
            (-1.0, -0.158_655_25),
            (2.0, 1.954_499_7),
            (-3.0, -0.004_049_694),
            (20.0, 20.0),
            (-20.0, 0.0),
        ] {
            assert!((gelu(x) - want).abs() < 1e-6, "gelu({x}) = {}", gelu(x));
        }
    }

    #[test]
    fn a_normalised_row_has_mean_zero_and_variance_one() {
        let mut row: Vec<f32> = (0..37).map(|i| i as f32 * 3.0 + 5.0).collect();
        layer_norm(&mut row, &[1.0; 37], &[0.0; 37], 1e-12);
        let mean = row.iter().sum::<f32>() / 37.0;
        let variance = row.iter().map(|v| v * v).sum::<f32>() / 37.0;
        assert!(mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-5);
    }
}
