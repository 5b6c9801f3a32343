//! Git as it is in the field: one test for each cell of the table in `docs/git-support.md`, named for the workflow.
