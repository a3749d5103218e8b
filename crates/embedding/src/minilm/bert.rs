//! The forward pass of a BERT encoder with mean pooling, for several texts at once.
//!
//! The texts' tokens lie end to end in one matrix `[tokens, hidden]`: the matrix products run
//! over all of them, attention over each text by itself, and nothing is spent on padding.

use candle_core::safetensors::BufferedSafetensors;
use candle_core::{DType, Device, Result, Tensor, bail};
use serde::Deserialize;

use super::attention::{Attention, HEAD};
use super::kernels::{AddNorm, BiasGelu, Norm};
use crate::vector::to_unit;

/// What of the model's `config.json` matters here.
#[derive(Debug, Deserialize)]
pub(super) struct Config {
    model_type: String,
    hidden_act: String,
    pub(super) hidden_size: usize,
    intermediate_size: usize,
    layer_norm_eps: f32,
    pub(super) max_position_embeddings: usize,
    num_attention_heads: usize,
    num_hidden_layers: usize,
    vocab_size: usize,
}

pub(super) struct Bert {
    hidden: usize,
    /// `[vocab_size, hidden]`, by row.
    words: Vec<f32>,
    /// `[max_position_embeddings, hidden]`, with the type embedding added.
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
}

/// The matrices are transposed, `[inputs, outputs]`.
struct Layer {
    /// Queries, keys and values in one product.
    project: Tensor,
    query_bias: Vec<f32>,
    value_bias: Vec<f32>,
    merge: Tensor,
    merge_norm: AddNorm,
    expand: Tensor,
    expand_act: BiasGelu,
    contract: Tensor,
    contract_norm: AddNorm,
}

impl Bert {
    /// Takes the weights of `model.safetensors`.
    pub(super) fn load(config: &Config, bytes: Vec<u8>) -> Result<Self> {
        if config.model_type != "bert" || config.hidden_act != "gelu" {
            bail!("only BERT with exact GELU is supported");
        }
        let hidden = config.hidden_size;
        if hidden == 0 || hidden != config.num_attention_heads * HEAD {
            bail!("only heads of {HEAD} elements are supported");
        }
        let weights = Weights { file: BufferedSafetensors::new(bytes)?, epsilon: config.layer_norm_eps };
        let mut positions = weights
            .flat("embeddings.position_embeddings.weight", &[config.max_position_embeddings, hidden])?;
        let types = weights.get("embeddings.token_type_embeddings.weight")?;
        let first_type = types.get(0)?.to_vec1::<f32>()?;
        for row in positions.chunks_exact_mut(hidden) {
            for (p, t) in row.iter_mut().zip(&first_type) {
                *p += t;
            }
        }
        Ok(Self {
            hidden,
            words: weights.flat("embeddings.word_embeddings.weight", &[config.vocab_size, hidden])?,
            positions,
            norm: weights.norm("embeddings.LayerNorm", hidden)?,
            layers: (0..config.num_hidden_layers)
                .map(|i| weights.layer(&format!("encoder.layer.{i}"), hidden, config.intermediate_size))
                .collect::<Result<_>>()?,
        })
    }

    /// One unit vector for each text, given as token ids. No text may be empty, or longer than
    /// the model's positions.
    pub(super) fn forward(&self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>> {
        let hidden = self.hidden;
        let lengths: Vec<usize> = texts.iter().map(|ids| ids.len()).collect();
        let tokens: usize = lengths.iter().sum();
        let mut embedded = Vec::with_capacity(tokens * hidden);
        for ids in texts {
            if ids.is_empty() || ids.len() * hidden > self.positions.len() {
                bail!("a text of {} tokens", ids.len());
            }
            for (&id, position) in ids.iter().zip(self.positions.chunks_exact(hidden)) {
                let start = id as usize * hidden;
                let Some(word) = self.words.get(start..start + hidden) else {
                    bail!("token {id} is not in the vocabulary");
                };
                embedded.extend(word.iter().zip(position).map(|(w, p)| w + p));
            }
        }
        self.norm.apply(&mut embedded);
        let mut x = Tensor::from_vec(embedded, (tokens, hidden), &Device::Cpu)?;
        for layer in &self.layers {
            x = layer.forward(&x, &lengths)?;
        }
        let rows = x.flatten_all()?.to_vec1::<f32>()?;
        let mut rest = rows.as_slice();
        lengths
            .iter()
            .map(|length| {
                let (text, behind) = rest.split_at(length * hidden);
                rest = behind;
                pool(text, hidden)
            })
            .collect()
    }
}

/// The mean over a text's tokens, scaled to unit length.
fn pool(rows: &[f32], hidden: usize) -> Result<Vec<f32>> {
    let mut mean = vec![0.0; hidden];
    for row in rows.chunks_exact(hidden) {
        for (m, v) in mean.iter_mut().zip(row) {
            *m += v;
        }
    }
    if !to_unit(&mut mean) {
        bail!("the vector has no direction");
    }
    Ok(mean)
}

impl Layer {
    fn forward(&self, x: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        let projections = x.matmul(&self.project)?;
        let context = projections.apply_op1_no_bwd(&Attention {
            lengths,
            query_bias: &self.query_bias,
            value_bias: &self.value_bias,
        })?;
        let attended = context.matmul(&self.merge)?;
        attended.inplace_op2(x, &self.merge_norm)?;
        let expanded = attended.matmul(&self.expand)?;
        expanded.inplace_op1(&self.expand_act)?;
        let out = expanded.matmul(&self.contract)?;
        out.inplace_op2(&attended, &self.contract_norm)?;
        Ok(out)
    }
}

struct Weights {
    file: BufferedSafetensors,
    epsilon: f32,
}

impl Weights {
    fn get(&self, name: &str) -> Result<Tensor> {
        self.file.load(name, &Device::Cpu)?.to_dtype(DType::F32)
    }

    fn flat(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let tensor = self.get(name)?;
        if tensor.dims() != shape {
            bail!("{name} has the shape {:?} instead of {shape:?}", tensor.dims());
        }
        tensor.flatten_all()?.to_vec1()
    }

    fn matrix(&self, name: &str, outputs: usize, inputs: usize) -> Result<Tensor> {
        let flat = self.flat(&format!("{name}.weight"), &[outputs, inputs])?;
        Tensor::from_vec(flat, (outputs, inputs), &Device::Cpu)
    }

    fn bias(&self, name: &str, outputs: usize) -> Result<Vec<f32>> {
        self.flat(&format!("{name}.bias"), &[outputs])
    }

    fn norm(&self, name: &str, width: usize) -> Result<Norm> {
        Ok(Norm {
            gamma: self.flat(&format!("{name}.weight"), &[width])?,
            beta: self.flat(&format!("{name}.bias"), &[width])?,
            epsilon: self.epsilon,
        })
    }

    fn add_norm(&self, name: &str, width: usize) -> Result<AddNorm> {
        Ok(AddNorm {
            bias: self.bias(&format!("{name}.dense"), width)?,
            norm: self.norm(&format!("{name}.LayerNorm"), width)?,
        })
    }

    fn layer(&self, name: &str, hidden: usize, intermediate: usize) -> Result<Layer> {
        let attention = format!("{name}.attention.self");
        // Dividing the queries by √HEAD beforehand saves dividing every score.
        let scale = 1.0 / (HEAD as f64).sqrt();
        let query = (self.matrix(&format!("{attention}.query"), hidden, hidden)? * scale)?;
        let key = self.matrix(&format!("{attention}.key"), hidden, hidden)?;
        let value = self.matrix(&format!("{attention}.value"), hidden, hidden)?;
        let mut query_bias = self.bias(&format!("{attention}.query"), hidden)?;
        for b in &mut query_bias {
            *b *= scale as f32;
        }
        let transposed = |matrix: Tensor| matrix.t()?.contiguous();
        Ok(Layer {
            project: transposed(Tensor::cat(&[query, key, value], 0)?)?,
            query_bias,
            value_bias: self.bias(&format!("{attention}.value"), hidden)?,
            merge: transposed(self.matrix(&format!("{name}.attention.output.dense"), hidden, hidden)?)?,
            merge_norm: self.add_norm(&format!("{name}.attention.output"), hidden)?,
            expand: transposed(self.matrix(&format!("{name}.intermediate.dense"), intermediate, hidden)?)?,
            expand_act: BiasGelu { bias: self.bias(&format!("{name}.intermediate.dense"), intermediate)? },
            contract: transposed(self.matrix(&format!("{name}.output.dense"), hidden, intermediate)?)?,
            contract_norm: self.add_norm(&format!("{name}.output"), hidden)?,
        })
    }
}
