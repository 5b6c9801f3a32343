//! The files that are shipped for the other vendors, each run in the checkout that its system makes and with its variables; and what
//! certgate reads from them held against two packages that others keep for the same purpose.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use serde_yaml::Value;

use super::scripts::{shipped, yaml};
use super::world::{Runner, World};
use crate::scene::Ran;

/// Commit and branch.
type Said = fn(&World) -> (String, String);

/// A job of one vendor for the pull request of a world.
struct Vendor {
    /// What the packages call it.
    name: &'static str,
    /// The one command that the shipped file runs.
    script: fn() -> String,
    job: fn(&World) -> Runner<'_>,
    /// What env-ci must say of commit and branch of the job; `None` where it reads neither from variables.
    oracle: Option<Said>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The request's head, merged with the target in the checkout.
fn merged_checkout(world: &World) -> Runner<'_> {
    let all = ["fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*"];
    let runner = world.checkout(&[&all, &["checkout", "--quiet", "--detach", &world.head]]);
    runner.git(&["merge", "--quiet", "--no-edit", "origin/main"]);
    runner
}

/// The request's head.
fn head_checkout(world: &World) -> Runner<'_> {
    let all = ["fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*"];
    world.checkout(&[&all, &["checkout", "--quiet", "--detach", &world.head]])
}

fn vendors() -> Vec<Vendor> {
    vec![
        Vendor {
            name: "Azure Pipelines",
            script: || text(&yaml("ci/azure-pipelines.yml")["steps"][1]["script"]),
            job: |world| {
                world.github(0, &world.merge, "refs/remotes/pull/7/merge").all(&[
                    ("TF_BUILD", "True"),
                    ("BUILD_BUILDURI", "vstfs:///Build/Build/7"),
                    ("BUILD_REASON", "PullRequest"),
                    ("BUILD_SOURCEVERSION", &world.merge),
                    ("BUILD_SOURCEBRANCH", "refs/pull/7/merge"),
                    ("SYSTEM_PULLREQUEST_PULLREQUESTID", "7"),
                    ("SYSTEM_PULLREQUEST_SOURCEBRANCH", "refs/heads/topic"),
                    ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
                    ("SYSTEM_PULLREQUEST_SOURCECOMMITID", &world.head),
                ])
            },
            oracle: Some(|world| (world.merge.clone(), "main".to_owned())),
        },
        Vendor {
            name: "Bitbucket Pipelines",
            script: || {
                text(&yaml("ci/bitbucket-pipelines.yml")["pipelines"]["pull-requests"]["**"][0]["step"]["script"][0])
            },
            job: |world| {
                merged_checkout(world).all(&[
                    ("CI", "true"),
                    ("BITBUCKET_BUILD_NUMBER", "7"),
                    ("BITBUCKET_COMMIT", &world.head),
                    ("BITBUCKET_BRANCH", "topic"),
                    ("BITBUCKET_PR_ID", "7"),
                    ("BITBUCKET_PR_DESTINATION_BRANCH", "main"),
                ])
            },
            oracle: None,
        },
        Vendor {
            name: "CircleCI",
            script: || {
                let job = &yaml("ci/circleci.yml")["jobs"]["certgate"];
                let target = text(&job["environment"]["CERTGATE_TARGET"]);
                assert_eq!(target, "<< pipeline.event.github.pull_request.base.ref >>");
                text(&job["steps"][1]["run"]["command"])
            },
            job: |world| {
                head_checkout(world).all(&[
                    ("CI", "true"),
                    ("CIRCLECI", "true"),
                    ("CIRCLE_SHA1", &world.head),
                    ("CIRCLE_BRANCH", "topic"),
                    ("CERTGATE_TARGET", "main"),
                ])
            },
            oracle: None,
        },
        Vendor {
            name: "Drone",
            script: || text(&yaml("ci/drone.yml")["steps"][0]["commands"][0]),
            job: |world| {
                merged_checkout(world).all(&[
                    ("CI", "true"),
                    ("DRONE", "true"),
                    ("DRONE_BUILD_EVENT", "pull_request"),
                    ("DRONE_PULL_REQUEST", "7"),
                    ("DRONE_COMMIT_SHA", &world.head),
                    ("DRONE_BRANCH", "main"),
                    ("DRONE_SOURCE_BRANCH", "topic"),
                    ("DRONE_TARGET_BRANCH", "main"),
                ])
            },
            oracle: Some(|world| (world.head.clone(), "main".to_owned())),
        },
        Vendor {
            name: "Woodpecker CI",
            script: || text(&yaml("ci/woodpecker.yml")["steps"][0]["commands"][0]),
            job: |world| {
                head_checkout(world).all(&[
                    ("CI", "woodpecker"),
                    ("CI_PIPELINE_EVENT", "pull_request"),
                    ("CI_COMMIT_PULL_REQUEST", "7"),
                    ("CI_COMMIT_SHA", &world.head),
                    ("CI_COMMIT_BRANCH", "main"),
                    ("CI_COMMIT_SOURCE_BRANCH", "topic"),
                    ("CI_COMMIT_TARGET_BRANCH", "main"),
                    ("CI_REPO_DEFAULT_BRANCH", "main"),
                ])
            },
            oracle: Some(|world| (world.head.clone(), "main".to_owned())),
        },
        Vendor {
            name: "Prow",
            script: || {
                let prow = yaml("ci/prow.yaml");
                let container = &prow["presubmits"]["example/project"][0]["spec"]["containers"][0];
                format!("{} {}", text(&container["command"][0]), text(&container["args"][0]))
            },
            job: |world| {
                world.github(0, &world.merge, "refs/remotes/pull/7/merge").all(&[
                    ("CI", "true"),
                    ("PROW_JOB_ID", "1"),
                    ("JOB_TYPE", "presubmit"),
                    ("PULL_BASE_REF", "main"),
                    ("PULL_BASE_SHA", &world.main),
                    ("PULL_NUMBER", "7"),
                    ("PULL_PULL_SHA", &world.head),
                ])
            },
            oracle: None,
        },
        Vendor {
            name: "TeamCity",
            script: || {
                let kotlin = shipped("ci/teamcity.kts");
                assert!(kotlin.contains("param(\"env.CERTGATE_TARGET\", \"%teamcity.pullRequest.target.branch%\")"));
                let line = kotlin
                    .lines()
                    .find_map(|line| line.trim().strip_prefix("scriptContent = \""));
                line.unwrap().trim_end_matches('"').to_owned()
            },
            job: |world| {
                head_checkout(world).all(&[
                    ("TEAMCITY_VERSION", "2026.1"),
                    ("BUILD_NUMBER", "7"),
                    ("BUILD_VCS_NUMBER", &world.head),
                    ("CERTGATE_TARGET", "main"),
                ])
            },
            oracle: None,
        },
        Vendor {
            name: "AWS CodeBuild",
            script: || text(&yaml("ci/buildspec.yml")["phases"]["build"]["commands"][0]),
            job: |world| {
                head_checkout(world).all(&[
                    ("CODEBUILD_BUILD_ID", "project:7"),
                    ("CODEBUILD_BUILD_ARN", "arn:aws:codebuild:x:1:build/project:7"),
                    ("CODEBUILD_WEBHOOK_EVENT", "PULL_REQUEST_UPDATED"),
                    ("CODEBUILD_RESOLVED_SOURCE_VERSION", &world.head),
                    ("CODEBUILD_WEBHOOK_BASE_REF", "refs/heads/main"),
                    ("CODEBUILD_WEBHOOK_HEAD_REF", "refs/heads/topic"),
                ])
            },
            oracle: None,
        },
        Vendor {
            name: "Gitea Actions",
            script: || text(&yaml("ci/forgejo.yml")["jobs"]["certgate"]["steps"][1]["run"]),
            job: |world| {
                let event = format!(
                    r#"{{"action":"synchronized","number":7,"pull_request":{{"number":7,"head":{{"ref":"topic","sha":"{}"}},
                    "base":{{"ref":"main","sha":"{}"}}}},"repository":{{"default_branch":"main"}}}}"#,
                    world.head, world.main
                );
                head_checkout(world)
                    .event("workflow_call", &world.head, "refs/pull/7/head", &event)
                    .with("GITEA_ACTIONS", "true")
                    .with("GITHUB_BASE_REF", "main")
                    .with("GITHUB_HEAD_REF", "topic")
            },
            oracle: None,
        },
    ]
}

/// Where `.ci/run` puts the two packages.
fn packages() -> Option<PathBuf> {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/oracles");
    if packages.join("node_modules/env-ci").is_dir() {
        return Some(packages);
    }
    assert!(
        std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
        "env-ci is missing, and CERTGATE_REQUIRE_TOOLS is set: bash .ci/run installs it"
    );
    println!("skipped: env-ci and ci-info are not installed");
    None
}

fn script(runner: &Runner<'_>, text: &str) -> Ran {
    let ran = runner.run("sh", &["-ec", text]);
    runner.git(&["status", "--porcelain"]);
    ran
}

#[test]
fn every_file_that_is_shipped_holds_in_its_system() {
    let (without, certified) = (World::new(false), World::new(true));
    for vendor in vendors() {
        let text = (vendor.script)();
        assert!(text.starts_with("certgate check"), "{}: {text}", vendor.name);
        let ran = script(&(vendor.job)(&without), &text);
        assert_eq!(ran.code, Some(1), "{}: {}", vendor.name, ran.err);
        assert!(ran.err.contains("error[CG201]"), "{}: {}", vendor.name, ran.err);
        let ran = script(&(vendor.job)(&certified), &text);
        assert_eq!(ran.code, Some(0), "{}: {}", vendor.name, ran.err);
    }
    // Tekton's task clones by itself.
    let tekton = yaml("ci/tekton.yaml");
    let step = &tekton["spec"]["pipelineSpec"]["tasks"][0]["taskSpec"]["steps"][0];
    let names: Vec<&str> = (0..3).map(|at| step["env"][at]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["CERTGATE_TARGET", "CERTGATE_HEAD", "CLONE_URL"]);
    for (world, code) in [(&without, 1), (&certified, 0)] {
        let runner = world.checkout(&[]).all(&[
            ("CERTGATE_TARGET", "main"),
            ("CERTGATE_HEAD", &world.head),
            ("CLONE_URL", &world.url()),
        ]);
        runner.run("sh", &["-c", step["script"].as_str().unwrap()]).ends(code);
    }
}

/// `ci-info` and `env-ci` read the same variables for other purposes. Where certgate knows a vendor, they must know it, too, by the same
/// name; and commit and target must be the ones that certgate judged.
#[test]
fn the_variables_mean_what_others_take_them_for() {
    let Some(packages) = packages() else { return };
    let world = World::new(true);
    // Modules are looked for from where the program lies, which is nowhere.
    let from = packages.join("node_modules");
    let program = format!(
        "const info = (await import('{0}/ci-info/index.js')).default;
        const env = (await import('{0}/env-ci/index.js')).default();
        console.log(JSON.stringify({{ name: info.name, isCI: info.isCI, commit: env.commit, branch: env.branch }}));",
        from.display()
    );
    for vendor in vendors() {
        let runner = (vendor.job)(&world);
        let ran: Ran = runner
            .command("node")
            .args(["--input-type=module", "--eval", &program])
            .output()
            .unwrap()
            .into();
        let ran = ran.ends(0);
        let said: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(said["isCI"], true, "{}", vendor.name);
        // Gitea sets what GitHub sets, and the list names the first of the two.
        let name = said["name"].as_str().unwrap();
        let same = name == vendor.name || vendor.name.starts_with(name) || name == "GitHub Actions";
        assert!(same, "{name} is not {}", vendor.name);
        if let Some(expected) = vendor.oracle {
            let (commit, branch) = expected(&world);
            assert_eq!(
                (&said["commit"], &said["branch"]),
                (&commit.into(), &branch.into()),
                "{}",
                vendor.name
            );
        }
    }
    // Every mark of the public list means CI here, too.
    let all = ["fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*"];
    let runner = world.checkout(&[&all, &["checkout", "--quiet", "-B", "topic", &world.head]]);
    let list = std::fs::read_to_string(packages.join("node_modules/ci-info/vendors.json")).unwrap();
    let list: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    assert!(list.len() > 50, "{}", list.len());
    for vendor in list {
        let mut pairs: Vec<(String, String)> = Vec::new();
        match &vendor["env"] {
            serde_json::Value::String(name) => pairs.push((name.clone(), "x".to_owned())),
            serde_json::Value::Array(names) => {
                pairs.extend(
                    names
                        .iter()
                        .map(|name| (name.as_str().unwrap().to_owned(), "x".to_owned())),
                );
            }
            serde_json::Value::Object(map) => {
                if let Some(any) = map.get("any") {
                    pairs.push((any[0].as_str().unwrap().to_owned(), "x".to_owned()));
                } else if let Some(part) = map.get("includes") {
                    pairs.push((
                        map["env"].as_str().unwrap().to_owned(),
                        part.as_str().unwrap().to_owned(),
                    ));
                } else {
                    pairs.extend(
                        map.iter()
                            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())),
                    );
                }
            }
            _ => panic!("{vendor}"),
        }
        let mut command = runner.command(env!("CARGO_BIN_EXE_certgate"));
        command.arg("check").envs(pairs);
        let ran: Ran = command.output().unwrap().into();
        assert_eq!(ran.code, Some(2), "{vendor}: {}", ran.err);
        assert!(ran.err.contains("error[CG72"), "{vendor}: {}", ran.err);
    }
}
