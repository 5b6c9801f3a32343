//! What several commands have in common: which change, and how to report.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Which change.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct ChangeArgs {
    /// What is staged, against HEAD
    #[arg(long, conflicts_with_all = ["base", "head"])]
    pub(in crate::cli) staged: bool,
    /// The branch or commit that the change would be merged into
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) base: Option<String>,
    /// The commit that would be merged (default: HEAD)
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) head: Option<String>,
}

impl ChangeArgs {
    /// The same for whoever resolves it.
    pub(in crate::cli) fn chosen(&self) -> crate::intake::Chosen<'_> {
        crate::intake::Chosen {
            staged: self.staged,
            base: self.base.as_deref(),
            head: self.head.as_deref(),
            ..Default::default()
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
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
    /// A page: one file, without network or scripts that it needs
    Html,
}

/// A report beside the one that is asked for.
#[derive(Clone, Debug)]
pub(in crate::cli) struct ReportTo {
    pub(in crate::cli) format: Format,
    pub(in crate::cli) file: PathBuf,
}

pub(super) fn report_to(text: &str) -> Result<ReportTo, String> {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ListFormat {
    /// For people
    Human,
    /// For machines
    Json,
}
