//! CODEOWNERS: who owns a path, as GitHub and GitLab read such files. What is read here are bytes that lie where the change is going;
//! which agents the owners are is [`super::owners`]'s.
//!
//! GitHub: <https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners>;
//! GitLab: <https://docs.gitlab.com/user/project/codeowners/reference/>.

/// Whose rules a CODEOWNERS file follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forge {
    /// One list, in which the last pattern that matches decides.
    #[default]
    Github,
    /// Sections, each of which asks by itself.
    Gitlab,
}

impl Forge {
    /// Where the file may lie, in the order in which the forge looks: the first that is there is the file.
    pub fn places(self) -> &'static [&'static str] {
        match self {
            Self::Github => &[".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"],
            Self::Gitlab => &["CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"],
        }
    }
}

/// A CODEOWNERS file, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeOwners {
    sections: Vec<Section>,
    /// Lines that the forge leaves out because they are not valid, from 1, and why.
    pub skipped: Vec<(u32, &'static str)>,
}

/// A part of the file that asks by itself; GitHub's files are one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Section {
    name: String,
    optional: bool,
    approvals: u32,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    pattern: Glob,
    /// `!pattern`: what matches is nobody's in this section, whatever else does.
    excludes: bool,
    owners: Vec<String>,
}

/// Owners of whom some must approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// As written: `@user`, `@team/name`, an address.
    pub owners: Vec<String>,
    /// How many approvals the section asks for.
    pub approvals: u32,
}

impl CodeOwners {
    /// Reads a file.
    pub fn parse(forge: Forge, text: &str) -> Self {
        let mut read = Self::default();
        // What is before the first heading is a section without a name.
        let mut at = read.section("", false, 1);
        let mut default: Vec<String> = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            let words = words(line);
            let Some((first, rest)) = words.split_first() else {
                continue;
            };
            let heading = forge == Forge::Gitlab && (first.starts_with('[') || first.starts_with("^["));
            if heading && let Some((name, optional, approvals, owners)) = heading_of(line) {
                at = read.section(&name, optional, approvals);
                default = owners;
                continue;
            }
            let (pattern, excludes) = match first.strip_prefix('!') {
                Some(pattern) if forge == Forge::Gitlab => (pattern, true),
                _ => (first.as_str(), false),
            };
            let parsed = Glob::parse(forge, pattern);
            let owners: Vec<String> = match rest.is_empty() {
                true => default.clone(),
                false => rest.to_vec(),
            };
            match parsed {
                Err(why) => read.skipped.push((number, why)),
                Ok(_) if !owners.iter().all(|owner| is_owner(owner)) && forge == Forge::Github => {
                    read.skipped
                        .push((number, "an owner is neither `@name` nor an address"));
                }
                Ok(pattern) => {
                    let owners = owners.into_iter().filter(|owner| is_owner(owner)).collect();
                    if let Some(section) = read.sections.get_mut(at) {
                        section.entries.push(Entry {
                            pattern,
                            excludes,
                            owners,
                        });
                    }
                }
            }
        }
        read
    }

    /// The place of a section of this name, which is compared without case; what is said of it again is added to it.
    fn section(&mut self, name: &str, optional: bool, approvals: u32) -> usize {
        let same = |section: &&mut Section| section.name.to_lowercase() == name.to_lowercase();
        if let Some(known) = self.sections.iter_mut().find(same) {
            known.approvals = known.approvals.max(approvals);
            known.optional &= optional;
        } else {
            self.sections.push(Section {
                name: name.to_owned(),
                optional,
                approvals,
                entries: Vec::new(),
            });
        }
        let same = |section: &Section| section.name.to_lowercase() == name.to_lowercase();
        self.sections.iter().position(same).unwrap_or_default()
    }

    /// Who owns a path: for each section that is not optional the owners of the last pattern that matches; nobody where that pattern names nobody.
    pub fn of(&self, path: &[u8]) -> Vec<Ownership> {
        self.matching(path, false)
    }

    /// The same where case does not count.
    pub fn of_twin(&self, path: &[u8]) -> Vec<Ownership> {
        self.matching(path, true)
    }

    fn matching(&self, path: &[u8], folding: bool) -> Vec<Ownership> {
        let path = String::from_utf8_lossy(path);
        let asked = self.sections.iter().filter(|section| !section.optional);
        asked
            .filter_map(|section| {
                let matching = || {
                    section
                        .entries
                        .iter()
                        .filter(|entry| entry.pattern.matches(&path, folding))
                };
                if matching().any(|entry| entry.excludes) {
                    return None;
                }
                let owners = matching().next_back()?.owners.clone();
                (!owners.is_empty()).then_some(Ownership {
                    owners,
                    approvals: section.approvals,
                })
            })
            .collect()
    }
}

/// The words of a line, without its comment. A backslash keeps a blank, and itself, in a word.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut escaped = false;
    for c in line.chars() {
        match c {
            _ if escaped => {
                word.push('\\');
                word.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '#' if word.is_empty() => break,
            c if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if escaped {
        word.push('\\');
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// A heading of GitLab's: `[Name]`, `^[Name]` where it is optional, `[Name][2]` where two must approve, and its default owners.
fn heading_of(line: &str) -> Option<(String, bool, u32, Vec<String>)> {
    let line = line.trim();
    let (line, optional) = match line.strip_prefix('^') {
        Some(rest) => (rest, true),
        None => (line, false),
    };
    let (name, mut rest) = line.strip_prefix('[')?.split_once(']')?;
    let mut approvals = 1;
    if let Some((number, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        // Fewer than one is one, as GitLab has it.
        approvals = number.trim().parse().unwrap_or(1).max(1);
        rest = after;
    }
    let owners = words(rest);
    // A path such as `[a-z]/x @owner` is no heading.
    let sound = !name.trim().is_empty() && (rest.is_empty() || rest.starts_with(char::is_whitespace));
    sound.then(|| (name.trim().to_owned(), optional, approvals, owners))
}

/// `@name`, `@group/name`, `@@role` or an address.
fn is_owner(word: &str) -> bool {
    match word.strip_prefix('@') {
        Some(name) => !name.is_empty(),
        None => word
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@')),
    }
}

/// A pattern, split at its slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Glob {
    parts: Vec<Part>,
    /// Whether it matches what is below what it names, too.
    below: bool,
    /// Whether what it names is a directory.
    directory: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// `**`: any number of directories.
    Any,
    /// One name.
    Name(Vec<Token>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    One,
    Many,
    /// Characters, and whether it is all others that are meant.
    Class(Vec<(char, char)>, bool),
}

impl Glob {
    fn parse(forge: Forge, text: &str) -> Result<Self, &'static str> {
        if text.starts_with('!') && forge == Forge::Github {
            return Err("a pattern cannot be negated with `!`");
        }
        if text.starts_with("\\#") && forge == Forge::Github {
            return Err("a pattern cannot begin with an escaped `#`");
        }
        let anchored = match forge {
            Forge::Github => text.trim_end_matches('/').contains('/'),
            Forge::Gitlab => text.starts_with('/'),
        };
        let directory = text.ends_with('/');
        let inner = text.trim_start_matches('/').trim_end_matches('/');
        let mut parts = Vec::new();
        if !anchored {
            parts.push(Part::Any);
        }
        for name in inner.split('/').filter(|name| !name.is_empty()) {
            parts.push(match name {
                "**" => Part::Any,
                name => Part::Name(tokens(forge, name)?),
            });
        }
        let everything = inner.is_empty();
        if everything && !directory {
            return Err("the pattern is empty");
        }
        let children = inner.ends_with("/*") || (inner == "*" && anchored);
        let below = match forge {
            Forge::Github => directory || !children,
            Forge::Gitlab => directory || inner == "*" && !anchored,
        };
        Ok(Self {
            parts,
            below,
            directory: directory && !everything,
        })
    }

    fn matches(&self, path: &str, folding: bool) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        // Which numbers of names the parts so far can have taken.
        let mut open = vec![false; names.len() + 1];
        if let Some(first) = open.first_mut() {
            *first = true;
        }
        for part in &self.parts {
            let mut next = vec![false; names.len() + 1];
            for (at, _) in open.iter().enumerate().filter(|(_, open)| **open) {
                match part {
                    Part::Any => next.iter_mut().skip(at).for_each(|open| *open = true),
                    Part::Name(tokens) => {
                        let fits = names.get(at).is_some_and(|name| matches(tokens, name, folding));
                        if let Some(open) = next.get_mut(at + 1) {
                            *open |= fits;
                        }
                    }
                }
            }
            open = next;
        }
        match (self.below, self.directory) {
            // With a slash at its end it is about what is below; a file of that name is no directory.
            (true, true) => open.iter().rev().skip(1).any(|open| *open),
            (true, false) => open.iter().any(|open| *open),
            (false, _) => open.last() == Some(&true),
        }
    }
}

fn tokens(forge: Forge, name: &str) -> Result<Vec<Token>, &'static str> {
    let mut found = Vec::new();
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        found.push(match c {
            '*' => {
                if found.last() == Some(&Token::Many) {
                    continue;
                }
                Token::Many
            }
            '?' => Token::One,
            '\\' => Token::Char(chars.next().unwrap_or('\\')),
            '[' if forge == Forge::Github => return Err("a pattern cannot have a range in `[ ]`"),
            '[' => {
                let rest: String = chars.clone().collect();
                let Some((inside, _)) = rest.split_once(']').filter(|(inside, _)| !inside.is_empty()) else {
                    found.push(Token::Char('['));
                    continue;
                };
                chars.nth(inside.chars().count());
                let (inside, others) = match inside.strip_prefix(['!', '^']) {
                    Some(inside) => (inside, true),
                    None => (inside, false),
                };
                let mut class = Vec::new();
                let all: Vec<char> = inside.chars().collect();
                let mut left = all.as_slice();
                while let [from, rest @ ..] = left {
                    match rest {
                        ['-', to, rest @ ..] => {
                            class.push((*from, *to));
                            left = rest;
                        }
                        rest => {
                            class.push((*from, *from));
                            left = rest;
                        }
                    }
                }
                Token::Class(class, others)
            }
            c => Token::Char(c),
        });
    }
    Ok(found)
}

/// Whether a name is what the tokens describe; goes back to the last `*` at most, so it takes no longer than the product of both.
fn matches(tokens: &[Token], name: &str, folding: bool) -> bool {
    let same = |own: char, c: char| own == c || folding && own.to_lowercase().eq(c.to_lowercase());
    let name: Vec<char> = name.chars().collect();
    let (mut token, mut at) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = name.get(at) {
        let fits = match tokens.get(token) {
            Some(Token::Many) => {
                star = Some((token, at));
                token += 1;
                continue;
            }
            Some(Token::One) => true,
            Some(Token::Char(own)) => same(*own, *c),
            Some(Token::Class(class, others)) => class.iter().any(|(from, to)| from <= c && c <= to) != *others,
            None => false,
        };
        match (fits, star) {
            (true, _) => {
                token += 1;
                at += 1;
            }
            (false, Some((many, from))) => {
                star = Some((many, from + 1));
                token = many + 1;
                at = from + 1;
            }
            (false, None) => return false,
        }
    }
    tokens
        .get(token..)
        .unwrap_or_default()
        .iter()
        .all(|token| *token == Token::Many)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(forge: Forge, text: &str, path: &str) -> Vec<String> {
        let found = CodeOwners::parse(forge, text).of(path.as_bytes());
        found
            .into_iter()
            .map(|owned| format!("{}:{}", owned.approvals, owned.owners.join(" ")))
            .collect()
    }

    /// The examples of GitHub's documentation, and what it says of each.
    #[test]
    fn github_reads_it_so() {
        for (pattern, matching, others) in [
            ("*", &["a", "a/b.c"][..], &[][..]),
            ("*.js", &["a.js", "a/b.js"], &["a.jsx"]),
            (
                "/build/logs/",
                &["build/logs/a", "build/logs/a/b"],
                &["x/build/logs/a", "build/log"],
            ),
            ("docs/*", &["docs/a.md"], &["docs/build/a.md", "x/docs/a.md"]),
            ("apps/", &["apps/a", "x/apps/a/b"], &["apps2/a"]),
            ("/docs/", &["docs/a"], &["x/docs/a"]),
            ("/scripts/", &["scripts/a"], &["scripts2/a"]),
            (
                "**/logs",
                &["logs/a", "build/logs/a", "deeply/nested/logs/a"],
                &["logs2/a"],
            ),
            ("/apps/", &["apps/github/a"], &["x"]),
            (
                "src/hot",
                &["src/hot", "src/hot/a.rs"],
                &["x/src/hot/a.rs", "src/hotter"],
            ),
            ("src/**/x.rs", &["src/x.rs", "src/a/b/x.rs"], &["x.rs"]),
            ("a\\ b.rs", &["a b.rs", "x/a b.rs"], &["a", "b.rs"]),
            ("{a,b}.rs", &["{a,b}.rs"], &["a.rs"]),
            ("README.md", &["README.md", "x/README.md"], &["readme.md"]),
            ("a?c", &["abc"], &["a/c", "ac"]),
            ("/*", &["a"], &["a/b"]),
        ] {
            let text = format!("{pattern} @owner\n");
            for path in matching {
                assert_eq!(owners(Forge::Github, &text, path), ["1:@owner"], "{pattern} {path}");
            }
            for path in others {
                assert!(owners(Forge::Github, &text, path).is_empty(), "{pattern} {path}");
            }
        }
    }

    #[test]
    fn the_last_match_wins_and_may_be_of_nobody() {
        let text = "# all\n* @all\n*.rs @rust lead@example.org # both\n/gen/\n\\#x @no\n![a] @no\n*.py python\n";
        let of = |path: &str| owners(Forge::Github, text, path);
        assert_eq!(of("a.c"), ["1:@all"]);
        assert_eq!(of("a.rs"), ["1:@rust lead@example.org"]);
        assert!(of("gen/a.rs").is_empty());
        // A line that is not valid is left out, so what came before it holds.
        assert_eq!(of("a.py"), ["1:@all"]);
        let lines: Vec<u32> = CodeOwners::parse(Forge::Github, text)
            .skipped
            .iter()
            .map(|(line, _)| *line)
            .collect();
        assert_eq!(lines, [5, 6, 7]);
    }

    #[test]
    fn gitlab_asks_by_section() {
        let text = "*.md @docs\n[Backend][2] @back @lead\n/src/\n/src/gen/ @gen\n!/src/gen/skip/\n^[Advice] @any\n*\n[backend]\nMakefile @build\n[a-z]x @class\n";
        let of = |path: &str| owners(Forge::Gitlab, text, path);
        assert_eq!(of("src/a.rs"), ["2:@back @lead"]);
        assert_eq!(of("src/gen/a.rs"), ["2:@gen"]);
        assert!(of("src/gen/skip/a.rs").is_empty());
        assert_eq!(of("src/README.md"), ["1:@docs", "2:@back @lead"]);
        assert_eq!(of("x/Makefile"), ["2:@build"]);
        assert_eq!(of("qx"), ["2:@class"]);
        assert!(of("other").is_empty(), "an optional section asks nobody");
        // A path without a slash at its end is a file's.
        assert!(owners(Forge::Gitlab, "/src @a\n", "src/a").is_empty());
        assert_eq!(owners(Forge::Gitlab, "src/*.rs @a\n", "x/src/a.rs"), ["1:@a"]);
        assert_eq!(owners(Forge::Gitlab, "/a\\ b/ @a\n", "a b/c"), ["1:@a"]);
    }

    #[test]
    fn matching_takes_no_time_on_purpose() {
        let text = format!("{}b @a\n", "*a".repeat(5000));
        assert!(owners(Forge::Github, &text, &"a".repeat(20_000)).is_empty());
    }
}
