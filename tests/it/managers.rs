//! Other hook managers, driven for real: pre-commit, prek, lefthook, husky.
