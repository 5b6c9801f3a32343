//! The import picture of `docs/architecture.md`, held: a module imports only what is before it in the flow.

#![allow(clippy::unwrap_used)]

mod circles;
mod once;

use std::collections::BTreeMap;
use std::path::Path;

/// Each module with the modules that it may import.
const PICTURE: [(&str, &[&str]); 25] = [
    ("change", &[]),
    ("progress", &[]),
    ("diagnostic", &["change"]),
    ("certificate", &["change", "diagnostic"]),
    ("trust", &["change", "diagnostic", "certificate"]),
    ("policy", &["change", "diagnostic", "certificate", "trust"]),
    ("git", &["change", "diagnostic", "progress", "signals"]),
    ("sensitivity", &["change", "diagnostic", "policy", "progress", "trust"]),
    (
        "ledger",
        &[
            "change",
            "diagnostic",
            "certificate",
            "trust",
            "policy",
            "git",
            "progress",
        ],
    ),
    ("evidence", &["change", "certificate"]),
    (
        "verdict",
        &[
            "change",
            "diagnostic",
            "certificate",
            "trust",
            "policy",
            "sensitivity",
            "ledger",
            "evidence",
        ],
    ),
    ("hooks", &["change", "diagnostic"]),
    ("signing", &["diagnostic", "git", "trust"]),
    (
        "attest",
        &[
            "change",
            "certificate",
            "trust",
            "ledger",
            "evidence",
            "verdict",
            "gate",
        ],
    ),
    ("signals", &[]),
    (
        "gate",
        &[
            "change",
            "diagnostic",
            "certificate",
            "trust",
            "policy",
            "git",
            "sensitivity",
            "ledger",
            "verdict",
            "progress",
            "evidence",
        ],
    ),
    (
        "intake",
        &[
            "change",
            "diagnostic",
            "certificate",
            "trust",
            "policy",
            "git",
            "sensitivity",
            "ledger",
            "evidence",
            "verdict",
            "progress",
            "hooks",
            "gate",
        ],
    ),
    ("forge", &["change", "diagnostic", "gate", "intake"]),
    (
        "harness",
        &[
            "change",
            "diagnostic",
            "certificate",
            "policy",
            "git",
            "verdict",
            "gate",
            "intake",
        ],
    ),
    (
        "doctor",
        &[
            "change",
            "diagnostic",
            "certificate",
            "trust",
            "policy",
            "git",
            "sensitivity",
            "ledger",
            "verdict",
            "progress",
            "hooks",
            "gate",
            "harness",
            "intake",
        ],
    ),
    (
        "author",
        &[
            "change",
            "diagnostic",
            "certificate",
            "trust",
            "policy",
            "git",
            "sensitivity",
            "ledger",
            "evidence",
            "verdict",
            "progress",
            "gate",
            "intake",
            "signing",
            "signals",
        ],
    ),
    (
        "simulate",
        &[
            "change",
            "diagnostic",
            "certificate",
            "trust",
            "policy",
            "git",
            "sensitivity",
            "ledger",
            "verdict",
            "progress",
            "gate",
            "intake",
        ],
    ),
    (
        "audit",
        &[
            "change",
            "diagnostic",
            "certificate",
            "trust",
            "policy",
            "git",
            "sensitivity",
            "ledger",
            "evidence",
            "verdict",
            "progress",
            "hooks",
            "gate",
            "intake",
            "doctor",
        ],
    ),
    (
        "report",
        &[
            "audit",
            "change",
            "diagnostic",
            "certificate",
            "trust",
            "policy",
            "git",
            "sensitivity",
            "ledger",
            "evidence",
            "verdict",
            "progress",
            "gate",
            "doctor",
            "simulate",
        ],
    ),
    (
        "cli",
        &[
            "change",
            "diagnostic",
            "certificate",
            "trust",
            "policy",
            "git",
            "sensitivity",
            "ledger",
            "verdict",
            "progress",
            "evidence",
            "hooks",
            "signing",
            "signals",
            "gate",
            "harness",
            "intake",
            "forge",
            "attest",
            "doctor",
            "author",
            "audit",
            "simulate",
            "report",
        ],
    ),
];

pub(crate) fn sources(at: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The text of a source file without its line comments and without what follows `#[cfg(test)]`.
pub(crate) fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

pub(crate) fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn imports_follow_the_picture() {
    let allowed: BTreeMap<&str, &[&str]> = PICTURE.into_iter().collect();
    let mut checked = 0;
    for (module, may) in &allowed {
        let mut files = Vec::new();
        match root().join(module) {
            folder if folder.is_dir() => sources(&folder, &mut files),
            folder => files.push(folder.with_extension("rs")),
        }
        for file in files
            .iter()
            .filter(|file| !file.file_name().unwrap().to_string_lossy().contains("tests"))
        {
            let text = code(file);
            for (at, _) in text.match_indices("crate::") {
                let rest = &text[at + "crate::".len()..];
                let name: String = rest
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                    .collect();
                if !allowed.contains_key(name.as_str()) || name == *module {
                    continue;
                }
                checked += 1;
                assert!(
                    may.contains(&name.as_str()),
                    "{}: `{module}` imports `{name}`",
                    file.display()
                );
            }
        }
    }
    assert!(checked > 50, "only {checked} imports were seen");
}

#[test]
fn git2_has_one_user() {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    for file in files {
        let own = file.strip_prefix(root()).unwrap().starts_with("git");
        assert!(own || !code(&file).contains("git2::"), "{}", file.display());
    }
}

/// `git` runs git, `signing` has OpenSSH sign, `demo` plays its story in its own scratch repository, `measure` runs what whoever typed
/// it named, and the guided review the pager that its user has set.
#[test]
fn programs_are_started_in_few_places() {
    let may = [
        "git/run.rs",
        "signing/mod.rs",
        "signing/agent.rs",
        "cli/demo.rs",
        "author/measure/mod.rs",
        "cli/certify/pager.rs",
    ];
    let mut files = Vec::new();
    sources(&root(), &mut files);
    for file in files
        .iter()
        .filter(|file| !file.file_name().unwrap().to_string_lossy().contains("tests"))
    {
        let own = file.strip_prefix(root()).unwrap().to_str().unwrap();
        let starts = code(file).contains("Command::new(");
        assert!(may.contains(&own) || !starts, "{own}");
    }
}

#[test]
fn every_module_of_the_library_is_in_the_picture() {
    let lib = code(&root().join("lib.rs"));
    let modules = lib.lines().filter_map(|line| {
        line.strip_prefix("pub ")
            .unwrap_or(line)
            .strip_prefix("mod ")?
            .strip_suffix(';')
    });
    let known: Vec<&str> = PICTURE.iter().map(|(name, _)| *name).collect();
    let unknown: Vec<&str> = modules.filter(|module| !known.contains(module)).collect();
    assert_eq!(unknown, Vec::<&str>::new());
}

/// What talks to a network by itself is in one place.
#[test]
fn the_network_has_one_user() {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    for file in files {
        let own = file.strip_prefix(root()).unwrap().starts_with("forge");
        let text = code(&file);
        let talks = ["ureq", "rustls", "TcpStream", "UdpSocket", "TcpListener"]
            .iter()
            .find(|word| text.contains(**word));
        assert!(own || talks.is_none(), "{}: {talks:?}", file.display());
    }
}

/// The command line is clap's and its own: nothing else reads arguments or prints.
#[test]
fn only_the_command_line_names_clap_and_prints() {
    const WORDS: [&str; 6] = ["clap", "print!(", "println!(", "stdout()", "stderr()", "anstream"];
    let mut files = Vec::new();
    sources(&root(), &mut files);
    for file in files
        .iter()
        .filter(|file| !file.strip_prefix(root()).unwrap().to_string_lossy().contains("tests"))
    {
        let own = file.strip_prefix(root()).unwrap();
        let text = code(file);
        let found = WORDS.iter().find(|word| text.contains(**word));
        assert!(
            own.starts_with("cli") || found.is_none(),
            "{}: {found:?}",
            own.display()
        );
    }
}
