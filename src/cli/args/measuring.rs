//! The arguments of the commands about benchmarks and profiles.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(in crate::cli) struct TrendArgs {
    /// The component whose bound evidence is shown (default: each)
    pub(in crate::cli) component: Option<String>,
    /// Any series instead, in order: a JSON array of numbers and nulls
    #[arg(long, value_name = "FILE", conflicts_with_all = ["component", "benchmarks", "metrics", "rev"])]
    pub(in crate::cli) values: Option<PathBuf>,
    /// Only this benchmark; may be given several times
    #[arg(long = "benchmark", value_name = "NAME")]
    pub(in crate::cli) benchmarks: Vec<String>,
    /// Only this metric; may be given several times
    #[arg(long = "metric", value_name = "NAME")]
    pub(in crate::cli) metrics: Vec<String>,
    /// The commit whose ledger is read
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub(in crate::cli) rev: String,
    /// How to report
    #[arg(long, value_enum, default_value_t = TrendFormat::Human)]
    pub(in crate::cli) format: TrendFormat,
    /// Draw it into a file, too
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) svg: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum TrendFormat {
    /// A sparkline and a table
    Human,
    /// certgate/trend/v1
    Json,
    /// A picture
    Svg,
}

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 pass; 1 regressed, or files are refused; 2 could not decide; 3 inconclusive.")]
pub(in crate::cli) struct CompareArgs {
    /// Benchmark files of the baseline; for criterion, the directory of one benchmark
    #[arg(required = true, value_name = "BASELINE")]
    pub(in crate::cli) baseline: Vec<PathBuf>,
    /// Benchmark files of the candidate
    #[arg(last = true, required = true, value_name = "CANDIDATE")]
    pub(in crate::cli) candidate: Vec<PathBuf>,
    /// The slow-down that is accepted
    #[arg(long, value_name = "SHARE", default_value = "5%")]
    pub(in crate::cli) threshold: String,
    /// The error of each bound, one-sided
    #[arg(long, value_name = "NUMBER", default_value_t = 0.05)]
    pub(in crate::cli) alpha: f64,
    /// The least number of runs a side
    #[arg(long, value_name = "N", default_value_t = crate::evidence::decide::MIN_RUNS)]
    pub(in crate::cli) min_runs: usize,
    /// How the two sides were measured
    #[arg(long, value_enum, default_value_t = SampleDesign::Sequential)]
    pub(in crate::cli) design: SampleDesign,
    /// Only this metric; may be given several times
    #[arg(long = "metric", value_name = "NAME")]
    pub(in crate::cli) metrics: Vec<String>,
    /// Only benchmarks whose name matches; may be given several times
    #[arg(long = "benchmark", value_name = "GLOB")]
    pub(in crate::cli) benchmarks: Vec<String>,
    /// By how much runs of the same code differ (standard deviation), where it is known: decides one process a side
    #[arg(long, value_name = "SHARE")]
    pub(in crate::cli) run_noise: Option<String>,
    /// Which way is better, where a file does not say
    #[arg(long, value_enum)]
    pub(in crate::cli) direction: Option<Better>,
    /// This metric is a deterministic count; may be given several times
    #[arg(long, value_name = "METRIC")]
    pub(in crate::cli) exact: Vec<String>,
    /// How to report
    #[arg(long, value_enum, default_value_t = CompareFormat::Human)]
    pub(in crate::cli) format: CompareFormat,
    /// Draw the runs of both sides into a file, too
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) svg: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SampleDesign {
    /// One after the other; every run counts
    Sequential,
    /// In turn; each file is one block of runs, whose median counts
    Interleaved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Better {
    /// Less is better
    Lower,
    /// More is better
    Higher,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CompareFormat {
    /// A table
    Human,
    /// certgate/compare/v1
    Json,
    /// A table for a merge request
    Markdown,
    /// A picture
    Svg,
}

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 pass; 1 regressed; 2 could not decide; 3 inconclusive; 130 interrupted.")]
pub(in crate::cli) struct MeasureArgs {
    /// The baseline (default: the branch that this one would be merged into)
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) base: Option<String>,
    /// The candidate
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub(in crate::cli) head: String,
    /// How many runs a side count; fixed before the first (default: 10; with --pilot 5)
    #[arg(long, value_name = "N")]
    pub(in crate::cli) runs: Option<usize>,
    /// How many runs a side go before, and do not count
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(in crate::cli) warmup: usize,
    /// What is run, by the shell, in the root of each worktree
    #[arg(long, value_name = "CMD")]
    pub(in crate::cli) run: String,
    /// What is run once in each worktree before, such as a build
    #[arg(long, value_name = "CMD")]
    pub(in crate::cli) prepare: Option<String>,
    /// Benchmark files that each run writes, relative to the root; `-` for its standard output (default: the run is timed)
    #[arg(long, value_name = "GLOB")]
    pub(in crate::cli) results: Option<String>,
    /// Only say how many runs are needed
    #[arg(long)]
    pub(in crate::cli) pilot: bool,
    /// Sign what was measured, into `measured.sig` among the results, for `certgate certify --measured`: a key file, `key::` and a public
    /// key that the agent holds, or nothing for `git config certgate.signingKey` or `user.signingKey`
    #[arg(long, value_name = "KEY", num_args = 0..=1, conflicts_with = "pilot")]
    pub(in crate::cli) sign: Option<Option<String>>,
    /// Where the results are kept: a folder that is not there yet, or is empty
    #[arg(long, value_name = "DIR", default_value = "certgate-measure")]
    pub(in crate::cli) output: PathBuf,
    /// The slow-down that is accepted
    #[arg(long, value_name = "SHARE", default_value = "5%")]
    pub(in crate::cli) threshold: String,
    /// The error of each bound, one-sided
    #[arg(long, value_name = "NUMBER", default_value_t = 0.05)]
    pub(in crate::cli) alpha: f64,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct EvidenceArgs {
    /// Benchmark files, directories of criterion benchmarks, and profiles; the format is found by the content
    #[arg(required = true, value_name = "FILE")]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t = EvidenceFormat::Human)]
    pub(in crate::cli) format: EvidenceFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum EvidenceFormat {
    /// Tables; what is refused on standard error
    Human,
    /// certgate/evidence/v1
    Json,
}
