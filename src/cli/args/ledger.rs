//! The arguments of the commands that write, check and show certificates.

use std::path::PathBuf;

use clap::Args;
use clap_complete::ArgValueCandidates;

use super::shared::{ChangeArgs, Format, ListFormat};
use crate::cli::values;

#[derive(Debug, Args)]
pub(in crate::cli) struct AttestArgs {
    /// The branch or commit that the change would be merged into
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) base: Option<String>,
    /// The commit that would be merged (default: HEAD)
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) head: Option<String>,
    /// The branch that will move
    #[arg(long, value_name = "BRANCH")]
    pub(in crate::cli) target: Option<String>,
    /// The Ed25519 key to sign with: a private key file; or a public one, whose private key is in the agent. With --verify the public one
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) key: String,
    /// Where the repository is, as a URI (default: the address of the remote)
    #[arg(long, value_name = "URI")]
    pub(in crate::cli) resource: Option<String>,
    /// Write a file for each statement into this directory, instead of lines to standard output
    #[arg(long, value_name = "DIRECTORY")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Say of each statement of a file whether the key signed it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["base", "head", "target", "resource", "output"])]
    pub(in crate::cli) verify: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct CertifyArgs {
    /// The components (default: the one that the change touches)
    #[arg(value_name = "COMPONENT", add = ArgValueCandidates::new(values::components))]
    pub(in crate::cli) components: Vec<String>,
    /// Every component that lacks a certificate and that this agent may certify: one certificate for all
    #[arg(long, conflicts_with_all = ["components", "supersedes", "bypass_until"])]
    pub(in crate::cli) all: bool,
    /// Only what has changed since this agent's own certificate, which the new one builds upon
    #[arg(long, conflicts_with_all = ["all", "supersedes", "bypass_until", "files"])]
    pub(in crate::cli) delta: bool,
    /// The decision: one of the eleven statuses
    #[arg(long, value_name = "STATUS", add = ArgValueCandidates::new(values::statuses))]
    pub(in crate::cli) status: Option<String>,
    /// Who decides (default: the agent that the policy asks for, or `git config certgate.agent`)
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(values::agents))]
    pub(in crate::cli) agent: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) rationale: Option<String>,
    /// A finding; with several components, `COMPONENT: TEXT` is about that one; may be given several times
    #[arg(long = "finding", value_name = "TEXT")]
    pub(in crate::cli) findings: Vec<String>,
    /// A piece of evidence; may be given several times
    #[arg(long = "evidence", value_name = "TEXT")]
    pub(in crate::cli) evidence: Vec<String>,
    /// A condition; may be given several times
    #[arg(long = "condition", value_name = "TEXT")]
    pub(in crate::cli) conditions: Vec<String>,
    /// The id of a certificate that this one supersedes; may be given several times
    #[arg(long = "supersedes", value_name = "ID", add = ArgValueCandidates::new(values::ids))]
    pub(in crate::cli) supersedes: Vec<String>,
    /// The branch (or glob) to bind the certificate to; may be given several times (default: where the policy names its repository, the
    /// protected branch that the change goes to; else any)
    #[arg(long = "target", value_name = "BRANCH")]
    pub(in crate::cli) targets: Vec<String>,
    /// An owner's emergency bypass: lets the change through once, without the approvals that are due, until the follow-up is due;
    /// a date, or a duration such as 3d
    #[arg(long, value_name = "DATE", conflicts_with_all = ["status", "conditions", "supersedes"])]
    pub(in crate::cli) bypass_until: Option<String>,
    /// Only this file, or what lies below this directory (default: every file of the change that the component gates)
    #[arg(long = "file", value_name = "PATH")]
    pub(in crate::cli) files: Vec<String>,
    /// The first part of the file name and of the title (default: performance_review)
    #[arg(long, value_name = "WORD", default_value = "performance_review")]
    pub(in crate::cli) descriptor: String,
    #[command(flatten)]
    pub(in crate::cli) change: ChangeArgs,
    /// The same as --base A --head B
    #[arg(long, value_name = "A..B", conflicts_with_all = ["staged", "base", "head"])]
    pub(in crate::cli) range: Option<String>,
    /// Benchmark files of the baseline; bound to the certificate by their content, and kept beside it
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(in crate::cli) baseline: Vec<PathBuf>,
    /// Benchmark files of the candidate
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(in crate::cli) candidate: Vec<PathBuf>,
    /// Profiles of the candidate
    #[arg(long = "profile", value_name = "FILE", num_args = 1..)]
    pub(in crate::cli) profiles: Vec<PathBuf>,
    /// The signature of whoever measured, as `certgate measure --sign` writes it
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) measured: Option<PathBuf>,
    /// Sign it, into a file beside it: a key file, `key::` and a public key that the agent holds, or nothing for `git config
    /// certgate.signingKey` or `user.signingKey`
    #[arg(long, value_name = "KEY", num_args = 0..=1)]
    pub(in crate::cli) sign: Option<Option<String>>,
    /// Where to write it (default: below the first of the policy's certificate folders); `-` for standard output
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(in crate::cli) format: ListFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SealArgs {
    /// The certificate
    pub(in crate::cli) path: PathBuf,
    /// The branch (or glob) to bind the certificate to; as for `certify`
    #[arg(long = "target", value_name = "BRANCH")]
    pub(in crate::cli) targets: Vec<String>,
    /// Sign it, into a file beside it: a key file, `key::` and a public key that the agent holds, or nothing for `git config
    /// certgate.signingKey` or `user.signingKey`
    #[arg(long, value_name = "KEY", num_args = 0..=1)]
    pub(in crate::cli) sign: Option<Option<String>>,
    #[command(flatten)]
    pub(in crate::cli) change: ChangeArgs,
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(in crate::cli) format: ListFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LintArgs {
    /// Certificates to read (default: every certificate of the repository)
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(in crate::cli) format: Format,
    /// Read the certificates of a commit instead of the work tree
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) rev: Option<String>,
    /// Also hold figures and file references against each other and HEAD; reads any Markdown file
    #[arg(long)]
    pub(in crate::cli) claims: bool,
    /// Matters of style are errors
    #[arg(long)]
    pub(in crate::cli) strict: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArgs {
    /// The certificates
    #[arg(required = true)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(in crate::cli) format: Format,
    #[command(flatten)]
    pub(in crate::cli) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LedgerArgs {
    /// The commit whose ledger is shown
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub(in crate::cli) rev: String,
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(in crate::cli) format: ListFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LogArgs {
    #[command(flatten)]
    pub(in crate::cli) ledger: LedgerArgs,
    /// Only certificates on this component
    #[arg(long, value_name = "COMPONENT", add = ArgValueCandidates::new(values::components))]
    pub(in crate::cli) component: Option<String>,
    /// Prove the full history of the ledger: each certificate was merged once and never altered, each signature was good at its time
    #[arg(long, conflicts_with_all = ["component", "max_count"])]
    pub(in crate::cli) verify: bool,
    /// At most so many
    #[arg(short = 'n', long = "max-count", value_name = "N")]
    pub(in crate::cli) max_count: Option<usize>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RecordsArgs {
    /// Write them into the directory that `records:` of the policy names; text outside of their markers stays
    #[arg(long, conflicts_with_all = ["check", "rev"])]
    pub(in crate::cli) write: bool,
    /// Say which of them do not say what the ledger says
    #[arg(long)]
    pub(in crate::cli) check: bool,
    /// The commit whose ledger, and files, are meant
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub(in crate::cli) rev: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// The id, or the path, of a certificate
    #[arg(add = ArgValueCandidates::new(values::ids))]
    pub(in crate::cli) id: String,
    #[command(flatten)]
    pub(in crate::cli) ledger: LedgerArgs,
}
