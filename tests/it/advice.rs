//! Advice as a program gets it, by argument vectors, and as a person does, as text for a shell: both are the same command.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::scene::Ran;
use crate::support::TestRepo;

/// `PATH` with the built certgate in front.
pub(crate) fn path() -> String {
    let built = Path::new(env!("CARGO_BIN_EXE_certgate")).parent().unwrap();
    format!("{}:{}", built.display(), std::env::var("PATH").unwrap())
}

/// A remedy as JSON has it: the commands in order, each a vector of words and the placeholders in them.
pub(crate) struct Advice {
    steps: Vec<(Vec<Vec<u8>>, Vec<Blank>)>,
}

/// A placeholder: which word it stands in, its text there, and its type.
struct Blank {
    at: usize,
    text: String,
    kind: String,
}

impl Advice {
    /// Reads one.
    pub(crate) fn of(remedy: &Value) -> Self {
        let word = |word: &Value| match word {
            Value::String(text) => text.clone().into_bytes(),
            other => {
                let bytes = other["bytes"].as_array().unwrap().iter();
                bytes
                    .map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap())
                    .collect()
            }
        };
        let step = |step: &Value| {
            let words = step["argv"].as_array().unwrap().iter().map(word).collect();
            let blanks = step["placeholders"].as_array().unwrap().iter().map(|blank| Blank {
                at: usize::try_from(blank["at"].as_u64().unwrap()).unwrap(),
                text: blank["text"].as_str().unwrap().to_owned(),
                kind: blank["kind"].as_str().unwrap().to_owned(),
            });
            (words, blanks.collect())
        };
        let first = remedy["first"].as_array().map(Vec::as_slice).unwrap_or_default();
        Self {
            steps: first.iter().chain([remedy]).map(step).collect(),
        }
    }

    /// The words of all commands, each placeholder as `fill` has it for its type.
    pub(crate) fn filled(&self, fill: impl Fn(&str) -> String) -> Vec<Vec<Vec<u8>>> {
        let step = |(words, blanks): &(Vec<Vec<u8>>, Vec<Blank>)| {
            let mut words = words.clone();
            for blank in blanks {
                let word = String::from_utf8(words[blank.at].clone()).unwrap();
                assert!(word.contains(&blank.text), "{word} has no {}", blank.text);
                words[blank.at] = word.replacen(&blank.text, &fill(&blank.kind), 1).into_bytes();
            }
            words
        };
        self.steps.iter().map(step).collect()
    }

    /// Runs it in a directory, without a shell: one command after the other, as long as they succeed.
    pub(crate) fn run(&self, repo: &TestRepo, directory: &Path, fill: impl Fn(&str) -> String) -> Ran {
        let mut last = None;
        for words in self.filled(fill) {
            let mut words = words.into_iter().map(OsString::from_vec);
            let mut command = repo.command(words.next().unwrap());
            let ran: Ran = command
                .current_dir(directory)
                .env("PATH", path())
                .args(words)
                .output()
                .unwrap()
                .into();
            let stop = ran.code != Some(0);
            last = Some(ran);
            if stop {
                break;
            }
        }
        last.unwrap()
    }

    /// Asserts that a text means just this to a shell: with programs that only show their arguments, it shows these.
    #[track_caller]
    pub(crate) fn is_what_a_shell_reads_in(&self, repo: &TestRepo, text: &str) {
        let folder = tempfile::tempdir().unwrap();
        let stub = "#!/bin/sh\nprintf '%s\\000' \"${0##*/}\" \"$@\"\nprintf '\\000'\n";
        for (words, _) in &self.steps {
            let file = folder.path().join(String::from_utf8(words[0].clone()).unwrap());
            std::fs::write(&file, stub).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let mut command = repo.command("/bin/sh");
        let path = format!("{}:/nowhere", folder.path().display());
        let output = command.env("PATH", path).args(["-ec", text]).output().unwrap();
        assert!(output.status.success(), "{text}: {output:?}");
        let mut shown = Vec::new();
        for (words, _) in &self.steps {
            for word in words {
                shown.extend_from_slice(word);
                shown.push(0);
            }
            shown.push(0);
        }
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(lossy(&output.stdout), lossy(&shown), "{text}");
    }
}
