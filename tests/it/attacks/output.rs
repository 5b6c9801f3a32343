//! Attacks by links that the change adds: where a report or a certificate is written, or on the way there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::attacks;
use crate::scene::{Ran, run, stage_gated, with_policy};
use crate::support::TestRepo;

/// What the link leads to, outside of the work tree.
const PRECIOUS: &str = "precious\n";

/// A branch that brings `link`, with a file and a folder elsewhere.
fn with_link(link: Option<(&str, &str)>) -> TestRepo {
    let repo = with_policy();
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    std::fs::create_dir(repo.home().join("elsewhere")).unwrap();
    for file in ["victim", "elsewhere/report.json"] {
        std::fs::write(repo.home().join(file), PRECIOUS).unwrap();
    }
    if let Some((path, target)) = link {
        let path = repo.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(repo.home().join(target), path).unwrap();
    } else {
        std::fs::create_dir_all(repo.path().join("out/deep")).unwrap();
    }
    repo.write("README.md", "more\n");
    repo.commit("Bring it");
    repo
}

/// Nothing outside of the work tree has changed.
fn untouched(repo: &TestRepo) {
    for file in ["victim", "elsewhere/report.json"] {
        assert_eq!(
            std::fs::read_to_string(repo.home().join(file)).unwrap(),
            PRECIOUS,
            "{file}"
        );
    }
    assert!(!repo.home().join("new").exists());
    assert_eq!(std::fs::read_dir(repo.home().join("elsewhere")).unwrap().count(), 1);
}

/// Judges the branch and writes the report.
fn report(repo: &TestRepo, format: &str, output: &str) -> Ran {
    let ran = run(
        repo,
        &["check", "--base", "main", "--format", format, "--output", output],
    );
    untouched(repo);
    ran
}

fn linked(path: &str, target: &str, output: &str) -> Ran {
    report(&with_link(Some((path, target))), "json", output)
}

fn plain(output: &str) -> Ran {
    report(&with_link(None), "json", output)
}

/// By a name of the work tree that is itself a link, as a home directory may be.
fn by_another_name(repo: &TestRepo, output: &str) -> Ran {
    symlink(repo.path(), repo.home().join("alias")).unwrap();
    report(repo, "json", repo.home().join("alias").join(output).to_str().unwrap())
}

/// The run could not decide, and says that in the report, too.
fn undecided(repo: &TestRepo, base: &str) -> Ran {
    let ran = run(
        repo,
        &["check", "--base", base, "--format", "json", "--output", "report.json"],
    );
    untouched(repo);
    ran
}

/// A certificate, by a folder.
fn certify(repo: &TestRepo, output: &str) -> Ran {
    stage_gated(repo);
    let words = crate::scene::certify_staged("APPROVED", "ann");
    let ran = run(repo, &[&words[..], &["--output", output]].concat());
    untouched(repo);
    ran
}

attacks! {
    a_report_over_a_link: "a report over a link", ["CG726"], || linked("report.json", "victim", "report.json"), || plain("report.json");
    a_report_over_a_link_to_nothing: "a report over a link to what is not there yet", ["CG726"], || linked("report.json", "new", "report.json"), || plain("report.json");
    a_report_over_a_link_to_a_folder: "a report over a link to a folder", ["CG726"], || linked("report.json", "elsewhere", "report.json"), || plain("report.json");
    a_report_through_a_folder: "a report into a folder that is a link", ["CG726"], || linked("out", "elsewhere", "out/report.json"), || plain("out/report.json");
    a_report_through_a_folder_above: "a report below a folder that is a link, two levels up", ["CG726"], || linked("out", "", "out/elsewhere/report.json"), || plain("out/deep/report.json");
    a_report_by_way_of_the_parent: "the same on a way that leaves the work tree and comes back", ["CG726"], || linked("out", "elsewhere", "../repo/out/report.json"), || plain("../repo/out/report.json");
    a_report_by_another_name: "the same by a name of the work tree that is a link", ["CG726"], || by_another_name(&with_link(Some(("out", "elsewhere"))), "out/report.json"), || by_another_name(&with_link(None), "out/report.json");
    a_summary_over_a_link: "a summary for people over a link", ["CG726"], || report(&with_link(Some(("report.txt", "victim"))), "human", "report.txt"), || report(&with_link(None), "human", "report.txt");
    annotations_over_a_link: "annotations of GitHub over a link", ["CG726"], || report(&with_link(Some(("report.txt", "victim"))), "github", "report.txt"), || report(&with_link(None), "github", "report.txt");
    a_failure_over_a_link: "the report of a run that could not decide, over a link", ["CG702"], || undecided(&with_link(Some(("report.json", "victim"))), "nowhere"), || undecided(&with_link(None), "main");
    a_certificate_through_a_folder: "a certificate into a folder that is a link", ["CG726"], || certify(&with_link(Some(("out", "elsewhere"))), "out/c.md"), || certify(&with_link(None), "out/c.md");
    a_certificate_by_way_of_the_parent: "the same on a way that leaves the work tree and comes back", ["CG726"], || certify(&with_link(Some(("out", "elsewhere"))), "../repo/out/c.md"), || certify(&with_link(None), "../repo/out/c.md");
}

/// A pipe that somebody waits at, and the system's own names of what is open, are no links of a repository.
#[test]
fn a_pipe_and_the_names_of_the_system_are_written_to() {
    let repo = with_link(None);
    let check = |output: &str| {
        format!(
            "{} check --base main --format json --output {output}",
            assert_cmd::cargo::cargo_bin!("certgate").display()
        )
    };
    let shell = |script: &str| -> Ran { repo.command("sh").args(["-ec", script]).output().unwrap().into() };
    shell(&format!("mkfifo pipe; cat pipe >../heard & {}; wait", check("pipe"))).ends(0);
    let heard = std::fs::read_to_string(repo.home().join("heard")).unwrap();
    assert!(heard.contains("certgate/verdict/v1"), "{heard}");
    for name in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        shell(&check(name)).ends(0).writes("certgate/verdict/v1");
    }
    shell(&check("/dev/null")).ends(0);
}

/// Outside of the work tree, folders are the user's own, and may be links; the file may not.
#[test]
fn elsewhere_folders_may_be_links() {
    let repo = with_link(None);
    let (real, link): (PathBuf, &Path) = (repo.home().join("reports"), Path::new("linked"));
    std::fs::create_dir(&real).unwrap();
    symlink(&real, repo.home().join(link)).unwrap();
    report(&repo, "json", "../linked/a.json").ends(0);
    assert!(real.join("a.json").is_file());
    symlink(repo.home().join("victim"), real.join("b.json")).unwrap();
    report(&repo, "json", "../linked/b.json").undecided("CG726");
}
