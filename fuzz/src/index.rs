//! An index, as git keeps it in `.git/index`: what is staged is a list of paths in order, or an error.

use std::process::Command;
use std::sync::OnceLock;

use certgate::change::ObjectId;
use certgate::git::Repository;

use crate::harmless;

/// Makes a repository with a commit and stays in it: one of any process.
fn scratch() -> Option<()> {
    let directory = std::env::temp_dir().join(format!("certgate-fuzz-index-{}", std::process::id()));
    std::fs::create_dir_all(&directory).ok()?;
    std::env::set_current_dir(&directory).ok()?;
    std::fs::write("a", "a\n").ok()?;
    let told = ["-c", "user.name=fuzz", "-c", "user.email=fuzz@localhost"];
    let git = |arguments: &[&str]| Command::new("git").args(told).args(arguments).output().ok().map(drop);
    git(&["init", "--quiet"])?;
    git(&["add", "a"])?;
    git(&["commit", "--quiet", "--no-verify", "--message", "Begin"])
}

/// Reads the bytes as an index.
pub fn check(data: &[u8]) {
    static READY: OnceLock<Option<()>> = OnceLock::new();
    READY.get_or_init(scratch).expect("a scratch repository");
    std::fs::write(".git/index", data).expect("a scratch repository");
    let repository = Repository::open_to_judge().expect("a repository");
    match repository.staged() {
        Ok(change) => {
            assert!(
                change.files.is_sorted_by(|a, b| a.path < b.path),
                "in order, and each once"
            );
            for file in &change.files {
                let (before, after) = (file.before(), file.after());
                assert_ne!(before, after, "{}", file.path);
                let ids = [before, after].into_iter().flatten().map(|entry| &entry.id);
                assert!(!ids.into_iter().any(ObjectId::is_zero), "{}", file.path);
            }
        }
        Err(error) => harmless(&error.diagnostic()),
    }
}
