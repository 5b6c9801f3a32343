//! The gate: a question about a change in, a judgement out.

mod authors;
mod bound;
mod cases;
pub(crate) mod claims;
mod content;
pub(crate) mod delta;
mod explain;
mod facts;
pub(crate) mod governing;
pub(crate) mod hunks;
mod idle;
mod in_force;
mod judge;
mod judgement;
mod kept;
mod past;
mod question;
mod standing;
mod undecided;
mod whatif;

pub(crate) use bound::{demands, due, shown_at};
pub(crate) use content::{gate, gate_by};
pub(crate) use explain::describe;
pub(crate) use facts::state;
pub(crate) use hunks::Hunk;
pub(crate) use idle::idle_rules;
pub(crate) use in_force::InForce;
pub use judge::{add_hunks, judge};
pub use judgement::{Asked, Judgement, Scope};
pub(crate) use past::{Pasts, Refused, open_bypasses, refusals};
pub use question::Question;
pub(crate) use question::{By, Committing, Range, TargetBranch};
pub(crate) use standing::{Said, Standing, standing};
pub use undecided::Undecided;
pub(crate) use whatif::{Answer, WhatIf, what_if};
