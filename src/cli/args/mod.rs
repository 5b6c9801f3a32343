//! The arguments, as clap reads them; nothing here looks at the environment. The commands are here, the arguments of each beside.

mod auditing;
mod judging;
mod ledger;
mod measuring;
mod setup;
mod shared;

use clap::{Parser, Subcommand};

pub(super) use auditing::{AuditArgs, AuditFormat, FailOn};
pub(super) use judging::{
    CheckArgs, EvaluateArgs, EvaluateFormat, ExplainArgs, FeaturesArgs, HookArgs, PostTo, SimulateArgs, SimulateFormat,
    SuggestArgs,
};
pub(super) use ledger::{
    AttestArgs, CertifyArgs, LedgerArgs, LintArgs, LogArgs, RecordsArgs, SealArgs, ShowArgs, VerifyArgs,
};
pub(super) use measuring::{
    Better, CompareArgs, CompareFormat, EvidenceArgs, EvidenceFormat, MeasureArgs, SampleDesign, TrendArgs, TrendFormat,
};
pub(super) use setup::{
    CompletionsArgs, DemoArgs, DoctorArgs, HooksArgs, InitArgs, InitMode, InstallArgs, ManArgs, McpArgs, PolicyArgs,
    PolicyCommand, ShowFormat, UninstallArgs,
};
pub(super) use shared::{Format, ListFormat};

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
    /// Say how well rules and sensitivity score find this repository's performance commits
    Evaluate(EvaluateArgs),
    /// Show the sensitivity score of commits, and why; with --jsonl all that it reads of them
    Features(FeaturesArgs),
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
    /// Write what a judgement says as signed in-toto statements, or verify such statements
    Attest(AttestArgs),
    /// Say which reviews, and how few, would turn a change green
    Suggest(SuggestArgs),
    /// Say what became of many repositories: a record each of policy, hooks, uncovered landings, refusals and what is due
    Audit(AuditArgs),
    /// Serve a coding agent over standard input and output (Model Context Protocol)
    #[cfg_attr(not(feature = "mcp"), command(hide = true))]
    Mcp(McpArgs),
    /// What the hook shims call
    #[command(hide = true)]
    Hook(HookArgs),
    /// Print the completions for a shell
    Completions(CompletionsArgs),
    /// Print a manual page
    Man(ManArgs),
}
