//! Attacks, each beside its honest twin.
