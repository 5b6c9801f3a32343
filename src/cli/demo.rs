//! `certgate demo`: the full story in a scratch repository, with the real git and the real hooks. Every step says what it expects and
//! is checked; the demo fails if one does not go as described.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::args::DemoArgs;
use super::ending::Ending;
use super::fault::Doing as _;
use super::{install, terminal};
use crate::diagnostic::{Code, Diagnostic, sanitize};
use crate::gate::Undecided;

const POLICY: &str = "version: 1
components:
  - id: hot_loop
    title: The hot loop
    match: { paths: [\"src/**\"] }
    require: { agents: [performance-engineer] }
";

/// A scratch repository and the environment of its commands.
struct Stage {
    folder: PathBuf,
    path: std::ffi::OsString,
    went_wrong: bool,
}

/// Carries it out.
pub(super) fn run(args: &DemoArgs) -> Result<Ending, Undecided> {
    let scratch = tempfile::Builder::new().prefix("certgate-demo-").tempdir();
    let scratch = scratch.doing("make a scratch folder in", std::env::temp_dir())?;
    let folder = scratch.path().join("repository");
    std::fs::create_dir(&folder).doing("make", &folder)?;
    let binary = install::binary()?;
    let beside = binary.parent().unwrap_or(Path::new("/"));
    let path = std::env::join_paths(std::iter::once(beside.to_path_buf()).chain(paths()));
    let path = path.map_err(|error| Undecided::internal(&error.to_string()))?;
    let mut stage = Stage {
        folder: folder.clone(),
        path,
        went_wrong: false,
    };
    story(&mut stage)?;
    let kept = if args.keep {
        format!(
            "the repository is kept in {}\n",
            scratch.keep().join("repository").display()
        )
    } else {
        String::new()
    };
    if stage.went_wrong {
        terminal::out(&format!("\nThe demo did not go as described.\n{kept}"))?;
        return Ok(Ending::Blocked);
    }
    terminal::out(&format!(
        "\nThat is the full story: blocked, certified, passed, stale, vetoed, lifted.\n{kept}"
    ))?;
    Ok(Ending::Done)
}

fn paths() -> Vec<PathBuf> {
    std::env::var_os("PATH")
        .map(|path| {
            std::env::split_paths(&path)
                .filter(|entry| entry.is_absolute())
                .collect()
        })
        .unwrap_or_default()
}

/// The command by which the engineer of the story decides.
fn certify<'a>(status: &'a str, rationale: &'a str, what: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec![
        "certgate",
        "certify",
        "hot_loop",
        "--agent",
        "performance-engineer",
        "--status",
        status,
        "--rationale",
        rationale,
    ];
    words.extend(what);
    words
}

fn story(s: &mut Stage) -> Result<(), Undecided> {
    adopted(s)?;
    blocked(s)?;
    certified(s)?;
    stale(s)?;
    vetoed(s)?;
    lifted(s)?;
    s.run(&["certgate", "log"], 0)
}

fn adopted(s: &mut Stage) -> Result<(), Undecided> {
    s.say("A repository with a policy: whatever lies below src/ is performance-sensitive.")?;
    s.quiet(&["git", "init", "--quiet", "--initial-branch=main"])?;
    s.write("src/loop.py", "def step(batch):\n    return [x * 2 for x in batch]\n")?;
    s.write(".certgate/policy.yaml", POLICY)?;
    s.run(&["certgate", "init"], 0)?;
    s.quiet(&["git", "add", "."])?;
    s.quiet(&[
        "git",
        "-c",
        "core.hooksPath=/dev/null",
        "commit",
        "--quiet",
        "-m",
        "Begin, with a gate",
    ])
}

fn blocked(s: &mut Stage) -> Result<(), Undecided> {
    s.say("1. Somebody speeds the loop up and commits. Nobody has certified it: blocked.")?;
    s.write(
        "src/loop.py",
        "import numpy as np\n\ndef step(batch):\n    return np.multiply(batch, 2)\n",
    )?;
    s.quiet(&["git", "add", "src"])?;
    s.run(&["git", "commit", "-m", "Vectorise the loop"], 1)
}

fn certified(s: &mut Stage) -> Result<(), Undecided> {
    s.say("2. The performance engineer reviews exactly that content and certifies it: the commit passes.")?;
    s.run(
        &certify("APPROVED", "Measured: 40 times fewer interpreter steps", &["--staged"]),
        0,
    )?;
    s.quiet(&["git", "add", "certificates"])?;
    s.run(&["git", "commit", "-m", "Vectorise the loop"], 0)
}

fn stale(s: &mut Stage) -> Result<(), Undecided> {
    s.say("3. On a branch the loop is certified, and then edited once more. The stale certificate is caught at the merge.")?;
    s.quiet(&["git", "switch", "--quiet", "-c", "faster"])?;
    s.write(
        "src/loop.py",
        "import numpy as np\n\ndef step(batch, out=None):\n    return np.multiply(batch, 2, out=out)\n",
    )?;
    s.write("src/pool.py", "POOL = []\n")?;
    s.quiet(&["git", "add", "src"])?;
    s.run(
        &certify("APPROVED", "No allocation in the steady state", &["--staged"]),
        0,
    )?;
    s.quiet(&["git", "add", "certificates"])?;
    s.quiet(&["git", "commit", "--quiet", "-m", "Reuse the output buffer"])?;
    s.write(
        "src/loop.py",
        "import numpy as np\n\ndef step(batch, out=None):\n    return np.multiply(batch, 2.0, out=out)\n",
    )?;
    s.quiet(&["git", "commit", "--quiet", "-am", "Small fix"])?;
    s.quiet(&["git", "switch", "--quiet", "main"])?;
    s.run(&["git", "merge", "--no-ff", "--no-edit", "faster"], 1)?;
    s.quiet(&["git", "merge", "--abort"])
}

fn vetoed(s: &mut Stage) -> Result<(), Undecided> {
    s.say("4. The engineer looks again and refuses it: NO_GO. No merge goes over that.")?;
    s.quiet(&["git", "switch", "--quiet", "faster"])?;
    let why = "2.0 turns every batch into float64: twice the memory";
    s.run(&certify("NO_GO", why, &["--base", "main"]), 0)?;
    s.quiet(&["git", "add", "certificates"])?;
    s.quiet(&["git", "commit", "--quiet", "-m", "Certify: no go"])?;
    s.quiet(&["git", "switch", "--quiet", "main"])?;
    s.run(&["git", "merge", "--no-ff", "--no-edit", "faster"], 1)?;
    s.quiet(&["git", "merge", "--abort"])
}

fn lifted(s: &mut Stage) -> Result<(), Undecided> {
    s.say(
        "5. The fix is made, and a later certificate of the same engineer lifts the refusal: the merge goes through.",
    )?;
    s.quiet(&["git", "switch", "--quiet", "faster"])?;
    s.write("src/loop.py", "import numpy as np\n\ndef step(batch, out=None):\n    return np.multiply(batch, 2, out=out, dtype=batch.dtype)\n")?;
    s.quiet(&["git", "commit", "--quiet", "-am", "Keep the type of the batch"])?;
    let why = "The type of the batch is kept; memory is as before";
    s.run(&certify("APPROVED", why, &["--base", "main"]), 0)?;
    s.quiet(&["git", "add", "certificates"])?;
    s.quiet(&["git", "commit", "--quiet", "-m", "Certify the fix"])?;
    s.quiet(&["git", "switch", "--quiet", "main"])?;
    s.run(&["git", "merge", "--no-ff", "--no-edit", "faster"], 0)
}

impl Stage {
    fn say(&self, text: &str) -> anyhow::Result<()> {
        terminal::out(&format!("\n{text}\n"))
    }

    fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.folder.join(name);
        let folder = path.parent().unwrap_or(&path);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
        written.doing("write", &path)
    }

    fn command(&self, words: &[&str]) -> Result<std::process::Output, Undecided> {
        let (program, arguments) = words
            .split_first()
            .ok_or_else(|| Undecided::internal("an empty command"))?;
        let binary = install::binary()?;
        let mut command = match *program {
            "certgate" => Command::new(binary),
            other => Command::new(other),
        };
        command
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(std::process::Stdio::null());
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        command
            .env("PATH", &self.path)
            .env("HOME", &self.folder)
            .env("XDG_CONFIG_HOME", &self.folder)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_AUTHOR_NAME", "A. Developer")
            .env("GIT_AUTHOR_EMAIL", "dev@example.org")
            .env("GIT_COMMITTER_NAME", "A. Developer")
            .env("GIT_COMMITTER_EMAIL", "dev@example.org")
            .env("GIT_MERGE_AUTOEDIT", "no")
            .env("LC_ALL", "C");
        if anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never {
            // What is shown is passed on to a terminal that has colours.
            command.env("CLICOLOR_FORCE", "1");
        }
        command.output().map_err(|error| {
            let problem = Diagnostic::error(Code::CG706, format!("cannot run {program}: {error}"));
            problem.help("install git, and see that it is on PATH").into()
        })
    }

    /// Runs a step of the story, shows it with all its output, and holds its exit code against what was expected.
    fn run(&mut self, words: &[&str], expected: i32) -> Result<(), Undecided> {
        let shown: Vec<String> = words.iter().map(|word| crate::diagnostic::shell(word)).collect();
        let output = self.command(words)?;
        let mut text = format!("\n$ {}\n", shown.join(" "));
        for stream in [&output.stdout, &output.stderr] {
            for line in String::from_utf8_lossy(stream).lines() {
                text.push_str(&format!("  {}\n", coloured(line)));
            }
        }
        let code = output.status.code().unwrap_or(-1);
        if code != expected {
            self.went_wrong = true;
            text.push_str(&format!("  !! exit code {code}, but {expected} was expected\n"));
        } else if code != 0 {
            text.push_str(&format!("  (exit code {code}, as expected)\n"));
        }
        Ok(terminal::out(&text)?)
    }

    /// Runs a step that only sets the scene.
    fn quiet(&mut self, words: &[&str]) -> Result<(), Undecided> {
        let output = self.command(words)?;
        if !output.status.success() {
            self.went_wrong = true;
            let told = crate::diagnostic::sanitize_bytes(&output.stderr);
            terminal::out(&format!("  !! {} failed: {told}\n", words.join(" ")))?;
        }
        Ok(())
    }
}

/// A line made harmless but for its colours: sequences of the form `ESC [ 1;31 m` are kept.
fn coloured(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut text = sanitize(parts.next().unwrap_or_default());
    for part in parts {
        match part.split_once('m') {
            Some((style, rest)) if style.bytes().all(|b| b.is_ascii_digit() || b == b';') => {
                text.push_str(&format!("\u{1b}[{style}m{}", sanitize(rest)));
            }
            _ => text.push_str(&sanitize(&format!("\u{1b}[{part}"))),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::coloured;

    #[test]
    fn only_colours_are_kept() {
        assert_eq!(coloured("\u{1b}[1;31merror\u{1b}[0m x"), "\u{1b}[1;31merror\u{1b}[0m x");
        assert!(!coloured("\u{1b}[2Jm \u{1b}]0;title\u{7}").contains('\u{1b}'));
    }
}
