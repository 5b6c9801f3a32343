//! Source code as its language reads it: one table of languages, parsed by tree-sitter.
//!
//! Five questions are answered here, and nowhere else: whether two contents of a file differ in comments or layout only, which lines of a
//! content are wholly comment, which functions a line is in, what a piece of code is to the program, and which items a file holds that could be in another. Each answer needs a content that parses whole: on an unknown
//! language, a syntax error, another encoding than UTF-8, or a file beyond the limits there is none, and the caller takes the stricter side.

mod bindings;
mod compare;
mod encoding;
mod functions;
mod heredocs;
mod language;
mod launches;
mod outline;
mod parse;
mod phrases;
mod prose;
mod role;
mod row;
mod table;
#[cfg(test)]
mod tests;

pub use compare::{Difference, Ignored, difference};
pub(super) use encoding::declared_encoding;
pub use functions::{Callable, Definitions};
pub use language::Language;
pub use outline::{Outline, Unit};
pub use parse::{MAX_BYTES, Source, Unparsed};
pub use role::{Role, Spot};
