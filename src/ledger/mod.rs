//! The module ledger.
