//! Multi-head self-attention over several texts laid end to end, without padding or masks.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, bail};
use pulp::Arch;
use rayon::prelude::*;

use super::kernels::{LANES, exp, slice};

/// Elements of a head. The kernel is written for this size, that of all MiniLM models.
pub(super) const HEAD: usize = 32;

/// Queries that are handled together: with [`LANES`] this fills the vector registers.
const QUERIES: usize = 4;

/// Queries in a unit of parallel work.
const BLOCK: usize = 32;

/// The keys of [`LANES`] tokens, transposed.
type KeyTile = [[f32; LANES]; HEAD];

/// The scores, later weights, of some queries for [`LANES`] tokens.
type Tile = [[f32; LANES]; QUERIES];

/// From the projections `[tokens, 3 * hidden]` (queries, already divided by √[`HEAD`], then keys
/// and values, all without bias) to the context `[tokens, hidden]`.
///
/// The bias of the keys adds the same to all scores of a query, which softmax cancels, so it
/// needs no adding; that of the values passes through, because the weights sum to one.
pub(super) struct Attention<'a> {
    /// Tokens of each text.
    pub(super) lengths: &'a [usize],
    pub(super) query_bias: &'a [f32],
    pub(super) value_bias: &'a [f32],
}

/// Keys and values of one head, each text padded to whole tiles.
struct Packed {
    keys: Vec<KeyTile>,
    values: Vec<[f32; HEAD]>,
}

/// A run of queries of one text.
struct Block<'a> {
    /// First token in the projections.
    token: usize,
    /// Tokens in the text.
    length: usize,
    /// The text's first tile.
    tile: usize,
    /// The queries' rows of the context.
    out: &'a mut [f32],
}

impl CustomOp1 for Attention<'_> {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let hidden = self.query_bias.len();
        let tokens: usize = self.lengths.iter().sum();
        let projections = slice(storage, layout)?;
        if projections.len() != tokens * 3 * hidden {
            bail!("attention over {tokens} tokens got {} elements", projections.len());
        }
        let packed: Vec<Packed> =
            (0..hidden / HEAD).into_par_iter().map(|head| self.pack(projections, hidden, head)).collect();
        let mut context = vec![0.0_f32; tokens * hidden];
        self.blocks(&mut context, hidden).into_par_iter().for_each(|block| {
            Arch::new().dispatch(
                #[inline(always)]
                || self.attend(projections, hidden, &packed, block),
            );
        });
        Ok((CpuStorage::F32(context), Shape::from((tokens, hidden))))
    }
}

impl Attention<'_> {
    fn pack(&self, projections: &[f32], hidden: usize, head: usize) -> Packed {
        let tiles: usize = self.lengths.iter().map(|n| n.div_ceil(LANES)).sum();
        let mut keys: Vec<KeyTile> = vec![[[0.0; LANES]; HEAD]; tiles];
        let mut values = vec![[0.0; HEAD]; tiles * LANES];
        let mut rows = projections.chunks_exact(3 * hidden);
        let mut tile = 0;
        for &length in self.lengths {
            for (i, row) in rows.by_ref().take(length).enumerate() {
                let key = &row[hidden + head * HEAD..][..HEAD];
                for (lanes, &k) in keys[tile + i / LANES].iter_mut().zip(key) {
                    lanes[i % LANES] = k;
                }
                let value = &row[2 * hidden + head * HEAD..][..HEAD];
                values[tile * LANES + i].copy_from_slice(value);
            }
            tile += length.div_ceil(LANES);
        }
        Packed { keys, values }
    }

    fn blocks<'c>(&self, mut context: &'c mut [f32], hidden: usize) -> Vec<Block<'c>> {
        let mut blocks = Vec::new();
        let (mut token, mut tile) = (0, 0);
        for &length in self.lengths {
            let (text, rest) = context.split_at_mut(length * hidden);
            context = rest;
            for (i, out) in text.chunks_mut(BLOCK * hidden).enumerate() {
                blocks.push(Block { token: token + i * BLOCK, length, tile, out });
            }
            token += length;
            tile += length.div_ceil(LANES);
        }
        blocks
    }

    #[inline(always)]
    fn attend(&self, projections: &[f32], hidden: usize, packed: &[Packed], block: Block<'_>) {
        let Block { token, length, tile, out } = block;
        let tiles = length.div_ceil(LANES);
        let mut weights: Vec<Tile> = vec![[[0.0; LANES]; QUERIES]; tiles];
        for (head, Packed { keys, values }) in packed.iter().enumerate() {
            let keys = &keys[tile..tile + tiles];
            let values = &values[tile * LANES..(tile + tiles) * LANES];
            let column = head * HEAD;
            let query_bias = &self.query_bias[column..column + HEAD];
            let value_bias = &self.value_bias[column..column + HEAD];
            for (i, out) in out.chunks_mut(QUERIES * hidden).enumerate() {
                // A last group that is not full computes rows of zeros, which are not written.
                let mut queries = [[0.0; HEAD]; QUERIES];
                let first = token + i * QUERIES;
                for (row, query) in queries.iter_mut().enumerate().take(out.len() / hidden) {
                    let source = &projections[(first + row) * 3 * hidden + column..][..HEAD];
                    for ((q, &s), &b) in query.iter_mut().zip(source).zip(query_bias) {
                        *q = s + b;
                    }
                }
                score(&queries, keys, &mut weights);
                let sums = softmax(&mut weights, length);
                let low = weigh::<0>(&weights, values);
                let high = weigh::<LANES>(&weights, values);
                for (row, out) in out.chunks_exact_mut(hidden).enumerate() {
                    let scale = 1.0 / sums[row];
                    let (low_out, high_out) = out[column..column + HEAD].split_at_mut(LANES);
                    for lane in 0..LANES {
                        low_out[lane] = low[row][lane] * scale + value_bias[lane];
                        high_out[lane] = high[row][lane] * scale + value_bias[LANES + lane];
                    }
                }
            }
        }
    }
}

// Plain loops over arrays of fixed size from here on: a closure handed to a library function is
// compiled by itself, without the vector instructions that `Arch::dispatch` turned on.

/// The dot products of the queries with all keys.
#[inline(always)]
fn score(queries: &[[f32; HEAD]; QUERIES], keys: &[KeyTile], scores: &mut [Tile]) {
    for (scores, keys) in scores.iter_mut().zip(keys) {
        let mut sums = [[0.0_f32; LANES]; QUERIES];
        for d in 0..HEAD {
            for row in 0..QUERIES {
                for lane in 0..LANES {
                    sums[row][lane] = queries[row][d].mul_add(keys[d][lane], sums[row][lane]);
                }
            }
        }
        *scores = sums;
    }
}

/// Turns scores into weights that still have to be divided by the sums, which it returns. The
/// scores behind `length` belong to no token and get the weight zero.
#[inline(always)]
fn softmax(scores: &mut [Tile], length: usize) -> [f32; QUERIES] {
    if let Some(last) = scores.last_mut() {
        for row in last {
            row[(length - 1) % LANES + 1..].fill(f32::NEG_INFINITY);
        }
    }
    let mut result = [0.0; QUERIES];
    for row in 0..QUERIES {
        let mut maxima = [f32::NEG_INFINITY; LANES];
        for tile in scores.iter() {
            for lane in 0..LANES {
                let s = tile[row][lane];
                maxima[lane] = if s > maxima[lane] { s } else { maxima[lane] };
            }
        }
        let mut max = maxima[0];
        for m in maxima {
            max = if m > max { m } else { max };
        }
        let mut sums = [0.0_f32; LANES];
        for tile in scores.iter_mut() {
            for lane in 0..LANES {
                let weight = exp(tile[row][lane] - max);
                tile[row][lane] = weight;
                sums[lane] += weight;
            }
        }
        for sum in sums {
            result[row] += sum;
        }
    }
    result
}

/// The weighted sums of [`LANES`] columns of the values, from column `FROM` on.
#[inline(always)]
fn weigh<const FROM: usize>(weights: &[Tile], values: &[[f32; HEAD]]) -> [[f32; LANES]; QUERIES] {
    let mut sums = [[0.0_f32; LANES]; QUERIES];
    for (weights, values) in weights.iter().zip(values.chunks_exact(LANES)) {
        for j in 0..LANES {
            for row in 0..QUERIES {
                for lane in 0..LANES {
                    sums[row][lane] = weights[row][j].mul_add(values[j][FROM + lane], sums[row][lane]);
                }
            }
        }
    }
    sums
}
