//! Puts a draft into the work tree: finds its place, renders it, has it signed, and writes both or nothing.

use std::path::{Path, PathBuf};

use super::evidence::{self, Gathered};
use super::whole::{Existing, Written};
use super::{draft, sign};
use crate::certificate::{self, Draft, render};
use crate::change::RepoPath;
use crate::diagnostic::Diagnostic;
use crate::gate::Undecided;
use crate::git::Repository;
use crate::policy::Policy;
use crate::signing::Key;

/// A certificate that was written, and what is to be said of it.
pub(crate) struct Published {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Whether its signature is beside it.
    pub(crate) signed: bool,
    /// The folder of its evidence, where it has some.
    pub(crate) evidence: Option<PathBuf>,
    /// Lines about the place.
    pub(crate) notes: Vec<String>,
    /// Where its signature would not count.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// How a certificate is to be written.
pub(crate) struct How<'a> {
    /// What is in its name for the components.
    pub(crate) name: &'a str,
    /// `--output`.
    pub(crate) output: Option<&'a Path>,
    /// What to sign it with.
    pub(crate) key: Option<&'a Key>,
    /// The files that are bound to it.
    pub(crate) evidence: Option<&'a Gathered>,
    /// Whether OpenSSH may ask for a passphrase.
    pub(crate) interactive: bool,
}

/// Writes it, under a name that is free; its date moves on by seconds until one is.
pub(crate) fn publish(
    repository: &Repository,
    policy: &Policy,
    draft: &mut Draft,
    how: &How<'_>,
) -> Result<Published, Undecided> {
    let (mut notes, mut warnings) = (Vec::new(), Vec::new());
    warnings.extend(
        how.evidence
            .iter()
            .flat_map(|gathered| gathered.warnings.iter().cloned()),
    );
    let words = (draft.descriptor.clone(), draft.agent.clone());
    loop {
        let placed = draft::place(
            repository,
            policy,
            how.output,
            (&words.0, how.name, &words.1),
            draft.date,
        )?;
        notes.extend(placed.note);
        draft.date = placed.date;
        let path = placed.path;
        if let Some(gathered) = how.evidence {
            if how.output.is_none() && std::fs::symlink_metadata(evidence::folder_beside(&path)).is_ok() {
                draft.date = draft::next_second(draft.date);
                continue;
            }
            let inside = draft::relative_to_root(repository, &path).ok_or_else(|| evidence::outside(&path))?;
            draft.benchmarks = Some(gathered.placed(&inside));
        }
        let document = render(draft);
        draft::check_size(&path.display().to_string(), &document, how.name)?;
        let signature = match how.key {
            Some(key) => {
                let certificate = certificate::parse(&RepoPath::from("-"), &document).certificate;
                let by = (key, how.interactive);
                let (signature, warning) = sign::sign(repository, policy, &certificate, &document, by)?;
                warnings.extend(warning);
                Some(signature)
            }
            None => None,
        };
        // The certificate comes last: a folder without one is no evidence of anything.
        let folder = how
            .evidence
            .map(|gathered| gathered.write(repository, &path))
            .transpose()?;
        match sign::write(repository, &path, &document, signature.as_deref(), Existing::Keep)? {
            Written::Yes => {
                return Ok(Published {
                    path,
                    signed: signature.is_some(),
                    evidence: folder,
                    notes,
                    warnings,
                });
            }
            // Another process took the name a moment ago, or was killed when it had the signature only; there is a next one.
            Written::Taken if how.output.is_none() => draft.date = draft::next_second(draft.date),
            Written::Taken => {
                let taken = std::io::ErrorKind::AlreadyExists.into();
                let there = std::fs::symlink_metadata(&path).is_ok();
                let path = if there { path } else { sign::path_of(&path) };
                return Err(Undecided::io("write", &path, &taken));
            }
        }
    }
}
