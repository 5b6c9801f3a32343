//! One file without a certificate, brought to a protected branch in every way there is: refused. With one: taken.
#![allow(clippy::unwrap_used)]

use super::client::{accepted, change, push, refused, remote, seed};
use super::site::{Depot, Site, Way};

/// The ways to bring a change to `main`.
type Move = fn(&Depot, bool);

const MOVES: [Move; 5] = [
    alone,
    among_ten,
    as_tag_then_branch,
    as_branch_then_forward,
    to_a_new_release,
];

fn try_all(way: Way) {
    let Some(site) = Site::open(way) else { return };
    let depot = site.depot("lexer", &seed(""));
    for step in MOVES {
        step(&depot, false);
        step(&depot, true);
    }
    forced(&depot, false, &["CG716", "CG201"]);
    forced(&depot, true, &["CG716"]);
    let mild = site.depot("mild", &seed(", force: off"));
    forced(&mild, false, &["CG201"]);
    forced(&mild, true, &[]);
    for depot in [depot, mild] {
        depot.ask(&["fsck", "--full", "--strict"]).ends(0);
    }
}

/// Pushes, and asserts the verdict and that a refused push leaves nothing.
#[track_caller]
fn judged(depot: &Depot, client: &crate::support::TestRepo, file: &str, honest: bool, arguments: &[&str]) {
    let state = depot.state();
    let pushed = push(client, arguments);
    if honest {
        accepted(pushed);
        return;
    }
    let said = refused(pushed, &["CG201"], depot, &state);
    assert!(said.contains(file), "{said}");
    assert!(said.contains("certgate certify gpu_memory"), "{said}");
}

fn alone(depot: &Depot, honest: bool) {
    let client = depot.client();
    let file = "src/train/alone.py";
    let commit = change(&client, file, honest);
    judged(depot, &client, file, honest, &["HEAD:main"]);
    // What came in quarantine went with it.
    for object in [commit.clone(), format!("{commit}:{file}")] {
        assert_eq!(depot.has(&client.ask(&["rev-parse", &object])), honest);
    }
    assert_eq!(depot.at("refs/heads/main") == commit, honest);
}

fn among_ten(depot: &Depot, honest: bool) {
    let client = depot.client();
    let mut arguments = Vec::new();
    for number in 0..9 {
        client.git(&["switch", "--quiet", "-c", &format!("ten/{number}"), "origin/main"]);
        client.write("README.md", format!("hello, {number}\n"));
        client.commit("say hello");
        arguments.push(format!("ten/{number}"));
    }
    client.git(&["switch", "--quiet", "main"]);
    let file = "src/train/ten.py";
    change(&client, file, honest);
    arguments.insert(4, "main".to_owned());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    judged(depot, &client, file, honest, &arguments);
    let branches = depot.ask(&["for-each-ref", "refs/heads/ten"]).out;
    assert_eq!(branches.lines().count(), if honest { 9 } else { 0 });
}

fn as_tag_then_branch(depot: &Depot, honest: bool) {
    let client = depot.client();
    let file = "src/train/tag.py";
    let commit = change(&client, file, honest);
    let tag = format!("v{honest}");
    client.git(&["tag", "--annotate", "--message", "release", &tag]);
    accepted(push(&client, &[&tag]));
    assert!(depot.has(&commit), "a tag is no protected branch");
    judged(depot, &client, file, honest, &["HEAD:main"]);
}

fn as_branch_then_forward(depot: &Depot, honest: bool) {
    let client = depot.client();
    let file = "src/train/branch.py";
    change(&client, file, honest);
    let topic = format!("HEAD:refs/heads/topic/{honest}");
    let said = remote(&accepted(push(&client, &[&topic])));
    assert_eq!(said.contains("warning[CG201]"), !honest, "{said}");
    judged(depot, &client, file, honest, &["HEAD:main"]);
}

fn to_a_new_release(depot: &Depot, honest: bool) {
    let client = depot.client();
    let file = "src/train/release.py";
    change(&client, file, honest);
    judged(depot, &client, file, honest, &["HEAD:refs/heads/release/1"]);
}

fn forced(depot: &Depot, honest: bool, codes: &[&str]) {
    let client = depot.client();
    client.git(&["commit", "--quiet", "--amend", "--no-verify", "-m", "rewritten"]);
    client.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    let commit = change(&client, "src/train/forced.py", honest);
    let state = depot.state();
    let pushed = push(&client, &["--force", "HEAD:main"]);
    if codes.is_empty() {
        accepted(pushed);
        assert_eq!(depot.at("refs/heads/main"), commit);
        return;
    }
    refused(pushed, codes, depot, &state);
    assert_ne!(depot.at("refs/heads/main"), commit);
}

#[test]
fn smuggled_by_path() {
    try_all(Way::Path);
}

#[test]
fn smuggled_by_file() {
    try_all(Way::File);
}

#[test]
fn smuggled_by_ssh() {
    try_all(Way::Ssh);
}

#[test]
fn smuggled_by_http() {
    try_all(Way::Http);
}

#[test]
fn smuggled_by_gitolite() {
    try_all(Way::Gitolite);
}
