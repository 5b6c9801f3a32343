//! Where attacks take place. The scenes are made once and copied.
#![allow(clippy::unwrap_used)]

use std::sync::OnceLock;

use crate::scene::{self, Ran, run};
use crate::signed::Signed;
use crate::support::TestRepo;

/// A repository that asks for no signatures, on a branch `work` with a gated change that nobody has certified.
pub(crate) fn open() -> TestRepo {
    static MADE: OnceLock<TestRepo> = OnceLock::new();
    MADE.get_or_init(|| {
        let repo = scene::with_policy();
        repo.git(&["switch", "--quiet", "--create", "work"]);
        repo.write("src/train/loop.py", "def step():\n    return 2\n");
        repo.commit("Change the step");
        repo
    })
    .copy()
}

/// The repository of [`Signed::required`], with a gated change that nobody has certified.
pub(crate) fn signed() -> Signed {
    static MADE: OnceLock<Signed> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let world = Signed::required();
        world.change("2");
        world
    });
    Signed { repo: made.repo.copy() }
}

/// What CI says of the branch.
pub(crate) fn check(repo: &TestRepo) -> Ran {
    run(repo, &["check", "--base", "main"])
}

/// An approval as a person writes it, dated two minutes ago.
pub(crate) fn approval() -> String {
    scene::of_status("APPROVED", "honest-1")
}

/// What CI says where the change adds this certificate.
pub(crate) fn with_certificate(text: impl AsRef<[u8]>) -> Ran {
    let repo = open();
    repo.write(scene::CERTIFICATE, text);
    repo.commit("Certify");
    check(&repo)
}
