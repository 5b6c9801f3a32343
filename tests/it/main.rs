//! End-to-end tests, one binary: they run the built `certgate` and the real `git`.
