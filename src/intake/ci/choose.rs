//! What CI reports, held against the checkout and resolved to objects. Where the two disagree there is no change, only a refusal.

use super::{CiBase, CiChange, CiHead, Given};
use crate::change::ObjectId;
use crate::diagnostic::{Code, Diagnostic, Placeholder, Remedy, Word, command, sanitize};
use crate::gate::{Question, TargetBranch, Undecided};
use crate::git::{self, Repository, Wanted};
use crate::intake::targets::branch_named;
use crate::intake::{range, refs};
use crate::policy::Stage;

/// The change that CI reports. A head or target given by flags wins.
pub(crate) fn select(
    repository: &Repository,
    change: &CiChange,
    head: Option<&str>,
    target: Option<&str>,
) -> Result<Question, Undecided> {
    // Another head than CI's own has not been merged into anything yet.
    let unmerged = head.map(|_| change.without_merge());
    let asked = Asked {
        repository,
        change: unmerged.as_ref().unwrap_or(change),
        remote: change.remote(repository)?,
    };
    let (top, top_by) = match head {
        Some(head) => (range::commit(repository, head)?, "--head"),
        None => asked.head()?,
    };
    let target = match (target, &change.target) {
        (Some(target), _) => TargetBranch::Named(branch_named(repository, target)?),
        (None, Some(target)) => TargetBranch::Named(target.value.clone()),
        (None, None) => asked.named_by_base(),
    };
    let into = match &target {
        TargetBranch::Named(name) => format!(", into `{name}`"),
        _ => String::new(),
    };
    let Some((tip, tip_by)) = asked.base(&top)? else {
        return Ok(Question {
            told: Some(format!(
                "{}: judging {} ({top_by}) from where the policy starts{into}",
                change.told,
                top.short()
            )),
            ..refs::from_adoption_on(repository, target.name().unwrap_or_default(), &top, Stage::Merge)?
        });
    };
    let told = format!(
        "{}: judging {} ({top_by}) against {} ({tip_by}){into}",
        change.told,
        top.short(),
        tip.short()
    );
    // A branch that was forced back or aside is judged by what it was, with all that it lost.
    let forced = matches!(asked.change.base, CiBase::Before(_)) && !repository.is_ancestor(&tip, &top)?;
    let question = match forced {
        true => range::directly(repository, tip, top, target, asked.arguments())?,
        false => range::between_commits(repository, tip, top, target, asked.arguments())?,
    };
    let mut question = Question {
        told: Some(told),
        ..question
    };
    range::judged_by_default_too(repository, &mut question)?;
    Ok(question)
}

/// Fetches what the change needs, and what the clone lacks, as `needed` says. Returns the next step, where there is more to be had.
pub(crate) fn deepen(
    repository: &Repository,
    change: Option<&CiChange>,
    base: Option<&str>,
    step: usize,
    needed: Option<&Undecided>,
) -> Result<Option<usize>, Undecided> {
    let remote = match change {
        Some(change) => change.remote(repository)?.ok_or(()).or_else(|()| repository.remote())?,
        None => repository.remote()?,
    };
    let mut wanted = Wanted::default();
    if let Some(head) = repository.head()?.commit() {
        wanted.commits.push(head.clone());
    }
    match change {
        Some(change) => change.want(&mut wanted),
        None => {
            let prefixes = [format!("refs/remotes/{remote}/"), format!("{remote}/")];
            let branch = base.and_then(|base| prefixes.iter().find_map(|prefix| base.strip_prefix(prefix.as_str())));
            wanted
                .branches
                .extend(branch.filter(|name| git::is_branch_name(name)).map(str::to_owned));
        }
    }
    repository.fetch(&remote, &wanted, step).map_err(|error| {
        let told = error.diagnostic();
        let Some(needed) = needed.and_then(|needed| needed.diagnostics.last()) else {
            return told.into();
        };
        let told = told.because(format!("it is needed, since {}", needed.message()));
        let ours = |remedy: &&Remedy| remedy.argv().first() == Some(&"certgate".into());
        needed
            .remedies()
            .filter(ours)
            .cloned()
            .fold(told, Diagnostic::help)
            .into()
    })
}

impl CiChange {
    /// True where only the clone tells what the target's tip is, and may have learnt it long ago: CI names no commit.
    pub(crate) fn trusts_the_clone(&self) -> bool {
        matches!(self.base, CiBase::Branch(_))
    }

    /// The remote that has the target: `origin`, unless the job runs in a fork.
    fn remote(&self, repository: &Repository) -> Result<Option<String>, Undecided> {
        let Some(url) = &self.repository else {
            return Ok(repository.remote().ok());
        };
        if let Some(remote) = repository.remote_at(&url.value)? {
            return Ok(Some(remote.name.clone()));
        }
        let branch = self.target().map_or(Word::from(Placeholder::Branch), Word::from);
        Err(Diagnostic::error(
            Code::CG721,
            "the job runs in a fork, and the target's repository is no remote of this clone",
        )
        .because(format!("the target is in {} ({})", sanitize(&url.value), url.by))
        .because("what the fork calls by the target's name is not the target")
        .help(
            command!["git", "fetch", "upstream", branch]
                .after(command!["git", "remote", "add", "upstream", &url.value]),
        )
        .into())
    }

    fn without_merge(&self) -> Self {
        let base = match &self.base {
            CiBase::Merge { branch, .. } | CiBase::Queue { branch, .. } => CiBase::Branch(branch.clone()),
            other => other.clone(),
        };
        Self { base, ..self.clone() }
    }

    fn want(&self, wanted: &mut Wanted) {
        match &self.base {
            CiBase::Branch(branch) | CiBase::Merge { branch, .. } => wanted.branches.push(branch.value.clone()),
            CiBase::Queue { id, branch } => {
                wanted.branches.push(branch.value.clone());
                wanted.commits.push(id.value.clone());
            }
            CiBase::Before(id) => wanted.commits.push(id.value.clone()),
            CiBase::Beginning(_) | CiBase::Revision(_) => {}
        }
        if let CiHead::Elsewhere { reference, .. } = &self.head {
            wanted.references.push(reference.clone());
        }
    }
}

/// A question of CI to a repository.
struct Asked<'a> {
    repository: &'a Repository,
    change: &'a CiChange,
    remote: Option<String>,
}

impl Asked<'_> {
    fn remote(&self) -> &str {
        self.remote.as_deref().unwrap_or("origin")
    }

    /// The flags that choose the same change in another clone.
    fn arguments(&self) -> Vec<String> {
        let (base, head) = (self.base_word(), self.head_word());
        ["--base", &base, "--head", &head].map(str::to_owned).to_vec()
    }

    fn base_word(&self) -> String {
        let of = |branch: &Given<String>| format!("{}/{}", self.remote(), branch.value);
        match &self.change.base {
            CiBase::Branch(branch) | CiBase::Merge { branch, .. } | CiBase::Queue { branch, .. } => of(branch),
            CiBase::Before(id) => id.value.to_string(),
            CiBase::Beginning(_) => "REV".to_owned(),
            CiBase::Revision(revision) => revision.value.clone(),
        }
    }

    fn head_word(&self) -> String {
        match &self.change.head {
            CiHead::Elsewhere { id, .. } => id.value.to_string(),
            CiHead::Revision(revision) => revision.value.clone(),
            _ => "HEAD".to_owned(),
        }
    }

    /// The command that judges what is checked out, whatever CI says.
    fn command(&self) -> Remedy {
        let base = match &self.change.base {
            CiBase::Beginning(_) => Word::from(Placeholder::Revision),
            _ => self.base_word().into(),
        };
        self.command_with(base, self.head_word())
    }

    fn command_with(&self, base: impl Into<Word>, head: impl Into<Word>) -> Remedy {
        let command = command!["certgate", "check", "--base"]
            .arg(base)
            .arg("--head")
            .arg(head);
        match &self.change.target {
            Some(target) => command.arg("--target").arg(&target.value),
            None => command,
        }
    }

    fn disagree(&self, message: String) -> Diagnostic {
        Diagnostic::error(Code::CG721, message)
    }

    fn checked_out(&self) -> Result<ObjectId, Undecided> {
        range::commit(self.repository, "HEAD")
    }

    fn head(&self) -> Result<(ObjectId, &'static str), Undecided> {
        match &self.change.head {
            CiHead::Anything => Ok((self.checked_out()?, "HEAD")),
            CiHead::Revision(revision) => Ok((range::commit(self.repository, &revision.value)?, revision.by)),
            CiHead::Checkout(named) => {
                let head = self.checked_out()?;
                match head == named.value {
                    true => Ok((head, named.by)),
                    false => Err(self.other_checkout(&head, named)),
                }
            }
            CiHead::MergedCheckout(named) => {
                let head = self.checked_out()?;
                let parents = self.repository.parents(&head)?;
                match head == named.value || (parents.len() == 2 && parents.contains(&named.value)) {
                    true => Ok((head, named.by)),
                    false => Err(self.other_checkout(&head, named)),
                }
            }
            CiHead::Elsewhere {
                id,
                reference,
                checkout,
            } => {
                let head = self.checked_out()?;
                if head != checkout.value && head != id.value {
                    return Err(self.other_checkout(&head, checkout));
                }
                if !self.repository.has_commit(&id.value) {
                    let refspec = format!("+{reference}:{}", git::kept(reference));
                    let what = format!("{} ({}) is not in this clone", id.value.short(), id.by);
                    return Err(self.lacking(what, &refspec));
                }
                Ok((id.value.clone(), id.by))
            }
        }
    }

    fn other_checkout(&self, head: &ObjectId, named: &Given<ObjectId>) -> Undecided {
        self.disagree(format!(
            "HEAD is {}, but {} is {}",
            head.short(),
            named.by,
            named.value.short()
        ))
        .because("the job was started for one commit, and another is checked out")
        .help(command!["git", "checkout", "--detach", &named.value])
        .help(self.command())
        .into()
    }

    /// The target's tip, and where it is from; `None` where there was no branch before.
    fn base(&self, top: &ObjectId) -> Result<Option<(ObjectId, String)>, Undecided> {
        match &self.change.base {
            CiBase::Beginning(_) => Ok(None),
            CiBase::Revision(revision) => {
                let tip = range::commit(self.repository, &revision.value)?;
                Ok(Some((tip, revision.by.to_owned())))
            }
            CiBase::Branch(branch) => match self.tracked(branch) {
                Some(tip) => Ok(Some((tip, self.tip_of(branch)))),
                None => Err(self.no_branch(branch)),
            },
            CiBase::Before(before) => {
                if !self.repository.has_commit(&before.value) {
                    let what = format!(
                        "{}, which the branch was before ({}), is not in this clone",
                        before.value.short(),
                        before.by
                    );
                    let mut failure = self.lacking(what, &before.value.to_string());
                    if let Some(told) = failure.diagnostics.pop() {
                        failure.diagnostics.push(
                            told.because("where the push rewrote the branch, it may be nowhere any more")
                                .help(self.command_with(Placeholder::Revision, "HEAD")),
                        );
                    }
                    return Err(failure);
                }
                Ok(Some((before.value.clone(), before.by.to_owned())))
            }
            CiBase::Merge { branch, second } => {
                let parents = self.repository.parents(top)?;
                let [first, other] = parents.as_slice() else {
                    return Err(self.not_the_merge(top, branch, "has not two parents"));
                };
                if other != second {
                    return Err(self.not_the_merge(top, branch, "does not merge the pull request's head"));
                }
                self.newer(first, "its first parent", branch).map(Some)
            }
            CiBase::Queue { id, branch } => {
                let (tip, by) = self.newer(&id.value, id.by, branch)?;
                if !self.repository.is_ancestor(&id.value, top)? {
                    return Err(self
                        .disagree(format!(
                            "{} does not build on {} ({})",
                            top.short(),
                            id.value.short(),
                            id.by
                        ))
                        .because("what is merged would be another merge than the one that was made for this job")
                        .help(self.command())
                        .into());
                }
                Ok(Some((tip, by)))
            }
        }
    }

    fn not_the_merge(&self, top: &ObjectId, branch: &Given<String>, why: &str) -> Undecided {
        self.disagree(format!("GITHUB_SHA {} {why}", top.short()))
            .because(format!(
                "GITHUB_REF names the merge of a pull request into `{}`",
                branch.value
            ))
            .help(self.command())
            .into()
    }

    fn tip_of(&self, branch: &Given<String>) -> String {
        format!("{}/{}, {}", self.remote(), branch.value, branch.by)
    }

    fn tracked(&self, branch: &Given<String>) -> Option<ObjectId> {
        self.repository.ref_commit(&self.tracking(branch)).ok().flatten()
    }

    /// The ref that has a branch of the target's repository here.
    fn tracking(&self, branch: &Given<String>) -> String {
        let remotes = self.repository.remotes().unwrap_or_default();
        let configured = remotes.iter().find(|remote| remote.name == self.remote());
        configured
            .and_then(|remote| remote.tracking(&format!("refs/heads/{}", branch.value)))
            .unwrap_or_else(|| git::tracking(self.remote(), &branch.value))
    }

    /// The newer one of what the job was started on and what the clone knows of the target: a refusal may have come in since. The two may
    /// be in either order, as clones that are kept may be old.
    fn newer(&self, named: &ObjectId, by: &str, branch: &Given<String>) -> Result<(ObjectId, String), Undecided> {
        let tracked = self.tracked(branch);
        if !self.repository.has_commit(named) {
            let what = format!("{} ({by}) is not in this clone", named.short());
            return Err(self.lacking(what, &self.refspec(branch)));
        }
        let Some(tracked) = tracked else {
            return Ok((named.clone(), by.to_owned()));
        };
        if self.repository.is_ancestor(&tracked, named)? {
            return Ok((named.clone(), by.to_owned()));
        }
        if self.repository.is_ancestor(named, &tracked)? {
            return Ok((tracked, self.tip_of(branch)));
        }
        Err(self
            .disagree(format!(
                "{} ({by}) is not in the history of {}/{}",
                named.short(),
                self.remote(),
                branch.value
            ))
            .because("the target branch has moved on another way since this job was started")
            .help(self.command())
            .into())
    }

    fn refspec(&self, branch: &Given<String>) -> String {
        format!("+refs/heads/{}:{}", branch.value, self.tracking(branch))
    }

    fn no_branch(&self, branch: &Given<String>) -> Undecided {
        let what = format!("the tip of `{}` ({}) is not in this clone", branch.value, branch.by);
        self.lacking(what, &self.refspec(branch))
    }

    /// Something is not here, and one fetch would get it.
    fn lacking(&self, what: String, refspec: &str) -> Undecided {
        let shallow = self.repository.is_shallow();
        let (code, option) = match shallow {
            true => (Code::CG704, Some("--unshallow")),
            false => (Code::CG702, None),
        };
        Diagnostic::error(code, what)
            .because("policy and ledger are read from the target branch, never from the change")
            .help(command!["git", "fetch"].args(option).arg(self.remote()).arg(refspec))
            .into()
    }

    fn named_by_base(&self) -> TargetBranch {
        match &self.change.base {
            CiBase::Revision(revision) => {
                let meaning = range::named(self.repository, &revision.value).ok();
                meaning
                    .and_then(|meaning| meaning.branch)
                    .map_or(TargetBranch::Unknown, TargetBranch::Named)
            }
            _ => TargetBranch::Unknown,
        }
    }
}
