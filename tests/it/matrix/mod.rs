//! Git as it is in the field: one test for each cell of the table in `docs/git-support.md`, named for the workflow.
//!
//! A cell shows both directions: what is not certified is refused, and the same certified goes through unbroken. It is registered with
//! [`cells`] beside its test, so that the table ([`table`]) has a row for it; what the table says of a cell's result is what git said of
//! its hooks while it ran ([`world`]).

mod commits;
mod content;
mod hooks;
mod layouts;
mod merges;
mod pushes;
mod rewriting;
mod strangers;
mod table;
mod world;

use world::Seen;

/// One workflow on one kind of repository.
pub(crate) struct Cell {
    /// The file of `tests/it/matrix/` that it is in, which is its group.
    pub(crate) module: &'static str,
    /// The test.
    pub(crate) name: &'static str,
    /// What of [`table::ITEMS`] it is a case of.
    pub(crate) item: &'static str,
    /// What it shows, in a line.
    pub(crate) shows: &'static str,
    run: fn(&Seen),
}

/// Registers functions as cells: each becomes a test of the same name in a module `gated`, and a row of the table.
macro_rules! cells {
    ($($name:ident: $item:literal, $shows:literal;)*) => {
        /// The cells of this file.
        pub(super) const CELLS: &[super::Cell] = &[$(super::Cell {
            module: module_path!(),
            name: stringify!($name),
            item: $item,
            shows: $shows,
            run: $name,
        }),*];

        mod gated {
            $(#[test]
            fn $name() {
                crate::matrix::table::run(super::CELLS, stringify!($name));
            })*
        }
    };
}
use cells;
