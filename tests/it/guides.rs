//! `README.md` and the guides in `docs/`: their commands run as they are printed, each with the exit code and the diagnostic that its
//! comment promises, and the README stays short.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use crate::support::TestRepo;

/// The most words of a README that somebody reads to the end.
const MAX_WORDS: usize = 900;

const README: &str = include_str!("../../README.md");

#[test]
fn the_ten_commands_of_the_readme_run_as_printed() {
    let commands = commands_of(section(README, "## Ten commands"));
    assert_eq!(commands.len(), 10, "{commands:#?}");
    run_all(&commands);
}

#[test]
fn the_guides_run_as_printed() {
    let quickstart = commands_of(include_str!("../../docs/quickstart.md"));
    let reviewing = commands_of(include_str!("../../docs/reviewing.md"));
    assert!(quickstart.len() > 12 && reviewing.len() > 12, "the blocks are read");
    run_all(&[quickstart, reviewing].concat());
}

/// From `measure` to a green gate, and the same of a change that is slower.
#[test]
fn the_way_of_evidence_runs_as_printed() {
    let commands = commands_of(section(
        include_str!("../../docs/evidence.md"),
        "## From measure to a green gate",
    ));
    assert!(commands.len() > 20, "{commands:#?}");
    run_all(&commands);
}

#[test]
fn the_readme_is_short_and_installs_in_two_commands() {
    let words = README.split_whitespace().count();
    assert!(words <= MAX_WORDS, "README.md has {words} words, more than {MAX_WORDS}");
    let install = commands_of(section(README, "## Install"));
    assert_eq!(install.len(), 2, "{install:?}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (command, script) in install.iter().zip(["install.sh", ".ci/run"]) {
        assert!(command.text.contains(script), "{command:?}");
        assert!(root.join(script).exists(), "{script}");
    }
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md")];
    for entry in std::fs::read_dir(root.join("docs")).unwrap() {
        pages.push(entry.unwrap().path());
    }
    let index = std::fs::read_to_string(root.join("docs/README.md")).unwrap();
    for page in pages.iter().filter(|page| page.extension().is_some_and(|e| e == "md")) {
        let text = std::fs::read_to_string(page).unwrap();
        // Outside of code: of blocks first, whose fences may be of any length, then of spans.
        let mut fence = "";
        let mut outside = String::new();
        for line in text.lines() {
            let ticks = line.len() - line.trim_start_matches('`').len();
            match (fence, ticks) {
                ("", 3..) => fence = &line[..ticks],
                ("", _) => outside += &format!("{line}\n"),
                (open, _) if line.trim_end() == open => fence = "",
                _ => {}
            }
        }
        let prose: String = outside.split('`').step_by(2).collect();
        for link in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || link.contains("://") || link.contains(' ') || !page.starts_with(root) {
                continue;
            }
            let target = page.parent().unwrap().join(file);
            assert!(target.exists(), "{}: {link} leads nowhere", page.display());
        }
        let name = page.file_name().unwrap().to_string_lossy();
        if page.parent().unwrap().ends_with("docs") && name != "README.md" {
            assert!(
                index.contains(&format!("]({name})")),
                "docs/README.md does not list {name}"
            );
        }
    }
}

/// A command of a guide: what is pasted, and what its comment promises.
#[derive(Clone, Debug)]
struct Step {
    text: String,
    blocked: bool,
    code: Option<String>,
}

fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let start = text.find(heading).unwrap_or_else(|| panic!("{heading}"));
    let body = &text[start + heading.len()..];
    &body[..body.find("\n## ").unwrap_or(body.len())]
}

/// The commands of all `sh` blocks: a command goes on over a final backslash and over its here-document.
fn commands_of(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for block in page.split("```sh\n").skip(1) {
        let mut lines = block.split("```").next().unwrap().lines();
        while let Some(line) = lines.next() {
            let mut text = line.to_owned();
            while text.ends_with('\\') {
                text = format!("{text}\n{}", lines.next().unwrap());
            }
            if let Some((_, end)) = text.clone().split_once("<<") {
                let end = end.trim_matches('\'').to_owned();
                for line in lines.by_ref() {
                    text = format!("{text}\n{line}");
                    if line == end {
                        break;
                    }
                }
            }
            if text.is_empty() {
                continue;
            }
            let promise = text.rsplit_once(" # ").map_or("", |(_, comment)| comment).to_owned();
            steps.push(Step {
                blocked: promise.starts_with("blocked"),
                code: promise
                    .split(|c: char| !c.is_ascii_alphanumeric())
                    .find(|word| promise.starts_with("blocked") && word.starts_with("CG"))
                    .map(str::to_owned),
                text,
            });
        }
    }
    steps
}

/// Pastes the commands into shells, one after the other, each in the directory and with the variables where the last one ended.
fn run_all(steps: &[Step]) {
    let repo = TestRepo::empty();
    let program = Path::new(env!("CARGO_BIN_EXE_certgate"));
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(
        std::iter::once(program.parent().unwrap().to_path_buf()).chain(std::env::split_paths(&path)),
    )
    .unwrap();
    let state = repo.home().join("state.sh");
    std::fs::write(&state, "").unwrap();
    for (at, step) in steps.iter().enumerate() {
        let script = format!(
            ". {state}\n{text}\ncode=$?\nprintf 'cd %s\\nDATE=\"%s\"\\n' \"$PWD\" \"$DATE\" >{state}\nexit $code\n",
            state = state.display(),
            text = step.text
        );
        let output = repo
            .command("sh")
            .env("PATH", &path)
            .env_remove("GIT_AUTHOR_DATE")
            .env_remove("GIT_COMMITTER_DATE")
            .args(["-c", &script])
            .output()
            .unwrap();
        let said = format!(
            "step {at}: {}\n{}{}",
            step.text,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(output.status.code(), Some(i32::from(step.blocked)), "{said}");
        if let Some(code) = &step.code {
            assert!(said.contains(&format!("error[{code}]")), "{said}");
        }
    }
}
