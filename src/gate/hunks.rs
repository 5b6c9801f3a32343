//! The hunks of a change, as a reviewer reads them: with lines around, and the function that they are in.

use crate::change::{ChangedLine, FileDiff, RepoPath, Side};
use crate::diagnostic::sanitize_bytes;
use crate::sensitivity::languages::{Definitions, Source};

/// Lines shown before and after what changed.
const CONTEXT: u32 = 3;

/// Changed lines that are near each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hunk {
    /// First line and number of lines of the old file; from 1.
    pub(crate) old: (u32, u32),
    /// The same of the new file.
    pub(crate) new: (u32, u32),
    /// The function, type or module that the first changed line is in.
    pub(crate) within: Option<String>,
    /// A line each: ` `, `-` or `+`, and the text, made harmless.
    pub(crate) lines: Vec<String>,
}

/// A run of changed lines: what is removed, from a line on, and what is in its place.
#[derive(Clone, Copy)]
struct Run {
    old: (u32, u32),
    new: (u32, u32),
}

impl Run {
    fn old_end(self) -> u32 {
        self.old.0 + self.old.1
    }

    fn new_end(self) -> u32 {
        self.new.0 + self.new.1
    }
}

/// The hunks between both sides of a file.
pub(crate) fn hunks(path: &RepoPath, diff: &FileDiff) -> Vec<Hunk> {
    let (old, new) = (split(&diff.old), split(&diff.new));
    let mut groups: Vec<Vec<Run>> = Vec::new();
    for run in runs(&diff.lines) {
        match groups.last_mut() {
            Some(group)
                if group
                    .last()
                    .is_some_and(|last| run.old.0 <= last.old_end() + 2 * CONTEXT) =>
            {
                group.push(run)
            }
            _ => groups.push(vec![run]),
        }
    }
    let definitions = Source::parse(path, &diff.new)
        .ok()
        .map(|source| Definitions::of(&source));
    groups
        .iter()
        .filter_map(|group| hunk(group, &old, &new, definitions.as_ref()))
        .collect()
}

fn hunk(group: &[Run], old: &[&[u8]], new: &[&[u8]], definitions: Option<&Definitions>) -> Option<Hunk> {
    let (first, last) = (group.first()?, group.last()?);
    let lead = (first.old.0 - 1).min(first.new.0 - 1).min(CONTEXT);
    let after = |lines: &[&[u8]], end: u32| u32::try_from(lines.len()).unwrap_or(u32::MAX).saturating_sub(end - 1);
    let tail = after(old, last.old_end()).min(after(new, last.new_end())).min(CONTEXT);
    let mut lines = Vec::new();
    let mut show = |mark: char, side: &[&[u8]], from: u32, to: u32| {
        for number in from..to {
            let text = usize::try_from(number - 1)
                .ok()
                .and_then(|at| side.get(at))
                .copied()
                .unwrap_or_default();
            lines.push(format!("{mark}{}", sanitize_bytes(text)));
        }
    };
    let mut at = first.new.0 - lead;
    for run in group {
        show(' ', new, at, run.new.0);
        show('-', old, run.old.0, run.old_end());
        show('+', new, run.new.0, run.new_end());
        at = run.new_end();
    }
    show(' ', new, at, at + tail);
    let start = (first.old.0 - lead, first.new.0 - lead);
    Some(Hunk {
        old: (start.0, last.old_end() + tail - start.0),
        new: (start.1, last.new_end() + tail - start.1),
        within: definitions.and_then(|known| known.around(first.new.0).into_iter().next()),
        lines,
    })
}

/// The runs, with where they are on both sides.
fn runs(lines: &[ChangedLine]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut rest = lines;
    while let Some(first) = rest.first() {
        // What the runs before have added on the new side, less what they have removed on the old.
        let (old_end, new_end) = runs.last().map_or((1, 1), |run| (run.old_end(), run.new_end()));
        let take = |lines: &[ChangedLine], side: Side| {
            let start = lines.first().filter(|line| line.side == side)?.number;
            let run = (start..)
                .zip(lines)
                .take_while(|(number, line)| line.side == side && line.number == *number);
            Some((start, u32::try_from(run.count()).unwrap_or(u32::MAX)))
        };
        let removed = take(rest, Side::Removed);
        rest = rest
            .get(removed.map_or(0, |(_, count)| count as usize)..)
            .unwrap_or_default();
        let added = take(rest, Side::Added).filter(|(start, _)| match removed {
            // Added lines that are elsewhere are their own run.
            Some((at, _)) => *start == at - old_end + new_end,
            None => true,
        });
        rest = rest
            .get(added.map_or(0, |(_, count)| count as usize)..)
            .unwrap_or_default();
        let old_start = removed.map_or_else(
            || added.map_or(first.number, |(at, _)| at - new_end + old_end),
            |(at, _)| at,
        );
        let new_start = added.map_or_else(|| old_start - old_end + new_end, |(at, _)| at);
        runs.push(Run {
            old: (old_start, removed.map_or(0, |(_, count)| count)),
            new: (new_start, added.map_or(0, |(_, count)| count)),
        });
        if removed.is_none() && added.is_none() {
            break;
        }
    }
    runs
}

fn split(content: &[u8]) -> Vec<&[u8]> {
    let bare = |line: &'_ [u8]| -> usize {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line).len()
    };
    content
        .split_inclusive(|&byte| byte == b'\n')
        .map(|line| line.get(..bare(line)).unwrap_or(line))
        .collect()
}

impl Hunk {
    /// The line that git puts before a hunk.
    pub(crate) fn heading(&self) -> String {
        let side = |(start, count): (u32, u32)| match count {
            1 => start.to_string(),
            0 => format!("{},0", start.saturating_sub(1)),
            _ => format!("{start},{count}"),
        };
        let within = self
            .within
            .as_ref()
            .map_or_else(String::new, |name| format!(" {}", sanitize_bytes(name.as_bytes())));
        format!("@@ -{} +{} @@{within}", side(self.old), side(self.new))
    }

    /// The changed lines of the new file, for a reference such as `src/a.rs:3-9`; of lines that were only removed, the one before them.
    pub(crate) fn changed(&self) -> (u32, u32) {
        let mut at = self.new.0;
        let (mut added, mut removed) = (None, None);
        for line in &self.lines {
            if line.starts_with('+') {
                let (first, _) = added.unwrap_or((at, at));
                added = Some((first, at));
            } else if line.starts_with('-') {
                let before = at.saturating_sub(1).max(1);
                let (first, _) = removed.unwrap_or((before, before));
                removed = Some((first, before));
            }
            at += u32::from(!line.starts_with('-'));
        }
        added.or(removed).unwrap_or((self.new.0, self.new.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn diff(old: &str, new: &str) -> FileDiff {
        // The lines that differ, by the longest common part: as git would list them.
        let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
        let mut best = vec![vec![0usize; b.len() + 1]; a.len() + 1];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                best[i][j] = if a[i] == b[j] {
                    best[i + 1][j + 1] + 1
                } else {
                    best[i + 1][j].max(best[i][j + 1])
                };
            }
        }
        let (mut i, mut j, mut lines) = (0, 0, Vec::new());
        let line = |side, at: usize, text: &str| ChangedLine {
            side,
            number: at as u32 + 1,
            text: text.as_bytes().to_vec(),
        };
        while i < a.len() || j < b.len() {
            let (from, to) = (i, j);
            while (i < a.len() || j < b.len()) && !(i < a.len() && j < b.len() && a[i] == b[j]) {
                if j >= b.len() || (i < a.len() && best[i + 1][j] >= best[i][j + 1]) {
                    i += 1;
                } else {
                    j += 1;
                }
            }
            lines.extend((from..i).map(|at| line(Side::Removed, at, a[at])));
            lines.extend((to..j).map(|at| line(Side::Added, at, b[at])));
            while i < a.len() && j < b.len() && a[i] == b[j] {
                (i, j) = (i + 1, j + 1);
            }
        }
        FileDiff {
            lines,
            old: old.into(),
            new: new.into(),
            decoded: false,
            sample: None,
        }
    }

    fn shown(path: &str, old: &str, new: &str) -> String {
        let found = hunks(&RepoPath::from(path), &diff(old, new));
        found
            .iter()
            .map(|hunk| format!("{}\n{}\n", hunk.heading(), hunk.lines.join("\n")))
            .collect()
    }

    #[test]
    fn hunks_are_as_git_shows_them() {
        let old = "fn a() {\n    one();\n    two();\n    three();\n    four();\n    five();\n    six();\n}\n";
        let new = old
            .replace("    four();\n", "    4();\n    4.5();\n")
            .replace("    one();\n", "");
        insta::assert_snapshot!(shown("a.rs", old, &new), @r"
        @@ -1,8 +1,8 @@ a
         fn a() {
        -    one();
             two();
             three();
        -    four();
        +    4();
        +    4.5();
             five();
             six();
         }
        ");
        insta::assert_snapshot!(shown("a.txt", "", "x\ny\n"), @r"
        @@ -0,0 +1,2 @@
        +x
        +y
        ");
        insta::assert_snapshot!(shown("a.txt", "x\n", ""), @r"
        @@ -1 +0,0 @@
        -x
        ");
        let long: String = (1..=30).map(|n| format!("{n}\n")).collect();
        let two = long
            .replace("\n5\n", "\nfive\n")
            .replace("\n25\n", "\n25\nmore\x1b[2J\n");
        let found = hunks(&RepoPath::from("a"), &diff(&long, &two));
        assert_eq!(
            found.iter().map(Hunk::heading).collect::<Vec<_>>(),
            ["@@ -2,7 +2,7 @@", "@@ -23,6 +23,7 @@"]
        );
        assert_eq!(found.iter().map(Hunk::changed).collect::<Vec<_>>(), [(5, 5), (26, 26)]);
        assert!(!found[1].lines.join("").contains('\x1b'));
    }

    proptest! {
        #[test]
        fn applying_the_hunks_gives_the_new_text(old in "[ab\n]{0,60}", new in "[ab\n]{0,60}") {
            let (old, new) = (format!("{old}\n"), format!("{new}\n"));
            let found = hunks(&RepoPath::from("a"), &diff(&old, &new));
            let mut text: Vec<String> = Vec::new();
            let lines: Vec<&str> = old.lines().collect();
            let mut at = 1;
            for hunk in &found {
                while at < hunk.old.0 {
                    text.push(lines[at as usize - 1].to_owned());
                    at += 1;
                }
                let (mut taken, mut given) = (0, 0);
                for line in &hunk.lines {
                    taken += u32::from(!line.starts_with('+'));
                    given += u32::from(!line.starts_with('-'));
                    if !line.starts_with('-') {
                        text.push(line[1..].to_owned());
                    }
                }
                prop_assert_eq!((taken, given), (hunk.old.1, hunk.new.1));
                at += taken;
            }
            while at as usize <= lines.len() {
                text.push(lines[at as usize - 1].to_owned());
                at += 1;
            }
            prop_assert_eq!(text, new.lines().map(str::to_owned).collect::<Vec<_>>());
        }
    }
}
