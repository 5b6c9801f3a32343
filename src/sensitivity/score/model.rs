//! The model: integer weights for features, embedded in the binary, and the sum that is the score.
//!
//! `model.txt` is written by `train/train.py`: a line of scheme, `version`, `bias`, a line `ranks` of the scores that one, two, … ninety-nine
//! per cent of the commits of the training histories do not exceed, and then a weight and a feature a line. Weights and bias are in
//! 1/64 of a point of the score.

use std::collections::HashMap;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use super::features::Feature;
use crate::change::hex;

/// The embedded model.
const TEXT: &str = include_str!("model.txt");
/// The first line of a model of this scheme.
const SCHEME: &str = "certgate-score-model 1";
/// The highest score.
pub const HIGHEST: i32 = 1000;
/// The most weights and bytes that a model may have.
const MOST: (usize, usize) = (1500, 64 << 10);

/// A model.
#[derive(Debug)]
pub struct Model {
    /// What it is called: the day on which it was trained.
    pub version: String,
    /// The SHA-256 of its text, in hexadecimal digits.
    pub digest: String,
    bias: i32,
    ranks: Vec<u32>,
    weights: HashMap<String, i32>,
}

impl Model {
    /// The model that is embedded.
    pub fn embedded() -> &'static Self {
        static MODEL: OnceLock<Model> = OnceLock::new();
        MODEL.get_or_init(|| Self::parse(TEXT).unwrap_or_else(Self::empty))
    }

    fn empty() -> Self {
        Self {
            version: "none".to_owned(),
            digest: String::new(),
            bias: 0,
            ranks: Vec::new(),
            weights: HashMap::new(),
        }
    }

    /// Reads a model; `None` where it is not one of this scheme, or larger than models may be.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != SCHEME || text.len() > MOST.1 {
            return None;
        }
        let version = lines.next()?.strip_prefix("version ")?.to_owned();
        let bias = lines.next()?.strip_prefix("bias ")?.parse().ok()?;
        let ranks = lines.next()?.strip_prefix("ranks ")?;
        let ranks: Vec<u32> = ranks.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
        let mut weights = HashMap::new();
        for line in lines {
            let (weight, name) = line.split_once(' ')?;
            weights.insert(name.to_owned(), weight.parse().ok()?);
        }
        let digest = Sha256::digest(text.as_bytes());
        (weights.len() <= MOST.0 && ranks.len() == 99 && ranks.is_sorted()).then(|| Self {
            version,
            digest: hex(&digest),
            bias,
            ranks,
            weights,
        })
    }

    /// What a feature adds, in 1/64 of a point.
    pub fn weight(&self, feature: &Feature) -> i32 {
        self.weights.get(&feature.name).copied().unwrap_or(0)
    }

    /// The sum of what the features add, in 1/64 of a point.
    pub fn sum(&self, features: &[Feature]) -> i32 {
        let weights = features.iter().map(|feature| self.weight(feature));
        weights.fold(self.bias, i32::saturating_add)
    }

    /// What features add, in points, without what every change starts with.
    pub fn points(&self, features: &[Feature]) -> i32 {
        let weights = features.iter().map(|feature| self.weight(feature));
        weights.fold(0, i32::saturating_add).div_euclid(64)
    }

    /// The score of a sum.
    pub fn score(sum: i32) -> i32 {
        sum.saturating_add(32).div_euclid(64).clamp(0, HIGHEST)
    }

    /// The rank of a score among the commits of the training histories, in per cent: so many have a lower one.
    pub fn rank(&self, score: u32) -> u32 {
        let lower = self.ranks.iter().filter(|border| **border < score).count();
        u32::try_from(lower).unwrap_or(0)
    }

    /// How many weights it has.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// True without weights.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }
}
