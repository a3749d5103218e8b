//! Dot products of vectors of small whole numbers, on whatever the processor offers.
//!
//! All paths give the same whole number; only their speed differs. This is the one module with
//! `unsafe` code: loads through pointers, and calls of functions that need a processor feature
//! which has been found to be there.
#![allow(unsafe_code)]

/// 64 numbers, one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Block(pub(crate) [i8; 64]);

/// A way to multiply, chosen once for the processor at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kernel {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Vnni,
}

impl Kernel {
    /// The fastest that this processor has.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vnni")
            {
                return Self::Vnni;
            }
            if is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Scalar
    }

    /// The dot product of two rows of the same length, of numbers from −127 to 127.
    pub(crate) fn dot(self, a: &[Block], b: &[Block]) -> i32 {
        match self {
            Self::Scalar => dot_scalar(a, b),
            // SAFETY: these kernels are only made by `detect`, or by tests that ask it first, so
            // the processor has the features.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { dot_avx2(a, b) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Vnni => unsafe { dot_vnni(a, b) },
        }
    }
}

fn dot_scalar(a: &[Block], b: &[Block]) -> i32 {
    let pairs = a.iter().zip(b).flat_map(|(a, b)| a.0.iter().zip(&b.0));
    pairs.map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dot_avx2(a: &[Block], b: &[Block]) -> i32 {
    use std::arch::x86_64::*;
    let mut sum = _mm256_setzero_si256();
    for (a, b) in a.iter().zip(b) {
        for part in 0..4 {
            // SAFETY: a block has 64 bytes, so that sixteen are there from 0, 16, 32 and 48 on.
            let (a, b) = unsafe {
                let load = |block: &Block| _mm_load_si128(block.0.as_ptr().add(part * 16).cast());
                (load(a), load(b))
            };
            let products = _mm256_madd_epi16(_mm256_cvtepi8_epi16(a), _mm256_cvtepi8_epi16(b));
            sum = _mm256_add_epi32(sum, products);
        }
    }
    let half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
    let quarter = _mm_add_epi32(half, _mm_shuffle_epi32::<0b01_00_11_10>(half));
    let eighth = _mm_add_epi32(quarter, _mm_shuffle_epi32::<0b10_11_00_01>(quarter));
    _mm_cvtsi128_si32(eighth)
}

/// The instruction multiplies unsigned by signed numbers: the one side goes in as its absolute
/// values, and its signs go over to the other side.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn dot_vnni(a: &[Block], b: &[Block]) -> i32 {
    use std::arch::x86_64::*;
    let mut sum = _mm512_setzero_si512();
    let zero = _mm512_setzero_si512();
    for (a, b) in a.iter().zip(b) {
        // SAFETY: a block is 64 bytes long and aligned to 64.
        let (a, b) =
            unsafe { (_mm512_load_si512(a.0.as_ptr().cast()), _mm512_load_si512(b.0.as_ptr().cast())) };
        let negative = _mm512_movepi8_mask(a);
        let b = _mm512_mask_sub_epi8(b, negative, zero, b);
        sum = _mm512_dpbusd_epi32(sum, _mm512_abs_epi8(a), b);
    }
    _mm512_reduce_add_epi32(sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kernels() -> Vec<Kernel> {
        #[cfg(target_arch = "x86_64")]
        {
            let mut kernels = vec![Kernel::detect()];
            if is_x86_feature_detected!("avx2") {
                kernels.push(Kernel::Avx2);
            }
            kernels
        }
        #[cfg(not(target_arch = "x86_64"))]
        vec![Kernel::detect()]
    }

    fn block() -> impl Strategy<Value = Block> {
        prop::collection::vec(-127_i8..=127, 64)
            .prop_map(|numbers| Block(std::array::from_fn(|i| numbers[i])))
    }

    proptest! {
        #[test]
        fn every_kernel_agrees_with_the_plain_one(
            rows in prop::collection::vec((block(), block()), 0..8)
        ) {
            let (a, b): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            for kernel in kernels() {
                prop_assert_eq!(kernel.dot(&a, &b), dot_scalar(&a, &b), "{:?}", kernel);
            }
        }
    }

    #[test]
    fn the_extremes_do_not_overflow() {
        let (most, least) = (vec![Block([127; 64]); 64], vec![Block([-127; 64]); 64]);
        for kernel in kernels() {
            assert_eq!(kernel.dot(&most, &least), -127 * 127 * 64 * 64, "{kernel:?}");
        }
    }
}
