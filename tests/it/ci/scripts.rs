//! The files that are shipped for CI systems: their script part is taken out and run as the runner would, in its checkout, with its
//! variables.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::Path;

use serde_yaml::Value;

use super::posting::server::{Forge, Kind};
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

/// What the action left behind.
struct Acted {
    ran: Ran,
    /// Its outputs.
    outputs: BTreeMap<String, String>,
}

/// The pairs of a file that a step writes, such as GITHUB_OUTPUT.
fn pairs(file: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(file).unwrap();
    let pairs = text.lines().map(|line| line.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Runs the steps of the action as GitHub's runner does: `shell: bash` is `bash --noprofile --norc -eo pipefail FILE`, expressions are
/// replaced in `env:`, and what a step writes into GITHUB_OUTPUT is there for the next ones. `github.event.…` is empty, unless given.
fn act(runner: &Runner<'_>, path: Option<&Path>, inputs: &[(&str, &str)], source: &str) -> Acted {
    let action = yaml("action.yml");
    assert_eq!(action["runs"]["using"], Value::from("composite"));
    let temp = runner.directory.with_extension("temp");
    std::fs::create_dir_all(&temp).unwrap();
    let summary = temp.join("summary");
    let mut known: BTreeMap<String, String> = [(
        "github.event.pull_request.head.repo.full_name".to_owned(),
        source.to_owned(),
    )]
    .into();
    for (input, default) in action["inputs"].as_mapping().unwrap() {
        let input = input.as_str().unwrap();
        let given = inputs.iter().find(|(name, _)| *name == input).map(|(_, value)| *value);
        let value = given.unwrap_or(default["default"].as_str().unwrap());
        known.insert(format!("inputs.{input}"), value.to_owned());
    }
    let known_inputs = action["inputs"].as_mapping().unwrap();
    assert!(inputs.iter().all(|(name, _)| known_inputs.contains_key(*name)));
    let filled = |known: &BTreeMap<String, String>, text: &str| -> String {
        match text.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}")) {
            Some(name) => known.get(name).cloned().unwrap_or_default(),
            None => {
                assert!(!text.contains("${{"), "{text}");
                text.to_owned()
            }
        }
    };
    let mut said = Ran {
        code: Some(0),
        out: String::new(),
        err: String::new(),
    };
    for step in action["runs"]["steps"].as_sequence().unwrap() {
        assert_eq!((step["shell"].as_str(), step.get("uses")), (Some("bash"), None));
        let script = step["run"].as_str().unwrap();
        assert!(
            !script.contains("${{"),
            "an expression in a script can be anything: {script}"
        );
        let (file, output) = (temp.join("step.sh"), temp.join("output"));
        std::fs::write(&file, script).unwrap();
        std::fs::write(&output, "").unwrap();
        let mut command = runner.command("bash");
        if let Some(path) = path {
            command.env("PATH", path);
        }
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(&file)
            .env("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR"))
            .env("RUNNER_TEMP", &temp)
            .env("GITHUB_OUTPUT", &output)
            .env("GITHUB_STEP_SUMMARY", &summary);
        for (name, value) in step["env"].as_mapping().unwrap() {
            command.env(name.as_str().unwrap(), filled(&known, value.as_str().unwrap()));
        }
        let ran = Ran::from(command.output().unwrap());
        said = Ran {
            code: ran.code,
            out: said.out + &ran.out,
            err: said.err + &ran.err,
        };
        let id = step["id"].as_str().unwrap();
        known.extend(
            pairs(&output)
                .into_iter()
                .map(|(name, value)| (format!("steps.{id}.outputs.{name}"), value)),
        );
        if said.code != Some(0) {
            break;
        }
    }
    let outputs = action["outputs"].as_mapping().unwrap().iter();
    let outputs = outputs.map(|(name, output)| {
        (
            name.as_str().unwrap().to_owned(),
            filled(&known, output["value"].as_str().unwrap()),
        )
    });
    Acted {
        ran: said,
        outputs: outputs.collect(),
    }
}

fn action(runner: &Runner<'_>, path: Option<&Path>, inputs: &[(&str, &str)]) -> Ran {
    act(runner, path, inputs, "").ran
}

#[test]
fn the_action_says_the_verdict_and_where_the_reports_are() {
    let [without, certified] = worlds();
    for (world, shallow, verdict, code) in [
        (&without, 0, "block", 1),
        (&certified, 0, "pass", 0),
        (&certified, 1, "undecided", 2),
    ] {
        let runner = world.pull_request(shallow);
        let folder = runner.directory.with_extension("reports");
        let acted = act(&runner, None, &[("reports", folder.to_str().unwrap())], "");
        acted.ran.ends(code);
        assert_eq!(acted.outputs["verdict"], verdict);
        for (format, begins) in [
            ("json", "{"),
            ("sarif", "{"),
            ("junit", "<?xml"),
            ("markdown", "<!-- certgate:"),
        ] {
            let text = std::fs::read_to_string(&acted.outputs[format]).unwrap();
            assert!(text.starts_with(begins), "{format}: {text}");
            assert!(Path::new(&acted.outputs[format]).starts_with(&folder));
        }
    }
    let runner = without.pull_request(0);
    act(&runner, None, &[], "").ran.ends(1);
    let summary = std::fs::read_to_string(runner.directory.with_extension("temp").join("summary")).unwrap();
    assert!(
        summary.contains("gpu_memory") || summary.contains("gpu\\_memory"),
        "{summary}"
    );
}

#[test]
fn the_action_posts_where_it_is_told_to_and_not_for_forks() {
    let world = World::new(true);
    let forge = Forge::new(Kind::Github, &world.head);
    let runner = || {
        world
            .pull_request(0)
            .with("GITHUB_API_URL", &forge.api())
            .with("GITHUB_REPOSITORY", "ada/engine")
    };
    act(&runner(), None, &[("token", "secret")], "").ran.ends(0);
    act(
        &runner(),
        None,
        &[("post", "true"), ("token", "secret")],
        "mallory/engine",
    )
    .ran
    .ends(0);
    assert_eq!(forge.log(), Vec::<String>::new());
    act(&runner(), None, &[("post", "true"), ("token", "secret")], "ada/engine")
        .ran
        .ends(0);
    assert_eq!(forge.statuses()[0]["context"], "certgate (main)");
    assert_eq!(forge.comments().len(), 1);
    act(&runner(), None, &[("post", "true")], "")
        .ran
        .ends(2)
        .says("GITHUB_TOKEN is not set");
}

/// What the action downloads is compared before anything of it is run.
#[test]
fn the_action_takes_a_release_only_by_its_digest() {
    let world = World::new(true);
    let runner = world.pull_request(0);
    let tools = runner.directory.with_extension("tools");
    std::fs::create_dir_all(tools.join("made/certgate-x")).unwrap();
    // An archive with a certgate that says which it is, and a curl that hands it out.
    let own = format!(
        "#!/bin/sh\necho from-release >&2\nexec {} \"$@\"\n",
        env!("CARGO_BIN_EXE_certgate")
    );
    let binary = tools.join("made/certgate-x/certgate");
    std::fs::write(&binary, own).unwrap();
    std::fs::set_permissions(&binary, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    runner
        .run(
            "tar",
            &[
                "-czf",
                tools.join("a.tar.gz").to_str().unwrap(),
                "-C",
                tools.join("made").to_str().unwrap(),
                "certgate-x",
            ],
        )
        .ends(0);
    let curl = format!(
        "#!/bin/sh\necho \"curl $*\" >&2\nwhile [ \"$1\" != --output ]; do shift; done\ncp {}/a.tar.gz \"$2\"\n",
        tools.display()
    );
    std::fs::write(tools.join("curl"), curl).unwrap();
    std::fs::set_permissions(tools.join("curl"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    link(
        &tools,
        &["bash", "sh", "git", "mkdir", "tar", "gzip", "sha256sum", "find", "cp"],
    );
    let digest = runner
        .run("sha256sum", &[tools.join("a.tar.gz").to_str().unwrap()])
        .ends(0)
        .out[..64]
        .to_owned();
    let release = ("release", "https://example.org/certgate.tar.gz");
    let ran = action(&runner, Some(&tools), &[release, ("sha256", &digest)])
        .ends(0)
        .says("from-release");
    assert!(ran.err.contains("--proto =https"), "{}", ran.err);
    let other = digest.replace(|_: char| true, "0");
    for (release, digest, why) in [
        (release, other.as_str(), "another digest"),
        (release, "", "needs sha256"),
        (release, "deadbeef", "needs sha256"),
        (("release", "http://example.org/a.tar.gz"), digest.as_str(), "https"),
    ] {
        let ran = action(&runner, Some(&tools), &[release, ("sha256", digest)]).ends(2);
        assert!(
            ran.out.contains(why) && !ran.err.contains("from-release"),
            "{}{}",
            ran.out,
            ran.err
        );
    }
}

/// Puts programs into a directory that is all of PATH.
fn link(tools: &Path, names: &[&str]) {
    for name in names {
        let path = std::env::var_os("PATH").unwrap();
        let found = std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.exists());
        std::os::unix::fs::symlink(found.unwrap(), tools.join(name)).unwrap();
    }
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
    link(&tools, &["bash", "sh", "git", "mkdir", "ln"]);
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
        let address = text.replace("https://*", "");
        assert!(!address.contains("://") && !text.contains("uses:"), "{name}");
    }
}
