//! The content of many files, one after the other: `git cat-file --batch` reads ahead in its own process while the last file is
//! looked at. For thousands of files that takes a third of the time of asking libgit2 for each, and no more memory.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout};

use super::diff::{CONTENT_LIMIT, changed_lines, readable};
use super::{GitError, Repository};
use crate::change::{Content, FileChange, ObjectId, RepoPath};
use crate::progress::{self, Count};

/// The changed lines of files that were named in advance, in their order.
pub struct Contents {
    child: Child,
    output: BufReader<ChildStdout>,
    due: VecDeque<RepoPath>,
}

impl Repository {
    /// Starts reading the given files; [`Contents::next`] is then asked for each, in this order.
    pub fn start_contents<'f>(&self, files: impl IntoIterator<Item = &'f FileChange>) -> Result<Contents, GitError> {
        let mut question = String::new();
        let mut due = VecDeque::new();
        for file in files {
            let wanted = wanted(file);
            // What git cannot see is left to whoever reads one by one.
            if wanted.iter().any(|id| self.store.is_made(id)) {
                continue;
            }
            due.push_back(file.path.clone());
            for id in wanted {
                question.push_str(&format!("{id}\n"));
            }
        }
        let (mut child, _) = self.runner.converse(COMMAND)?;
        let odd = |what: &str| GitError::Answer {
            command: super::run::show(COMMAND),
            what: what.to_owned(),
        };
        let mut input = child.stdin.take().ok_or_else(|| odd("it takes no input"))?;
        let output = child.stdout.take().ok_or_else(|| odd("it gives no output"))?;
        // A longer pipe lets git read ahead instead of waking us for every page; where it cannot be had, the usual one does.
        #[cfg(target_os = "linux")]
        let _longer = rustix::pipe::fcntl_setpipe_size(&output, 1 << 20);
        // A separate thread: git may want to be read before it has read everything. What it did not read is missed by the reader.
        std::thread::spawn(move || input.write_all(question.as_bytes()));
        Ok(Contents {
            child,
            output: BufReader::with_capacity(1 << 18, output),
            due,
        })
    }
}

const COMMAND: &[&str] = &["cat-file", "--batch", "--buffer"];

/// The blobs that are read for a file: old, then new.
fn wanted(file: &FileChange) -> Vec<&ObjectId> {
    let (old, new) = (readable(file.before()), readable(file.after()));
    if old.map(|entry| &entry.id) == new.map(|entry| &entry.id) {
        return Vec::new();
    }
    [old, new].into_iter().flatten().map(|entry| &entry.id).collect()
}

impl Contents {
    /// The changed lines of `file`, if it is the next one that was named; `None` where it is not.
    pub fn next(&mut self, file: &FileChange) -> Result<Option<Content>, GitError> {
        if self.due.front() != Some(&file.path) {
            return Ok(None);
        }
        progress::count(Count::FilesRead, 1);
        self.due.pop_front();
        if wanted(file).is_empty() {
            return Ok(Some(Content::None));
        }
        let mut sides = [Vec::new(), Vec::new()];
        let mut too_large = None;
        for (side, entry) in sides.iter_mut().zip([file.before(), file.after()]) {
            if let Some(entry) = readable(entry) {
                match self.blob(&entry.id)? {
                    Ok(content) => *side = content,
                    Err(size) => too_large = Some(size),
                }
            }
        }
        let [old, new] = sides;
        Ok(Some(match too_large {
            Some(size) => Content::TooLarge { size },
            None => changed_lines(old, new),
        }))
    }

    /// Reads an answer: the content, or the size of what is too large to keep.
    fn blob(&mut self, id: &ObjectId) -> Result<Result<Vec<u8>, u64>, GitError> {
        let odd = |what: String| GitError::Answer {
            command: super::run::show(COMMAND),
            what,
        };
        let broken = |error: std::io::Error| odd(error.to_string());
        let mut header = String::new();
        self.output.read_line(&mut header).map_err(broken)?;
        let words: Vec<&str> = header.trim_end().split(' ').collect();
        let (found, kind, size) = match words.as_slice() {
            [found, kind, size] => (*found, *kind, size.parse::<u64>().map_err(|_| odd(header.clone()))?),
            [_, "missing"] => {
                return Err(GitError::Missing {
                    id: id.clone(),
                    role: "content of a file",
                    path: None,
                });
            }
            _ => return Err(odd(format!("`{}`", header.trim_end()))),
        };
        if found != id.to_string() || kind != "blob" {
            return Err(odd(format!(
                "`{}` where the blob {id} was asked for",
                header.trim_end()
            )));
        }
        let mut content = Vec::new();
        let kept = if size <= CONTENT_LIMIT {
            content.reserve_exact(usize::try_from(size).unwrap_or_default());
            (&mut self.output)
                .take(size)
                .read_to_end(&mut content)
                .map_err(broken)? as u64
        } else {
            std::io::copy(&mut (&mut self.output).take(size), &mut std::io::sink()).map_err(broken)?
        };
        let mut end = [0];
        self.output.read_exact(&mut end).map_err(broken)?;
        if kept != size || end != *b"\n" {
            return Err(odd(format!("{id} breaks off")));
        }
        Ok(if size <= CONTENT_LIMIT { Ok(content) } else { Err(size) })
    }
}

impl Drop for Contents {
    fn drop(&mut self) {
        // It must not have been read to the end.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
