//! Signatures: made and checked interchangeably with `ssh-keygen`.
