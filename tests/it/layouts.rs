//! One scenario on every layout of a repository: the verdict is the same, byte for byte but for ids.
