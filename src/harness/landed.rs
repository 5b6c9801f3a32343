//! Certificates that landed, and what a command or a tool would do to them.

use std::path::{Component, Path, PathBuf};

use globset::GlobBuilder;

use super::shell::Command;
use crate::change::RepoPath;

/// The certificates of the branch that the work goes into, with their signatures and evidence, and where the agent works.
pub(super) struct Landed {
    /// From the root of the work tree.
    pub(super) paths: Vec<RepoPath>,
    /// The root of the work tree.
    pub(super) root: PathBuf,
    /// Where relative paths begin.
    pub(super) directory: PathBuf,
}

/// Programs that change or remove the files that they are given.
const CHANGES: [&str; 13] = [
    "rm", "mv", "unlink", "truncate", "tee", "shred", "sed", "perl", "dd", "chmod", "ln", "cp", "install",
];

impl Landed {
    /// The landed file that a path is, or that lies below it.
    pub(super) fn at(&self, path: &str) -> Option<&RepoPath> {
        let inside = self.inside(path)?;
        let text = inside.to_string_lossy();
        if text.is_empty() {
            return self.paths.first();
        }
        let pattern = text.contains(['*', '?', '[', '{']).then(|| {
            let built = GlobBuilder::new(&text)
                .literal_separator(true)
                .empty_alternates(true)
                .build();
            built.map(|glob| glob.compile_matcher())
        });
        self.paths.iter().find(|landed| match &pattern {
            Some(Ok(glob)) => landed.as_path().ancestors().any(|part| glob.is_match(part)),
            _ => landed.as_path().starts_with(&inside),
        })
    }

    /// From the root of the work tree; `None` for what lies elsewhere.
    pub(super) fn inside(&self, path: &str) -> Option<PathBuf> {
        let path = path.strip_prefix("of=").unwrap_or(path);
        let mut whole = PathBuf::new();
        for part in self.directory.join(path).components() {
            match part {
                Component::ParentDir => drop(whole.pop()),
                Component::CurDir => {}
                part => whole.push(part),
            }
        }
        whole.strip_prefix(&self.root).map(Path::to_path_buf).ok()
    }

    /// The landed file that a command would change or remove.
    pub(super) fn hit(&self, command: &Command) -> Option<&RepoPath> {
        if let Some(found) = command.writes.iter().find_map(|path| self.at(path)) {
            return Some(found);
        }
        let words = command.words.get(1..).unwrap_or_default();
        match command.program() {
            "git" => self.by_git(words),
            // Only with `-i` do they write.
            "sed" | "perl" if !words.iter().any(|word| in_place(word)) => None,
            // What is copied stays; where to is the last.
            "cp" | "install" => words.last().and_then(|path| self.file(path)),
            program if CHANGES.contains(&program) => self.among(words),
            "find" if words.iter().any(|word| word == "-delete" || word == "-exec") => self.among(words),
            _ => None,
        }
    }

    /// A copy onto a directory changes nothing that is there by another name.
    fn file(&self, path: &str) -> Option<&RepoPath> {
        let inside = self.inside(path)?;
        self.paths.iter().find(|landed| landed.as_path() == inside)
    }

    fn among(&self, words: &[String]) -> Option<&RepoPath> {
        words
            .iter()
            .filter(|word| !word.starts_with('-'))
            .find_map(|word| self.at(word))
    }

    fn by_git(&self, words: &[String]) -> Option<&RepoPath> {
        let name = words
            .iter()
            .position(|word| matches!(word.as_str(), "rm" | "mv" | "clean" | "filter-branch"));
        self.among(words.get(name? + 1..).unwrap_or_default())
    }
}

fn in_place(word: &str) -> bool {
    word == "--in-place"
        || word.starts_with("--in-place=")
        || (word.starts_with('-') && !word.starts_with("--") && word.contains('i'))
}

/// The agent that a document names as its author (`**Agent**: NAME`), in any of the texts.
pub(super) fn named_author(texts: &[String]) -> Option<String> {
    texts.iter().flat_map(|text| text.lines()).find_map(|line| {
        let plain: String = line
            .chars()
            .filter(|character| !matches!(character, '*' | '_' | '#'))
            .collect();
        let (name, value) = plain.trim().split_once(':')?;
        (name.trim().eq_ignore_ascii_case("agent") && !value.trim().is_empty()).then(|| value.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::super::shell;
    use super::*;

    fn landed() -> Landed {
        Landed {
            paths: [
                "certificates/a.md",
                "certificates/a.md.sig",
                "docs/agents/x/certificates/b.md",
            ]
            .map(RepoPath::from)
            .to_vec(),
            root: PathBuf::from("/r"),
            directory: PathBuf::from("/r"),
        }
    }

    fn hits(text: &str) -> bool {
        shell::commands(text)
            .iter()
            .any(|command| landed().hit(command).is_some())
    }

    #[test]
    fn what_changes_a_landed_certificate_is_seen() {
        for text in [
            "rm certificates/a.md",
            "rm -rf certificates",
            "rm -rf .",
            "rm certificates/*.md",
            "rm ./certificates/../certificates/a.md",
            "rm /r/certificates/a.md.sig",
            "git rm certificates/a.md",
            "git mv certificates/a.md old.md",
            "mv certificates/a.md old.md",
            "sed -i s/NO_GO/APPROVED/ certificates/a.md",
            "perl -pi -e s/x/y/ certificates/a.md",
            "echo x > certificates/a.md",
            "echo x >> certificates/a.md",
            "cat x | tee certificates/a.md",
            "cp x certificates/a.md",
            "dd if=x of=certificates/a.md",
            "find certificates -name '*.md' -delete",
            "sh -c 'rm certificates/a.md'",
        ] {
            assert!(hits(text), "{text}");
        }
    }

    #[test]
    fn what_leaves_it_alone_runs() {
        for text in [
            "cat certificates/a.md",
            "sed -n 1p certificates/a.md",
            "cp certificates/a.md /tmp/x",
            "cp new.md certificates",
            "rm certificates/new.md",
            "git add certificates/a.md",
            "git log -- certificates/a.md",
            "echo x > certificates/new.md",
            "find certificates -name '*.md'",
            "rm -rf /tmp/certificates",
        ] {
            assert!(!hits(text), "{text}");
        }
    }

    #[test]
    fn an_author_is_read_from_a_document() {
        let texts = |text: &str| vec![text.to_owned()];
        assert_eq!(named_author(&texts("# X\n**Agent**: perf \n")).as_deref(), Some("perf"));
        assert_eq!(named_author(&texts("Agent: perf")).as_deref(), Some("perf"));
        assert_eq!(named_author(&texts("The agent said: no")), None);
    }
}
