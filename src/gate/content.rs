//! What the rules find in a change: its contents are read for those that look at lines, and only for them.

use std::cell::RefCell;

use super::governing::InForce;
use super::undecided::Undecided;
use crate::change::{Change, Content, FileChange};
use crate::git::{Contents, GitError, Repository};
use crate::progress::{self, Work};
use crate::sensitivity::{self, ContentSource, Gated};

/// Reads what rules about content ask for: from a stream, where the files were named in advance, or else one by one.
struct Reader<'a> {
    repository: &'a Repository,
    /// Whether the functions around changed lines are asked for; finding them costs.
    functions: bool,
    stream: RefCell<Option<Contents>>,
}

impl ContentSource for Reader<'_> {
    type Error = GitError;

    fn content(&self, file: &FileChange) -> Result<Content, GitError> {
        progress::step();
        if let Some(stream) = self.stream.borrow_mut().as_mut()
            && let Some(content) = stream.next(file)?
        {
            return Ok(content);
        }
        self.repository.content(file, self.functions)
    }
}

/// Notes which files' content the rules ask for.
struct Asked(RefCell<Vec<FileChange>>);

impl ContentSource for Asked {
    type Error = GitError;

    fn content(&self, file: &FileChange) -> Result<Content, GitError> {
        let mut asked = self.0.borrow_mut();
        // A signature may be asked for twice in a row, by its name and by the rules.
        if asked.last() != Some(file) {
            asked.push(file.clone());
        }
        Ok(Content::None)
    }
}

/// From how many files on their content is streamed.
const WORTH_A_STREAM: usize = 64;

/// What the policy's rules find in a change.
pub(crate) fn gate(repository: &Repository, change: &Change, in_force: &InForce) -> Result<Gated, Undecided> {
    let (policy, adoption) = (&in_force.policy, in_force.adoption);
    let functions = policy
        .components
        .iter()
        .any(|component| !component.rules.functions.is_empty());
    let mut most = change.files.len();
    let stream = match change.files.len() >= WORTH_A_STREAM {
        true => {
            let asked = Asked(RefCell::default());
            let gated = sensitivity::gate(policy, change, &asked, adoption)?;
            let asked = asked.0.into_inner();
            if asked.is_empty() {
                return Ok(gated);
            }
            most = asked.len();
            Some(repository.start_contents(&asked, functions)?)
        }
        false => None,
    };
    let reader = Reader {
        repository,
        functions,
        stream: RefCell::new(stream),
    };
    let _judging = progress::begin(Work::Judging, most);
    Ok(sensitivity::gate(policy, change, &reader, adoption)?)
}
