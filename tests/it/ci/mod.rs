//! The check in CI: base and head found from what each system documents, and the scripts that are shipped for them.

mod choosing;
mod posting;
mod scripts;
mod shallow;
mod shown;
mod vendors;
mod world;
