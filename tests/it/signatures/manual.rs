//! The commands of `docs/signatures.md`, run one after the other as they are printed there: with an agent, a security key in software, and
//! somebody who knows the passphrase.

use super::command::{Agent, knows_the_passphrase};
use super::*;

/// The blocks of commands of a page.
fn blocks(page: &str) -> Vec<&str> {
    let opened = page.split("\n```sh\n").skip(1);
    opened.map(|rest| rest.split("\n```\n").next().unwrap()).collect()
}

/// A line that says `exit code 1` must end so; every other must succeed.
fn script(blocks: &[&str]) -> String {
    let mut script = String::from("set -e\n");
    for line in blocks.join("\n").lines() {
        match line.contains("exit code 1") {
            true => {
                let command = line.split("  #").next().unwrap();
                script += &format!("ended=0; {command} || ended=$?; [ $ended = 1 ]\n");
            }
            false => script += &format!("{line}\n"),
        }
    }
    script
}

#[test]
fn the_page_on_signatures_works_as_printed() {
    if !openssh() || !security_keys() {
        return;
    }
    let mut scene = Scene {
        repo: TestRepo::empty(),
    };
    scene.repo.set("SSH_SK_PROVIDER", SK_DUMMY);
    let _agent = Agent::start(&mut scene);
    knows_the_passphrase(&mut scene, "a passphrase");
    std::fs::create_dir(scene.repo.home().join(".ssh")).unwrap();
    let built = std::path::Path::new(env!("CARGO_BIN_EXE_certgate"))
        .parent()
        .unwrap()
        .to_path_buf();
    let paths = std::env::var_os("PATH").unwrap();
    let paths = std::iter::once(built).chain(std::env::split_paths(&paths));
    let page = include_str!("../../../docs/signatures.md");
    let blocks = blocks(page);
    assert_eq!(blocks.len(), page.matches("```").count() / 2, "a block that is not run");
    let output = scene
        .repo
        .command("bash")
        .args(["-x", "-c", &script(&blocks)])
        .env("PATH", std::env::join_paths(paths).unwrap())
        .output()
        .unwrap();
    Ran::from(output).ends(0);
}
