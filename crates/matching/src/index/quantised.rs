//! Unit vectors in one byte a number, with a proven bound on what that loses.

use super::simd::{Block, Kernel};

/// What the bound allows for rounding in its own arithmetic and in the lengths of the vectors.
const SLACK: f64 = 4e-6;

/// A vector as whole numbers from −127 to 127 times a scale.
#[derive(Clone, Debug)]
pub(crate) struct Quantised {
    blocks: Box<[Block]>,
    shape: Shape,
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    scale: f32,
    /// The length of the difference to the exact vector, or more.
    error: f32,
}

impl Quantised {
    /// Compresses a unit vector.
    pub(crate) fn new(unit: &[f32]) -> Self {
        let largest = unit.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
        let scale = largest / 127.0;
        let mut blocks = vec![Block([0; 64]); unit.len().div_ceil(64)].into_boxed_slice();
        let mut squares = 0.0_f64;
        for (numbers, block) in unit.chunks(64).zip(&mut blocks) {
            for (&number, small) in numbers.iter().zip(&mut block.0) {
                // The cast saturates, so that rounding cannot leave the range.
                *small = ((number / scale).round() as i8).max(-127);
                squares += (f64::from(number) - f64::from(scale) * f64::from(*small)).powi(2);
            }
        }
        let error = squares.sqrt() * (1.0 + 1e-6);
        Self { blocks, shape: Shape { scale, error: error as f32 } }
    }
}

/// Compressed vectors one after the other, in rows of whole cache lines.
#[derive(Debug)]
pub(crate) struct Rows {
    kernel: Kernel,
    blocks_per_row: usize,
    blocks: Vec<Block>,
    shapes: Vec<Option<Shape>>,
}

impl Rows {
    pub(crate) fn new(dimension: usize) -> Self {
        Self {
            kernel: Kernel::detect(),
            blocks_per_row: dimension.div_ceil(64),
            blocks: Vec::new(),
            shapes: Vec::new(),
        }
    }

    /// Appends a row; one of zeros where there is no vector of the dimension.
    pub(crate) fn push(&mut self, unit: Option<&[f32]>) {
        match unit.map(Quantised::new).filter(|row| row.blocks.len() == self.blocks_per_row) {
            Some(row) => {
                self.blocks.extend_from_slice(&row.blocks);
                self.shapes.push(Some(row.shape));
            }
            None => {
                self.blocks.resize(self.blocks.len() + self.blocks_per_row, Block([0; 64]));
                self.shapes.push(None);
            }
        }
    }

    /// Takes a row out and puts the last one in its place.
    pub(crate) fn swap_remove(&mut self, row: usize) {
        let last = (self.shapes.len() - 1) * self.blocks_per_row;
        self.blocks.copy_within(last.., row * self.blocks_per_row);
        self.blocks.truncate(last);
        self.shapes.swap_remove(row);
    }

    /// The least and the greatest cosine that the row's exact vector may have with the exact
    /// vector of `other`; none where the row has no vector.
    ///
    /// With x̂ and ŷ the compressed x and y: x·y − x̂·ŷ = x·(y−ŷ) + (x−x̂)·ŷ, and the length of a sum
    /// is at most the sum of the lengths.
    pub(crate) fn cosine_bounds(&self, row: usize, other: &Quantised) -> Option<(f32, f32)> {
        let shape = self.shapes[row]?;
        let from = row * self.blocks_per_row;
        let product = self.kernel.dot(&self.blocks[from..from + self.blocks_per_row], &other.blocks);
        let near = f64::from(shape.scale) * f64::from(other.shape.scale) * f64::from(product);
        let (row_error, other_error) = (f64::from(shape.error), f64::from(other.shape.error));
        let error = other_error + row_error * (1.0 + other_error) + SLACK;
        Some(((near - error) as f32, (near + error) as f32))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::vector::Vector;

    proptest! {
        #[test]
        fn the_exact_cosine_lies_within_its_bounds(
            a in prop::collection::vec(-1.0_f32..1.0, 70),
            b in prop::collection::vec(-1.0_f32..1.0, 70),
            near in any::<bool>(),
        ) {
            let a = Vector::unit(&a);
            let b = Vector::unit(&b);
            prop_assume!(a.is_some() && b.is_some());
            let (a, b) = (a.unwrap(), b.unwrap());
            let b = if near { a.clone() } else { b };
            let mut rows = Rows::new(70);
            rows.push(Some(a.as_slice()));
            let (low, high) = rows.cosine_bounds(0, &Quantised::new(b.as_slice())).unwrap();
            let exact = a.cosine(&b);
            prop_assert!(low <= exact && exact <= high, "{} {} {}", low, exact, high);
            prop_assert!(high - low < 0.1);
        }
    }
}
