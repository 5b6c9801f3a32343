//! End-to-end tests, one binary: they run the built `certgate` and the real `git`.

mod corpus;
mod git_layer;
mod layers;
mod story;
mod support;
