//! Whether a repository has asked to be judged at all, where its hooks are those of other repositories, too.

use crate::change::{ObjectId, RepoPath, Snapshot};
use crate::git::Repository;
use crate::git::push::RefUpdate;
use crate::policy::POLICY_DIRECTORY;

/// True where a hook has nothing to do: the hooks directory is shared (`certgate install --shared-hooks-path`), and nothing in this
/// repository or among what `updates` add to it has a policy. What cannot be read may have one.
///
/// HEAD comes first, so that a repository with a policy pays for one look into a tree.
pub(crate) fn is_bystander(repository: &Repository, updates: &[RefUpdate]) -> bool {
    let folder = RepoPath::from(POLICY_DIRECTORY);
    let adopted = |id: &ObjectId| {
        let directory = repository.subtree_id(id, folder.as_bytes());
        let other = || repository.entry(&Snapshot::Commit(id.clone()), &folder);
        directory.map_or(true, |found| found.is_some()) || other().map_or(true, |found| found.is_some())
    };
    let Ok(head) = repository.head() else {
        return false;
    };
    if head.commit().is_some_and(adopted) || updates.iter().filter_map(RefUpdate::new_id).any(adopted) {
        return false;
    }
    if let Some(root) = repository.work_tree() {
        let staged = repository.list(&Snapshot::Index, &[folder.as_bytes().to_vec()]);
        if root.join(folder.as_path()).symlink_metadata().is_ok() || staged.map_or(true, |found| !found.is_empty()) {
            return false;
        }
    }
    let refs = repository.refs(&["refs/heads/", "refs/remotes/", "refs/namespaces/"]);
    if refs.map_or(true, |refs| refs.iter().any(|(_, at)| adopted(at))) {
        return false;
    }
    repository.shared_hooks().is_ok_and(|why| why.is_some())
}
