//! `certgate certify --all`: which components one certificate is on, and which it leaves to others.

use super::super::terminal;
use crate::author::needs::{self, Lacking, Standing};
use crate::certificate::{self, Draft, render};
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic, sanitize};
use crate::evidence::gives_file_references;
use crate::gate::Undecided;
use crate::policy::Policy;
use crate::sensitivity::GatedFile;

/// The components that one certificate is on.
pub(super) struct Picked<'g> {
    pub(super) components: Vec<String>,
    /// What it covers, each file once, sorted.
    pub(super) files: Vec<&'g GatedFile>,
    /// Why other components are left out, a line each.
    left: Vec<String>,
}

/// The components that lack a certificate and that the agent may certify.
pub(super) fn pick<'g>(policy: &Policy, lacking: &[Lacking<'g>], agent: &str) -> Result<Picked<'g>, Undecided> {
    let mut picked = Picked {
        components: Vec::new(),
        files: Vec::new(),
        left: Vec::new(),
    };
    for one in lacking {
        match one.standing(policy, agent) {
            Standing::May(files) => {
                picked.components.push(one.id.clone());
                picked.files.extend(files);
            }
            Standing::Others(who) => picked.left.push(format!("{}: {}", one.id, who_may(&who))),
            Standing::Refused => picked.left.push(format!(
                "{}: a refusal is in force; read its findings first (certgate status)",
                one.id
            )),
        }
    }
    picked.files.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    picked.files.dedup_by(|a, b| a.file.path == b.file.path);
    if picked.components.is_empty() {
        let mut problem = Diagnostic::error(
            Code::CG660,
            format!(
                "`{}` may certify none of the components that lack a certificate",
                sanitize(agent)
            ),
        );
        for line in &picked.left {
            problem = problem.because(line);
        }
        return Err(problem
            .help("for example: certgate certify --all --agent NAME … (an agent who is named above)")
            .into());
    }
    Ok(picked)
}

pub(super) fn who_may(who: &[String]) -> String {
    match who {
        [] => "another agent must certify it".to_owned(),
        [one] => format!("`{}` must certify it", sanitize(one)),
        [most @ .., last] => {
            let most: Vec<String> = most.iter().map(|name| format!("`{}`", sanitize(name))).collect();
            format!("{} or `{}` must certify it", most.join(", "), sanitize(last))
        }
    }
}

impl Picked<'_> {
    /// Says what is left to others.
    pub(super) fn tell(&self) {
        for line in &self.left {
            terminal::err(&format!("left out: {line}\n"));
        }
    }
}

/// Refuses an approval that would not count for some of its components, for want of lines in EVIDENCE: all of them at once.
pub(super) fn needs_lines(policy: &Policy, lacking: &[Lacking<'_>], draft: &Draft) -> Result<(), Undecided> {
    if !policy.class(draft.status).approves() {
        return Ok(());
    }
    let certificate = certificate::parse(&RepoPath::from("-"), &render(draft)).certificate;
    let mut problem = Diagnostic::error(Code::CG661, "EVIDENCE names no lines of what some components gate");
    let mut wanting = false;
    for one in lacking.iter().filter(|one| draft.components.contains(&one.id)) {
        let mut paths = one.gated.iter().map(|file| &file.file.path);
        let satisfied = paths.len() == 0 || gives_file_references(&certificate, paths.by_ref());
        if satisfied || !needs::wants_lines(policy, &one.id) {
            continue;
        }
        wanting = true;
        let gated: Vec<String> = one
            .gated
            .iter()
            .take(3)
            .map(|file| file.file.path.to_string())
            .collect();
        let more = one.gated.len().saturating_sub(gated.len());
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        problem = problem.because(format!("{}: lines of {}{more}", one.id, gated.join(", ")));
    }
    match wanting {
        true => Err(problem
            .help("for example: certgate certify --all … --evidence PATH:LINES (once for each component above; what you examined)")
            .into()),
        false => Ok(()),
    }
}
