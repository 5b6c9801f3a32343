//! `certgate doctor`: each way in which the gate would not run is brought about, named, and fixed by the command that is named.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use super::Server;
use crate::advice::{Advice, path};
use crate::scene::{Ran, adopted, git, run, with_policy};
use crate::support::TestRepo;

const SCHEMA: &str = include_str!("../../../docs/schema/doctor-v1.json");

/// Asks the doctor, in a directory, and holds its answer to the schema.
fn ask(repo: &TestRepo, directory: &Path) -> Value {
    let mut command = repo.program();
    command.current_dir(directory).args(["doctor", "--format", "json"]);
    let ran: Ran = command.output().unwrap().into();
    let json = ran.json();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    assert_eq!(json["schema"], schema["title"]);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let problems = json["problems"].as_u64().unwrap();
    let ran = ran.ends(i32::from(problems > 0));
    drop(ran);
    json
}

/// What is wrong: check, message, and what fixes it.
fn wrong(repo: &TestRepo, directory: &Path) -> Vec<(String, String, String)> {
    let json = ask(repo, directory);
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = json["findings"].as_array().unwrap();
    findings
        .iter()
        .filter(|finding| finding["level"] == "wrong")
        .map(|finding| (text(finding, "check"), text(finding, "message"), text(finding, "mend")))
        .collect()
}

/// Asserts that this and nothing else is wrong, that the message says so, and that the command that is named fixes it.
#[track_caller]
fn mends_in(repo: &TestRepo, directory: &Path, check: &str, says: &str) {
    let found = wrong(repo, directory);
    let checks: Vec<&str> = found.iter().map(|(check, _, _)| check.as_str()).collect();
    assert_eq!(checks, [check], "{found:?}");
    let (_, message, mend) = &found[0];
    assert!(message.contains(says), "{found:?}");
    // A person pastes the text, a program runs the words: they are the same.
    let json = ask(repo, directory);
    let first = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["level"] == "wrong");
    let [remedy] = first.unwrap()["remedies"].as_array().unwrap().as_slice() else {
        panic!("{json}");
    };
    let advice = Advice::of(remedy);
    advice.is_what_a_shell_reads_in(repo, mend);
    let ran = advice.run(repo, directory, |kind| panic!("{mend}: nothing says what {kind} is"));
    assert_eq!(ran.code, Some(0), "{mend}: {}", ran.said());
    assert_eq!(wrong(repo, directory), [], "after: {mend}");
}

#[track_caller]
fn mends(repo: &TestRepo, check: &str, says: &str) {
    mends_in(repo, repo.path(), check, says);
}

fn hook(repo: &TestRepo, name: &str) -> std::path::PathBuf {
    repo.path().join(".git/hooks").join(name)
}

#[test]
fn a_hook_that_is_missing_foreign_or_cannot_run() {
    let repo = adopted();
    assert_eq!(wrong(&repo, repo.path()), []);
    for name in ["pre-commit", "commit-msg", "pre-merge-commit", "pre-push"] {
        let file = hook(&repo, name);
        std::fs::remove_file(&file).unwrap();
        mends(&repo, "hook-missing", &format!("hook {name}: missing"));
        let shim = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, "#!/bin/sh\n").unwrap();
        mends(&repo, "hook-foreign", &format!("hook {name}: another program's"));
        std::fs::remove_file(repo.path().join(".git/hooks.certgate-chained").join(name)).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        mends(&repo, "hook-not-executable", "git does not run it");
        std::fs::write(&file, shim.replace("exec ", "exec  ")).unwrap();
        mends(&repo, "hook-outdated", "not of this version");
        let program = env!("CARGO_BIN_EXE_certgate");
        std::fs::write(&file, shim.replace(program, "/gone/certgate")).unwrap();
        mends(&repo, "hook-program", "/gone/certgate, which is not there");
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        mends(&repo, "hook-foreign", "a directory");
    }
}

#[test]
fn the_strict_hook_counts_where_it_was_asked_for() {
    let repo = adopted();
    let note = |repo: &TestRepo| {
        let json = ask(repo, repo.path());
        let findings = json["findings"].as_array().unwrap().clone();
        findings.into_iter().find(|finding| finding["check"] == "strict")
    };
    let found = note(&repo).unwrap();
    assert_eq!(
        (&found["level"], &found["mend"]),
        (&"note".into(), &"certgate install --strict".into())
    );
    run(&repo, &["install", "--strict"]).ends(0);
    assert_eq!(note(&repo), None);
    let file = hook(&repo, "reference-transaction");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    mends(&repo, "hook-not-executable", "hook reference-transaction");
}

#[test]
fn hooks_that_git_looks_for_elsewhere() {
    let mut repo = adopted();
    let own = repo.path().join(".git/hooks");
    repo.git(&["config", "core.hooksPath", "/dev/null"]);
    mends(&repo, "hooks-path", "core.hooksPath is /dev/null (local)");
    repo.git(&["config", "core.hooksPath", ".githooks"]);
    mends(&repo, "hooks-path", "core.hooksPath is .githooks (local)");
    // Where nothing is installed anywhere, it is installed where git looks.
    repo.git(&["config", "core.hooksPath", ".githooks"]);
    run(&repo, &["uninstall"]).ends(0);
    for name in ["pre-commit", "commit-msg", "pre-merge-commit", "pre-push"] {
        std::fs::remove_file(own.join(name)).unwrap();
    }
    let found = wrong(&repo, repo.path());
    assert!(
        found
            .iter()
            .all(|(check, _, mend)| check == "hook-missing" && mend == "certgate install"),
        "{found:?}"
    );
    run(&repo, &["install"]).ends(0);
    assert_eq!(wrong(&repo, repo.path()), []);
    assert!(repo.path().join(".githooks/pre-push").exists());
    std::fs::remove_dir_all(repo.path().join(".githooks")).unwrap();
    repo.git(&["config", "--unset", "core.hooksPath"]);
    // The user's, for every repository of the machine: this one gets its own back, and the others are left alone.
    let global = repo.home().join("gitconfig");
    std::fs::write(&global, "[core]\n\thooksPath = /nowhere\n").unwrap();
    repo.set("GIT_CONFIG_GLOBAL", global.to_str().unwrap());
    mends(&repo, "hooks-path", "core.hooksPath is /nowhere (global)");
    assert!(own.join("pre-commit").exists());
    repo.git(&["config", "--unset", "core.hooksPath"]);
    run(&repo, &["uninstall"]).ends(0);
    mends(&repo, "hooks-path", "core.hooksPath is /nowhere (global)");
}

#[test]
fn hooks_of_a_linked_worktree() {
    let repo = adopted();
    let tree = repo.home().join("a tree");
    repo.git(&["worktree", "add", "--quiet", tree.to_str().unwrap(), "-b", "topic"]);
    assert_eq!(wrong(&repo, repo.path()), []);
    assert_eq!(wrong(&repo, &tree), []);
    // Seen from there, and from the main one.
    std::fs::remove_file(hook(&repo, "pre-push")).unwrap();
    mends_in(&repo, &tree, "hook-missing", "hook pre-push: missing");
    // A hooks directory in the work tree is another one in each.
    repo.git(&["config", "core.hooksPath", ".githooks"]);
    run(&repo, &["install"]).ends(0);
    mends(&repo, "hooks-path-relative", "another place in every worktree");
    assert_eq!(wrong(&repo, &tree), []);
    repo.git(&["config", "--unset-all", "core.hooksPath"]);
    // One worktree with its own setting.
    repo.git(&["config", "extensions.worktreeConfig", "true"]);
    repo.git(&[
        "-C",
        tree.to_str().unwrap(),
        "config",
        "--worktree",
        "core.hooksPath",
        "/dev/null",
    ]);
    mends(&repo, "hooks-path", "(worktree)");
    repo.git(&[
        "-C",
        tree.to_str().unwrap(),
        "config",
        "--worktree",
        "core.hooksPath",
        "/dev/null",
    ]);
    mends_in(&repo, &tree, "hooks-path", "(worktree)");
}

#[test]
fn hooks_on_a_file_system_that_runs_nothing() {
    let repo = adopted();
    let script = "mkdir -p \"$HOME/mnt\" && mount -t tmpfs -o noexec tmpfs \"$HOME/mnt\" && \
                  git config core.hooksPath \"$HOME/mnt\" && certgate install --shared-hooks-path >/dev/null && \
                  { certgate doctor --format json || true; } && \
                  mount -o remount,exec \"$HOME/mnt\" && { certgate doctor --format json || true; }";
    let mut command = repo.command("unshare");
    command
        .env("PATH", path())
        .args(["--mount", "--map-root-user", "sh", "-c", script]);
    let Ok(output) = command.output() else { return };
    let ran: Ran = output.into();
    if ran.code != Some(0) {
        // Not every machine lets a test make file systems.
        assert!(std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(), "{}", ran.said());
        return;
    }
    let answers = serde_json::Deserializer::from_str(&ran.out).into_iter();
    let answers: Vec<Value> = answers.map(|answer| answer.unwrap()).collect();
    let findings = answers[0]["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["check"] == "noexec").unwrap();
    let mount = repo.home().join("mnt");
    assert_eq!(found["mend"], format!("mount -o remount,exec {}", mount.display()));
    assert_eq!(answers[1]["problems"], 0, "{}", ran.out);
}

#[test]
fn a_bare_repository_that_judges_nothing() {
    let server = Server::new();
    let bare = server.bare.clone();
    assert_eq!(wrong(&server.clone, &bare), []);
    server.certgate(&["uninstall"]).ends(0);
    mends_in(&server.clone, &bare, "server", "nothing judges what is pushed here");
    let hook = bare.join("hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\n").unwrap();
    mends_in(&server.clone, &bare, "server", "another program's");
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o600)).unwrap();
    mends_in(&server.clone, &bare, "hook-not-executable", "git does not run it");
    // Its linked worktrees have hooks of clients.
    let tree = server.clone.home().join("tree");
    server.ask(&["worktree", "add", "--quiet", tree.to_str().unwrap(), "-b", "topic"]);
    let found = wrong(&server.clone, &bare);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found[0].1.starts_with("worktree "), "{found:?}");
    let mut command = server.clone.command("sh");
    command.env("PATH", path()).args(["-ec", &found[0].2]);
    assert!(command.output().unwrap().status.success());
    assert_eq!(wrong(&server.clone, &bare), []);
}

#[test]
fn a_work_tree_that_others_push_into() {
    let repo = adopted();
    repo.git(&["config", "receive.denyCurrentBranch", "updateInstead"]);
    mends(&repo, "server", "nothing judges them");
}

#[test]
fn branches_that_nobody_protects() {
    let repo = adopted();
    let origin = repo.home().join("origin.git");
    let origin = origin.to_str().unwrap();
    repo.git(&["clone", "--quiet", "--bare", ".", origin]);
    repo.git(&["--git-dir", origin, "branch", "--move", "main", "trunk"]);
    repo.git(&["remote", "add", "origin", origin]);
    repo.git(&["fetch", "--quiet", "origin"]);
    repo.git(&["remote", "set-head", "origin", "trunk"]);
    let commit = |repo: &TestRepo| {
        repo.git(&["commit", "--quiet", "--no-verify", "-am", "Protect it"]);
    };
    let found = wrong(&repo, repo.path());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "default-branch");
    let sh = |mend: &str| {
        assert!(
            repo.command("sh")
                .args(["-ec", mend])
                .output()
                .unwrap()
                .status
                .success()
        )
    };
    sh(&found[0].2);
    commit(&repo);
    assert_eq!(wrong(&repo, repo.path()), []);
    // No protected branch at all.
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repo.git(&["branch", "--move", "main", "work"]);
    let found = wrong(&repo, repo.path());
    assert_eq!(found[0].0, "branches");
    sh(&found[0].2);
    commit(&repo);
    assert_eq!(wrong(&repo, repo.path()), []);
}

#[test]
fn an_alias_that_skips_the_hooks() {
    let repo = adopted();
    repo.git(&["config", "alias.ci", "commit --no-verify"]);
    mends(&repo, "alias", "alias.ci (local) skips the hooks");
    repo.git(&["config", "alias.quick", "-c core.hooksPath=/dev/null commit"]);
    mends(&repo, "alias", "alias.quick");
    repo.git(&["config", "alias.st", "status"]);
    assert_eq!(wrong(&repo, repo.path()), []);
}

#[test]
fn a_history_that_is_cut_off() {
    let repo = adopted();
    repo.write("README.md", "more\n");
    repo.commit("Explain");
    let url = format!("file://{}", repo.path().display());
    git(&repo, &["clone", "--quiet", "--depth=1", &url, "../shallow"]).ends(0);
    let shallow = repo.home().join("shallow");
    let mut command = repo.program();
    assert!(
        command
            .current_dir(&shallow)
            .arg("install")
            .output()
            .unwrap()
            .status
            .success()
    );
    mends_in(&repo, &shallow, "shallow", "the clone is shallow");
}

#[test]
fn a_partial_clone_is_fine() {
    let repo = with_policy();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", repo.path().display());
    git(&repo, &["clone", "--quiet", "--filter=blob:none", &url, "../partial"]).ends(0);
    let partial = repo.home().join("partial");
    let mut command = repo.program();
    assert!(
        command
            .current_dir(&partial)
            .arg("install")
            .output()
            .unwrap()
            .status
            .success()
    );
    assert_eq!(wrong(&repo, &partial), []);
    assert!(ask(&repo, &partial).to_string().contains("the clone is partial"));
}

#[test]
fn a_git_that_is_too_old() {
    let mut repo = adopted();
    let real = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|directory| directory.join("git"))
        .find(|file| file.exists())
        .unwrap();
    let directory = repo.home().join("old");
    std::fs::create_dir(&directory).unwrap();
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *' version '*) echo 'git version 2.20.1' ;; *) exec {} \"$@\" ;; esac\n",
        real.display()
    );
    std::fs::write(directory.join("git"), script).unwrap();
    std::fs::set_permissions(directory.join("git"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", directory.display(), std::env::var("PATH").unwrap());
    repo.set("PATH", &path);
    let found = wrong(&repo, repo.path());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].1, "git 2.20.1 is older than 2.31");
}

#[test]
fn a_policy_that_is_not_there_not_committed_or_cannot_be_read() {
    let repo = adopted();
    repo.git(&["rm", "--quiet", "-r", "--cached", ".certgate"]);
    repo.git(&["commit", "--quiet", "--no-verify", "-m", "gone"]);
    let found = wrong(&repo, repo.path());
    assert_eq!(found[0].1, "the policy is not committed");
    let mut command = repo.command("sh");
    command.args(["-ec", &format!("{} --quiet -m Back", found[0].2)]);
    assert!(command.output().unwrap().status.success());
    assert_eq!(wrong(&repo, repo.path()), []);
    repo.git(&["rm", "--quiet", "-r", ".certgate"]);
    repo.git(&["commit", "--quiet", "--no-verify", "-m", "gone"]);
    let found = wrong(&repo, repo.path());
    assert_eq!(
        (found[0].1.as_str(), found[0].2.as_str()),
        ("there is no policy; the default pack judges", "certgate init")
    );
    repo.write(".certgate/policy.yaml", "version: 9\n");
    repo.commit("broken");
    let found = wrong(&repo, repo.path());
    assert!(found[0].1.contains("version `9` is not supported"), "{found:?}");
}

/// The findings of a check, as JSON has them.
fn of_check(repo: &TestRepo, directory: &Path, check: &str) -> Vec<Value> {
    let json = ask(repo, directory);
    let findings = json["findings"].as_array().unwrap().clone();
    findings
        .into_iter()
        .filter(|finding| finding["check"] == check)
        .collect()
}

/// Runs the one command of a finding, with its placeholders filled in.
#[track_caller]
fn follow(repo: &TestRepo, directory: &Path, finding: &Value, fill: impl Fn(&str) -> String) -> Ran {
    let [remedy] = finding["remedies"].as_array().unwrap().as_slice() else {
        panic!("{finding}");
    };
    let advice = Advice::of(remedy);
    advice.is_what_a_shell_reads_in(repo, finding["mend"].as_str().unwrap());
    advice.run(repo, directory, fill)
}

#[test]
fn what_doctor_only_notes_or_cannot_fix_alone() {
    let nothing = |kind: &str| panic!("nothing says what {kind} is");
    // A hook that git's own configuration switches off.
    let repo = adopted();
    repo.git(&["config", "hook.pre-commit.enabled", "false"]);
    let found = of_check(&repo, repo.path(), "hook-configured");
    follow(&repo, repo.path(), &found[0], nothing).ends(0);
    assert_eq!(of_check(&repo, repo.path(), "hook-configured"), Vec::<Value>::new());
    // A policy with an example that does not hold, and a glob that matches nothing.
    let policy = format!(
        "{}  - id: gone\n    match: {{ paths: [\"gone/**\"] }}\n    examples: {{ match: [here] }}\n",
        crate::scene::POLICY
    );
    repo.write(".certgate/policy.yaml", policy);
    repo.git(&["add", "--all"]);
    let found = of_check(&repo, repo.path(), "policy");
    assert!(found[0]["level"] == "ok", "{found:?}");
    repo.commit("examples");
    let found = of_check(&repo, repo.path(), "examples");
    follow(&repo, repo.path(), &found[0], nothing).blocks(&["CG010"]);
    let found = of_check(&repo, repo.path(), "rules");
    assert_eq!(found[0]["level"], "note");
    assert!(follow(&repo, repo.path(), &found[0], nothing).err.contains("CG015"));
    // A policy that is staged and not committed.
    let staged = TestRepo::new();
    staged.write("README.md", "hello\n");
    staged.commit("begin");
    run(&staged, &["install"]).ends(0);
    staged.write(".certgate/policy.yaml", crate::scene::POLICY);
    staged.git(&["add", "--all"]);
    let found = of_check(&staged, staged.path(), "policy");
    assert_eq!(found[0]["mend"], "git commit");
    // Signatures are asked for, and nobody's key is there.
    let policy = format!("{}defaults: {{ signatures: required }}\n", crate::scene::POLICY)
        .replace("{ may_lift: true }", "{ principals: [pia@example.org] }");
    repo.write(".certgate/policy.yaml", policy);
    repo.commit("sign");
    let key = repo.home().join("pia");
    let made = repo
        .command("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key)
        .output()
        .unwrap();
    assert!(made.status.success());
    let public = key.with_extension("pub").display().to_string();
    let found = of_check(&repo, repo.path(), "signers");
    assert_eq!(found[0]["level"], "wrong", "{found:?}");
    let fill = |kind: &str| match kind {
        "principal" => "pia@example.org".to_owned(),
        "path" => public.clone(),
        other => panic!("{other}"),
    };
    std::fs::create_dir(repo.path().join("below")).unwrap();
    follow(&repo, &repo.path().join("below"), &found[0], fill).ends(0);
    repo.commit("allow pia");
    let found = of_check(&repo, repo.path(), "signers");
    assert_eq!(found[0]["level"], "ok", "{found:?}");
    // A bare repository whose HEAD names no branch, and a directory where the hook should be.
    let server = Server::new();
    let bare = server.bare.clone();
    server.ask(&["symbolic-ref", "HEAD", "refs/heads/nowhere"]);
    let found = of_check(&server.clone, &bare, "default-branch");
    follow(&server.clone, &bare, &found[0], |_| "main".to_owned()).ends(0);
    assert_eq!(of_check(&server.clone, &bare, "default-branch"), Vec::<Value>::new());
    let hook = bare.join("hooks/pre-receive");
    std::fs::remove_file(&hook).unwrap();
    std::fs::create_dir(&hook).unwrap();
    mends_in(&server.clone, &bare, "server", "a directory");
}
