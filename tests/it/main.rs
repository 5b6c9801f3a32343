//! End-to-end tests, one binary: they run the built `certgate` and the real `git`.

mod bad_input;
mod corpus;
mod git_layer;
mod hostile;
mod layers;
mod scene;
mod story;
mod support;
