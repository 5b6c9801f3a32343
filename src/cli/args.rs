//! The arguments, as clap reads them; nothing here looks at the environment.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::values;

/// Git hooks and a pre-merge gatekeeper: performance-sensitive changes need a certificate that covers exactly what is merged.
#[derive(Debug, Parser)]
#[command(name = "certgate", version, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 pass or warn; 1 block (lint: findings); 2 could not decide.")]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Play the full story in a scratch repository: blocked, certified, passed, vetoed, lifted
    Demo(DemoArgs),
    /// Write .certgate/ and install the hooks; never overwrites what it did not write
    Init(InitArgs),
    /// Install the hooks in this repository; hooks that are there are chained
    Install(InstallArgs),
    /// Remove the hooks and restore what they chained
    Uninstall(UninstallArgs),
    /// Show which hooks are installed
    Hooks(HooksArgs),
    /// Judge a change: the one that CI asks about; else what is staged, or this branch against the one it would merge into
    Check(CheckArgs),
    /// Write a certificate for a change, prefilled from it
    Certify(Box<CertifyArgs>),
    /// Give a certificate written by hand its subject, id, hash and signature
    Seal(SealArgs),
    /// Check the format of certificates
    Lint(LintArgs),
    /// Check hash, signature, subject and evidence of single certificates
    Verify(VerifyArgs),
    /// Show the state of each component
    Status(LedgerArgs),
    /// List the certificates in order, newest first
    Log(LogArgs),
    /// Show one certificate
    Show(ShowArgs),
    /// Judge history by a policy: what would have been asked, by which rules, and what each dial would change
    Simulate(SimulateArgs),
    /// Explain a diagnostic, or why a path is or is not gated
    Explain(ExplainArgs),
    /// Check, show or list policies
    Policy(PolicyArgs),
    /// Say what is wrong with this repository's gate, and the fix
    Doctor(DoctorArgs),
    /// Decide whether benchmarks got slower: BASELINE… -- CANDIDATE…
    Compare(Box<CompareArgs>),
    /// Run two revisions in turn on this machine and decide whether one is slower
    Measure(Box<MeasureArgs>),
    /// Show what is read of benchmark files and profiles, and what is refused of them
    Evidence(EvidenceArgs),
    /// Show where the level of a series of measurements changed
    Trend(TrendArgs),
    /// Show, write or check the files that are kept from the ledger: working memory, decisions, next actions
    Records(RecordsArgs),
    /// Say which reviews, and how few, would turn a change green
    Suggest(SuggestArgs),
    /// What the hook shims call
    #[command(hide = true)]
    Hook(HookArgs),
    /// Print the completions for a shell
    Completions(CompletionsArgs),
    /// Print a manual page
    Man(ManArgs),
}

#[derive(Debug, Args)]
pub(super) struct NoArgs {}

#[derive(Debug, Args)]
pub(super) struct HooksArgs {
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(super) format: ListFormat,
}

#[derive(Debug, Args)]
pub(super) struct InstallArgs {
    /// Also judge what no other hook sees, such as fast-forwards, pulls and `git update-ref`: reference-transaction
    #[arg(long, conflicts_with = "server")]
    pub(super) strict: bool,
    /// Judge what is pushed here, and install nothing else: pre-receive
    #[arg(long)]
    pub(super) server: bool,
    /// Allow a hooks directory that other repositories use, too; those without a policy are not judged
    #[arg(long)]
    pub(super) shared_hooks_path: bool,
}

#[derive(Debug, Args)]
pub(super) struct UninstallArgs {
    /// Allow a hooks directory that other repositories use, too
    #[arg(long)]
    pub(super) shared_hooks_path: bool,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Keep the repository and say where it is
    #[arg(long)]
    pub(super) keep: bool,
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// A pack to extend; may be given several times (default: proposed from what is in the repository)
    #[arg(long = "pack", value_name = "NAME", add = ArgValueCandidates::new(values::pack_names))]
    pub(super) packs: Vec<String>,
    /// Write the policy only
    #[arg(long)]
    pub(super) no_hooks: bool,
    /// What happens on protected branches where a certificate is missing
    #[arg(long, value_enum, default_value_t = InitMode::Block)]
    pub(super) mode: InitMode,
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(super) format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum InitMode {
    /// Warn, and let it pass
    Warn,
    /// Stop the change
    Block,
}

/// Which change.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ChangeArgs {
    /// What is staged, against HEAD
    #[arg(long, conflicts_with_all = ["base", "head"])]
    pub(super) staged: bool,
    /// The branch or commit that the change would be merged into
    #[arg(long, value_name = "REV")]
    pub(super) base: Option<String>,
    /// The commit that would be merged (default: HEAD)
    #[arg(long, value_name = "REV")]
    pub(super) head: Option<String>,
}

impl ChangeArgs {
    /// The same for whoever resolves it.
    pub(super) fn chosen(&self) -> crate::intake::Chosen<'_> {
        crate::intake::Chosen {
            staged: self.staged,
            base: self.base.as_deref(),
            head: self.head.as_deref(),
            ..Default::default()
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) change: ChangeArgs,
    /// The same as --base A --head B
    #[arg(long, value_name = "A..B", conflicts_with_all = ["staged", "base", "head"])]
    pub(super) range: Option<String>,
    /// The branch that will move, which chooses how strictly the policy enforces
    #[arg(long, value_name = "BRANCH")]
    pub(super) target: Option<String>,
    /// Fetch from the remote what the clone lacks: history, and the target branch as it is now
    #[arg(long)]
    pub(super) deepen: bool,
    /// Judge as at this stage
    #[arg(long, value_name = "STAGE")]
    pub(super) stage: Option<String>,
    /// Show what the run cost: time by room, git processes, files, rules, certificates
    #[arg(long)]
    pub(super) timings: bool,
    /// Show every reason and command, however many
    #[arg(long, short)]
    pub(super) verbose: bool,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(super) format: Format,
    /// Write the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Write another report of the same run, such as sarif=certgate.sarif; may be given several times
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = report_to)]
    pub(super) reports: Vec<ReportTo>,
    /// Judge by another policy, to try it out: a file, or builtin:PACK
    #[arg(long, value_name = "FILE|builtin:PACK", add = ArgValueCandidates::new(values::policies))]
    pub(super) policy: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people: diagnostics on standard error, the verdict on standard output
    Human,
    /// certgate/verdict/v1
    Json,
    /// Workflow commands, and the job summary where GITHUB_STEP_SUMMARY is set
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit's XML, a test for each gated file
    Junit,
    /// GitLab's code quality report
    Gitlab,
    /// A comment on a pull or merge request; empty where nothing is asked of it
    Markdown,
}

/// A report beside the one that is asked for.
#[derive(Clone, Debug)]
pub(super) struct ReportTo {
    pub(super) format: Format,
    pub(super) file: PathBuf,
}

fn report_to(text: &str) -> Result<ReportTo, String> {
    let (format, file) = text.split_once('=').ok_or("it reads FORMAT=FILE")?;
    match Format::from_str(format, false) {
        Ok(format) if !file.is_empty() => Ok(ReportTo {
            format,
            file: PathBuf::from(file),
        }),
        Ok(_) => Err("it names no file".to_owned()),
        Err(_) => {
            let known: Vec<String> = Format::value_variants()
                .iter()
                .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
                .collect();
            Err(format!("the formats are {}", known.join(", ")))
        }
    }
}

#[derive(Clone, Debug, Args)]
pub(super) struct CertifyArgs {
    /// The components (default: the one that the change touches)
    #[arg(value_name = "COMPONENT", add = ArgValueCandidates::new(values::components))]
    pub(super) components: Vec<String>,
    /// Every component that lacks a certificate and that this agent may certify: one certificate for all
    #[arg(long, conflicts_with_all = ["components", "supersedes", "bypass_until"])]
    pub(super) all: bool,
    /// Only what has changed since this agent's own certificate, which the new one builds upon
    #[arg(long, conflicts_with_all = ["all", "supersedes", "bypass_until", "files"])]
    pub(super) delta: bool,
    /// The decision: one of the eleven statuses
    #[arg(long, value_name = "STATUS", add = ArgValueCandidates::new(values::statuses))]
    pub(super) status: Option<String>,
    /// Who decides (default: the agent that the policy asks for, or `git config certgate.agent`)
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(values::agents))]
    pub(super) agent: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(super) rationale: Option<String>,
    /// A finding; with several components, `COMPONENT: TEXT` is about that one; may be given several times
    #[arg(long = "finding", value_name = "TEXT")]
    pub(super) findings: Vec<String>,
    /// A piece of evidence; may be given several times
    #[arg(long = "evidence", value_name = "TEXT")]
    pub(super) evidence: Vec<String>,
    /// A condition; may be given several times
    #[arg(long = "condition", value_name = "TEXT")]
    pub(super) conditions: Vec<String>,
    /// The id of a certificate that this one supersedes; may be given several times
    #[arg(long = "supersedes", value_name = "ID", add = ArgValueCandidates::new(values::ids))]
    pub(super) supersedes: Vec<String>,
    /// The branch (or glob) to bind the certificate to; may be given several times (default: where the policy names its repository, the
    /// protected branch that the change goes to; else any)
    #[arg(long = "target", value_name = "BRANCH")]
    pub(super) targets: Vec<String>,
    /// An owner's emergency bypass: lets the change through once, without the approvals that are due, until the follow-up is due;
    /// a date, or a duration such as 3d
    #[arg(long, value_name = "DATE", conflicts_with_all = ["status", "conditions", "supersedes"])]
    pub(super) bypass_until: Option<String>,
    /// Only this file, or what lies below this directory (default: every file of the change that the component gates)
    #[arg(long = "file", value_name = "PATH")]
    pub(super) files: Vec<String>,
    /// The first part of the file name and of the title (default: performance_review)
    #[arg(long, value_name = "WORD", default_value = "performance_review")]
    pub(super) descriptor: String,
    #[command(flatten)]
    pub(super) change: ChangeArgs,
    /// The same as --base A --head B
    #[arg(long, value_name = "A..B", conflicts_with_all = ["staged", "base", "head"])]
    pub(super) range: Option<String>,
    /// Benchmark files of the baseline; bound to the certificate by their content, and kept beside it
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) baseline: Vec<PathBuf>,
    /// Benchmark files of the candidate
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) candidate: Vec<PathBuf>,
    /// Profiles of the candidate
    #[arg(long = "profile", value_name = "FILE", num_args = 1..)]
    pub(super) profiles: Vec<PathBuf>,
    /// The signature of whoever measured, as `certgate measure --sign` writes it
    #[arg(long, value_name = "FILE")]
    pub(super) measured: Option<PathBuf>,
    /// Sign it, into a file beside it: a key file, `key::` and a public key that the agent holds, or nothing for `git config
    /// certgate.signingKey` or `user.signingKey`
    #[arg(long, value_name = "KEY", num_args = 0..=1)]
    pub(super) sign: Option<Option<String>>,
    /// Where to write it (default: below the first of the policy's certificate folders); `-` for standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(super) format: ListFormat,
}

#[derive(Debug, Args)]
pub(super) struct SealArgs {
    /// The certificate
    pub(super) path: PathBuf,
    /// The branch (or glob) to bind the certificate to; as for `certify`
    #[arg(long = "target", value_name = "BRANCH")]
    pub(super) targets: Vec<String>,
    /// Sign it, into a file beside it: a key file, `key::` and a public key that the agent holds, or nothing for `git config
    /// certgate.signingKey` or `user.signingKey`
    #[arg(long, value_name = "KEY", num_args = 0..=1)]
    pub(super) sign: Option<Option<String>>,
    #[command(flatten)]
    pub(super) change: ChangeArgs,
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(super) format: ListFormat,
}

#[derive(Debug, Args)]
pub(super) struct LintArgs {
    /// Certificates to read (default: every certificate of the repository)
    pub(super) paths: Vec<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(super) format: Format,
    /// Read the certificates of a commit instead of the work tree
    #[arg(long, value_name = "REV")]
    pub(super) rev: Option<String>,
    /// Also hold figures and file references against each other and HEAD; reads any Markdown file
    #[arg(long)]
    pub(super) claims: bool,
    /// Matters of style are errors
    #[arg(long)]
    pub(super) strict: bool,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The certificates
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(super) struct LedgerArgs {
    /// The commit whose ledger is shown
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub(super) rev: String,
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(super) format: ListFormat,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(super) format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For people
    Human,
    /// For machines
    Json,
}

#[derive(Debug, Args)]
pub(super) struct LogArgs {
    #[command(flatten)]
    pub(super) ledger: LedgerArgs,
    /// Only certificates on this component
    #[arg(long, value_name = "COMPONENT", add = ArgValueCandidates::new(values::components))]
    pub(super) component: Option<String>,
    /// Prove the full history of the ledger: each certificate was merged once and never altered, each signature was good at its time
    #[arg(long, conflicts_with_all = ["component", "max_count"])]
    pub(super) verify: bool,
    /// At most so many
    #[arg(short = 'n', long = "max-count", value_name = "N")]
    pub(super) max_count: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct RecordsArgs {
    /// Write them into the directory that `records:` of the policy names; text outside of their markers stays
    #[arg(long, conflicts_with_all = ["check", "rev"])]
    pub(super) write: bool,
    /// Say which of them do not say what the ledger says
    #[arg(long)]
    pub(super) check: bool,
    /// The commit whose ledger, and files, are meant
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub(super) rev: String,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The id, or the path, of a certificate
    #[arg(add = ArgValueCandidates::new(values::ids))]
    pub(super) id: String,
    #[command(flatten)]
    pub(super) ledger: LedgerArgs,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A code such as CG201, a path, a component, a status, the name of a rule, or the id of a certificate
    #[arg(required_unless_present = "why_not", conflicts_with = "why_not", add = ArgValueCandidates::new(values::explainable))]
    pub(super) what: Option<OsString>,
    /// Say what this agent's approval of the change would leave open
    #[arg(long, value_name = "AGENT")]
    pub(super) why_not: Option<String>,
    #[command(flatten)]
    pub(super) change: ChangeArgs,
    /// The branch that will move
    #[arg(long, value_name = "BRANCH")]
    pub(super) target: Option<String>,
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human, conflicts_with = "why_not")]
    pub(super) format: ListFormat,
}

#[derive(Debug, Args)]
pub(super) struct SuggestArgs {
    #[command(flatten)]
    pub(super) change: ChangeArgs,
    /// The branch that will move
    #[arg(long, value_name = "BRANCH")]
    pub(super) target: Option<String>,
    /// Write the message that asks this agent for its part, as Markdown
    #[arg(long, value_name = "AGENT")]
    pub(super) handoff: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    #[command(subcommand)]
    pub(super) command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Read a policy and run its examples
    Check {
        /// A file or builtin:PACK (default: .certgate/policy.yaml of the work tree)
        policy: Option<String>,
        /// How to report
        #[arg(long, value_enum, default_value_t = ListFormat::Human)]
        format: ListFormat,
    },
    /// Show the policy that is in force, with its packs resolved
    Show {
        /// A file or builtin:PACK (default: .certgate/policy.yaml of the work tree)
        policy: Option<String>,
        /// As a list for people, or as a policy that is complete by itself
        #[arg(long, value_enum, default_value_t = ShowFormat::Human)]
        format: ShowFormat,
    },
    /// List the packs
    Packs,
}

/// How a policy is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ShowFormat {
    /// For people
    Human,
    /// A policy without `extends`, with everything from packs written out
    Yaml,
    /// The same for machines: certgate/policy/v1
    Json,
}

#[derive(Debug, Args)]
pub(super) struct HookArgs {
    /// The hook's name
    pub(super) name: String,
    /// What git gave the hook
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(super) args: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct TrendArgs {
    /// The component whose bound evidence is shown (default: each)
    pub(super) component: Option<String>,
    /// Any series instead, in order: a JSON array of numbers and nulls
    #[arg(long, value_name = "FILE", conflicts_with_all = ["component", "benchmarks", "metrics", "rev"])]
    pub(super) values: Option<PathBuf>,
    /// Only this benchmark; may be given several times
    #[arg(long = "benchmark", value_name = "NAME")]
    pub(super) benchmarks: Vec<String>,
    /// Only this metric; may be given several times
    #[arg(long = "metric", value_name = "NAME")]
    pub(super) metrics: Vec<String>,
    /// The commit whose ledger is read
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub(super) rev: String,
    /// How to report
    #[arg(long, value_enum, default_value_t = TrendFormat::Human)]
    pub(super) format: TrendFormat,
    /// Draw it into a file, too
    #[arg(long, value_name = "FILE")]
    pub(super) svg: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TrendFormat {
    /// A sparkline and a table
    Human,
    /// certgate/trend/v1
    Json,
    /// A picture
    Svg,
}

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 pass; 1 regressed, or files are refused; 2 could not decide; 3 inconclusive.")]
pub(super) struct CompareArgs {
    /// Benchmark files of the baseline; for criterion, the directory of one benchmark
    #[arg(required = true, value_name = "BASELINE")]
    pub(super) baseline: Vec<PathBuf>,
    /// Benchmark files of the candidate
    #[arg(last = true, required = true, value_name = "CANDIDATE")]
    pub(super) candidate: Vec<PathBuf>,
    /// The slow-down that is accepted
    #[arg(long, value_name = "SHARE", default_value = "5%")]
    pub(super) threshold: String,
    /// The error of each bound, one-sided
    #[arg(long, value_name = "NUMBER", default_value_t = 0.05)]
    pub(super) alpha: f64,
    /// The least number of runs a side
    #[arg(long, value_name = "N", default_value_t = crate::evidence::decide::MIN_RUNS)]
    pub(super) min_runs: usize,
    /// How the two sides were measured
    #[arg(long, value_enum, default_value_t = SampleDesign::Sequential)]
    pub(super) design: SampleDesign,
    /// Only this metric; may be given several times
    #[arg(long = "metric", value_name = "NAME")]
    pub(super) metrics: Vec<String>,
    /// Only benchmarks whose name matches; may be given several times
    #[arg(long = "benchmark", value_name = "GLOB")]
    pub(super) benchmarks: Vec<String>,
    /// By how much runs of the same code differ (standard deviation), where it is known: decides one process a side
    #[arg(long, value_name = "SHARE")]
    pub(super) run_noise: Option<String>,
    /// Which way is better, where a file does not say
    #[arg(long, value_enum)]
    pub(super) direction: Option<Better>,
    /// This metric is a deterministic count; may be given several times
    #[arg(long, value_name = "METRIC")]
    pub(super) exact: Vec<String>,
    /// How to report
    #[arg(long, value_enum, default_value_t = CompareFormat::Human)]
    pub(super) format: CompareFormat,
    /// Draw the runs of both sides into a file, too
    #[arg(long, value_name = "FILE")]
    pub(super) svg: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SampleDesign {
    /// One after the other; every run counts
    Sequential,
    /// In turn; each file is one block of runs, whose median counts
    Interleaved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Better {
    /// Less is better
    Lower,
    /// More is better
    Higher,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CompareFormat {
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
pub(super) struct MeasureArgs {
    /// The baseline (default: the branch that this one would be merged into)
    #[arg(long, value_name = "REV")]
    pub(super) base: Option<String>,
    /// The candidate
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub(super) head: String,
    /// How many runs a side count; fixed before the first (default: 10; with --pilot 5)
    #[arg(long, value_name = "N")]
    pub(super) runs: Option<usize>,
    /// How many runs a side go before, and do not count
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) warmup: usize,
    /// What is run, by the shell, in the root of each worktree
    #[arg(long, value_name = "CMD")]
    pub(super) run: String,
    /// What is run once in each worktree before, such as a build
    #[arg(long, value_name = "CMD")]
    pub(super) prepare: Option<String>,
    /// Benchmark files that each run writes, relative to the root; `-` for its standard output (default: the run is timed)
    #[arg(long, value_name = "GLOB")]
    pub(super) results: Option<String>,
    /// Only say how many runs are needed
    #[arg(long)]
    pub(super) pilot: bool,
    /// Sign what was measured, into `measured.sig` among the results, for `certgate certify --measured`: a key file, `key::` and a public
    /// key that the agent holds, or nothing for `git config certgate.signingKey` or `user.signingKey`
    #[arg(long, value_name = "KEY", num_args = 0..=1, conflicts_with = "pilot")]
    pub(super) sign: Option<Option<String>>,
    /// Where the results are kept: a folder that is not there yet, or is empty
    #[arg(long, value_name = "DIR", default_value = "certgate-measure")]
    pub(super) output: PathBuf,
    /// The slow-down that is accepted
    #[arg(long, value_name = "SHARE", default_value = "5%")]
    pub(super) threshold: String,
    /// The error of each bound, one-sided
    #[arg(long, value_name = "NUMBER", default_value_t = 0.05)]
    pub(super) alpha: f64,
}

#[derive(Debug, Args)]
pub(super) struct EvidenceArgs {
    /// Benchmark files, directories of criterion benchmarks, and profiles; the format is found by the content
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t = EvidenceFormat::Human)]
    pub(super) format: EvidenceFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EvidenceFormat {
    /// Tables; what is refused on standard error
    Human,
    /// certgate/evidence/v1
    Json,
}

#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// At most so many commits (default: 200, where neither --range nor --since is given)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) last: Option<u32>,
    /// Only these commits (default: what HEAD holds)
    #[arg(long, value_name = "A..B")]
    pub(super) range: Option<String>,
    /// Only commits made since then: a date, or a duration such as 90d
    #[arg(long, value_name = "DATE")]
    pub(super) since: Option<String>,
    /// Every commit, rather than merge by merge along first parents
    #[arg(long)]
    pub(super) commits: bool,
    /// The policy: a file, or builtin:PACK (default: .certgate/policy.yaml of the work tree, else of HEAD, else builtin:default)
    #[arg(long, value_name = "FILE|builtin:PACK", add = ArgValueCandidates::new(values::policies))]
    pub(super) policy: Option<String>,
    /// The branch that would have moved (default: the strictest entry of the policy)
    #[arg(long, value_name = "BRANCH")]
    pub(super) target: Option<String>,
    /// How to report
    #[arg(long, value_enum, default_value_t = SimulateFormat::Markdown)]
    pub(super) format: SimulateFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SimulateFormat {
    /// Tables
    Markdown,
    /// certgate/simulate/v1
    Json,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command that the page is about (default: certgate itself)
    pub(super) command: Vec<String>,
    /// Write the pages of all commands into a directory
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "command")]
    pub(super) output: Option<PathBuf>,
}
