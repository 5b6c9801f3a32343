//! What the shim of `reference-transaction` may answer by itself: that a new branch is not one that the policy protects.
//!
//! It is kept in `$GIT_DIR/certgate/branches`, a line each: the form, what leads to the commit whose policy judges, and what the names of
//! all branches begin with that it might protect. The shim holds each of them against what is there, and asks certgate where anything
//! differs. What is kept follows from the commit alone, so that it can be old but not wrong.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use crate::change::ObjectId;
use crate::git::{Landmark, Repository};
use crate::ledger;
use crate::policy::{Enforcing, Stage};

/// The first line; the shims know it. It changes with what the others mean.
const FORM: &str = "certgate-branches 1";

/// Keeps that a commit's policy protects no branches but some, where a shell can see that this commit still judges. What cannot be kept
/// is asked again.
pub(super) fn remember(repository: &Repository, judge: &ObjectId, enforcing: &Enforcing, stage: Stage) {
    let kept = enforcing.blocked_prefixes(stage).and_then(|prefixes| {
        let landmark = repository.landmark(judge)?;
        write(repository.git_dir(), &landmark, &lines(&landmark, &prefixes)?)
    });
    // Nothing depends on it.
    let _best_effort = kept;
}

fn lines(landmark: &Landmark, prefixes: &[String]) -> Option<String> {
    let plain = |word: &String| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c.is_control());
    if !prefixes.iter().chain(&landmark.branches).all(plain) {
        return None;
    }
    let packed = if landmark.packed { "packed" } else { "" };
    Some(format!(
        "{FORM}\n{}\n{}\n{}\n{packed}\n {} \n{}\nend\n",
        landmark.default,
        landmark.reference,
        landmark.at,
        landmark.branches.join(" "),
        prefixes.join(" "),
    ))
}

/// Writes it beside its name and renames it. It is as old as what it says.
fn write(git_dir: &Path, landmark: &Landmark, text: &str) -> Option<()> {
    let folder = git_dir.join("certgate");
    std::fs::create_dir_all(&folder).ok()?;
    ledger::share(&folder, git_dir)?;
    let beside = folder.join(format!("branches.{}", std::process::id()));
    let written = (|| {
        let mut file = File::create(&beside).ok()?;
        file.write_all(text.as_bytes()).ok()?;
        file.set_modified(landmark.since).ok()?;
        std::fs::rename(&beside, folder.join("branches")).ok()
    })();
    if written.is_none() {
        let _gone = std::fs::remove_file(&beside);
    }
    written
}
