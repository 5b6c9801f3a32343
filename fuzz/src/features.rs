//! The features and the score of a changed file, whatever its name and its two contents.

use certgate::change::{
    ChangeKind, ChangedLine, Content, FileChange, FileDiff, Mode, ObjectId, RepoPath, Side, TreeEntry, deceptive,
};
use certgate::sensitivity::score::features::read;
use certgate::sensitivity::score::history::Past;
use certgate::sensitivity::score::model::Model;
use certgate::sensitivity::score::{of_file, quick};

/// What stands between the two contents of an input.
const BETWEEN: &[u8] = b"\n=======\n";

/// Takes the first line for a path and the rest for two contents, and asks for their score.
pub fn check(data: &[u8]) {
    let end = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    let (path, rest) = data.split_at(end);
    if path.is_empty() || path.contains(&0) {
        return;
    }
    let at = rest.windows(BETWEEN.len()).position(|part| part == BETWEEN);
    let (old, new) = match at {
        Some(at) => (&rest[..at], &rest[at + BETWEEN.len()..]),
        None => (&b""[..], rest),
    };
    let file = FileChange {
        path: RepoPath::new(path),
        kind: ChangeKind::Modified {
            old: entry(1),
            new: entry(2),
        },
    };
    let lines = [lines(Side::Removed, old), lines(Side::Added, new)].concat();
    let content = Content::Lines(FileDiff {
        lines,
        old: old.to_vec(),
        new: new.to_vec(),
        ..FileDiff::default()
    });
    let past = Past::default();
    let view = past.view(None).unwrap();
    let features = read(&file, &content, &view).whole();
    let mut names: Vec<&str> = features.iter().map(|feature| feature.name.as_str()).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "a feature is there or not");
    let score = of_file(Model::embedded(), &file, &content, &view);
    let sum: i64 = score.because.iter().map(|reason| i64::from(reason.weight)).sum();
    assert_eq!(sum, i64::from(score.score));
    assert!(score.score <= 1000 && (1..=5).contains(&score.because.len()));
    assert!(
        score
            .because
            .iter()
            .all(|reason| !reason.text.chars().chain(reason.feature.chars()).any(deceptive))
    );
    assert_eq!(quick(Model::embedded(), &file, &content, &view), score.score);
}

fn entry(number: u8) -> TreeEntry {
    TreeEntry {
        mode: Mode::Regular,
        id: ObjectId::Sha1([number; 20]),
    }
}

fn lines(side: Side, content: &[u8]) -> Vec<ChangedLine> {
    let numbered = (1u32..).zip(content.split(|&byte| byte == b'\n'));
    numbered
        .map(|(number, text)| ChangedLine {
            side,
            number,
            text: text.to_vec(),
        })
        .collect()
}
