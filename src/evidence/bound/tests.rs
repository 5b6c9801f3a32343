//! Evidence that is judged without a repository.
