//! The branches as they are before an update, and whose policy judges one of them.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::change::{Digest, ObjectId, Snapshot};
use crate::diagnostic::{Code, Diagnostic};
use crate::gate::InForce;
use crate::gate::Undecided;
use crate::gate::governing::{self, policy_path};
use crate::git::Repository;
use crate::policy::{POLICY_DIRECTORY, Policy};

/// The branches of this repository, or of a remote as it was last seen. They are read when they are first asked for.
pub(crate) struct Standing<'r> {
    repository: &'r Repository,
    /// What comes before a branch's name: `refs/heads/`, in a namespace or not, or `refs/remotes/origin/`.
    prefix: String,
    /// The symbolic ref that names the default branch.
    head: String,
    branches: OnceCell<Vec<(String, ObjectId)>>,
    /// This clone's own refs of branches, where those stand for a remote's.
    own: OnceCell<Vec<(String, ObjectId)>>,
    default: OnceCell<Option<GoverningPolicy>>,
    /// Policies of tips, by the id of the directory that all of a policy is in: many tips have the same.
    policies: RefCell<HashMap<ObjectId, Policy>>,
    /// The tips that a policy protects, by its digest.
    protected: RefCell<HashMap<Digest, Rc<Vec<ObjectId>>>>,
    /// A commit that the default branch is about to get, where it has none.
    arriving: Option<ObjectId>,
    /// True where whoever pushes may make branches, so that none of them may say who judges.
    receiving: bool,
    /// True for a remote of which nothing is known here: what this clone's own branches hold stands for what it has.
    pub(crate) unknown: bool,
}

/// A policy, and the commit that it is read from.
#[derive(Clone)]
pub(crate) struct GoverningPolicy {
    pub(crate) policy: Policy,
    pub(crate) at: ObjectId,
    /// True where the commit is itself on its way in.
    arriving: bool,
}

impl GoverningPolicy {
    /// The policy in force for what `new` adds to `base`.
    pub(crate) fn in_force(
        &self,
        repository: &Repository,
        base: Option<&ObjectId>,
        new: &ObjectId,
    ) -> Result<InForce, Undecided> {
        let path = policy_path();
        let adoption = adopts(repository, &self.at, base, new)?;
        let note = Diagnostic::note(Code::CG013, "the change adds the first policy and is judged by it");
        Ok(InForce {
            keyring: governing::keyring_at(repository, &Snapshot::Commit(self.at.clone()), &self.policy)?,
            at: Snapshot::Commit(self.at.clone()),
            policy: self.policy.clone(),
            origin: format!("{}:{path}", self.at.short()),
            adoption,
            notes: (adoption && self.arriving).then_some(note).into_iter().collect(),
        })
    }
}

/// True where a branch without a policy takes over the one that judges it, with all that lies beside it: other keys would judge what
/// comes next.
pub(crate) fn adopts(
    repository: &Repository,
    judge: &ObjectId,
    base: Option<&ObjectId>,
    new: &ObjectId,
) -> Result<bool, Undecided> {
    let bare = match base {
        Some(base) => repository
            .entry(&Snapshot::Commit(base.clone()), &policy_path())?
            .is_none(),
        None => true,
    };
    let beside = |commit| repository.subtree_id(commit, POLICY_DIRECTORY.as_bytes());
    Ok(bare && beside(judge)? == beside(new)?)
}

impl<'r> Standing<'r> {
    /// The branches of this repository in a namespace; in none, for the empty one.
    pub(crate) fn here(repository: &'r Repository, namespace: &str) -> Self {
        Self {
            receiving: true,
            ..Self::new(repository, format!("{namespace}{HEADS}"), format!("{namespace}HEAD"))
        }
    }

    /// The branches of a remote as it was last seen. Git gives the hook a URL where that is what was pushed to.
    pub(crate) fn of_remote(repository: &'r Repository, remote: &str) -> Result<Self, Undecided> {
        let configured = repository.remote_at(remote)?;
        let name = configured.map_or(remote, |configured| configured.name.as_str());
        let kept = configured.and_then(|configured| configured.kept_at().find(|kept| kept.ends_with('/')));
        let prefix = kept.map_or_else(|| format!("refs/remotes/{name}/"), str::to_owned);
        let head = format!("{prefix}HEAD");
        let seen = Self::new(repository, prefix, head);
        let unknown = seen.branches()?.is_empty();
        Ok(Self { unknown, ..seen })
    }

    /// The tips of this clone's own branches that a policy protects, but for one branch.
    pub(crate) fn protected_here(&self, policy: &Policy, but: &str) -> Result<Vec<ObjectId>, Undecided> {
        let refs = match self.own.get() {
            Some(refs) => refs,
            None => {
                let refs = self.repository.refs(&[HEADS])?;
                self.own.get_or_init(|| refs)
            }
        };
        let protected = |name: &str| {
            name.strip_prefix(HEADS)
                .is_some_and(|name| name != but && policy.protected(name))
        };
        Ok(refs
            .iter()
            .filter(|(name, _)| protected(name))
            .map(|(_, at)| at.clone())
            .collect())
    }

    /// True where some branch has a policy, so that the first one has been adopted.
    pub(crate) fn is_adopted(&self) -> Result<bool, Undecided> {
        for (_, at) in self.branches()? {
            if self
                .repository
                .entry(&Snapshot::Commit(at.clone()), &policy_path())?
                .is_some()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The default branch's policy, where it protects a branch that another policy judges: it judges beside that one.
    pub(crate) fn beside(&self, branch: &str, judge: &GoverningPolicy) -> Result<Option<&GoverningPolicy>, Undecided> {
        let Some(default) = self.default_of(branch)? else {
            return Ok(None);
        };
        if default.at == judge.at || !default.policy.protected(branch) {
            return Ok(None);
        }
        let judging = |commit: &ObjectId| self.repository.subtree_id(commit, POLICY_DIRECTORY.as_bytes());
        Ok((judging(&default.at)? != judging(&judge.at)?).then_some(default))
    }

    fn new(repository: &'r Repository, prefix: String, head: String) -> Self {
        Self {
            repository,
            prefix,
            head,
            branches: OnceCell::new(),
            own: OnceCell::new(),
            default: OnceCell::new(),
            policies: RefCell::default(),
            protected: RefCell::default(),
            arriving: None,
            receiving: false,
            unknown: false,
        }
    }

    /// Says what the branches are about to get, so that a first push is judged by the default branch's policy.
    pub(crate) fn arriving<'u>(
        &mut self,
        created: impl Iterator<Item = (&'u str, &'u ObjectId)>,
    ) -> Result<(), Undecided> {
        let Some(head) = self.head()? else {
            return Ok(());
        };
        self.arriving = created
            .filter(|(branch, _)| *branch == head)
            .map(|(_, new)| new.clone())
            .next();
        Ok(())
    }

    fn branches(&self) -> Result<&[(String, ObjectId)], Undecided> {
        if let Some(branches) = self.branches.get() {
            return Ok(branches);
        }
        let refs = self.repository.refs(&[&self.prefix])?;
        let branches = refs
            .into_iter()
            .filter_map(|(name, at)| Some((name.strip_prefix(&self.prefix)?.to_owned(), at)))
            .filter(|(name, _)| name != "HEAD");
        Ok(self.branches.get_or_init(|| branches.collect()))
    }

    /// The tip of a branch.
    pub(crate) fn tip(&self, branch: &str) -> Result<Option<ObjectId>, Undecided> {
        Ok(self.repository.ref_commit(&format!("{}{branch}", self.prefix))?)
    }

    /// The tips of the branches that a policy protects, each once.
    pub(crate) fn protected(&self, policy: &Policy) -> Result<Rc<Vec<ObjectId>>, Undecided> {
        if let Some(known) = self.protected.borrow().get(&policy.digest) {
            return Ok(known.clone());
        }
        let mut seen: HashSet<&ObjectId> = HashSet::new();
        let mut tips: Vec<ObjectId> = Vec::new();
        for (name, at) in self.branches()? {
            if policy.protected(name) && seen.insert(at) {
                tips.push(at.clone());
            }
        }
        let tips = Rc::new(tips);
        // A policy without a file has no digest.
        if policy.digest != Digest::default() {
            self.protected.borrow_mut().insert(policy.digest, tips.clone());
        }
        Ok(tips)
    }

    /// The branch that HEAD names there.
    fn head(&self) -> Result<Option<String>, Undecided> {
        let named = match self.head == "HEAD" {
            true => return Ok(self.repository.head()?.branch().map(str::to_owned)),
            false => self.repository.target_of(&self.head)?,
        };
        let named = named.and_then(|name| name.strip_prefix(&self.prefix).map(str::to_owned));
        // A namespace has a HEAD only if somebody made one; else the repository's names the branch, which is who runs it.
        match named {
            None if self.receiving => Ok(self.repository.head()?.branch().map(str::to_owned)),
            named => Ok(named),
        }
    }

    fn default_tip(&self) -> Result<Option<ObjectId>, Undecided> {
        match self.receiving || self.head == "HEAD" {
            true => self.head()?.map_or(Ok(None), |branch| self.tip(&branch)),
            false => Ok(self.repository.ref_commit(&self.head)?),
        }
    }

    /// The branch of these that a ref is another name of.
    pub(crate) fn meant(&self, reference: &str) -> Result<Option<String>, Undecided> {
        let outer = self.prefix.strip_suffix(HEADS).unwrap_or_default();
        let target = self.repository.target_of(&format!("{outer}{reference}"))?;
        Ok(target.and_then(|name| name.strip_prefix(&self.prefix).map(str::to_owned)))
    }

    /// The policy of the default branch; on a first push, the one that the default branch is about to get. Of a remote as it was last seen
    /// the default branch might not be known: then that of the first branch that protects itself.
    pub(crate) fn default_judge(&self) -> Result<Option<&GoverningPolicy>, Undecided> {
        if let Some(found) = self.default.get() {
            return Ok(found.as_ref());
        }
        let found = self.find_default()?;
        Ok(self.default.get_or_init(|| found).as_ref())
    }

    fn find_default(&self) -> Result<Option<GoverningPolicy>, Undecided> {
        let found = |at: &ObjectId, policy: Policy, arriving| GoverningPolicy {
            policy,
            at: at.clone(),
            arriving,
        };
        if let Some(at) = self.default_tip()?
            && let Some(policy) = governing::judging_policy(self.repository, &at)?
        {
            return Ok(Some(found(&at, policy, false)));
        }
        for (name, at) in self.branches()?.iter().filter(|_| !self.receiving) {
            // What some other branch holds that cannot be read is no reason to stop everything.
            if let Ok(Some(policy)) = governing::policy_at(self.repository, &Snapshot::Commit(at.clone()))
                && policy.protected(name)
            {
                return Ok(Some(found(at, policy, false)));
            }
        }
        if let Some(at) = &self.arriving
            && let Some(policy) = governing::policy_at(self.repository, &Snapshot::Commit(at.clone()))?
        {
            return Ok(Some(found(at, policy, true)));
        }
        Ok(None)
    }

    /// The default branch's policy as far as it has a say in a branch. One that comes with the push itself says nothing of other branches
    /// where a policy has been adopted already: whoever pushes would choose the judge.
    fn default_of(&self, branch: &str) -> Result<Option<&GoverningPolicy>, Undecided> {
        let default = self.default_judge()?;
        let chosen = self.receiving && default.is_some_and(|default| default.arriving);
        if chosen && self.head()?.as_deref() != Some(branch) && self.is_adopted()? {
            return Ok(None);
        }
        Ok(default)
    }

    /// The policy of a tip.
    fn policy_of(&self, tip: &ObjectId) -> Result<Option<Policy>, Undecided> {
        let directory = self.repository.subtree_id(tip, POLICY_DIRECTORY.as_bytes());
        let directory = directory.ok().flatten();
        let known = directory
            .as_ref()
            .and_then(|id| self.policies.borrow().get(id).cloned());
        if known.is_some() {
            return Ok(known);
        }
        let read = governing::judging_policy(self.repository, tip)?;
        if let (Some(directory), Some(policy)) = (directory, &read) {
            self.policies.borrow_mut().insert(directory, policy.clone());
        }
        Ok(read)
    }

    /// Whose policy judges a branch with this tip; `None` where nobody has one.
    ///
    /// The tip's own, but where that does not protect a branch that the default branch's policy protects: a branch that is made from
    /// before the rule must not be free of it.
    pub(crate) fn judge_of(&self, branch: &str, tip: Option<&ObjectId>) -> Result<Option<GoverningPolicy>, Undecided> {
        let own = match tip {
            Some(tip) => self.policy_of(tip).map(|policy| {
                policy.map(|policy| GoverningPolicy {
                    policy,
                    at: tip.clone(),
                    arriving: false,
                })
            }),
            None => Ok(None),
        };
        match own {
            Ok(Some(own)) if own.policy.protected(branch) => Ok(Some(own)),
            Ok(own) => Ok(match self.default_of(branch)? {
                Some(default) if own.is_none() || default.policy.protected(branch) => Some(default.clone()),
                _ => own,
            }),
            // Else a broken policy on a branch that nobody protects could never be fixed.
            Err(failure) => match self.default_of(branch)? {
                Some(default) if !default.policy.protected(branch) => Ok(Some(default.clone())),
                _ => Err(failure),
            },
        }
    }
}

/// The prefix of this repository's own branches.
pub(crate) const HEADS: &str = "refs/heads/";
