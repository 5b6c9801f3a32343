//! The files that are shipped for CI systems: their script part is taken out and run as the runner would, in its checkout, with its
//! variables.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use serde_yaml::Value;

use super::world::{Runner, World};
use crate::scene::Ran;

pub(super) fn shipped(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

pub(super) fn yaml(name: &str) -> Value {
    serde_yaml::from_str(&shipped(name)).unwrap()
}

/// What every shipped script must do: block, pass once certified, refuse a shallow clone, and deepen it where told to.
fn holds(worlds: &[World; 2], job: impl Fn(&World, bool) -> Runner<'_>, script: impl Fn(&Runner<'_>, &str) -> Ran) {
    let [without, certified] = worlds;
    script(&job(without, false), "").ends(1).says("error[CG201]");
    script(&job(certified, false), "").ends(0);
    script(&job(certified, true), "").ends(2).says("error[CG704]");
    script(&job(certified, true), "--deepen").ends(0);
    script(&job(without, true), "--deepen").ends(1).says("error[CG201]");
}

fn worlds() -> [World; 2] {
    [World::new(false), World::new(true)]
}

/// Runs the steps of the action as GitHub's runner does: `shell: bash` is `bash --noprofile --norc -eo pipefail FILE`, and a step's lines in
/// GITHUB_PATH come first in the next one's PATH.
fn action(runner: &Runner<'_>, path: Option<&Path>, inputs: &[(&str, &str)]) -> Ran {
    let action = yaml("action.yml");
    assert_eq!(action["runs"]["using"], Value::from("composite"));
    let temp = runner.directory.with_extension("temp");
    std::fs::create_dir_all(&temp).unwrap();
    let (added, summary) = (temp.join("path"), temp.join("summary"));
    std::fs::write(&added, "").unwrap();
    let mut said = Ran {
        code: Some(0),
        out: String::new(),
        err: String::new(),
    };
    for step in action["runs"]["steps"].as_sequence().unwrap() {
        assert_eq!((step["shell"].as_str(), step.get("uses")), (Some("bash"), None));
        let file = temp.join("step.sh");
        std::fs::write(&file, step["run"].as_str().unwrap()).unwrap();
        let mut command = runner.command("bash");
        let own = command
            .get_envs()
            .find(|(name, _)| *name == "PATH")
            .unwrap()
            .1
            .unwrap()
            .to_owned();
        let rest = path.map_or(own, |path| path.as_os_str().to_owned());
        let added_now = std::fs::read_to_string(&added).unwrap();
        let entries = added_now
            .lines()
            .map(std::path::PathBuf::from)
            .chain(std::env::split_paths(&rest));
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(&file)
            .env("PATH", std::env::join_paths(entries).unwrap())
            .env("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR"))
            .env("RUNNER_TEMP", &temp)
            .env("GITHUB_PATH", &added)
            .env("GITHUB_STEP_SUMMARY", &summary);
        for (name, value) in step["env"].as_mapping().unwrap() {
            let mut text = value.as_str().unwrap().to_owned();
            for (input, default) in action["inputs"].as_mapping().unwrap() {
                let input = input.as_str().unwrap();
                let given = inputs.iter().find(|(name, _)| *name == input).map(|(_, value)| *value);
                let value = given.unwrap_or(default["default"].as_str().unwrap());
                text = text.replace(&format!("${{{{ inputs.{input} }}}}"), value);
            }
            assert!(!text.contains("${{"), "{text}");
            command.env(name.as_str().unwrap(), text);
        }
        let ran = Ran::from(command.output().unwrap());
        said = Ran {
            code: ran.code,
            out: said.out + &ran.out,
            err: said.err + &ran.err,
        };
        if said.code != Some(0) {
            break;
        }
    }
    said
}

#[test]
fn the_action_of_github() {
    let worlds = worlds();
    holds(
        &worlds,
        |world, shallow| world.pull_request(u32::from(shallow)),
        |runner, args| action(runner, None, &[("args", args)]),
    );
    let ran = action(&worlds[0].pull_request(0), None, &[]).ends(1);
    assert!(ran.out.contains("::error "), "{}", ran.out);
}

#[test]
fn the_action_builds_certgate_where_it_is_missing_or_another_version() {
    let world = World::new(true);
    let runner = world.pull_request(0);
    // A cargo that is quick: it installs the certgate that was built already, and says how it was called.
    let tools = runner.directory.with_extension("tools");
    std::fs::create_dir(&tools).unwrap();
    let cargo = format!(
        "#!/bin/sh\necho \"cargo $*\" >&2\nmkdir -p \"$6/bin\" && ln -sf {} \"$6/bin/certgate\"\n",
        env!("CARGO_BIN_EXE_certgate")
    );
    std::fs::write(tools.join("cargo"), cargo).unwrap();
    for name in ["bash", "sh", "git", "mkdir", "ln"] {
        let path = std::env::var_os("PATH").unwrap();
        let found = std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.exists());
        std::os::unix::fs::symlink(found.unwrap(), tools.join(name)).unwrap();
    }
    std::fs::set_permissions(tools.join("cargo"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let call = format!("cargo install --locked --path {} --root ", env!("CARGO_MANIFEST_DIR"));
    action(&runner, Some(&tools), &[]).ends(0).says(&call);
    let own = env!("CARGO_PKG_VERSION");
    let ran = action(&runner, None, &[("version", own)]).ends(0);
    assert!(!ran.err.contains("cargo install"), "{}", ran.err);
    std::fs::remove_dir_all(runner.directory.with_extension("temp")).unwrap();
    let ran = action(&runner, Some(&tools), &[("version", "99.0.0")])
        .ends(2)
        .says(&call);
    assert!(
        ran.out
            .contains(&format!("this is certgate {own}, and 99.0.0 must judge")),
        "{}",
        ran.out
    );
}

/// GitLab's runner joins the lines of `script:` to one script for bash, or sh where there is no bash, that stops at the first failure.
#[test]
fn the_template_of_gitlab() {
    let template = &yaml("ci/gitlab.yml")["certgate"];
    let lines: Vec<&str> = template["script"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap())
        .collect();
    let script = lines.join("\n");
    let depth = template["variables"]["GIT_DEPTH"].as_str().unwrap();
    assert_eq!(depth, "0");
    let worlds = worlds();
    fn merge_request(world: &World, shallow: bool) -> Runner<'_> {
        let pipeline = "+refs/pipelines/9:refs/pipelines/9";
        world.push(&[&format!("{}:refs/pipelines/9", world.head)]);
        let fetch: &[&str] = match shallow {
            true => &["fetch", "--quiet", "origin", pipeline, "--depth", "1", "--prune"],
            false => &[
                "fetch",
                "--quiet",
                "origin",
                pipeline,
                "+refs/heads/*:refs/remotes/origin/*",
                "--prune",
            ],
        };
        world
            .checkout(&[fetch, &["checkout", "--quiet", "--force", &world.head]])
            .all(&[
                ("CI", "true"),
                ("GITLAB_CI", "true"),
                ("CI_PIPELINE_SOURCE", "merge_request_event"),
                ("CI_COMMIT_SHA", &world.head),
                ("CI_MERGE_REQUEST_EVENT_TYPE", "detached"),
                ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ])
    }
    let in_shell = |runner: &Runner<'_>, shell: &[&str], args: &str| -> Ran {
        let mut command = runner.command(shell[0]);
        command
            .args(&shell[1..])
            .args(["-c", &script])
            .env("CERTGATE_ARGS", args);
        command.output().unwrap().into()
    };
    holds(&worlds, merge_request, |runner, args| {
        in_shell(runner, &["sh", "-e"], args)
    });
    in_shell(
        &merge_request(&worlds[0], true),
        &["bash", "-eo", "pipefail"],
        "--deepen",
    )
    .ends(1);
}

/// Jenkins fetches the refs of a change request, merges the target into the head, and runs `sh` steps with `sh -xe FILE`.
#[test]
fn the_fragment_of_jenkins() {
    let text = shipped("ci/Jenkinsfile");
    let script = text.split("'''").nth(1).unwrap();
    assert_eq!(text.split("'''").count(), 3);
    let worlds = worlds();
    holds(
        &worlds,
        |world, shallow| {
            let (request, main) = (
                "+refs/pull/7/head:refs/remotes/origin/PR-7",
                "+refs/heads/main:refs/remotes/origin/main",
            );
            let runner = match shallow {
                // Without the target: the strategy that builds the head as it is.
                true => world.checkout(&[&[
                    "fetch",
                    "--quiet",
                    "--no-tags",
                    "--force",
                    "--depth=1",
                    "origin",
                    request,
                ]]),
                false => world.checkout(&[&["fetch", "--quiet", "--no-tags", "--force", "origin", request, main]]),
            };
            runner.git(&["checkout", "--quiet", "--force", &world.head]);
            if !shallow {
                runner.git(&["merge", "--quiet", "--no-edit", &world.main]);
                assert_ne!(runner.git(&["rev-parse", "HEAD"]), world.head);
            }
            runner.all(&[
                ("CI", "true"),
                ("JENKINS_URL", "http://jenkins.example/"),
                ("GIT_COMMIT", &world.head),
                ("BRANCH_NAME", "PR-7"),
                ("CHANGE_ID", "7"),
                ("CHANGE_TARGET", "main"),
            ])
        },
        |runner, args| {
            let file = runner.directory.with_extension("sh");
            std::fs::write(&file, script).unwrap();
            let mut command = runner.command("sh");
            command.arg("-xe").arg(&file).env("CERTGATE_ARGS", args);
            command.output().unwrap().into()
        },
    );
}

/// Buildkite's agent clones, fetches the pull request, and runs a command with `/bin/bash -e -c`.
#[test]
fn the_step_of_buildkite() {
    let step = &yaml("ci/buildkite.yml")["steps"][0];
    let line = step["command"].as_str().unwrap();
    // The upload of a pipeline would replace variables.
    assert!(line.ends_with(" --deepen") && !line.contains('$'));
    let worlds = worlds();
    holds(&worlds, buildkite, |runner, args| {
        let mut command = runner.command("/bin/bash");
        command.args(["-e", "-c", &line.replace(" --deepen", &format!(" {args}"))]);
        command.output().unwrap().into()
    });
}

fn buildkite(world: &World, shallow: bool) -> Runner<'_> {
    let clone: &[&str] = match shallow {
        true => &["fetch", "--quiet", "--depth=1", "origin"],
        false => &["fetch", "--quiet", "origin"],
    };
    let request = [&clone[..clone.len() - 1], &["--", "origin", "refs/pull/7/head"]].concat();
    let checkout = ["checkout", "--quiet", "--force", &world.head];
    world.checkout(&[clone, &request, &checkout]).all(&[
        ("CI", "true"),
        ("BUILDKITE", "true"),
        ("BUILDKITE_COMMIT", &world.head),
        ("BUILDKITE_BRANCH", "topic"),
        ("BUILDKITE_PULL_REQUEST", "7"),
        ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "main"),
    ])
}

#[test]
fn a_clone_that_is_kept_learns_of_a_refusal_since() {
    let world = World::new(true);
    let runner = buildkite(&world, false);
    runner.check(&["--deepen"]).ends(0);
    world.refuse_on_main();
    runner.check(&["--deepen"]).blocks(&["CG302"]);
    runner.git(&["remote", "set-url", "origin", "file:///nowhere"]);
    runner.check(&["--deepen"]).undecided("CG720");
}

#[test]
fn what_is_shipped_names_no_host_and_no_action_of_others() {
    for name in ["action.yml", "ci/gitlab.yml", "ci/Jenkinsfile", "ci/buildkite.yml"] {
        let text = shipped(name);
        assert!(!text.contains("://") && !text.contains("uses:"), "{name}");
    }
}
