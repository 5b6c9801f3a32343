//! What CONTRIBUTING.md says of adding a kind of rule, done to a copy of the source: `match: { links: true }` gates every symbolic link.
//! The places are looked for always; that the copy compiles is checked where all tools are required, since that takes a minute.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use crate::layers::root;

/// Where a line goes: the file, the text that is before or after it, and the line.
enum Put {
    After(&'static str),
    Before(&'static str),
}

/// Every place that a new kind of rule touches.
const PLACES: [(&str, Put, &str); 7] = [
    // The key, as it is written.
    (
        "policy/raw.rs",
        Put::Before(
            "    #[serde(default, skip_serializing_if = \"Vec::is_empty\")]\n    pub(super) functions: Vec<Short<Function>>,",
        ),
        "    #[serde(default)]\n    pub(super) links: bool,\n",
    ),
    // The same, validated.
    (
        "policy/rules.rs",
        Put::After("pub struct Rules {\n"),
        "    /// Whether every symbolic link is gated.\n    pub links: bool,\n",
    ),
    (
        "policy/validate_rules.rs",
        Put::After("        let mut rules = Rules {\n"),
        "            links: raw.links,\n",
    ),
    // The kind, and its word in reports.
    (
        "sensitivity/mod.rs",
        Put::Before("    /// `match.paths`.\n    Path,"),
        "    /// `match.links`.\n    Link,\n",
    ),
    (
        "sensitivity/mod.rs",
        Put::Before("            Self::Path => \"path\","),
        "            Self::Link => \"link\",\n",
    ),
    // Which files it looks at.
    (
        "sensitivity/wanted.rs",
        Put::After("        self.content.is_some()\n"),
        "            || self.component.rules.links\n",
    ),
    // What gives its reasons.
    (
        "sensitivity/claims.rs",
        Put::Before("    found.retain(|(_, reasons)| !reasons.is_empty());"),
        "    let link = file.after().is_some_and(|entry| entry.mode == crate::change::Mode::Symlink);\n    \
         for (candidate, (_, reasons)) in candidates.iter().zip(&mut found) {\n        \
         if link && candidate.component.rules.links {\n            \
         reasons.push(Reason { rule: RuleKind::Link, name: None, needs: None, line: None, side: None, detail: \"a symbolic link\".to_owned() });\n        \
         }\n    }\n",
    ),
];

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let there = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &there),
            false => drop(std::fs::copy(&path, &there).unwrap()),
        }
    }
}

#[test]
fn a_kind_of_rule_is_added_in_seven_places() {
    let scratch = crate::support::scratch();
    let repository = root().join("..");
    for folder in ["src", "hooks", "policies", "docs"] {
        copy(&repository.join(folder), &scratch.path().join(folder));
    }
    let mut touched: Vec<PathBuf> = Vec::new();
    for (file, put, line) in PLACES {
        let path = scratch.path().join("src").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let (anchor, with) = match put {
            Put::After(anchor) => (anchor, format!("{anchor}{line}")),
            Put::Before(anchor) => (anchor, format!("{line}{anchor}")),
        };
        assert_eq!(text.matches(anchor).count(), 1, "src/{file}: {anchor:?}");
        std::fs::write(&path, text.replace(anchor, &with)).unwrap();
        if !touched.contains(&path) {
            touched.push(path);
        }
    }
    assert_eq!(touched.len(), 6, "files");
    if std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none() {
        return;
    }
    let manifest = std::fs::read_to_string(repository.join("Cargo.toml")).unwrap();
    let library = manifest.split("[[bin]]").next().unwrap().to_owned() + "[dependencies]";
    let rest = manifest.split("[dependencies]").nth(1).unwrap();
    let rest = rest.split("[dev-dependencies]").next().unwrap();
    let manifest = library + rest + "\n[workspace]\n";
    std::fs::write(scratch.path().join("Cargo.toml"), manifest).unwrap();
    std::fs::copy(repository.join("README.md"), scratch.path().join("README.md")).unwrap();
    let checked = std::process::Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--lib"])
        .current_dir(scratch.path())
        .env("CARGO_TARGET_DIR", repository.join("target/newcomer"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
