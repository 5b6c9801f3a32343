//! `check --post`: against a forge on this machine that answers as the three are documented, errors and limits included.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod attacks;
mod faults;
pub(super) mod server;
mod tls;

use serde_json::{Value, json};

use super::world::{Runner, World, certify};
use crate::scene::Ran;
use server::{Forge, Kind};

const TOKEN: &str = "secret-token-0123456789";

/// A job on a pull request, and the forge that it posts to.
fn github<'w>(world: &'w World, forge: &Forge) -> Runner<'w> {
    world.pull_request(0).all(&[
        ("GITHUB_API_URL", &forge.api()),
        ("GITHUB_REPOSITORY", "ada/engine"),
        ("GITHUB_SERVER_URL", "https://github.example.org"),
        ("GITHUB_RUN_ID", "99"),
        ("GITHUB_TOKEN", TOKEN),
    ])
}

fn gitea<'w>(world: &'w World, forge: &Forge) -> Runner<'w> {
    github(world, forge)
        .with("GITEA_TOKEN", TOKEN)
        .with("GITHUB_TOKEN", "not-this-one")
}

fn gitlab<'w>(world: &'w World, forge: &Forge) -> Runner<'w> {
    let runner = world.checkout(&[
        &["fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*"],
        &["checkout", "--quiet", "--force", &world.head],
    ]);
    runner.all(&[
        ("CI", "true"),
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_COMMIT_SHA", &world.head),
        ("CI_MERGE_REQUEST_EVENT_TYPE", "detached"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_MERGE_REQUEST_PROJECT_ID", "3"),
        ("CI_MERGE_REQUEST_PROJECT_URL", &world.url()),
        ("CI_PROJECT_ID", "5"),
        ("CI_PIPELINE_ID", "11"),
        ("CI_JOB_URL", "https://gitlab.example.org/jobs/1"),
        ("CI_API_V4_URL", &forge.api()),
        ("GITLAB_TOKEN", TOKEN),
    ])
}

/// Posts, which must end like this, and must not show the token.
#[track_caller]
fn post(runner: &Runner<'_>, to: &str, code: i32) -> Ran {
    let ran = runner.check(&["--post", to]).ends(code);
    assert!(!ran.said().contains(TOKEN), "{}", ran.said());
    ran
}

/// The pull request has another head: the branch as it is now.
fn moved(world: &mut World, forge: &Forge) {
    world.head = world.repo.ask(&["rev-parse", "topic"]);
    world.merge = world.merged("main", "topic");
    world.push(&[
        "topic",
        "topic:refs/pull/7/head",
        &format!("{}:refs/pull/7/merge", world.merge),
    ]);
    forge.moves_to(&world.head, "main");
}

/// The whole life of a comment, on each forge: written, unchanged, updated in place, taken away; and the statuses beside it.
fn lives(kind: Kind, to: &str, job: for<'w> fn(&'w World, &Forge) -> Runner<'w>) {
    let mut world = World::new(false);
    let forge = Forge::new(kind, &world.head);
    forge.comment("ada", "nice");
    post(&job(&world, &forge), to, 1).says("posted: status `certgate (main)`; comment written");
    let [first] = forge.by("gate").try_into().unwrap();
    assert!(
        first.starts_with("<!-- certgate:main -->\n### certgate: blocked\n"),
        "{first}"
    );
    assert!(
        first.contains("gpu\\_memory") && first.contains("certgate certify"),
        "{first}"
    );
    let id = forge.comments()[1].id;

    forge.log();
    post(&job(&world, &forge), to, 1).says("comment unchanged");
    let log = forge.log();
    assert!(
        !log.iter()
            .any(|line| line.starts_with("P") && !line.contains("statuses")),
        "{log:?}"
    );

    world.repo.git(&["switch", "--quiet", "topic"]);
    certify(&world.repo, "APPROVED", "performance-engineer");
    moved(&mut world, &forge);
    post(&job(&world, &forge), to, 0).says("comment updated");
    let [second] = forge.by("gate").try_into().unwrap();
    assert!(
        second.starts_with("<!-- certgate:main -->\n### certgate: pass\n"),
        "{second}"
    );
    assert_eq!(forge.comments()[1].id, id);

    world.repo.git(&["checkout", "--quiet", "main", "--", "src"]);
    world
        .repo
        .git(&["rm", "--quiet", "-r", "--ignore-unmatch", "certificates"]);
    world.repo.commit("not faster after all");
    moved(&mut world, &forge);
    post(&job(&world, &forge), to, 0).says("comment removed");
    assert_eq!(forge.by("gate"), Vec::<String>::new());
    assert_eq!(forge.by("ada"), ["nice"]);
    post(&job(&world, &forge), to, 0).says("nothing to comment");
}

#[test]
fn a_comment_on_github_is_written_updated_and_taken_away() {
    lives(Kind::Github, "github", github);
}

#[test]
fn a_comment_on_gitlab_is_written_updated_and_taken_away() {
    lives(Kind::Gitlab, "gitlab", gitlab);
}

#[test]
fn a_comment_on_gitea_is_written_updated_and_taken_away() {
    lives(Kind::Gitea, "gitea", gitea);
}

#[test]
fn the_status_is_on_the_head_under_the_branchs_name() {
    let world = World::new(false);
    let forge = Forge::new(Kind::Github, &world.head);
    post(&github(&world, &forge), "github", 1);
    let wanted = json!({
        "state": "failure", "context": "certgate (main)", "description": "blocked: gpu_memory uncovered",
        "target_url": "https://github.example.org/ada/engine/actions/runs/99", "sha": world.head,
    });
    assert_eq!(forge.statuses(), [wanted]);
    for asked in forge.asked() {
        assert_eq!(
            asked.header("authorization"),
            Some("Bearer secret-token-0123456789"),
            "{asked:?}"
        );
        assert_eq!(asked.header("x-github-api-version"), Some("2022-11-28"));
        assert!(asked.header("user-agent").unwrap().starts_with("certgate/"));
        assert!(!asked.query.contains("secret"));
    }

    let forge = Forge::new(Kind::Gitlab, &world.head);
    post(&gitlab(&world, &forge), "gitlab", 1);
    let [status] = forge.statuses().try_into().unwrap();
    assert_eq!(
        (status["state"].as_str(), status["name"].as_str()),
        (Some("failed"), Some("certgate (main)"))
    );
    assert_eq!(
        (status["sha"].as_str(), status["pipeline_id"].as_u64()),
        (Some(world.head.as_str()), Some(11))
    );
    assert!(
        forge
            .asked()
            .iter()
            .all(|asked| asked.header("private-token") == Some(TOKEN) && asked.header("authorization").is_none())
    );
    // The same again, which GitLab refuses, is no failure.
    post(&gitlab(&world, &forge), "gitlab", 1).says("posted: status");

    let forge = Forge::new(Kind::Gitea, &world.head);
    post(&gitea(&world, &forge), "gitea", 1);
    assert!(
        forge
            .asked()
            .iter()
            .all(|asked| asked.header("authorization") == Some("token secret-token-0123456789"))
    );
    assert_eq!(forge.statuses()[0]["state"], "failure");
}

#[test]
fn green_for_one_branch_is_not_green_for_another() {
    let world = World::new(true);
    let forge = Forge::new(Kind::Github, &world.head);
    post(&github(&world, &forge), "github", 0);
    assert_eq!(forge.statuses()[0]["context"], "certgate (main)");
    assert_eq!(forge.statuses()[0]["description"], "pass: 1 component certified");
    // The request is retargeted: the job of `edited` judges into the other branch.
    world.push(&["main:refs/heads/release/1.x"]);
    forge.moves_to(&world.head, "release/1.x");
    let event = format!(
        r#"{{"action":"edited","number":7,"pull_request":{{"number":7,"head":{{"ref":"topic","sha":"{}"}},
        "base":{{"ref":"release/1.x","sha":"{}"}}}},"repository":{{"default_branch":"main"}}}}"#,
        world.head, world.main
    );
    let job = github(&world, &forge)
        .event("pull_request", &world.merge, "refs/pull/7/merge", &event)
        .with("GITHUB_BASE_REF", "release/1.x");
    post(&job, "github", 0).says("comment updated");
    assert_eq!(forge.statuses()[1]["context"], "certgate (release/1.x)");
    let [only] = forge.by("gate").try_into().unwrap();
    assert!(only.starts_with("<!-- certgate:release/1.x -->\n"), "{only}");
    // A job of the old target that comes late leaves the comment of the new one alone; its status has its own name.
    post(&github(&world, &forge), "github", 0).says("another head or target by now");
    assert_eq!(forge.by("gate"), [only]);
}

#[test]
fn a_late_job_of_an_older_head_leaves_the_comment_alone() {
    let world = World::new(false);
    let forge = Forge::new(Kind::Github, &world.head);
    forge.moves_to(&world.main, "main");
    post(&github(&world, &forge), "github", 1).says("another head or target by now");
    assert_eq!(forge.comments().len(), 0);
    assert_eq!(forge.statuses()[0]["sha"], Value::from(world.head.as_str()));
}

#[test]
fn a_comment_is_found_behind_many_others() {
    let world = World::new(false);
    for (kind, to, links) in [
        (Kind::Github, "github", true),
        (Kind::Github, "github", false),
        (Kind::Gitlab, "gitlab", true),
        (Kind::Gitea, "gitea", true),
    ] {
        let forge = Forge::new(kind, &world.head);
        if !links {
            forge.without_links();
        }
        for at in 0..130 {
            forge.comment("ada", &format!("remark {at}"));
        }
        let old = forge.comment("gate", "<!-- certgate:main -->\n### certgate: pass\n");
        for at in 0..20 {
            forge.comment("ada", &format!("more {at}"));
        }
        let job = match kind {
            Kind::Gitlab => gitlab(&world, &forge),
            Kind::Github | Kind::Gitea => gitea(&world, &forge).with("GITHUB_TOKEN", TOKEN),
        };
        post(&job, to, 1).says("comment updated");
        let ours: Vec<_> = forge
            .comments()
            .into_iter()
            .filter(|comment| comment.login == "gate")
            .collect();
        assert_eq!(ours.len(), 1);
        assert_eq!(ours[0].id, old);
        assert!(ours[0].body.contains("### certgate: blocked"));
    }
}

#[test]
fn two_of_ours_become_one() {
    let world = World::new(false);
    let forge = Forge::new(Kind::Github, &world.head);
    let first = forge.comment("gate", "<!-- certgate:main -->\n### certgate: pass\n");
    forge.comment(
        "gate",
        "<!-- certgate: -->\n### certgate: could not decide; nothing was judged\n",
    );
    post(&github(&world, &forge), "github", 1).says("comment updated");
    let left = forge.comments();
    assert_eq!(left.iter().map(|comment| comment.id).collect::<Vec<_>>(), [first]);
}

#[test]
fn the_token_of_a_job_may_not_ask_who_it_is() {
    let world = World::new(false);
    let forge = Forge::new(Kind::Github, &world.head);
    forge.of_a_job("github-actions[bot]");
    post(&github(&world, &forge), "github", 1).says("comment written");
    post(&github(&world, &forge), "github", 1).says("comment unchanged");
    assert_eq!(forge.comments().len(), 1);

    // An app with a name of its own: known by what it wrote.
    let forge = Forge::new(Kind::Github, &world.head);
    forge.of_a_job("gate[bot]");
    let old = forge.comment("gate[bot]", "<!-- certgate:main -->\n### certgate: pass\n");
    post(&github(&world, &forge), "github", 1).says("comment updated");
    assert_eq!(
        forge.comments().iter().map(|comment| comment.id).collect::<Vec<_>>(),
        [old]
    );
    // Or by its name, where the job says it.
    forge.log();
    post(&github(&world, &forge).with("CERTGATE_BOT", "gate[bot]"), "github", 1).says("comment unchanged");
    assert!(!forge.log().iter().any(|line| line.ends_with("/user")));
}

#[test]
fn a_merge_queue_and_a_push_get_a_status_only() {
    let world = World::new(true);
    let forge = Forge::new(Kind::Github, &world.head);
    let group = format!(
        r#"{{"action":"checks_requested","merge_group":{{"head_sha":"{}","base_sha":"{}","base_ref":"refs/heads/main"}}}}"#,
        world.merge, world.main
    );
    let job = github(&world, &forge).event(
        "merge_group",
        &world.merge,
        "refs/heads/gh-readonly-queue/main/pr-7",
        &group,
    );
    post(&job, "github", 0).says("no request to comment on");
    assert_eq!(forge.statuses()[0]["context"], "certgate (main)");
    assert_eq!(forge.statuses()[0]["sha"], Value::from(world.merge.as_str()));
    assert_eq!(forge.log().len(), 1);
}

#[test]
fn a_run_that_could_not_decide_is_posted_too() {
    let world = World::new(true);
    let forge = Forge::new(Kind::Github, &world.head);
    let job = world.pull_request(1).all(&[
        ("GITHUB_API_URL", &forge.api()),
        ("GITHUB_REPOSITORY", "ada/engine"),
        ("GITHUB_TOKEN", TOKEN),
    ]);
    post(&job, "github", 2).says("error[CG704]").says("comment written");
    let [status] = forge.statuses().try_into().unwrap();
    assert_eq!(
        (status["state"].as_str(), status["context"].as_str()),
        (Some("error"), Some("certgate (main)"))
    );
    assert!(forge.by("gate")[0].contains("could not decide"));
    // The next one finds it, and says something else.
    post(&github(&world, &forge), "github", 0).says("comment updated");
    assert_eq!(forge.comments().len(), 1);
}

#[test]
fn nothing_is_posted_unless_asked_for() {
    let world = World::new(false);
    let forge = Forge::new(Kind::Github, &world.head);
    github(&world, &forge).check(&["--format", "github"]).ends(1);
    assert_eq!(forge.log(), Vec::<String>::new());
}
