//! What goes wrong: each has its code, says what to do, and never turns red to green; what would pass ends with exit code 2.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::super::world::World;
use super::server::{Forge, Kind, Reply, status};
use super::{TOKEN, github, gitlab, post};

fn plain(status: u16, headers: &[(&'static str, &str)]) -> Reply {
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    Reply::Plain(
        status,
        headers,
        r#"{"message":"You have exceeded a secondary rate limit"}"#.to_owned(),
    )
}

#[test]
fn a_limit_is_waited_for() {
    let world = World::new(true);
    for limit in [
        plain(429, &[("retry-after", "0")]),
        plain(429, &[]),
        plain(403, &[("retry-after", "1")]),
        plain(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")]),
        plain(503, &[("retry-after", "0")]),
        plain(502, &[]),
        Reply::Gone,
    ] {
        let forge = Forge::new(Kind::Github, &world.head);
        forge.instead("POST", "/statuses/", vec![limit.clone()]);
        forge.instead("GET", "/comments", vec![limit.clone(), limit.clone()]);
        post(&github(&world, &forge), "github", 0).says("comment written");
        assert_eq!(forge.statuses().len(), 1, "{limit:?}");
        assert_eq!(forge.comments().len(), 1, "{limit:?}");
    }
}

#[test]
fn a_forge_that_asks_for_an_hour_is_not_waited_for() {
    let world = World::new(true);
    let forge = Forge::new(Kind::Github, &world.head);
    let hour = plain(429, &[("retry-after", "3600")]);
    forge.instead("POST", "/statuses/", vec![hour.clone()]);
    let ran = post(&github(&world, &forge), "github", 2)
        .says("error[CG754]")
        .says("too many requests, wait 3600 s");
    // The comment was written all the same.
    assert_eq!(forge.comments().len(), 1, "{}", ran.err);
}

#[test]
fn what_fails_ends_with_two_or_with_the_block() {
    let [blocked, certified] = [World::new(false), World::new(true)];
    let cases = [
        ("POST", "/statuses/", vec![status(401)], "CG755"),
        ("POST", "/statuses/", vec![status(403)], "CG755"),
        ("POST", "/statuses/", vec![status(404)], "CG755"),
        ("POST", "/statuses/", vec![status(422)], "CG754"),
        (
            "POST",
            "/statuses/",
            vec![status(500), status(500), status(500)],
            "CG754",
        ),
        ("GET", "/pulls/7", vec![status(404)], "CG755"),
        ("GET", "/user", vec![status(401)], "CG755"),
        (
            "GET",
            "/comments",
            vec![Reply::Plain(200, vec![], "<html>".to_owned())],
            "CG754",
        ),
        (
            "GET",
            "/comments",
            vec![Reply::Plain(200, vec![], r#"{"id":1}"#.to_owned())],
            "CG754",
        ),
        (
            "GET",
            "/comments",
            vec![Reply::Plain(200, vec![], r#"[{"id":"x"}]"#.to_owned())],
            "CG754",
        ),
        ("POST", "/comments", vec![status(403)], "CG755"),
        ("POST", "/comments", vec![status(410)], "CG754"),
        ("POST", "/comments", vec![status(422)], "CG754"),
        (
            "POST",
            "/comments",
            vec![Reply::Gone, Reply::Gone, Reply::Gone],
            "CG754",
        ),
        ("GET", "/pulls/7", vec![Reply::Gone, Reply::Gone, Reply::Gone], "CG754"),
    ];
    for (method, path, replies, code) in cases {
        for (world, ends) in [(&blocked, 1), (&certified, 2)] {
            let forge = Forge::new(Kind::Github, &world.head);
            forge.instead(method, path, replies.clone());
            let ran = post(&github(world, &forge), "github", ends);
            assert!(ran.errors().contains(&code), "{method} {path} {replies:?}: {}", ran.err);
            assert!(ran.err.contains("help: "), "{}", ran.err);
        }
    }
}

#[test]
fn a_fork_without_permission_is_told_so() {
    let world = World::new(true);
    let forge = Forge::new(Kind::Github, &world.head);
    let answer = |text: &str| Reply::Plain(403, vec![], format!("{{\"message\":\"{text}\"}}"));
    forge.instead(
        "POST",
        "/statuses/",
        vec![answer("Resource not accessible by integration")],
    );
    let echo = format!("\u{1b}[31m bad token {TOKEN} ::error::x");
    forge.instead("POST", "/comments", vec![answer(&echo.replace('\u{1b}', "\\u001b"))]);
    let ran = post(&github(&world, &forge), "github", 2)
        .says("GitHub says: Resource not accessible by integration")
        .says("a request from a fork runs with a token that may only read")
        .says("pull-requests: write, statuses: write")
        .says("run certgate check without --post");
    assert_eq!(ran.errors(), ["CG755", "CG755"]);
    assert!(
        !ran.err.contains('\u{1b}') && ran.err.contains("bad token …"),
        "{}",
        ran.err
    );
    let ran = github(&world, &forge);
    forge.instead("POST", "/statuses/", vec![answer("no")]);
    let ran = ran.check(&["--post", "github", "--format", "github"]).ends(2);
    assert!(ran.out.contains("::error title=CG755"), "{}", ran.out);
}

#[test]
fn a_comment_whose_writing_had_no_answer_is_not_written_twice() {
    let world = World::new(false);
    for lost in [Reply::Done(502), Reply::Done(504)] {
        let forge = Forge::new(Kind::Github, &world.head);
        forge.instead("POST", "/comments", vec![lost]);
        post(&github(&world, &forge), "github", 1).says("comment unchanged");
        assert_eq!(forge.comments().len(), 1);
    }
}

#[test]
fn a_comment_that_went_in_between_is_written_again() {
    let world = World::new(false);
    let forge = Forge::new(Kind::Github, &world.head);
    forge.comment("gate", "<!-- certgate:main -->\n### certgate: pass\n");
    forge.instead("PATCH", "/comments/", vec![status(404)]);
    post(&github(&world, &forge), "github", 1).says("comment written");
}

#[test]
fn answers_without_an_end_are_cut_short() {
    let world = World::new(true);
    let forge = Forge::new(Kind::Github, &world.head);
    forge.instead("GET", "/comments", vec![Reply::Endless, Reply::Endless, Reply::Endless]);
    post(&github(&world, &forge), "github", 2)
        .says("error[CG754]")
        .says("more than 33554432 bytes");
}

#[test]
fn a_forge_that_says_nothing_is_given_up() {
    let world = World::new(true);
    let forge = Forge::new(Kind::Gitlab, &world.head);
    forge.instead("GET", "/notes", vec![Reply::Silence, Reply::Silence, Reply::Silence]);
    let job = gitlab(&world, &forge).with("CERTGATE_POST_TIMEOUT", "1");
    post(&job, "gitlab", 2)
        .says("error[CG754]")
        .says("no answer within 1 s")
        .says("CERTGATE_POST_TIMEOUT=120");
}

#[test]
fn a_forge_that_is_not_there_is_told() {
    let world = World::new(true);
    let forge = Forge::new(Kind::Github, &world.head);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let job = github(&world, &forge).with("GITHUB_API_URL", &format!("http://{nobody}"));
    let ran = post(&job, "github", 2).says("cannot be asked");
    assert_eq!(ran.errors(), ["CG754"]);
}

#[test]
fn where_nothing_says_where_to_post_nothing_is_posted() {
    let world = World::new(true);
    let forge = Forge::new(Kind::Github, &world.head);
    let job = || github(&world, &forge);
    post(&job().with("GITHUB_TOKEN", ""), "github", 2).says("GITHUB_TOKEN is not set");
    post(&job().with("GITHUB_TOKEN", "a\nb"), "github", 2).says("characters that no token has");
    post(&job().with("GITHUB_API_URL", ""), "github", 2).says("GITHUB_API_URL is not set");
    post(&job().with("GITHUB_REPOSITORY", "../x"), "github", 2).says("is not OWNER/NAME");
    post(&job().with("GITHUB_API_URL", "http://127.0.0.1:99999"), "github", 2).says("error[CG756]");
    post(&job(), "gitlab", 2).says("CI_API_V4_URL is not set");
    post(&job(), "gitea", 2).says("GITEA_TOKEN is not set");
    post(
        &gitlab(&world, &forge)
            .with("GITLAB_TOKEN", "")
            .with("CI_JOB_TOKEN", "x"),
        "gitlab",
        2,
    )
    .says("CI_JOB_TOKEN is not enough");
    for ran in [
        job().check(&["--post", "github", "--staged"]),
        job().check(&["--post", "github", "--policy", "builtin:default"]),
    ] {
        ran.ends(2).says("cannot be used with");
    }
    assert_eq!(forge.log(), Vec::<String>::new());
}
