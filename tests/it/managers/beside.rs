//! certgate's own hooks and those of a manager in one repository, in either order.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::*;

#[test]
fn certgate_lives_beside_pre_commit() {
    let Some(repo) = scene(&["pre-commit"]) else { return };
    set_up(&repo, "## pre-commit");
    lives_beside(&repo);
}

#[test]
fn certgate_lives_beside_prek() {
    let Some(repo) = scene(&["prek"]) else { return };
    follow(&repo, &blocks("## pre-commit")[0]).ends(0);
    set_up(&repo, "## prek");
    lives_beside(&repo);
}

#[test]
fn certgate_lives_beside_lefthook() {
    let Some(repo) = scene(&["lefthook"]) else { return };
    set_up(&repo, "## lefthook");
    lives_beside(&repo);
}

#[test]
fn certgate_lives_beside_husky() {
    let Some(repo) = scene(&["husky", "npx"]) else { return };
    set_up(&repo, "## husky");
    lives_beside(&repo);
}

/// A configuration for pre-commit and prek that does not name certgate, and leaves a trace.
const OTHER: &str = "default_install_hook_types: [pre-commit, pre-push]
repos:
  - repo: local
    hooks:
      - { id: trace, name: trace, language: system, entry: touch ../ran, pass_filenames: false, always_run: true }
";

/// pre-commit and prek keep what is there, and run it with all that git says.
#[test]
fn pre_commit_and_prek_come_second() {
    for tool in ["pre-commit", "prek"] {
        let Some(repo) = scene(&[tool]) else { return };
        run(&repo, &["install"]).ends(0);
        let own = hooks(&repo);
        repo.write(".pre-commit-config.yaml", OTHER);
        Ran::from(repo.command(tool).arg("install").output().unwrap()).ends(0);
        assert!(
            state_of(&repo, "pre-push").ends_with("pre-push.legacy"),
            "{}",
            state_of(&repo, "pre-push")
        );
        let doctor = run(&repo, &["doctor"]).ends(0);
        assert!(
            doctor
                .out
                .contains("ok    hook pre-push: another program's, which runs certgate"),
            "{}",
            doctor.out
        );
        is_gated(&repo);
        assert!(repo.home().join("ran").exists());
        // A push of two refs, the second of which is gated: certgate hears of both.
        change(&repo, 7);
        repo.git(&["commit", "--no-verify", "-m", "w"]);
        let said = refused(git(&repo, &["push", "origin", "main~1:refs/heads/a", "main"]));
        assert!(said.contains("CG202"), "{tool}: {said}");
        assert_eq!(at_remote(&repo, "a"), "");
        // Installing again changes nothing but the shims, and the manager that goes gives them back.
        run(&repo, &["install"]).ends(0).writes("pre-push.legacy");
        Ran::from(repo.command(tool).arg("uninstall").output().unwrap()).ends(0);
        assert_eq!(hooks(&repo), own, "{tool}");
        // Removed while the manager stays, they are gone and it goes on.
        Ran::from(repo.command(tool).arg("install").output().unwrap()).ends(0);
        run(&repo, &["uninstall"]).ends(0).writes("removed");
        assert_eq!(hooks(&repo).len(), 2, "{tool}: {:?}", hooks(&repo));
        assert_eq!(state_of(&repo, "pre-push"), "another program's; certgate does not run");
        git(&repo, &["commit", "--allow-empty", "-m", "v"]).ends(0);
    }
}

/// Installed over certgate's own hooks, which came after its own before: each runs once more.
#[test]
fn pre_commit_comes_back() {
    let Some(repo) = scene(&["pre-commit"]) else { return };
    repo.write(".pre-commit-config.yaml", OTHER);
    for program in [
        "pre-commit",
        env!("CARGO_BIN_EXE_certgate"),
        "pre-commit",
        env!("CARGO_BIN_EXE_certgate"),
    ] {
        Ran::from(repo.command(program).arg("install").output().unwrap()).ends(0);
        repo.git(&["add", "--all"]);
        git(&repo, &["commit", "--allow-empty", "-m", "x"]).ends(0);
    }
    is_gated(&repo);
    run(&repo, &["uninstall"]).ends(0);
    assert_eq!(hooks(&repo).len(), 2, "{:?}", hooks(&repo));
}

/// lefthook puts certgate's hooks aside and runs them no more: said by doctor, fixed by install; and when it does so in the middle of a
/// commit, that commit stops.
#[test]
fn lefthook_comes_second_and_back() {
    let Some(repo) = scene(&["lefthook"]) else { return };
    run(&repo, &["install"]).ends(0);
    repo.write(
        "lefthook.yml",
        "pre-commit:\n  jobs:\n    - run: touch ../ran\npre-push:\n  jobs:\n    - run: \"true\"\n",
    );
    Ran::from(repo.command("lefthook").arg("install").output().unwrap()).ends(0);
    assert_eq!(
        state_of(&repo, "pre-commit"),
        "another program's; certgate does not run"
    );
    assert!(run(&repo, &["doctor"]).ends(1).out.contains("WRONG hook pre-push"));
    run(&repo, &["install"]).ends(0).says("no_auto_install: true");
    is_gated(&repo);
    assert!(repo.home().join("ran").exists());
    run(&repo, &["uninstall"]).ends(0);
    assert!(
        hooks(&repo).iter().all(|(_, text)| !text.contains("certgate-hook")),
        "{:?}",
        hooks(&repo)
    );
}

/// A commit in whose middle lefthook writes its hooks again, over certgate's, stops and says so.
#[test]
fn lefthook_does_not_take_a_hook_away_unseen() {
    let Some(repo) = scene(&["lefthook"]) else { return };
    let configure = |run: &str| {
        repo.write("lefthook.yml", format!("pre-commit:\n  jobs:\n    - run: {run}\n"));
        repo.git(&["add", "--all"]);
    };
    configure("touch ../ran");
    Ran::from(repo.command("lefthook").arg("install").output().unwrap()).ends(0);
    run(&repo, &["install"]).ends(0);
    git(&repo, &["commit", "-m", "x"]).ends(0);
    configure("echo other");
    // It looks at the time first, in whole seconds: the same second would be no change.
    let touched = repo
        .command("touch")
        .args(["-d", "2030-01-01", "lefthook.yml"])
        .status();
    assert!(touched.unwrap().success());
    let said = refused(git(&repo, &["commit", "-m", "y"]));
    assert!(
        said.contains("wrote over that of certgate") && said.contains("\"certgate install\""),
        "{said}"
    );
    assert_eq!(
        state_of(&repo, "pre-commit"),
        "another program's; certgate does not run"
    );
    run(&repo, &["install"]).ends(0);
    git(&repo, &["commit", "-m", "y"]).ends(0);
    stage_gated(&repo);
    assert!(refused(git(&repo, &["commit", "-m", "z"])).contains("CG201"));
}

#[test]
fn husky_comes_second() {
    let Some(repo) = scene(&["husky", "npx"]) else { return };
    run(&repo, &["install"]).ends(0);
    Ran::from(repo.command("npx").arg("husky").output().unwrap()).ends(0);
    repo.write(".husky/pre-commit", "touch ../ran\n");
    // core.hooksPath leads elsewhere now.
    let doctor = run(&repo, &["doctor"]).ends(1);
    assert!(
        doctor.out.contains("core.hooksPath is .husky/_") && doctor.out.contains("WRONG hook pre-push"),
        "{}",
        doctor.out
    );
    run(&repo, &["install"]).ends(0).says("npm install");
    is_gated(&repo);
    assert!(repo.home().join("ran").exists());
}
