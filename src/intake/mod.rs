//! How a question arises: from arguments, the index, a range, the environment of a CI system, or updates of refs.

pub(crate) mod adoption;
mod advice;
pub(crate) mod benchmarks;
pub(crate) mod branches;
pub mod ci;
mod configured;
pub(crate) mod range;
pub mod refs;
mod resolve;
pub(crate) mod staged;
pub(crate) mod targets;

pub(crate) use configured::by_git;
pub use resolve::{Chosen, resolve};
pub use staged::{announced, staged};

use crate::gate::Undecided;
use crate::hooks::HooksError;

impl From<HooksError> for Undecided {
    fn from(error: HooksError) -> Self {
        error.diagnostic().into()
    }
}
