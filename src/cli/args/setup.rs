//! The arguments of the commands that set a gate up, and of those about certgate itself.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::shared::ListFormat;
use crate::cli::values;

#[derive(Debug, Args)]
pub(in crate::cli) struct NoArgs {}

#[derive(Debug, Args)]
pub(in crate::cli) struct HooksArgs {
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(in crate::cli) format: ListFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct InstallArgs {
    /// Also judge what no other hook sees, such as fast-forwards, pulls and `git update-ref`: reference-transaction
    #[arg(long, conflicts_with = "server")]
    pub(in crate::cli) strict: bool,
    /// Judge what is pushed here, and install nothing else: pre-receive
    #[arg(long)]
    pub(in crate::cli) server: bool,
    /// Allow a hooks directory that other repositories use, too; those without a policy are not judged
    #[arg(long)]
    pub(in crate::cli) shared_hooks_path: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct UninstallArgs {
    /// Allow a hooks directory that other repositories use, too
    #[arg(long)]
    pub(in crate::cli) shared_hooks_path: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DemoArgs {
    /// Keep the repository and say where it is
    #[arg(long)]
    pub(in crate::cli) keep: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct InitArgs {
    /// A pack to extend; may be given several times (default: proposed from what is in the repository)
    #[arg(long = "pack", value_name = "NAME", add = ArgValueCandidates::new(values::pack_names))]
    pub(in crate::cli) packs: Vec<String>,
    /// Write the policy only
    #[arg(long)]
    pub(in crate::cli) no_hooks: bool,
    /// Gate the directories that this repository's own performance commits touched most, without asking
    #[arg(long)]
    pub(in crate::cli) from_history: bool,
    /// Also write what coding agents read: a skill, a block in AGENTS.md, agent definitions, and hook files for Claude Code, Codex, Cursor and
    /// Copilot
    #[arg(long)]
    pub(in crate::cli) agents: bool,
    /// What happens on protected branches where a certificate is missing
    #[arg(long, value_enum, default_value_t = InitMode::Block)]
    pub(in crate::cli) mode: InitMode,
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(in crate::cli) format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum InitMode {
    /// Warn, and let it pass
    Warn,
    /// Stop the change
    Block,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DoctorArgs {
    /// How to report
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(in crate::cli) format: ListFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct McpArgs {
    /// The agent in whose name certificates are written (default: none are)
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(in crate::cli) agent: Option<String>,
    /// Sign what is written: a key file, or `key::` and a public key that the agent holds
    #[arg(long, value_name = "KEY", requires = "agent")]
    pub(in crate::cli) sign: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PolicyArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PolicyCommand {
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
    /// Fetch the policies that the work tree's policy imports, and check their digests
    Fetch {
        /// How to report
        #[arg(long, value_enum, default_value_t = ListFormat::Human)]
        format: ListFormat,
    },
    /// Ask whether the policies that are imported have changed since
    Outdated {
        /// How to report
        #[arg(long, value_enum, default_value_t = ListFormat::Human)]
        format: ListFormat,
    },
}

/// How a policy is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum ShowFormat {
    /// For people
    Human,
    /// A policy without `extends`, with everything from packs written out
    Yaml,
    /// The same for machines: certgate/policy/v1
    Json,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    pub(in crate::cli) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ManArgs {
    /// The command that the page is about (default: certgate itself)
    pub(in crate::cli) command: Vec<String>,
    /// Write the pages of all commands into a directory
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "command")]
    pub(in crate::cli) output: Option<PathBuf>,
}
