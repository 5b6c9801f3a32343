//! End-to-end tests, one binary: they run the built `certgate` and the real `git`.

mod bad_input;
mod cli;
mod corpus;
mod git_layer;
mod hostile;
mod layers;
mod lifecycle;
mod reports;
mod scene;
mod story;
mod support;
