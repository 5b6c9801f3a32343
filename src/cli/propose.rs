//! Which packs `certgate init` proposes for a repository, each with its reason: by the languages of its sources and by what they import,
//! never by a substring, and never by a file among hundreds.

use std::collections::{BTreeMap, BTreeSet};

use super::Undecided;
use crate::change::{RepoPath, TreeEntry};
use crate::diagnostic::plural;
use crate::git::{Blob, Repository};

/// Most source files that are read to see what they import.
const MOST_READ: usize = 400;
/// Most bytes of one of them.
const MOST_BYTES: u64 = 256 * 1024;
/// A language is one of the repository's where at least one in so many source files is written in it.
const ONE_IN: usize = 20;

/// A pack, and why it is proposed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) pack: &'static str,
    pub(super) because: String,
}

/// The packs that fit what the repository tracks, `default` first.
pub(super) fn propose(repository: &Repository, files: &[(RepoPath, TreeEntry)]) -> Result<Vec<Proposal>, Undecided> {
    let mut tally = Tally::default();
    for (path, _) in files {
        tally.count(path);
    }
    let mut found = tally.proposals();
    let python = files
        .iter()
        .filter(|(path, _)| path.extension() == Some(b"py") && !is_aside(path));
    let mut imports = Imports::default();
    for (path, entry) in python.take(MOST_READ) {
        if let Blob::Content(bytes) = repository.blob(&entry.id, MOST_BYTES)? {
            imports.read(path, &String::from_utf8_lossy(&bytes));
        }
    }
    imports.propose(&mut found);
    Ok(found)
}

/// The language of a source file, as far as a pack is for it.
fn language(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "rs" => "rust",
        "py" | "pyx" => "python",
        "go" => "go",
        "c" | "h" | "cc" | "cpp" | "cxx" | "c++" | "hpp" | "hh" | "hxx" => "cpp",
        "java" | "kt" | "scala" => "jvm",
        "ts" | "tsx" | "mts" | "jsx" | "svelte" | "vue" => "web",
        "js" | "mjs" | "cjs" => "web",
        "sql" => "database",
        "cu" | "cuh" | "ptx" | "hip" | "metal" => "gpu-kernels",
        _ => return None,
    })
}

/// The manifest of a language's own build tool, whose directory is a project of it.
fn manifest(name: &str) -> Option<&'static str> {
    Some(match name {
        "Cargo.toml" => "rust",
        "pyproject.toml" | "setup.py" | "setup.cfg" => "python",
        "go.mod" => "go",
        "CMakeLists.txt" | "meson.build" | "configure.ac" => "cpp",
        "pom.xml" | "build.gradle" | "build.gradle.kts" => "jvm",
        _ => return None,
    })
}

/// Other people's code, and what is generated, say nothing of the project.
fn is_aside(path: &RepoPath) -> bool {
    let aside = [
        "vendor",
        "third_party",
        "third-party",
        "node_modules",
        "extern",
        "external",
        "deps",
        "testdata",
        "fixtures",
        "docs",
        "doc",
        "examples",
        "dist",
    ];
    let text = String::from_utf8_lossy(path.as_bytes()).into_owned();
    let folders = text.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(|folder| aside.contains(&folder))
}

#[derive(Default)]
struct Tally {
    /// Source files of any language.
    sources: usize,
    languages: BTreeMap<&'static str, usize>,
    /// Manifests at the root, by pack.
    manifests: BTreeMap<&'static str, String>,
}

impl Tally {
    fn count(&mut self, path: &RepoPath) {
        if is_aside(path) {
            return;
        }
        let name = String::from_utf8_lossy(path.file_name()).into_owned();
        if let Some(pack) = manifest(&name)
            && path.as_bytes() == name.as_bytes()
        {
            self.manifests.entry(pack).or_insert_with(|| name.clone());
        }
        let extension = path
            .extension()
            .map(|extension| String::from_utf8_lossy(extension).to_lowercase());
        let Some(pack) = extension.as_deref().and_then(language) else {
            return;
        };
        self.sources += 1;
        *self.languages.entry(pack).or_default() += 1;
    }

    fn proposals(&self) -> Vec<Proposal> {
        let mut found = vec![Proposal {
            pack: "default",
            because: "for any language".to_owned(),
        }];
        let packs: BTreeSet<&'static str> = self.languages.keys().chain(self.manifests.keys()).copied().collect();
        for pack in packs {
            let count = self.languages.get(pack).copied().unwrap_or(0);
            let enough = count > 0 && count * ONE_IN >= self.sources;
            let because = match (self.manifests.get(pack), enough) {
                // A manifest at the root says what the project is, if more than a stray file is written so, or nothing is yet.
                (Some(manifest), _) if count > 0 && count * 100 >= self.sources || self.sources == 0 => match count {
                    0 => format!("{manifest} at the root"),
                    _ => format!("{manifest} at the root, {}", share(count, self.sources)),
                },
                (_, true) => share(count, self.sources),
                _ => continue,
            };
            found.push(Proposal { pack, because });
        }
        found
    }
}

fn share(count: usize, of: usize) -> String {
    format!("{count} of {}", plural(of, "source file"))
}

/// What Python sources import, by module, with the first file that does.
#[derive(Default)]
struct Imports {
    read: usize,
    modules: BTreeMap<String, (usize, String)>,
}

impl Imports {
    fn read(&mut self, path: &RepoPath, text: &str) {
        self.read += 1;
        let mut here = BTreeSet::new();
        for line in text.lines() {
            let line = line.trim_start();
            if let Some(rest) = line.strip_prefix("from ") {
                here.extend(module(rest));
            } else if let Some(rest) = line.strip_prefix("import ") {
                here.extend(rest.split(',').filter_map(module));
            }
        }
        for module in here {
            let entry = self.modules.entry(module).or_insert_with(|| (0, path.to_string()));
            entry.0 += 1;
        }
    }

    /// The module of these that most files import, where more than a stray one does.
    fn most<'m>(&self, modules: &[&'m str]) -> Option<(&'m str, usize)> {
        let counted = modules
            .iter()
            .filter_map(|module| Some((*module, self.modules.get(*module)?.0)));
        counted
            .max_by_key(|(_, count)| *count)
            .filter(|(_, count)| count * ONE_IN * 2 >= self.read)
    }

    fn propose(&self, found: &mut Vec<Proposal>) {
        let frameworks = self.most(&["torch", "jax", "tensorflow"]);
        let environments = self.most(&[
            "gym",
            "gymnasium",
            "stable_baselines3",
            "pettingzoo",
            "ray",
            "tianshou",
            "torchrl",
            "envpool",
            "dm_env",
        ]);
        if let (Some((framework, n)), Some((environment, m))) = (frameworks, environments) {
            found.push(Proposal {
                pack: "rl-training",
                because: format!(
                    "{n} of {} Python files import {framework}, {m} import {environment}",
                    self.read
                ),
            });
        }
        let gpu = self
            .most(&["triton", "cupy", "pycuda", "numba"])
            .filter(|(module, _)| *module != "numba");
        if let Some((module, n)) = gpu
            && !found.iter().any(|proposal| proposal.pack == "gpu-kernels")
        {
            found.push(Proposal {
                pack: "gpu-kernels",
                because: format!("{n} of {} Python files import {module}", self.read),
            });
        }
    }
}

/// The top module of what is behind `import` or `from`.
fn module(text: &str) -> Option<String> {
    let first = text
        .trim_start()
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .next()?;
    (!first.is_empty()).then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packs(files: &[(&str, usize)]) -> Vec<&'static str> {
        let mut tally = Tally::default();
        for (pattern, count) in files {
            for at in 0..*count {
                tally.count(&RepoPath::from(pattern.replace('#', &at.to_string()).as_str()));
            }
        }
        tally.proposals().iter().map(|proposal| proposal.pack).collect()
    }

    #[test]
    fn languages_are_told_by_their_sources() {
        assert_eq!(
            packs(&[("src/f#.c", 40), ("src/f#.h", 40), ("scripts/package.json", 1)]),
            ["default", "cpp"]
        );
        assert_eq!(
            packs(&[("src/f#.rs", 300), ("tools/x.py", 1), ("build.gradle.kts", 1)]),
            ["default", "rust"]
        );
        assert_eq!(packs(&[("Cargo.toml", 1), ("src/main.rs", 1)]), ["default", "rust"]);
        assert_eq!(
            packs(&[("pyproject.toml", 1), ("x/#.py", 30), ("x/#.cu", 3)]),
            ["default", "gpu-kernels", "python"]
        );
        assert_eq!(packs(&[("go.mod", 1)]), ["default", "go"], "nothing is written yet");
        assert_eq!(packs(&[("vendor/#.go", 90), ("a.rs", 1)]), ["default", "rust"]);
        assert_eq!(
            packs(&[("web/#.ts", 9), ("api/#.java", 9), ("db/#.sql", 2)]),
            ["default", "database", "jvm", "web"]
        );
        assert_eq!(packs(&[("README.md", 1)]), ["default"]);
    }

    #[test]
    fn imports_are_modules_not_substrings() {
        let proposed = |texts: &[&str]| {
            let mut imports = Imports::default();
            for text in texts {
                imports.read(&RepoPath::from("a.py"), text);
            }
            let mut found = Vec::new();
            imports.propose(&mut found);
            found
        };
        assert_eq!(
            proposed(&["# UNSUPPORTED PPO gymnasium\nimport torch\n", "x = 'import gym'\n"]),
            []
        );
        assert_eq!(proposed(&["import torch, gymnasium as gym\n"])[0].pack, "rl-training");
        assert_eq!(
            proposed(&["from torch.nn import Linear\n", "import os, stable_baselines3\n"])[0].pack,
            "rl-training"
        );
        assert_eq!(proposed(&["import torch\nimport gymnastics\n"]), []);
        assert_eq!(proposed(&["    import triton.language as tl\n"])[0].pack, "gpu-kernels");
        let mut stray = vec!["import os\n"; 300];
        stray.push("import torch, gym\n");
        assert_eq!(proposed(&stray), [], "one file among hundreds");
    }
}
