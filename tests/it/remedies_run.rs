//! Every command that a run of the suite advises is run where it was printed, and must do what it says.
//!
//! [`crate::scene::run`] and [`crate::scene::git`] hand over what they printed. Each distinct command (its code, words and placeholders) is tried once
//! in a test, in a copy of the scene, as text for a shell with the placeholders filled in. That is so in the tests of honest scenes; an attack, a
//! server or a broken machine is no place where advice has to work. With `CERTGATE_REMEDIES=all` every test tries, and with `CERTGATE_REMEDIES=list` what was tried is kept in `target/tmp/remedies`, from which `docs/remedies.md` is made.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::{LazyLock, Mutex};

use regex::Regex;

use crate::advice::path;
use crate::scene::Ran;
use crate::support::TestRepo;

/// Programs whose name begins a command; other advice is a sentence.
const PROGRAMS: [&str; 22] = [
    "certgate",
    "git",
    "sh",
    "rm",
    "mv",
    "cp",
    "ls",
    "diff",
    "date",
    "env",
    "head",
    "sed",
    "df",
    "mkdir",
    "chmod",
    "man",
    "ssh-add",
    "ssh-keygen",
    "findmnt",
    "fuser",
    "quota",
    "mount",
];

/// What cannot be tried by a test, and why.
const NOT_TRIED: [(&str, &str); 9] = [
    (
        "certgate measure",
        "it runs the reader's own benchmarks; tests/it/measure.rs runs it",
    ),
    ("ssh-keygen", "it asks on the terminal, for a file or a passphrase"),
    ("ssh-add", "it needs an agent of the session"),
    ("man ", "manual pages may not be installed"),
    ("findmnt", "it tells of the machine"),
    ("fuser", "it tells of the machine"),
    ("quota", "it tells of the machine"),
    ("mount", "it needs to be root; tests/it/refs/doctor.rs runs it"),
    ("df ", "it tells of the machine"),
];

/// Commands that show what is wrong, and end as findings do: with 1, and those of others as they please.
const SHOWS: [&str; 7] = [
    "certgate lint",
    "certgate verify",
    "certgate check",
    "certgate policy check",
    "certgate doctor",
    "certgate evidence",
    "diff ",
];

/// Commands of git and the system that show what is missing, and fail where it is.
const LOOKS: [&str; 6] = [
    // Of which there may be no commit.
    "certgate simulate --since",
    // What it asks for is judged by the hook, as any move of the branch.
    "git branch --force",
    "git fsck",
    "git fetch --all && git rev-parse --verify",
    "git merge-base",
    "ls -ld",
];

/// Scenes in which advice need not work: what is advised is for the machine, the server or the honest change that is not there.
const ELSEWHERE: [&str; 10] = [
    "attacks::",
    "ci::",
    "git_layer::",
    "growth::",
    "layouts::",
    "managers::",
    "matrix::",
    "robust::",
    "servers::",
    "timings::",
];

/// A command that was printed.
struct Printed {
    code: String,
    place: Option<String>,
    component: Option<String>,
    text: String,
    /// The files that the diagnostics name.
    files: Vec<String>,
}

static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Tries what a run advised and nobody has tried yet.
pub(crate) fn printed(repo: &TestRepo, arguments: &[&str], program: &str, ran: &Ran) {
    let mode = std::env::var("CERTGATE_REMEDIES").unwrap_or_default();
    if mode == "off" || !ran.err.contains("= help: ") {
        return;
    }
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    // A thread without a name runs attacks, one after the other, to print their table.
    let elsewhere = test.is_empty() || ELSEWHERE.iter().any(|module| test.starts_with(module));
    if mode.is_empty() && elsewhere {
        return;
    }
    for printed in commands(ran) {
        // An agent whose name cannot be written cannot decide again: CG410 keeps its refusals out.
        let unnameable = printed.text.contains("--agent \\\n\"$(printf") || printed.text.contains("--agent \"$(printf");
        if unnameable || NOT_TRIED.iter().any(|(start, _)| printed.text.starts_with(start)) {
            continue;
        }
        let shape = format!("{}\t{}", printed.code, shape(&printed.text));
        let key = format!("{test}\t{shape}");
        if !SEEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(key) {
            continue;
        }
        let Some(outcome) = attempt(repo, arguments, program, (ran, &printed)) else {
            continue;
        };
        if mode == "list" {
            list(&format!(
                "{shape}\t{test}\t{}",
                outcome.as_ref().err().map_or("works", |_| "FAILS")
            ));
        }
        if let Err(why) = outcome {
            if mode == "list" {
                list(&format!(
                    "## {test}: {program} {arguments:?}\n{}\n{why}\n##",
                    printed.text
                ));
            } else {
                panic!(
                    "`{program} {arguments:?}` advises for {}:\n{}\n{why}",
                    printed.code, printed.text
                );
            }
        }
    }
}

fn list(line: &str) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("remedies");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{}.tsv", std::process::id()));
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// The commands among the advice, each with the diagnostic that gives it.
fn commands(ran: &Ran) -> Vec<Printed> {
    let head = Regex::new(r"^(?:error|warning|note)\[(CG\d+)\]: (.*)$").unwrap();
    let mut found: Vec<Printed> = Vec::new();
    let (mut code, mut component, mut place) = (String::new(), None, None);
    let mut open = false;
    for line in ran.err.lines() {
        if let Some(named) = head.captures(line) {
            code = named[1].to_owned();
            component = named[2]
                .strip_prefix('`')
                .and_then(|rest| rest.split_once('`'))
                .map(|(id, _)| id.to_owned());
            place = None;
        }
        if let Some(at) = line.trim_start().strip_prefix("--> ") {
            place = Some(at.to_owned());
        }
        let help = line.trim_start().strip_prefix("= help: ");
        let goes_on = open && line.starts_with("          ");
        if let Some(text) = help {
            found.push(Printed {
                files: Vec::new(),
                code: code.clone(),
                place: place.clone(),
                component: component.clone(),
                text: text.to_owned(),
            });
        } else if let Some(last) = found.last_mut().filter(|_| goes_on) {
            last.text.push('\n');
            last.text.push_str(line.trim_start());
        }
        open = help.is_some() || goes_on;
    }
    let named = Regex::new(r"--> ([^\s:]+)|`([^`\s]+)`").unwrap();
    let mut files: Vec<String> = Vec::new();
    for name in named.captures_iter(&ran.err) {
        let name = name.get(1).or(name.get(2)).unwrap().as_str();
        if !files.iter().any(|known| known == name) {
            files.push(name.to_owned());
        }
    }
    found.iter_mut().for_each(|printed| printed.files.clone_from(&files));
    found.retain(|printed| {
        let first = printed.text.split_whitespace().next().unwrap_or_default();
        // A usage line is a sentence.
        PROGRAMS.contains(&first) && !printed.text.contains("[--") && !printed.text.contains('…')
    });
    found
}

/// A command without what differs from scene to scene: ids, digests, dates, and names of files.
fn shape(text: &str) -> String {
    static VARIES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        [
            (r"\\\n", " "),
            (r"(?s)\s+#.*$", ""),
            (r"\$\(printf '[^']*'\)", "BYTES"),
            (r"\b[0-9a-f]{7,64}\b", "HEX"),
            (r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "ULID"),
            (r"\d{8}_\d{6}", "STAMP"),
            (r"/tmp/\S+", "/TMP"),
            (r"\b\d+\b", "N"),
            (r"\s+", " "),
        ]
        .map(|(pattern, by)| (Regex::new(pattern).unwrap(), by))
        .into()
    });
    let mut text = text.to_owned();
    for (pattern, by) in VARIES.iter() {
        text = pattern.replace_all(&text, *by).into_owned();
    }
    // Options and the first words tell commands apart; what is given to them does not.
    let mut words = Vec::new();
    for part in text.split(" && ") {
        let mut kept: Vec<&str> = Vec::new();
        for (at, word) in part.split(' ').enumerate() {
            let option = word.starts_with("--") && word.len() > 2;
            let blank = word
                .trim_matches('"')
                .chars()
                .all(|c| c.is_ascii_uppercase() || c == ':');
            if at < 2
                || option
                || (blank && !word.is_empty())
                || (at == 2
                    && matches!(kept.first(), Some(&"git") | Some(&"certgate"))
                    && word.chars().all(|c| c.is_ascii_lowercase()))
            {
                kept.push(word.split_once('=').map_or(word, |(name, _)| name));
            }
        }
        words.push(kept.join(" "));
    }
    words.join(" && ")
}

/// How often a command of this kind, for this component, is printed.
fn alike(ran: &Ran, printed: &Printed) -> usize {
    let same = |other: &&Printed| other.code == printed.code && other.component == printed.component;
    commands(ran).iter().filter(same).count()
}

/// Runs it in a copy of the scene. `None` where the scene cannot be copied.
fn attempt(
    repo: &TestRepo,
    arguments: &[&str],
    program: &str,
    (before, printed): (&Ran, &Printed),
) -> Option<Result<(), String>> {
    let measured = std::process::Command::new("du")
        .args(["-sk", "--"])
        .arg(repo.home())
        .output()
        .ok()?;
    let size = String::from_utf8_lossy(&measured.stdout);
    let size: u64 = size.split_whitespace().next()?.parse().ok()?;
    if size > 40_000 || !measured.status.success() {
        return None;
    }
    let twin = repo.twin();
    // Files that the command line names are those of the copy.
    let (from, to) = (repo.home(), twin.home());
    let (from, to) = (from.to_str()?, to.to_str()?);
    let arguments: Vec<String> = arguments.iter().map(|word| word.replace(from, to)).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let arguments = arguments.as_slice();
    let checks = program == "certgate" && arguments.first() == Some(&"check");
    let text = fill(&twin, arguments, printed);
    let text = text.replace(from, to);
    if text.starts_with("git commit --no-verify .certgate/policy.yaml") {
        // It is for the policy that was corrected.
        let policy = twin.path().join(".certgate/policy.yaml");
        let _not_a_file = std::fs::remove_file(&policy).or_else(|_| std::fs::remove_dir_all(&policy));
        twin.write(".certgate/policy.yaml", "version: 1\n# corrected\n");
    }
    if text.starts_with("git add README.md") {
        twin.write("README.md", "what is added\n");
    }
    // A key that the scene does not have.
    let keys = text
        .split("--sign ")
        .skip(1)
        .filter_map(|rest| rest.split_whitespace().next());
    if keys.into_iter().any(|key| !std::path::Path::new(key).exists()) {
        return None;
    }
    let mut shell = twin.command("timeout");
    let output = shell
        .env("PATH", path())
        .env("GIT_EDITOR", "sh -c 'echo done >\"$1\"' sh")
        .args(["60", "sh", "-c", &text])
        .output()
        .unwrap();
    let ran = Ran::from(output);
    let begins = |list: &[&str]| list.iter().any(|start| printed.text.starts_with(start));
    let good = ran.code == Some(0)
        || (begins(&SHOWS) && ran.code == Some(1))
        || (begins(&LOOKS) && ran.code.is_some_and(|code| code < 126 || code == 128));
    // Nothing can be certified where there is nothing that both have.
    if ran.err.contains("[CG703]") {
        return None;
    }
    if !good || ran.err.contains("CG711") {
        return Some(Err(format!(
            "as filled in: {text}\nended with {:?}: {}",
            ran.code,
            ran.said()
        )));
    }
    // Beside a refusal, what lifts it comes first.
    let later =
        text.contains("--status APPROVED") && printed.text.contains("DECISION") && !text.contains("--supersedes");
    if !checks || later || !printed.text.contains("certgate certify") {
        return Some(Ok(()));
    }
    // It was printed for want of a certificate: that one is not asked for again.
    twin.git(&["add", "--all", "--force", "certificates"]);
    if !arguments.contains(&"--staged") {
        twin.git(&["commit", "--quiet", "--no-verify", "--allow-empty", "-m", "Certify"]);
    }
    let again = Ran::from(twin.certgate(arguments));
    match again.code == Some(0) || alike(&again, printed) < alike(before, printed) {
        true => Some(Ok(())),
        false => Some(Err(format!(
            "as filled in: {text}\nit is still asked for: {}",
            again.said()
        ))),
    }
}

/// Who decides: an agent that the component asks for and that has not approved, whose key is allowed and who is not an author.
fn agent(repo: &TestRepo, arguments: &[&str], printed: &Printed) -> Option<String> {
    let mut asked: Vec<&str> = arguments.to_vec();
    if let Some(at) = asked.iter().position(|word| *word == "--format") {
        asked.drain(at..(at + 2).min(asked.len()));
    }
    let ran = Ran::from(repo.certgate(&[&asked[..], &["--format", "json"]].concat()));
    let json: serde_json::Value = serde_json::from_str(&ran.out).ok()?;
    let components = json["components"].as_array()?;
    let own = components
        .iter()
        .find(|own| printed.component.as_deref() == own["id"].as_str());
    let requirement = &own.or(components.first())?["requirement"];
    let names = |key: &str| -> Vec<String> {
        let list = requirement[key].as_array().cloned().unwrap_or_default();
        list.iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    };
    let may = names("may_decide");
    if let Some(first) = may.first() {
        return Some(first.clone());
    }
    let allowed = repo.try_git(&["show", "main:.certgate/allowed_signers"]).stdout;
    let allowed = String::from_utf8_lossy(&allowed).into_owned();
    let (authors, approved) = (names("not_by"), names("approved_by"));
    let person = crate::signed::PEOPLE.iter().find(|(_, principal, agent)| {
        allowed.contains(principal)
            && !authors.iter().any(|author| author == principal)
            && !approved.iter().any(|name| name == agent)
    });
    person.map(|(_, _, agent)| (*agent).to_owned())
}

/// Fills the placeholders in by what the scene has.
fn fill(repo: &TestRepo, arguments: &[&str], printed: &Printed) -> String {
    let agent = match arguments.first() {
        Some(&"check") if printed.text.contains("NAME") => agent(repo, arguments, printed),
        _ => None,
    };
    let agent = agent.unwrap_or_else(|| "performance-engineer".to_owned());
    let place = printed.place.as_deref().and_then(|place| place.split(':').next());
    let file = place.unwrap_or("README.md");
    let about = |start: &str| printed.text.contains(start);
    let path = match () {
        () if about("--policy FILE") => ".certgate/policy.yaml",
        () if about("seal FILE") => return printed.text.replace("--sign KEY", "--sign /nowhere"),
        () if about("explain FILE") || about("git add FILE") => "README.md",
        () => file,
    };
    let component = printed.component.as_deref().unwrap_or("gpu_memory");
    // A line of each file that is named: whoever reviews says once for each component what was examined.
    let mut examined = vec![format!("--evidence {file}:1")];
    let others = printed.files.iter().filter(|other| other.as_str() != file);
    let others = others.filter(|other| repo.path().join(other).is_file());
    examined.extend(others.map(|other| format!("--evidence {other}:1")));
    let mut text = printed.text.replace("--evidence PATH:LINES", &examined.join(" "));
    for (blank, value) in [
        ("NAME", agent.as_str()),
        ("REVIEWER", "torch-specialist"),
        ("WHY", "one allocation less in each step, measured on the trainer"),
        ("CONDITION", "the benchmark is run again in March"),
        ("FINDING", "the buffer is allocated once"),
        ("DECISION", "APPROVED"),
        ("COMPONENT", component),
        ("FILE", path),
        ("DIRECTORY", "new-directory"),
        ("BRANCH", "main"),
        ("REV", "HEAD"),
        ("DATE", "2026-01-02 03:04:05 UTC"),
        ("MESSAGE", "Say so"),
        ("REMOTE", "origin"),
        ("YOU@EXAMPLE.ORG", "you@example.org"),
    ] {
        let word = Regex::new(&format!(r#"(^|[\s"'=/:]){blank}($|[\s"'])"#)).unwrap();
        let filled = word.replace_all(&text, |found: &regex::Captures<'_>| {
            format!("{}{value}{}", &found[1], &found[2])
        });
        text = filled.into_owned();
    }
    // Whoever decides signs.
    let person = crate::signed::PEOPLE
        .iter()
        .find(|(_, _, agent)| text.contains(&format!("--agent {agent}")));
    let key = repo.home().join(person.map_or("pia", |(name, _, _)| name));
    text.replace("--sign KEY", &format!("--sign {}", key.display()))
}
