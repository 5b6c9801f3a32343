//! The arguments of the commands that judge, and explain a judgement.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::shared::{ChangeArgs, Format, ListFormat, ReportTo, report_to};
use crate::cli::values;

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    #[command(flatten)]
    pub(in crate::cli) change: ChangeArgs,
    /// The same as --base A --head B
    #[arg(long, value_name = "A..B", conflicts_with_all = ["staged", "base", "head"])]
    pub(in crate::cli) range: Option<String>,
    /// The branch that will move, which chooses how strictly the policy enforces
    #[arg(long, value_name = "BRANCH")]
    pub(in crate::cli) target: Option<String>,
    /// Fetch from the remote what the clone lacks: history, and the target branch as it is now
    #[arg(long)]
    pub(in crate::cli) deepen: bool,
    /// Judge as at this stage
    #[arg(long, value_name = "STAGE")]
    pub(in crate::cli) stage: Option<String>,
    /// Show what the run cost: time by room, git processes, files, rules, certificates
    #[arg(long)]
    pub(in crate::cli) timings: bool,
    /// Show every reason and command, however many
    #[arg(long, short)]
    pub(in crate::cli) verbose: bool,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(in crate::cli) format: Format,
    /// Write the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Write another report of the same run, such as sarif=certgate.sarif; may be given several times
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = report_to)]
    pub(in crate::cli) reports: Vec<ReportTo>,
    /// Judge by another policy, to try it out: a file, or builtin:PACK
    #[arg(long, value_name = "FILE|builtin:PACK", add = ArgValueCandidates::new(values::policies))]
    pub(in crate::cli) policy: Option<String>,
    /// Post the verdict: the request's comment, updated in place, and the commit's status; with GITHUB_TOKEN, GITLAB_TOKEN or GITEA_TOKEN
    #[arg(long, value_enum, value_name = "FORGE", conflicts_with_all = ["staged", "policy", "stage"])]
    pub(in crate::cli) post: Option<PostTo>,
}

/// A forge that a verdict is posted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PostTo {
    /// GitHub, GitHub Enterprise Server
    Github,
    /// GitLab
    Gitlab,
    /// Gitea, Forgejo
    Gitea,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ExplainArgs {
    /// A code such as CG201, a path, a component, a status, the name of a rule, or the id of a certificate
    #[arg(required_unless_present_any = ["why_not", "score"], conflicts_with = "why_not", add = ArgValueCandidates::new(values::explainable))]
    pub(in crate::cli) what: Option<OsString>,
    /// Say what this agent's approval of the change would leave open
    #[arg(long, value_name = "AGENT")]
    pub(in crate::cli) why_not: Option<String>,
    /// Show the sensitivity score of the change, or of one file of it, with its reasons
    #[arg(long, conflicts_with = "why_not")]
    pub(in crate::cli) score: bool,
    #[command(flatten)]
    pub(in crate::cli) change: ChangeArgs,
    /// The branch that will move
    #[arg(long, value_name = "BRANCH")]
    pub(in crate::cli) target: Option<String>,
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human, conflicts_with_all = ["why_not", "score"])]
    pub(in crate::cli) format: ListFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SuggestArgs {
    #[command(flatten)]
    pub(in crate::cli) change: ChangeArgs,
    /// The branch that will move
    #[arg(long, value_name = "BRANCH")]
    pub(in crate::cli) target: Option<String>,
    /// Write the message that asks this agent for its part, as Markdown
    #[arg(long, value_name = "AGENT", conflicts_with = "format")]
    pub(in crate::cli) handoff: Option<String>,
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(in crate::cli) format: ListFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HookArgs {
    /// The hook's name
    pub(in crate::cli) name: String,
    /// What git gave the hook
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(in crate::cli) args: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SimulateArgs {
    /// At most so many commits (default: 200, where neither --range nor --since is given)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) last: Option<u32>,
    /// Only these commits (default: what HEAD holds)
    #[arg(long, value_name = "A..B")]
    pub(in crate::cli) range: Option<String>,
    /// Only commits made since then: a date, or a duration such as 90d
    #[arg(long, value_name = "DATE")]
    pub(in crate::cli) since: Option<String>,
    /// Every commit, rather than merge by merge along first parents
    #[arg(long)]
    pub(in crate::cli) commits: bool,
    /// The policy: a file, or builtin:PACK (default: .certgate/policy.yaml of the work tree, else of HEAD, else builtin:default)
    #[arg(long, value_name = "FILE|builtin:PACK", add = ArgValueCandidates::new(values::policies))]
    pub(in crate::cli) policy: Option<String>,
    /// The branch that would have moved (default: the strictest entry of the policy)
    #[arg(long, value_name = "BRANCH")]
    pub(in crate::cli) target: Option<String>,
    /// How to report
    #[arg(long, value_enum, default_value_t = SimulateFormat::Markdown)]
    pub(in crate::cli) format: SimulateFormat,
    /// Write the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SimulateFormat {
    /// Tables
    Markdown,
    /// certgate/simulate/v1
    Json,
    /// SARIF 2.1.0: a result for each commit and rule that gates it
    Sarif,
    /// JUnit's XML: a suite for each component, a test for each commit
    Junit,
    /// GitLab's code quality report
    Gitlab,
    /// A page, complete in one file
    Html,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct FeaturesArgs {
    /// At most so many commits, not counting merges (default: 1, where --range is not given)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) last: Option<u32>,
    /// Only these commits (default: what HEAD holds)
    #[arg(long, value_name = "A..B")]
    pub(in crate::cli) range: Option<String>,
    /// One JSON object a line and commit, for training
    #[arg(long)]
    pub(in crate::cli) jsonl: bool,
    /// Also what each hunk shows by itself
    #[arg(long)]
    pub(in crate::cli) hunks: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct EvaluateArgs {
    /// At most so many commits, not counting merges (default: 500, where no --range is given)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) last: Option<u32>,
    /// Only these commits (default: what HEAD holds)
    #[arg(long, value_name = "A..B")]
    pub(in crate::cli) range: Option<String>,
    /// Which commits are about performance: by the first line of their message (default: those of type perf)
    #[arg(long, value_name = "REGEX", conflicts_with = "labels")]
    pub(in crate::cli) label: Option<String>,
    /// The same as a file of commit ids, one a line
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) labels: Option<PathBuf>,
    /// The policy: a file, or builtin:PACK (default: .certgate/policy.yaml of the work tree, else of HEAD, else builtin:default)
    #[arg(long, value_name = "FILE|builtin:PACK", add = ArgValueCandidates::new(values::policies))]
    pub(in crate::cli) policy: Option<String>,
    /// How to report
    #[arg(long, value_enum, default_value_t = EvaluateFormat::Markdown)]
    pub(in crate::cli) format: EvaluateFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum EvaluateFormat {
    /// Tables
    Markdown,
    /// certgate/evaluate/v1
    Json,
    /// A plot: share found by share flagged
    Svg,
}
