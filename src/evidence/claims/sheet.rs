//! A block with its tokens, and which of them a claim has taken.

use std::ops::Range;

use super::judge::Outcome;
use super::tokens::{Kind, Token};

/// A claim that was found: at which token, and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) at: usize,
    pub(super) outcome: Outcome,
}

impl Found {
    pub(super) fn new(at: usize, outcome: Outcome) -> Self {
        Self { at, outcome }
    }
}

/// The tokens of a block.
#[derive(Debug)]
pub(super) struct Sheet {
    /// The block's index in the document.
    pub(super) block: usize,
    pub(super) tokens: Vec<Token>,
    taken: Vec<bool>,
    /// True where every line break ends a clause, as in a listing.
    pub(super) by_line: bool,
}

impl Sheet {
    pub(super) fn new(block: usize, tokens: Vec<Token>, by_line: bool) -> Self {
        Self {
            block,
            taken: vec![false; tokens.len()],
            tokens,
            by_line,
        }
    }

    /// Marks a token as part of a claim.
    pub(super) fn take(&mut self, at: usize) {
        if let Some(taken) = self.taken.get_mut(at) {
            *taken = true;
        }
    }

    pub(super) fn is_taken(&self, at: usize) -> bool {
        self.taken.get(at).copied().unwrap_or(true)
    }

    /// The lines, as ranges of tokens.
    pub(super) fn lines(&self) -> Vec<Range<usize>> {
        self.split(|_, token| token.is(&Kind::Break))
    }

    /// The clauses, as ranges of tokens: up to a semicolon, the end of a sentence, or a line that begins with a label.
    pub(super) fn clauses(&self) -> Vec<Range<usize>> {
        self.split(|at, token| match token.kind {
            Kind::Semicolon => true,
            Kind::Stop => {
                let next = self.tokens.get(at + 1);
                next.is_none_or(|next| next.range.start > token.range.end)
            }
            Kind::Break => {
                let end = self.tokens.len();
                self.by_line || super::change::label(&self.tokens, &(at + 1..end)).is_some()
            }
            _ => false,
        })
    }

    fn split(&self, ends: impl Fn(usize, &Token) -> bool) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut start = 0;
        for (at, token) in self.tokens.iter().enumerate() {
            if ends(at, token) {
                parts.push(start..at);
                start = at + 1;
            }
        }
        parts.push(start..self.tokens.len());
        parts.retain(|part| !part.is_empty());
        parts
    }
}
