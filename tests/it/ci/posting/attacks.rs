//! What an author of a change, a commenter or a host in between would like: the token elsewhere, another's comment changed, a green that was
//! not earned, markup that does something.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::super::world::World;
use super::server::{Forge, Kind, Reply};
use super::{gitea, github, gitlab, moved, post};

const MARKED: &str = "<!-- certgate:main -->\n### certgate: pass\n\nall is well";

#[test]
fn a_comment_of_somebody_else_is_never_touched() {
    let world = World::new(false);
    for (kind, to) in [
        (Kind::Github, "github"),
        (Kind::Gitlab, "gitlab"),
        (Kind::Gitea, "gitea"),
    ] {
        let forge = Forge::new(kind, &world.head);
        forge.comment("mallory", MARKED);
        // Names that begin as ours, or differ in case.
        forge.comment("gate2", MARKED);
        forge.comment("Gate", MARKED);
        let job = || match kind {
            Kind::Github => github(&world, &forge),
            Kind::Gitlab => gitlab(&world, &forge),
            Kind::Gitea => gitea(&world, &forge),
        };
        post(&job(), to, 1).says("comment written");
        post(&job(), to, 1).says("comment unchanged");
        assert_eq!(forge.comments().len(), 4);
        for other in ["mallory", "gate2", "Gate"] {
            assert_eq!(forge.by(other), [MARKED]);
        }
    }
}

#[test]
fn a_token_does_not_follow_to_another_host() {
    let world = World::new(true);
    let other = Forge::new(Kind::Github, &world.head);
    for location in [
        format!("{}/repos/ada/engine/statuses/x", other.address),
        format!("//{}/x", other.address.trim_start_matches("http://")),
        other.address.replace("http://", "https://"),
        format!("http://user@{}/", other.address.trim_start_matches("http://")),
        "ftp://example.org/".to_owned(),
        "\\\\example.org".to_owned(),
        String::new(),
    ] {
        for code in [301, 302, 307, 308] {
            let forge = Forge::new(Kind::Github, &world.head);
            forge.instead(
                "POST",
                "/statuses/",
                vec![Reply::Plain(code, vec![("location", location.clone())], String::new())],
            );
            post(&github(&world, &forge), "github", 2).says("error[CG757]");
        }
    }
    assert_eq!(other.log(), Vec::<String>::new());
}

#[test]
fn a_redirect_on_the_same_host_is_followed_and_not_in_circles() {
    let world = World::new(true);
    let forge = Forge::new(Kind::Github, &world.head);
    let moved = |to: String| Reply::Plain(301, vec![("location", to)], String::new());
    let there = format!("/repos/ada/engine/statuses/{}", world.head);
    forge.instead(
        "POST",
        "/statuses/",
        vec![moved(format!("{}{there}", forge.address)), moved(there.clone())],
    );
    post(&github(&world, &forge), "github", 0);
    assert_eq!(forge.statuses().len(), 1);
    forge.instead("POST", "/statuses/", vec![moved(there.clone()); 9]);
    post(&github(&world, &forge), "github", 2).says("redirects in a circle");
}

#[test]
fn a_token_is_not_sent_in_the_clear() {
    let world = World::new(true);
    let forge = Forge::new(Kind::Github, &world.head);
    // An address for documentation, which no packet reaches.
    let job = github(&world, &forge).with("GITHUB_API_URL", "http://192.0.2.1/api");
    post(&job, "github", 2)
        .says("error[CG757]")
        .says("CERTGATE_POST_HTTP=1");
    let job = github(&world, &forge).with("GITHUB_API_URL", "http://127.0.0.1@192.0.2.1/");
    post(&job, "github", 2).says("error[CG756]");
}

#[test]
fn a_verdict_on_another_commit_is_not_posted() {
    let world = World::new(false);
    let forge = Forge::new(Kind::Github, &world.head);
    let job = github(&world, &forge);
    // `main` itself would pass; the request would not.
    for arguments in [
        ["--base", "origin/main~1", "--head", "origin/main"],
        ["--base", "origin/main", "--head", "origin/main"],
    ] {
        let ran = job.check(&[&["--post", "github"][..], &arguments].concat()).ends(2);
        assert_eq!(ran.errors(), ["CG756"], "{}", ran.err);
    }
    // Where the job runs on the target branch, its own commit is not the change.
    let event = format!(
        r#"{{"action":"synchronize","number":7,"pull_request":{{"number":7,"head":{{"ref":"topic","sha":"{}"}},
        "base":{{"ref":"main","sha":"{}"}}}},"repository":{{"default_branch":"main"}}}}"#,
        world.head, world.main
    );
    let job = github(&world, &forge).event("pull_request_target", &world.main, "refs/heads/main", &event);
    job.git(&["checkout", "--quiet", "--detach", &world.main]);
    let ran = job
        .check(&["--post", "github", "--base", "HEAD~1", "--head", "HEAD"])
        .ends(2);
    assert_eq!(ran.errors(), ["CG756"], "{}", ran.err);
    assert_eq!(forge.log(), Vec::<String>::new());
}

#[test]
fn hostile_names_only_show() {
    let mut world = World::new(false);
    let forge = Forge::new(Kind::Gitlab, &world.head);
    world.repo.git(&["switch", "--quiet", "topic"]);
    for name in [
        &b"src/train/\n/approve\n/merge\n.py"[..],
        b"src/train/--> <!-- certgate:x -->.py",
        b"src/train/@everyone #1 !2.py",
        b"src/train/<img src=x>\"\\.py",
        b"src/train/\xff.py",
    ] {
        world.repo.write(name, "x = 1\n");
    }
    world.repo.commit("names");
    moved(&mut world, &forge);
    post(&gitlab(&world, &forge), "gitlab", 1).says("comment written");
    let [text] = forge.by("gate").try_into().unwrap();
    // GitLab carries out a line that begins with a slash; a mark ends where it should.
    assert!(!text.lines().any(|line| line.trim_start().starts_with('/')), "{text}");
    assert_eq!(text.matches("<!-- certgate:").count(), 1, "{text}");
    assert!(!text.contains("<img") && !text.contains("@everyone"), "{text}");
    post(&gitlab(&world, &forge), "gitlab", 1).says("comment unchanged");
}
