//! End-to-end tests, one binary: they run the built `certgate` and the real `git`.

mod attacks;
mod authority;
mod bad_input;
mod ci;
mod cli;
mod corpus;
mod git_layer;
mod guides;
mod hostile;
mod layers;
mod layouts;
mod lifecycle;
mod managers;
mod matrix;
mod proof;
mod refs;
mod reports;
mod robust;
mod scene;
mod servers;
mod signatures;
mod signed;
mod simulation;
mod statistics;
mod story;
mod support;
