//! The content of many files, one after the other: `git cat-file --batch` reads ahead in separate processes while the last files are
//! looked at. For thousands of files that takes a fraction of the time of asking libgit2 for each, and little more memory.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::process::Child;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;

use super::diff::{CONTENT_LIMIT, changed_lines, readable};
use super::{GitError, Repository};
use crate::change::{Content, FileChange, ObjectId, RepoPath};
use crate::progress::{self, Count};

/// How many files in a row come from one stream, before it is the turn of the next.
const TURN: usize = 32;

/// From how many files on a second stream is worth its start.
const WORTH_TWO: usize = 512;

/// What comparing lines may need, as the main thread has it.
const STACK: usize = 8 << 20;

/// How many bytes are handed over at once, but for the last file.
const BATCH: usize = 256 << 10;

/// The changed lines of files that were named in advance, in their order.
pub struct Contents {
    due: VecDeque<RepoPath>,
    /// They take turns.
    streams: Vec<Stream>,
    /// How many files were given out.
    given: usize,
}

type Read = Result<Content, GitError>;

/// A `git cat-file`, and what the thread that reads it has made of its answers.
struct Stream {
    child: Child,
    batches: Receiver<Vec<Read>>,
    batch: std::vec::IntoIter<Read>,
}

impl Repository {
    /// Starts reading the given files; [`Contents::next`] is then asked for each, in this order.
    pub fn start_contents<'f>(&self, files: impl IntoIterator<Item = &'f FileChange>) -> Result<Contents, GitError> {
        // What git cannot see is left to whoever reads one by one.
        let seen = |file: &&FileChange| !wanted(file).iter().any(|id| self.store.is_made(id));
        let files: Vec<&FileChange> = files.into_iter().filter(seen).collect();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let streams = match files.len() {
            WORTH_TWO.. => processors.min(2),
            _ => 1,
        };
        let started = (0..streams).map(|stream| {
            let turns = files.chunks(TURN).skip(stream).step_by(streams);
            self.start_stream(turns.flatten().map(|file| FileChange::clone(file)).collect())
        });
        Ok(Contents {
            streams: started.collect::<Result<_, _>>()?,
            due: files.iter().map(|file| file.path.clone()).collect(),
            given: 0,
        })
    }

    fn start_stream(&self, files: Vec<FileChange>) -> Result<Stream, GitError> {
        let (mut child, _) = self.runner.converse(COMMAND)?;
        let mut input = child.stdin.take().ok_or_else(|| odd("it takes no input"))?;
        let output = child.stdout.take().ok_or_else(|| odd("it gives no output"))?;
        super::run::longer(&output);
        let ids = files.iter().flat_map(wanted);
        let question: String = ids.map(|id| format!("{id}\n")).collect();
        // Separate threads: git may want to be read before it has read everything. What it did not read is missed by the reader.
        std::thread::spawn(move || input.write_all(question.as_bytes()));
        let (give, batches) = sync_channel(1);
        let reader = move || read(&files, BufReader::with_capacity(1 << 18, output), &give);
        let thread = Builder::new().stack_size(STACK).spawn(reader);
        thread.map_err(|error| odd(format!("no thread to read it: {error}")))?;
        Ok(Stream {
            child,
            batches,
            batch: Vec::new().into_iter(),
        })
    }
}

const COMMAND: &[&str] = &["cat-file", "--batch", "--buffer"];

fn odd(what: impl Into<String>) -> GitError {
    GitError::Answer {
        command: super::run::show(COMMAND),
        what: what.into(),
    }
}

/// The blobs that are read for a file: old, then new.
fn wanted(file: &FileChange) -> Vec<&ObjectId> {
    let (old, new) = (readable(file.before()), readable(file.after()));
    if old.map(|entry| &entry.id) == new.map(|entry| &entry.id) {
        return Vec::new();
    }
    [old, new].into_iter().flatten().map(|entry| &entry.id).collect()
}

/// Reads the files' contents one after the other, until one cannot be read or nobody wants more.
fn read(files: &[FileChange], mut output: impl BufRead, give: &SyncSender<Vec<Read>>) {
    let (mut batch, mut heavy) = (Vec::new(), 0);
    for (at, file) in (1..).zip(files) {
        let content = content(file, &mut output);
        let broken = content.is_err();
        if let Ok(Content::Lines(diff)) = &content {
            heavy += diff.old.len() + diff.new.len();
        }
        batch.push(content);
        if broken || heavy >= BATCH || at % TURN == 0 {
            heavy = 0;
            if give.send(std::mem::take(&mut batch)).is_err() || broken {
                return;
            }
        }
    }
    let _unwanted = give.send(batch);
}

/// The changed lines of a file whose blobs come next.
fn content(file: &FileChange, output: &mut impl BufRead) -> Read {
    if wanted(file).is_empty() {
        return Ok(Content::None);
    }
    let mut sides = [Vec::new(), Vec::new()];
    let mut too_large = None;
    for (side, entry) in sides.iter_mut().zip([file.before(), file.after()]) {
        if let Some(entry) = readable(entry) {
            match blob(&entry.id, output)? {
                Ok(content) => *side = content,
                Err(size) => too_large = Some(size),
            }
        }
    }
    let [old, new] = sides;
    Ok(match too_large {
        Some(size) => Content::TooLarge { size },
        None => changed_lines(old, new),
    })
}

/// Reads an answer: the content, or the size of what is too large to keep.
fn blob(id: &ObjectId, output: &mut impl BufRead) -> Result<Result<Vec<u8>, u64>, GitError> {
    let broken = |error: std::io::Error| odd(error.to_string());
    let mut header = String::new();
    output.read_line(&mut header).map_err(broken)?;
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
        output.take(size).read_to_end(&mut content).map_err(broken)? as u64
    } else {
        std::io::copy(&mut output.take(size), &mut std::io::sink()).map_err(broken)?
    };
    let mut end = [0];
    output.read_exact(&mut end).map_err(broken)?;
    if kept != size || end != *b"\n" {
        return Err(odd(format!("{id} breaks off")));
    }
    Ok(if size <= CONTENT_LIMIT { Ok(content) } else { Err(size) })
}

impl Contents {
    /// The changed lines of `file`, if it is the next one that was named; `None` where it is not.
    pub fn next(&mut self, file: &FileChange) -> Result<Option<Content>, GitError> {
        if self.due.front() != Some(&file.path) {
            return Ok(None);
        }
        progress::count(Count::FilesRead, 1);
        self.due.pop_front();
        let turn = self.given / TURN;
        self.given += 1;
        let streams = self.streams.len().max(1);
        let stream = self.streams.get_mut(turn % streams);
        stream
            .and_then(Stream::next)
            .transpose()?
            .map_or_else(|| Err(odd("it ended too early")), |content| Ok(Some(content)))
    }
}

impl Stream {
    fn next(&mut self) -> Option<Read> {
        loop {
            if let Some(read) = self.batch.next() {
                return Some(read);
            }
            // A thread that is gone has said why in its last batch.
            self.batch = self.batches.recv().ok()?.into_iter();
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // It must not have been read to the end.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
