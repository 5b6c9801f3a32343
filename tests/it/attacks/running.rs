//! Family: running. What is around the change when it is judged: configuration, programs, environment.
//!
//! Configuration, hooks and the environment are not brought by a change, but by whoever prepared the clone in which it is judged. Which
//! repository and which index are looked at is theirs to choose; what these hold is not.

use std::os::unix::fs::PermissionsExt as _;

use super::attacks;
use super::content::certified;
use super::world::{check, open};
use crate::scene::{CERTIFICATE, Ran, adopted, git, of_status, run, stage_gated};
use crate::support::TestRepo;

/// A program outside of the work tree that leaves a mark.
fn program(repo: &TestRepo, name: &str) -> String {
    let path = repo.home().join(name);
    let mark = repo.home().join("ran");
    std::fs::write(&path, format!("#!/bin/sh\necho \"$0\" >> '{}'\ncat\n", mark.display())).expect("writable");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("there");
    path.display().to_string()
}

/// Nothing of the repository was executed.
fn unmarked(repo: &TestRepo) {
    let mark = std::fs::read_to_string(repo.home().join("ran"));
    assert!(mark.is_err(), "was executed: {mark:?}");
}

/// What is staged, as on `main`.
fn staged(repo: &TestRepo) -> Ran {
    let ran = run(repo, &["check", "--staged", "--target", "main"]);
    unmarked(repo);
    ran
}

/// The branch's change, staged on `main`'s tip.
fn unstuck(repo: &TestRepo) {
    repo.git(&["update-ref", "refs/heads/side", "HEAD"]);
    repo.git(&["symbolic-ref", "HEAD", "refs/heads/side"]);
    repo.git(&["update-ref", "refs/heads/side", "main"]);
}

/// Configuration in which `@` stands for the program, and attributes for every file.
fn configured(repo: &TestRepo, settings: &[(&str, &str)]) -> Ran {
    let program = program(repo, "evil");
    unstuck(repo);
    repo.write(".git/info/attributes", "* diff=hide filter=hide merge=hide\n");
    let mut text = std::fs::read_to_string(repo.path().join(".git/config")).expect("a configuration");
    for (key, value) in settings {
        let (section, name) = key.rsplit_once('.').expect("a key");
        let section = match section.split_once('.') {
            Some((section, inner)) => format!("{section} \"{inner}\""),
            None => section.to_owned(),
        };
        text += &format!("[{section}]\n\t{name} = \"{}\"\n", value.replace('@', &program));
    }
    repo.write(".git/config", text);
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    let file = std::fs::File::options()
        .write(true)
        .open(repo.path().join("src/train/loop.py"));
    file.and_then(|file| file.set_modified(later)).expect("a file");
    let range = run(repo, &["check", "--base", "main", "--head", "work"]);
    unmarked(repo);
    let staged = staged(repo);
    assert_eq!(range.code, staged.code, "{}{}", range.said(), staged.said());
    staged
}

/// The same in a file that the configuration includes on a condition.
fn included(repo: &TestRepo) -> Ran {
    let program = program(repo, "evil");
    let text = format!("[diff]\n\texternal = {program}\n[core]\n\tfsmonitor = {program}\n\tpager = {program}\n");
    repo.write(".git/more", text);
    let here = repo.path().display();
    configured(repo, &[(&format!("includeIf.gitdir:{here}/.path"), "more")])
}

/// Every hook that git knows, in a directory that the configuration names.
fn hooked(repo: &TestRepo) -> Ran {
    let evil = program(repo, "evil");
    for name in [
        "post-index-change",
        "fsmonitor-watchman",
        "reference-transaction",
        "post-checkout",
        "pre-auto-gc",
    ] {
        std::fs::copy(&evil, repo.path().join(".git/hooks").join(name)).expect("writable");
    }
    let ran = check(repo);
    unmarked(repo);
    ran
}

/// Programs `git` and `sh` in the repository, and a search path that leads there.
fn search_path(repo: TestRepo, path: &str) -> Ran {
    let mut repo = repo;
    for name in ["git", "git-diff", "sh", "certgate"] {
        let evil = program(&repo, "evil");
        std::fs::copy(&evil, repo.path().join(name)).expect("writable");
    }
    let path = format!("{path}:{}", std::env::var("PATH").expect("a path"));
    repo.set("PATH", &path);
    let ran = check(&repo);
    unmarked(&repo);
    ran
}

/// Variables in which `@` stands for the program.
fn environment(repo: TestRepo, variables: &[(&str, &str)]) -> Ran {
    let mut repo = repo;
    let evil = program(&repo, "evil");
    unstuck(&repo);
    for (name, value) in variables {
        repo.set(name, &value.replace('@', &evil));
    }
    let range = run(&repo, &["check", "--base", "main", "--head", "work"]);
    unmarked(&repo);
    let staged = staged(&repo);
    assert_eq!(range.code, staged.code, "{}{}", range.said(), staged.said());
    staged
}

/// Replacement refs where only a variable looks for them.
fn replaced_elsewhere(repo: TestRepo) -> Ran {
    let mut repo = repo;
    let (main, work) = (repo.ask(&["rev-parse", "main"]), repo.ask(&["rev-parse", "work"]));
    repo.git(&["update-ref", &format!("refs/evil/{work}"), &main]);
    repo.set("GIT_REPLACE_REF_BASE", "refs/evil/");
    check(&repo)
}

/// A file of grafts or of shallow commits that a variable names.
fn cut_elsewhere(repo: TestRepo, variable: &str) -> Ran {
    let mut repo = repo;
    let (main, work) = (repo.ask(&["rev-parse", "main"]), repo.ask(&["rev-parse", "work"]));
    let line = match variable {
        "GIT_GRAFT_FILE" => format!("{main} {work}\n"),
        _ => format!("{work}\n"),
    };
    let file = repo.home().join("cut");
    std::fs::write(&file, line).expect("writable");
    repo.set(variable, &file.display().to_string());
    check(&repo)
}

/// The index that a commit is made of is another than the usual one.
fn another_index(path: &str) -> Ran {
    let mut repo = adopted();
    let index = repo.home().join("index");
    std::fs::copy(repo.path().join(".git/index"), &index).expect("an index");
    repo.set("GIT_INDEX_FILE", &index.display().to_string());
    repo.write(path, "def step():\n    return 2\n");
    repo.git(&["add", path]);
    run(&repo, &["check", "--staged", "--target", "main"])
}

/// An object's file holds another object.
fn forged(path: &str) -> Ran {
    let repo = certified();
    let file = |path: &str| {
        let id = repo.ask(&["rev-parse", &format!("HEAD:{path}")]);
        repo.path().join(format!(".git/objects/{}/{}", &id[..2], &id[2..]))
    };
    let (honest, forged) = (file("README.md"), file(path));
    let content = std::fs::read(honest).expect("an object");
    std::fs::set_permissions(&forged, std::fs::Permissions::from_mode(0o644)).expect("there");
    std::fs::write(forged, content).expect("writable");
    check(&repo)
}

/// Objects by way of a directory that a variable names: where the branch's are not, there is nothing to judge.
fn objects_elsewhere(variable: &str) -> Ran {
    let mut repo = certified();
    let elsewhere = repo.home().join("objects");
    std::fs::create_dir(&elsewhere).expect("writable");
    repo.set(variable, &elsewhere.display().to_string());
    check(&repo)
}

/// The work tree is said to be elsewhere, where nothing is gated.
fn work_tree_elsewhere(repo: &TestRepo) -> Ran {
    let elsewhere = repo.home().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("writable");
    repo.git(&["config", "core.worktree", &elsewhere.display().to_string()]);
    check(repo)
}

/// `.git` is a file that names the repository.
fn by_file(repo: &TestRepo) -> Ran {
    let real = repo.home().join("real.git");
    std::fs::rename(repo.path().join(".git"), &real).expect("movable");
    std::fs::write(repo.path().join(".git"), format!("gitdir: {}\n", real.display())).expect("writable");
    check(repo)
}

/// The repository is somebody else's, and trusted or not.
fn of_another_owner(trusted: bool) -> Ran {
    let mut repo = certified();
    let configuration = repo.home().join("gitconfig");
    let text = if trusted { "[safe]\n\tdirectory = *\n" } else { "" };
    std::fs::write(&configuration, text).expect("writable");
    repo.set("GIT_CONFIG_GLOBAL", &configuration.display().to_string());
    repo.set("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    check(&repo)
}

const DIFF: &[(&str, &str)] = &[
    ("diff.external", "@"),
    ("diff.hide.command", "@"),
    ("diff.noprefix", "true"),
    ("diff.orderFile", "/dev/null"),
];
const TEXT: &[(&str, &str)] = &[
    ("diff.hide.textconv", "@"),
    ("diff.hide.cachetextconv", "true"),
    ("diff.hide.binary", "true"),
];
const FILTER: &[(&str, &str)] = &[
    ("filter.hide.clean", "@"),
    ("filter.hide.smudge", "@"),
    ("filter.hide.required", "true"),
];
const PROCESS: &[(&str, &str)] = &[("filter.hide.process", "@"), ("merge.hide.driver", "@")];
const MONITOR: &[(&str, &str)] = &[("core.fsmonitor", "@"), ("core.untrackedCache", "true")];
const PAGER: &[(&str, &str)] = &[
    ("core.pager", "@"),
    ("pager.diff", "@"),
    ("pager.config", "@"),
    ("core.editor", "@"),
    ("core.askPass", "@"),
];
const ALIAS: &[(&str, &str)] = &[
    ("alias.diff", "!@"),
    ("alias.diff-index", "!@"),
    ("alias.rev-parse", "!@"),
    ("alias.cat-file", "!@"),
    ("alias.config", "!@"),
];
const SIGNED: &[(&str, &str)] = &[
    ("gpg.program", "@"),
    ("gpg.ssh.program", "@"),
    ("log.showSignature", "true"),
    ("gpg.format", "ssh"),
];
const REMOTE: &[(&str, &str)] = &[
    ("core.sshCommand", "@"),
    ("core.gitProxy", "@"),
    ("core.alternateRefsCommand", "@"),
    ("credential.helper", "!@"),
    ("remote.origin.url", "ext::@"),
    ("protocol.ext.allow", "always"),
];
const IGNORED: &[(&str, &str)] = &[
    ("diff.ignoreSubmodules", "all"),
    ("diff.renames", "copies"),
    ("core.ignoreStat", "true"),
    ("core.fileMode", "false"),
    ("core.quotePath", "false"),
    ("core.attributesFile", "/dev/null"),
    ("status.renames", "true"),
    ("diff.relative", "true"),
];

attacks! {
    an_external_diff: "the configuration has an external diff", ["CG201"], || configured(&open(), DIFF), || configured(&certified(), DIFF);
    a_text_conversion: "a text conversion that is a program", ["CG201"], || configured(&open(), TEXT), || configured(&certified(), TEXT);
    a_filter: "filters that are programs", ["CG201"], || configured(&open(), FILTER), || configured(&certified(), FILTER);
    a_filter_that_stays: "a filter process and a merge driver", ["CG201"], || configured(&open(), PROCESS), || configured(&certified(), PROCESS);
    a_monitor: "a file system monitor that is a program", ["CG201"], || configured(&open(), MONITOR), || configured(&certified(), MONITOR);
    a_pager: "pagers, an editor and a prompt that are programs", ["CG201"], || configured(&open(), PAGER), || configured(&certified(), PAGER);
    aliases: "aliases with the names of git's own commands", ["CG201"], || configured(&open(), ALIAS), || configured(&certified(), ALIAS);
    a_signature_program: "programs that check signatures of commits", ["CG201"], || configured(&open(), SIGNED), || configured(&certified(), SIGNED);
    a_remote_that_is_a_program: "remote, ssh, proxy and credentials that are programs", ["CG201"], || configured(&open(), REMOTE), || configured(&certified(), REMOTE);
    settings_that_hide: "settings by which git's own diff would leave something out", ["CG201"], || configured(&open(), IGNORED), || configured(&certified(), IGNORED);
    an_included_file: "programs in a file that is included on a condition", ["CG201"], || included(&open()), || included(&certified());
    hooks_of_the_repository: "hooks that git runs beside a command", ["CG201"], || hooked(&open()), || hooked(&certified());
    a_search_path_with_a_dot: "a program `git` in the repository, and `.` in PATH", ["CG201"], || search_path(open(), "."), || search_path(certified(), ".");
    a_search_path_with_nothing: "the same with an empty entry in PATH", ["CG201"], || search_path(open(), ""), || search_path(certified(), "");
    an_external_diff_by_environment: "GIT_EXTERNAL_DIFF, GIT_PAGER, GIT_SSH_COMMAND, GIT_ASKPASS", ["CG201"], || environment(open(), PROGRAMS), || environment(certified(), PROGRAMS);
    configuration_by_environment: "configuration in GIT_CONFIG_COUNT", ["CG201"], || environment(open(), COUNTED), || environment(certified(), COUNTED);
    configuration_in_one_variable: "configuration in GIT_CONFIG_PARAMETERS", ["CG201"], || environment(open(), PARAMETERS), || environment(certified(), PARAMETERS);
    variables_that_hide: "variables by which git's own diff would leave something out", ["CG201"], || environment(open(), HIDING), || environment(certified(), HIDING);
    replacements_elsewhere: "GIT_REPLACE_REF_BASE names refs that replace the head", ["CG201"], || replaced_elsewhere(open()), || replaced_elsewhere(certified());
    grafts_elsewhere: "GIT_GRAFT_FILE makes the base a descendant of the head", ["CG201"], || cut_elsewhere(open(), "GIT_GRAFT_FILE"), || cut_elsewhere(certified(), "GIT_GRAFT_FILE");
    shallow_elsewhere: "GIT_SHALLOW_FILE cuts the branch off", ["CG201"], || cut_elsewhere(open(), "GIT_SHALLOW_FILE"), || cut_elsewhere(certified(), "GIT_SHALLOW_FILE");
    an_index_elsewhere: "the gated change is in the index that GIT_INDEX_FILE names, not in the usual one", ["CG201"], || another_index("src/train/loop.py"), || another_index("README.md");
    objects_that_are_not_there: "GIT_OBJECT_DIRECTORY names an empty directory", ["CG702", "CG706", "CG707"], || objects_elsewhere("GIT_OBJECT_DIRECTORY"), || objects_elsewhere("GIT_ALTERNATE_OBJECT_DIRECTORIES");
    a_forged_object: "the file of the certified object holds another", ["CG202", "CG706", "CG707"], || forged("src/train/loop.py"), || forged("README.md");
    a_work_tree_elsewhere: "`core.worktree` names an empty directory", ["CG201"], || work_tree_elsewhere(&open()), || work_tree_elsewhere(&certified());
    a_file_for_the_repository: "`.git` is a file that leads elsewhere", ["CG201"], || by_file(&open()), || by_file(&certified());
    another_owner: "the repository is another owner's", ["CG701", "CG706"], || of_another_owner(false), || of_another_owner(true);
}

const PROGRAMS: &[(&str, &str)] = &[
    ("GIT_EXTERNAL_DIFF", "@"),
    ("GIT_PAGER", "@"),
    ("PAGER", "@"),
    ("GIT_SSH_COMMAND", "@"),
    ("GIT_PROXY_COMMAND", "@"),
    ("GIT_ASKPASS", "@"),
    ("GIT_EDITOR", "@"),
];
const COUNTED: &[(&str, &str)] = &[
    ("GIT_CONFIG_COUNT", "3"),
    ("GIT_CONFIG_KEY_0", "diff.external"),
    ("GIT_CONFIG_VALUE_0", "@"),
    ("GIT_CONFIG_KEY_1", "core.fsmonitor"),
    ("GIT_CONFIG_VALUE_1", "@"),
    ("GIT_CONFIG_KEY_2", "core.pager"),
    ("GIT_CONFIG_VALUE_2", "@"),
];
const PARAMETERS: &[(&str, &str)] = &[(
    "GIT_CONFIG_PARAMETERS",
    "'diff.external=@' 'core.fsmonitor=@' 'core.pager=@'",
)];
const HIDING: &[(&str, &str)] = &[
    ("GIT_ICASE_PATHSPECS", "1"),
    ("GIT_LITERAL_PATHSPECS", "0"),
    ("GIT_DIFF_OPTS", "--unified=0"),
    ("GIT_ATTR_SOURCE", "main"),
    ("GIT_NO_REPLACE_OBJECTS", "0"),
    ("GIT_PREFIX", "docs/"),
    ("GIT_NAMESPACE", "other"),
];

/// A commit whose hook ends in the middle is not made. No code names that: nobody is left to print one.
#[test]
fn a_hook_that_is_killed_lets_nothing_through() {
    let repo = adopted();
    let hook = repo.path().join(".git/hooks/pre-commit");
    let honest = std::fs::read_to_string(&hook).expect("a shim");
    let killed = repo.home().join("killed");
    std::fs::write(&killed, "#!/bin/sh\nkill -9 $$\n").expect("writable");
    std::fs::set_permissions(&killed, std::fs::Permissions::from_mode(0o755)).expect("there");
    let line = honest
        .lines()
        .find(|line| line.starts_with("certgate_bin="))
        .expect("its place");
    std::fs::write(
        &hook,
        honest.replace(line, &format!("certgate_bin='{}'", killed.display())),
    )
    .expect("writable");
    let before = repo.ask(&["rev-parse", "HEAD"]);
    stage_gated(&repo);
    assert_eq!(git(&repo, &["commit", "--quiet", "-m", "x"]).code, Some(1));
    assert_eq!(repo.ask(&["rev-parse", "HEAD"]), before);
    // The same commit with a certificate, and with the shim as it was.
    std::fs::write(&hook, honest).expect("writable");
    repo.write(CERTIFICATE, of_status("APPROVED", "honest-1"));
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "x"]).ends(0);
}

/// The shim's program is gone; one of its name lies in the repository, and `.` is in PATH. No code names that either.
#[test]
fn a_shim_runs_no_program_of_the_repository() {
    let mut repo = adopted();
    let hook = repo.path().join(".git/hooks/pre-commit");
    let shim = std::fs::read_to_string(&hook).expect("a shim");
    let line = shim
        .lines()
        .find(|line| line.starts_with("certgate_bin="))
        .expect("its place");
    std::fs::write(&hook, shim.replace(line, "certgate_bin=/nowhere/certgate")).expect("writable");
    let evil = program(&repo, "evil");
    std::fs::copy(evil, repo.path().join("certgate")).expect("writable");
    repo.write("README.md", "more\n");
    repo.git(&["add", "README.md"]);
    let path = std::env::var("PATH").expect("a path");
    repo.set("PATH", &format!(".::{path}"));
    git(&repo, &["commit", "--quiet", "-m", "x"])
        .ends(1)
        .says("cannot find the program certgate");
    unmarked(&repo);
    // The same with a directory that is not the repository's.
    let bin = repo.home().join("bin");
    std::fs::create_dir(&bin).expect("writable");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_certgate"), bin.join("certgate")).expect("writable");
    repo.set("PATH", &format!(".::{}:{path}", bin.display()));
    git(&repo, &["commit", "--quiet", "-m", "x"]).ends(0);
    unmarked(&repo);
}
