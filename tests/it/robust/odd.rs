//! Surroundings that nobody planned for: streams that are closed, an environment without a word, limits, masks, deep and long paths.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::symlink;

use super::BINARY;
use crate::scene::{self, Ran, git, run};
use crate::support::TestRepo;

/// Runs a line of shell in which `$0` is certgate.
fn shell(repo: &TestRepo, line: &str) -> Ran {
    repo.command("sh").args(["-c", line, BINARY]).output().unwrap().into()
}

fn staged() -> TestRepo {
    let repo = scene::with_policy();
    scene::stage_gated(&repo);
    repo
}

/// Rust puts `/dev/null` in the place of a closed stream, as git does: the exit code is the verdict.
#[test]
fn closed_streams_turn_no_block_into_a_pass() {
    let repo = staged();
    for closed in [
        "<&-",
        ">&-",
        "2>&-",
        "<&- >&- 2>&-",
        "</dev/null >/dev/null 2>/dev/full",
    ] {
        assert_eq!(
            shell(&repo, &format!("exec \"$0\" check --staged {closed}")).code,
            Some(1),
            "{closed}"
        );
        assert_eq!(
            shell(&repo, &format!("exec \"$0\" hook pre-commit {closed}")).code,
            Some(1),
            "{closed}"
        );
        assert_eq!(
            shell(&repo, &format!("exec \"$0\" check --base no {closed}")).code,
            Some(2),
            "{closed}"
        );
    }
    // Help is an answer too.
    for answer in ["--help", "--version", "check --help"] {
        assert_eq!(
            shell(&repo, &format!("exec \"$0\" {answer} >/dev/full")).code,
            Some(2),
            "{answer}"
        );
        assert_eq!(shell(&repo, &format!("exec \"$0\" {answer}")).code, Some(0), "{answer}");
    }
}

/// git hands the refs over by a pipe, which may be empty; nothing at all is another program's doing.
#[test]
fn refs_that_nobody_hands_over_are_no_pass() {
    let repo = staged();
    for none in ["<&-", "</dev/null"] {
        let ran = shell(&repo, &format!("exec \"$0\" hook pre-push origin url {none}"));
        ran.undecided("CG714").says("does not come from git");
        shell(&repo, &format!("exec \"$0\" hook pre-receive {none}")).undecided("CG714");
    }
    run(&repo, &["hook", "pre-push", "origin", "url"]).ends(0);
}

#[test]
fn an_environment_without_a_word_is_judged_or_told() {
    let repo = staged();
    let path = std::env::var("PATH").unwrap();
    // No HOME, nothing but the way to git.
    let line = format!("exec env -i PATH='{path}' \"$0\" check --staged");
    assert_eq!(shell(&repo, &line).blocks(&["CG201"]).code, Some(1));
    // What is staged is read without git; what a branch holds is not.
    for nowhere in ["exec env -i", "PATH=.:bin: exec"] {
        let staged = shell(&repo, &format!("{nowhere} \"$0\" check --staged"));
        assert_eq!(staged.blocks(&["CG201"]).code, Some(1), "{nowhere}");
        shell(&repo, &format!("{nowhere} \"$0\" check --range HEAD..HEAD"))
            .undecided("CG706")
            .says("PATH");
    }
}

#[test]
fn a_directory_that_is_gone_is_told() {
    let repo = staged();
    let line = "mkdir gone && cd gone && rmdir ../gone && exec \"$0\"";
    for command in ["check --staged", "hook pre-commit", "install", "lint", "status"] {
        let ran = shell(&repo, &format!("{line} {command}"));
        assert_eq!(ran.code, Some(2), "{command}: {}", ran.said());
        assert!(
            ran.err.contains("error[CG709]") && ran.err.contains("= help: "),
            "{}",
            ran.err
        );
    }
}

#[test]
fn few_files_and_little_stack_are_enough() {
    let repo = staged();
    let range = "check --base HEAD~1 --head HEAD --format json";
    repo.commit("more");
    let free = shell(&repo, &format!("exec \"$0\" {range}")).ends(1);
    for limit in ["ulimit -n 32", "ulimit -s 256", "ulimit -v 2000000"] {
        let ran = shell(&repo, &format!("{limit}; exec \"$0\" {range}"));
        assert_eq!((ran.code, &ran.out), (Some(1), &free.out), "{limit}: {}", ran.err);
    }
    // Fewer than git itself can do with: no verdict, and no pass.
    let ran = shell(&repo, &format!("ulimit -n 4; exec \"$0\" {range}"));
    assert_eq!(ran.code, Some(2), "{}", ran.said());
    assert!(
        ran.err.contains("error[CG7") && ran.err.contains("= help: "),
        "{}",
        ran.err
    );
    // More packs than files may be open.
    let pack = "for n in $(seq 30); do echo $n | git hash-object -w --stdin | git pack-objects -q .git/objects/pack/pack; \
                git update-index --add --cacheinfo 100644,$(echo $n | git hash-object --stdin),src/data/$n; done; \
                git prune-packed; ulimit -n 28; \
                exec \"$0\" certify data_loading --staged --status GO --agent a --rationale r --output -";
    shell(&repo, pack).undecided("CG706").says("ulimit -n 1024");
}

fn mode(repo: &TestRepo, path: &str) -> u32 {
    repo.path().join(path).metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn the_umask_counts_and_hooks_can_be_run() {
    let certify = "certify gpu_memory --staged --status GO --agent a --rationale r --output certificates/x.md";
    for (mask, hook, file) in [
        ("077", 0o700, 0o600),
        ("022", 0o755, 0o644),
        ("000", 0o755, 0o666),
        ("177", 0o700, 0o600),
    ] {
        let repo = staged();
        std::fs::set_permissions(repo.path().join(".git/hooks"), std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::create_dir(repo.path().join("certificates")).unwrap();
        std::fs::create_dir_all(repo.path().join(".git/certgate/tmp")).unwrap();
        for command in ["install", certify] {
            shell(&repo, &format!("umask {mask}; exec \"$0\" {command}")).ends(0);
        }
        assert_eq!(mode(&repo, ".git/hooks/pre-commit"), hook, "umask {mask}");
        assert_eq!(mode(&repo, "certificates/x.md"), file, "umask {mask}");
        // A file that is replaced keeps what it had.
        let document = repo.path().join(scene::CERTIFICATE);
        repo.write(scene::CERTIFICATE, scene::of_status("APPROVED", "BY-HAND"));
        std::fs::set_permissions(&document, std::fs::Permissions::from_mode(0o640)).unwrap();
        shell(
            &repo,
            &format!("umask {mask}; exec \"$0\" seal {} --staged", scene::CERTIFICATE),
        )
        .ends(0);
        assert_eq!(mode(&repo, scene::CERTIFICATE), 0o640);
    }
}

/// `core.sharedRepository`: what one member of the group writes the others can use, whatever the umask.
#[test]
fn a_shared_repository_stays_shared() {
    let repo = TestRepo::init(&["--shared=group"]);
    repo.write(".certgate/policy.yaml", scene::POLICY);
    repo.write(scene::CERTIFICATE, scene::of_status("APPROVED", "ONE"));
    repo.write("src/train/loop.py", "1\n");
    repo.commit("begin");
    scene::stage_gated(&repo);
    let certify = "certify gpu_memory --staged --status GO --agent a --rationale r";
    for command in [certify, "install", "check --staged"] {
        let ran = shell(&repo, &format!("umask 077; exec \"$0\" {command}"));
        assert_ne!(ran.code, Some(2), "{}", ran.said());
    }
    assert_eq!(mode(&repo, ".git/hooks/pre-commit") & 0o070, 0o070);
    let home = repo.path().join(".git/certgate/ledger");
    let [form] = super::names(&home, "").try_into().unwrap();
    let [key] = super::names(&home.join(&form), "").try_into().unwrap();
    let key = format!("{form}/{key}");
    for folder in [
        ".git/certgate",
        ".git/certgate/tmp",
        ".git/certgate/ledger",
        &format!(".git/certgate/ledger/{form}"),
        &format!(".git/certgate/ledger/{key}"),
    ] {
        assert_eq!(mode(&repo, folder) & 0o070, 0o070, "{folder}");
    }
    for file in super::names(&home.join(&key), "") {
        assert_eq!(
            mode(&repo, &format!(".git/certgate/ledger/{key}/{file}")) & 0o060,
            0o060,
            "{file}"
        );
    }
}

#[test]
fn long_and_deep_paths_are_judged_and_deeper_ones_refused() {
    let repo = scene::with_policy();
    let base = repo.ask(&["rev-parse", "HEAD"]);
    let blob = repo.ask(&["hash-object", "-w", "README.md"]);
    let nested = |depth: usize, name: &str| {
        let line = |kind: &str, id: &str, name: &str| format!("{kind} {id}\t{name}\n");
        let mut tree = line("100644 blob", &blob, "leaf");
        for _ in 0..depth {
            let made = repo.with_stdin("git", &["mktree"], tree.as_bytes());
            let id = String::from_utf8(made.stdout).unwrap();
            tree = line("040000 tree", id.trim(), name);
        }
        for name in ["train", "src"] {
            let made = repo.with_stdin("git", &["mktree"], tree.as_bytes());
            tree = line("040000 tree", String::from_utf8(made.stdout).unwrap().trim(), name);
        }
        let made = repo.with_stdin("git", &["mktree"], tree.as_bytes());
        let root = String::from_utf8(made.stdout).unwrap();
        repo.ask(&["commit-tree", "-p", &base, "-m", "deep", root.trim()])
    };
    // A path of 8,000 bytes, which no file system takes, and one 200 directories deep.
    for head in [nested(32, &"x".repeat(250)), nested(200, "d")] {
        let ran = run(&repo, &["check", "--base", &base, "--head", &head, "--format", "json"]).ends(1);
        let files = ran.json()["components"].to_string();
        assert!(files.contains("/leaf"), "{files}");
    }
}

#[test]
fn nothing_is_written_through_a_link() {
    let repo = staged();
    let outside = repo.home().join("outside");
    std::fs::create_dir(&outside).unwrap();
    symlink(&outside, repo.path().join("certificates")).unwrap();
    run(&repo, &crate::scene::certify_staged("GO", "a"))
        .undecided("CG726")
        .says("`certificates` is a symbolic link");
    assert!(super::names(&outside, "").is_empty());
    std::fs::remove_dir_all(repo.path().join(".certgate")).unwrap();
    symlink(&outside, repo.path().join(".certgate")).unwrap();
    run(&repo, &["init", "--no-hooks"]).undecided("CG726");
    assert!(super::names(&outside, "").is_empty());
    // The document itself may be a link, too.
    std::fs::write(outside.join("a.md"), scene::of_status("APPROVED", "ONE")).unwrap();
    symlink(outside.join("a.md"), repo.path().join("a.md")).unwrap();
    run(&repo, &["seal", "a.md", "--staged"]).undecided("CG726");
}

/// A link is the path that it holds and a submodule the id of its commit: what they lead to is not looked at.
#[test]
fn links_and_submodules_are_content() {
    let repo = scene::with_policy();
    std::fs::create_dir_all(repo.path().join("src/train")).unwrap();
    symlink("/etc/hostname", repo.path().join("src/train/link")).unwrap();
    repo.git(&["add", "src/train/link"]);
    let id = "2".repeat(40);
    repo.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{id},src/train/module"),
    ]);
    let certify = crate::scene::certify_staged("GO", "a");
    run(&repo, &certify).ends(0);
    repo.git(&["add", "certificates"]);
    run(&repo, &["check", "--staged"]).ends(0);
    let path = format!(
        "certificates/{}",
        super::names(&repo.path().join("certificates"), "")[0]
    );
    let text = std::fs::read_to_string(repo.path().join(path)).unwrap();
    // SHA-256 of the fourteen bytes `/etc/hostname` would be another if the file were read.
    let digest = repo.with_stdin("sh", &["-c", "printf %s /etc/hostname | sha256sum | cut -c1-64"], b"");
    let digest = String::from_utf8(digest.stdout).unwrap();
    assert!(
        text.contains(&format!("120000 {}", digest.trim())) || text.contains(digest.trim()),
        "{text}"
    );
    // Another commit of the submodule is another content.
    let other = "3".repeat(40);
    repo.git(&[
        "update-index",
        "--cacheinfo",
        &format!("160000,{other},src/train/module"),
    ]);
    run(&repo, &["check", "--staged"]).ends(1).says("src/train/module");
    let _ = git(&repo, &["status"]);
}

/// A repository in a directory whose name is no text: paths of the machine are bytes, too.
#[test]
fn a_directory_whose_name_is_no_text_is_one() {
    use std::os::unix::ffi::OsStrExt as _;
    let repo = staged();
    let odd = repo.home().join(std::ffi::OsStr::from_bytes(b"r\xff\xfe 'x'"));
    std::fs::rename(repo.path(), &odd).unwrap();
    let inside = |arguments: &[&str]| -> Ran {
        repo.command(BINARY)
            .args(arguments)
            .current_dir(&odd)
            .output()
            .unwrap()
            .into()
    };
    inside(&["install"]).ends(0);
    inside(&["check", "--staged"]).blocks(&["CG201"]);
    let certify = crate::scene::certify_staged("GO", "a");
    inside(&certify).ends(0).writes("next: git add certificates/");
    let commit = |directory: &std::path::Path| -> Ran {
        let add = repo
            .command("git")
            .args(["add", "--all"])
            .current_dir(directory)
            .output()
            .unwrap();
        assert!(add.status.success());
        let mut commit = repo.command("git");
        commit.args(["commit", "--quiet", "-m", "x"]).current_dir(directory);
        commit.output().unwrap().into()
    };
    commit(&odd).ends(0);
    std::fs::write(odd.join("src/train/loop.py"), "3\n").unwrap();
    commit(&odd).ends(1).says("CG202");
    inside(&["lint"]).ends(0);
    inside(&["uninstall"]).ends(0);
    std::fs::rename(&odd, repo.path()).unwrap();
}
