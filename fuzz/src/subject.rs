//! The text of a SUBJECT: what it lists is what counts as certified.

use certgate::certificate::{FileState, Subject, SubjectFile, parse_subject, render_subject};
use certgate::change::{Digest, Mode, RepoPath, deceptive};

/// Reads the bytes as a subject, and makes a subject of them that must come back.
pub fn check(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        match parse_subject(text) {
            Ok(subject) => sound(&subject),
            Err(error) => {
                assert!(error.line <= text.lines().count(), "{error:?}");
                assert!(!error.reason.chars().any(deceptive), "{error:?}");
            }
        }
    }
    sound(&made_of(data));
}

/// What is read or made can be printed, and only one subject prints so.
pub(crate) fn sound(subject: &Subject) {
    assert!(!subject.components.is_empty());
    assert!(subject.files.is_sorted_by(|a, b| a.path < b.path), "sorted, each once");
    let text = render_subject(subject);
    assert!(!text.chars().any(|c| deceptive(c) && c != '\n'), "{text:?}");
    assert_eq!(parse_subject(&text).as_ref(), Ok(subject), "{text}");
    for file in &subject.files {
        assert_eq!(subject.state_of(&file.path), Some(&file.state));
        let parts = file.path.as_bytes().split(|byte| *byte == b'/');
        assert!(parts.into_iter().all(|part| !matches!(part, b"" | b"." | b"..")));
        assert!(!file.path.as_bytes().contains(&0));
    }
}

/// A subject whose paths, modes and digests are the given bytes.
fn made_of(data: &[u8]) -> Subject {
    let mut files: Vec<SubjectFile> = data
        .split(|byte| *byte == 0)
        .filter_map(|piece| {
            let (kind, path) = piece.split_first()?;
            let usual = path.split(|byte| *byte == b'/');
            let usual = usual.into_iter().all(|part| !matches!(part, b"" | b"." | b".."));
            usual.then(|| SubjectFile {
                path: RepoPath::new(path),
                state: match kind % 5 {
                    0 => FileState::Deleted,
                    1 => present(Mode::Regular, *kind),
                    2 => present(Mode::Executable, *kind),
                    3 => present(Mode::Symlink, *kind),
                    _ => present(Mode::Gitlink, *kind),
                },
            })
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    Subject {
        components: vec!["gpu_memory".to_owned()],
        repository: None,
        targets: Vec::new(),
        base: None,
        head: Some("a".repeat(40)),
        files,
    }
}

fn present(mode: Mode, byte: u8) -> FileState {
    let digest = Digest([byte; 32]);
    FileState::Present { mode, digest }
}
