//! Updates of refs: what `pre-receive` and `reference-transaction` judge.
