//! Attacks, each beside its honest twin: a real repository and a real run. The attack must end in a block or in exit 2, with a code that
//! names it for what it is; the twin, which differs in nothing but the attack, must pass.
//!
//! A file is a family. Its attacks are registered with [`attacks`], and each becomes a test; [`table`] prints what was tried.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bound;
mod bumps;
mod content;
mod evidence;
mod hooked;
mod identity;
pub(crate) mod imports;
mod judges;
mod kept;
mod language;
mod ledger;
mod lifts;
mod making;
mod merging;
mod moved;
mod moves;
mod names;
mod order;
mod output;
mod owners;
mod packages;
mod people;
mod pipelines;
mod policy;
mod profiles;
mod reading;
mod running;
mod score;
mod stamps;
mod table;
mod text;
mod time;
mod world;

use crate::scene::Ran;

/// One attack and its twin.
pub(crate) struct Attack {
    /// The family's module.
    pub(crate) module: &'static str,
    /// The test.
    pub(crate) name: &'static str,
    /// What is tried, in a line.
    pub(crate) tries: &'static str,
    /// The codes that name it; one of them must be among the errors.
    pub(crate) codes: &'static [&'static str],
    attack: fn() -> Ran,
    twin: fn() -> Ran,
}

/// Registers attacks: `name: "what is tried", ["CG…"], || attack, || twin;`. Each becomes a test in a module `blocked`.
macro_rules! attacks {
    ($($name:ident: $tries:literal, [$($code:literal),+], $attack:expr, $twin:expr;)*) => {
        /// The attacks of this family.
        pub(super) const ATTACKS: &[super::Attack] = &[$(super::Attack {
            module: module_path!(),
            name: stringify!($name),
            tries: $tries,
            codes: &[$($code),+],
            attack: $attack,
            twin: $twin,
        }),*];

        mod blocked {
            $(#[test]
            fn $name() {
                crate::attacks::table::run(super::ATTACKS, stringify!($name));
            })*
        }
    };
}
use attacks;
