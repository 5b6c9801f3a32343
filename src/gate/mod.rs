//! The gate: a question about a change in, a judgement out.

mod authority;
mod content;
mod explain;
mod facts;
pub(crate) mod governing;
mod judge;
mod judgement;
mod question;
mod undecided;

pub(crate) use content::gate;
pub(crate) use explain::describe;
pub(crate) use facts::state;
pub(crate) use governing::InForce;
pub(crate) use judge::judge;
pub use judgement::{Judgement, Scope};
pub(crate) use question::{Question, Range, TargetBranch};
pub use undecided::Undecided;
