//! The arguments of `certgate audit`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(in crate::cli) struct AuditArgs {
    /// Clones or bare repositories; `-` reads their paths from standard input, one a line
    #[arg(value_name = "REPOSITORY", required = true)]
    pub(in crate::cli) repositories: Vec<OsString>,
    /// The paths on standard input end in NUL
    #[arg(short = 'z')]
    pub(in crate::cli) nul: bool,
    /// Judge what landed since then: a date, a duration such as 90d, or a commit
    #[arg(long, value_name = "DATE|REV")]
    pub(in crate::cli) since: Option<String>,
    /// Judge at most so many landings of each branch (default: 200, where --since is not given)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) last: Option<u32>,
    /// How many repositories to look at at once
    #[arg(long, short, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(in crate::cli) jobs: u16,
    /// How to report
    #[arg(long, value_enum, default_value_t = AuditFormat::Human)]
    pub(in crate::cli) format: AuditFormat,
    /// The same as --format jsonl
    #[arg(long, conflicts_with = "format")]
    pub(in crate::cli) jsonl: bool,
    /// Leave out when each record was made and how long it took, so that equal repositories have equal records
    #[arg(long)]
    pub(in crate::cli) no_time: bool,
    /// Write to a file instead of standard output; with the same --resume, after the records that it has
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Skip repositories that have a record at the same heads in this file of an earlier run with --jsonl
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) resume: Option<PathBuf>,
    /// End with exit code 1 where a record has any of these; may be given several times
    #[arg(long = "fail-on", value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(in crate::cli) fail_on: Vec<FailOn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum AuditFormat {
    /// A paragraph for each repository, and the sums
    Human,
    /// One JSON document: certgate/audit-list/v1
    Json,
    /// One JSON object a line and repository: certgate/audit/v1
    Jsonl,
    /// An overview of one page
    Markdown,
    /// The same for a browser, complete in one file
    Html,
    /// SARIF 2.1.0: a result for each thing that a gate would block or warn of
    Sarif,
    /// JUnit's XML: a suite for each repository
    Junit,
    /// GitLab's code quality report
    Gitlab,
}

/// What ends an audit as findings do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(in crate::cli) enum FailOn {
    /// Landings that the gate would have blocked
    Uncovered,
    /// Refusals in force, stops among them
    Refusals,
    /// Emergency stops in force
    Stops,
    /// Conditions and bypasses whose day has passed
    Overdue,
    /// Hooks that do not run certgate, where no CI file names it
    Unwatched,
    /// Repositories without a policy
    Policy,
}
