//! What a server holds to besides certificates: branches stay, the judge is not chosen by the pusher, and nothing talks the hook round.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::os::unix::fs::PermissionsExt as _;

use super::client::{accepted, certify, change, policy, push, refused, remote, seed};
use super::guide;
use super::site::{Depot, Site, Way};
use crate::scene;

fn hold_by(way: Way) {
    let Some(site) = Site::open(way) else { return };
    let depot = site.depot("lexer", &seed(""));
    deleted(&depot);
    judged_by_the_old_policy(&depot);
    options_change_nothing(&depot);
    let mild = site.depot("mild", &seed(", delete: off"));
    let client = mild.client();
    accepted(push(&client, &["HEAD:refs/heads/release/1"]));
    accepted(push(&client, &["--delete", "release/1"]));
}

fn deleted(depot: &Depot) {
    let client = depot.client();
    accepted(push(&client, &["HEAD:refs/heads/release/1", "HEAD:refs/heads/topic"]));
    let state = depot.state();
    for branch in ["main", "release/1"] {
        let said = refused(push(&client, &["--delete", branch]), &["CG715"], depot, &state);
        assert!(said.contains(&format!("`{branch}`")), "{said}");
    }
    refused(push(&client, &["--delete", "topic", "main"]), &["CG715"], depot, &state);
    accepted(push(&client, &["--delete", "topic"]));
    assert_eq!(depot.at("refs/heads/topic"), "");
}

fn judged_by_the_old_policy(depot: &Depot) {
    let client = depot.client();
    let lax = policy("").replace("src/train/**", "src/elsewhere/**");
    client.write(".certgate/policy.yaml", &lax);
    change(&client, "src/train/excused.py", false);
    let state = depot.state();
    let said = refused(push(&client, &["HEAD:main"]), &["CG201", "CG201"], depot, &state);
    assert!(
        said.contains("src/train/excused.py") && said.contains("policy.yaml"),
        "{said}"
    );
    // Nor does it help to bring the policy first, to where everybody may push.
    accepted(push(&client, &["HEAD~1:refs/heads/lax", "HEAD:refs/heads/laxer"]));
    let state = depot.state();
    refused(push(&client, &["HEAD:main"]), &["CG201", "CG201"], depot, &state);
    certify(&client);
    let owner = [
        "certify",
        "certgate-policy",
        "--base",
        "origin/main",
        "--status",
        "APPROVED",
        "--agent",
        "performance-engineer",
        "--rationale",
        "measured",
    ];
    scene::run(&client, &owner).ends(0);
    client.commit("certify the policy");
    accepted(push(&client, &["HEAD:main"]));
    // From now on it judges.
    change(&client, "src/train/free.py", false);
    assert_eq!(remote(&accepted(push(&client, &["HEAD:main"]))), "");
    client.git(&["fetch", "--quiet"]);
    client.write(".certgate/policy.yaml", policy(""));
    client.commit("gate it again");
    let again = owner.map(|word| if word == "measured" { "it was a mistake" } else { word });
    scene::run(&client, &again).ends(0);
    client.commit("certify the policy");
    accepted(push(&client, &["HEAD:main"]));
}

fn options_change_nothing(depot: &Depot) {
    depot.ask(&["config", "receive.advertisePushOptions", "true"]).ends(0);
    let client = depot.client();
    change(&client, "src/train/options.py", false);
    let state = depot.state();
    let options = ["-o", "certgate.skip", "-o", "ci.skip", "-o", "--policy=builtin:default"];
    refused(
        push(&client, &[&options[..], &["HEAD:main"]].concat()),
        &["CG201"],
        depot,
        &state,
    );
    certify(&client);
    accepted(push(&client, &[&options[..], &["HEAD:main"]].concat()));
}

#[test]
fn held_by_path() {
    hold_by(Way::Path);
}

#[test]
fn held_by_ssh() {
    hold_by(Way::Ssh);
}

#[test]
fn held_by_http() {
    hold_by(Way::Http);
}

#[test]
fn held_by_gitolite() {
    hold_by(Way::Gitolite);
}

#[test]
fn what_gitolite_itself_forbids_stays_forbidden() {
    let Some(site) = Site::open(Way::Gitolite) else { return };
    let depot = site.depot("read-mostly", &seed(""));
    let client = depot.client();
    client.write("README.md", "bye\n");
    client.commit("say bye");
    let pushed = push(&client, &["HEAD:refs/heads/locked/1"]);
    assert_eq!(pushed.code, Some(1), "{}", pushed.err);
    pushed.says("DENIED by refs/heads/locked/");
    accepted(push(&client, &["HEAD:refs/heads/topic"]));
    // The hook is a link to the one of all repositories, so it is gitolite's to keep; but it runs certgate.
    let hooks = site.runs_as_owner(env!("CARGO_BIN_EXE_certgate"), &["hooks"], &depot.bare);
    let line = hooks.lines().find(|line| line.starts_with("pre-receive ")).unwrap();
    assert!(
        line.contains("which runs certgate") && !line.contains("; but"),
        "{hooks}"
    );
}

/// Without a server there is only the pusher's own process; with one, nothing of the pusher's configuration counts.
#[test]
fn a_clients_configuration_counts_for_nothing_over_ssh_and_http() {
    for way in [Way::Ssh, Way::Http] {
        let Some(site) = Site::open(way) else { continue };
        let depot = site.depot("lexer", &seed(""));
        let mut client = depot.client();
        let configuration = client.home().join("without-hooks");
        std::fs::write(&configuration, "[core]\n\thooksPath = /dev/null\n").unwrap();
        client.set("GIT_CONFIG_GLOBAL", configuration.to_str().unwrap());
        change(&client, "src/train/loop.py", false);
        let state = depot.state();
        refused(push(&client, &["HEAD:main"]), &["CG201"], &depot, &state);
    }
    let site = Site::open(Way::Path).unwrap();
    let depot = site.depot("lexer", &seed(""));
    let mut client = depot.client();
    let configuration = client.home().join("without-hooks");
    std::fs::write(&configuration, "[core]\n\thooksPath = /dev/null\n").unwrap();
    client.set("GIT_CONFIG_GLOBAL", configuration.to_str().unwrap());
    change(&client, "src/train/loop.py", false);
    assert_eq!(push(&client, &["HEAD:main"]).code, Some(0), "docs/server.md says so");
}

/// Gives a repository, in place of the program that its hook runs, a script.
fn replace_certgate(site: &Site, depot: &Depot, script: &str) {
    let program = depot.bare.with_extension("program");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let replace = format!(
        "sed -i \"s|^certgate_bin=.*|certgate_bin='{}'|\" hooks/pre-receive",
        program.display()
    );
    site.runs_as_owner("sh", &["-ec", &replace], &depot.bare);
}

#[test]
fn a_hook_that_dies_lets_nothing_in() {
    for way in [Way::Path, Way::Ssh] {
        let Some(site) = Site::open(way) else { continue };
        let depot = site.depot("lexer", &seed(""));
        let client = depot.client();
        change(&client, "src/train/loop.py", true);
        let state = depot.state();
        for script in [
            "#!/bin/sh\nkill -9 $$\n",
            "#!/bin/sh\ncat >/dev/null\nkill -TERM $$\n",
            "#!/bin/sh\nexit 2\n",
        ] {
            replace_certgate(&site, &depot, script);
            refused(push(&client, &["HEAD:main"]), &[], &depot, &state);
        }
        site.runs_as_owner("sh", &["-ec", &guide::block("A bare repository", 0)], &depot.bare);
        accepted(push(&client, &["HEAD:main"]));
    }
}

#[test]
fn a_hook_that_was_there_runs_first_and_both_must_agree() {
    let site = Site::open(Way::Path).unwrap();
    let depot = site.depot("lexer", &seed(""));
    site.runs_as_owner(env!("CARGO_BIN_EXE_certgate"), &["uninstall"], &depot.bare);
    let own = "#!/bin/sh\ngrep -q refs/heads/frozen && { echo 'this is frozen'; exit 1; }\necho checked\n";
    let hook = depot.bare.join("hooks/pre-receive");
    assert!(!hook.exists());
    std::fs::write(&hook, own).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    site.runs_as_owner("sh", &["-ec", &guide::block("A bare repository", 0)], &depot.bare);
    let client = depot.client();
    let state = depot.state();
    let said = refused(push(&client, &["HEAD:refs/heads/frozen"]), &[], &depot, &state);
    assert_eq!(said, "this is frozen\n");
    change(&client, "src/train/loop.py", false);
    let said = refused(push(&client, &["HEAD:main"]), &["CG201"], &depot, &state);
    assert!(said.starts_with("checked\n"), "{said}");
    certify(&client);
    accepted(push(&client, &["HEAD:main"])).says("checked");
    site.runs_as_owner(env!("CARGO_BIN_EXE_certgate"), &["uninstall"], &depot.bare);
    assert_eq!(std::fs::read_to_string(hook).unwrap(), own);
}

#[test]
fn the_pusher_sees_what_the_guide_shows() {
    let site = Site::open(Way::File).unwrap();
    let depot = site.depot("lexer", &seed(""));
    let client = depot.client();
    change(&client, "src/train/loop.py", false);
    let said = push(&client, &["HEAD:main"]).err;
    let shown: String = said
        .lines()
        .filter(|line| line.starts_with("remote:"))
        .map(|line| format!("{}\n", line.trim_end()))
        .collect();
    assert_eq!(
        without_ids(&shown),
        without_ids(&guide::block("What the pusher sees", 0))
    );
    // And the command that it shows continues from there, once the two words that a decision is made of are filled in.
    let command: Vec<&str> = said.lines().skip_while(|line| !line.contains("= help: ")).collect();
    let end = command.iter().position(|line| line.trim_end() == "remote:").unwrap();
    let command: Vec<&str> = command[..end]
        .iter()
        .map(|line| line.trim_start_matches("remote:").trim())
        .collect();
    let command = command
        .join("\n")
        .replace("= help: ", "")
        .replace("--agent NAME", "--agent ann")
        .replace("\"WHY\"", "\"the step is faster\"");
    let certgate = std::path::Path::new(env!("CARGO_BIN_EXE_certgate")).parent().unwrap();
    let script = format!("PATH={}:$PATH\n{command}", certgate.display());
    let ran = client.with_stdin("sh", &["-ec", &script], b"");
    assert!(
        ran.status.success(),
        "{script}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
    client.commit("certify");
    accepted(push(&client, &["HEAD:main"]));
}

/// Object ids, long and short, are of no matter.
fn without_ids(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_hexdigit() {
            word.push(character);
            continue;
        }
        out.push_str(if word.len() >= 10 { "ID" } else { &word });
        word.clear();
        out.push(character);
    }
    out
}

#[test]
fn every_block_of_the_guide_is_used_by_a_test() {
    let used = [
        ("A bare repository", 1),
        ("What the pusher sees", 1),
        ("Over ssh", 1),
        ("Over http", 1),
        ("Under gitolite", 1),
    ];
    for heading in guide::headings() {
        let here = used
            .iter()
            .find(|(name, _)| *name == heading)
            .map_or(0, |(_, count)| *count);
        assert_eq!(guide::blocks(heading).len(), here, "{heading}");
    }
}
