//! Readers of profiles: functions with what they cost themselves and with what they call.
//!
//! [`read`] finds the format by the content. Everything is bounded: compressed files by what they become, documents by what is kept of
//! them, recursion by never being needed. A trace of a training loop is read as a stream.

mod callgrind;
mod documents;
mod folded;
mod pprof;
mod torch_table;
mod trace;
mod tree;

#[cfg(test)]
mod tests;

use std::io::{BufRead, BufReader, Read};

use thiserror::Error;

/// The largest profile that is read, in bytes, after it was unpacked.
pub const MAX_BYTES: u64 = 1 << 30;

/// The formats of profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProfileFormat {
    /// Folded stacks: `main;work;sort 12`.
    Folded,
    /// pprof's protocol buffers, packed with gzip or not.
    Pprof,
    /// speedscope's JSON.
    Speedscope,
    /// Valgrind's callgrind.
    Callgrind,
    /// A trace in the form of Chrome's, such as PyTorch's.
    ChromeTrace,
    /// The table of `torch.profiler`, as it is pasted.
    TorchTable,
}

impl ProfileFormat {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Folded => "folded-stacks",
            Self::Pprof => "pprof",
            Self::Speedscope => "speedscope",
            Self::Callgrind => "callgrind",
            Self::ChromeTrace => "chrome-trace",
            Self::TorchTable => "torch-table",
        }
    }
}

/// A function, or whatever the profile has in its place: an operator, a kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The source file, where the profile says it.
    pub file: Option<String>,
    /// The 1-based line, where the profile says it.
    pub line: Option<u64>,
    /// What it cost itself.
    pub own: f64,
    /// What it cost with all that it called. Each sample counts once, however often the function is on the stack.
    pub inclusive: f64,
}

/// One thing that was measured: CPU time, samples, bytes, time on the GPU.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What was measured.
    pub name: String,
    /// Its unit, as the profile states it; empty where it states none.
    pub unit: String,
    /// All of it.
    pub total: f64,
    /// The functions, the one that cost most itself first.
    pub functions: Vec<Function>,
    /// Who was seen to call whom: the places of both in `functions`, the caller's first; in order, each pair once.
    pub calls: Vec<(usize, usize)>,
}

impl Axis {
    /// A value as a share of the total: 0 to 1; 0 where the total is 0.
    pub fn share(&self, value: f64) -> f64 {
        if self.total > 0.0 {
            (value / self.total).min(1.0)
        } else {
            0.0
        }
    }
}

/// What a profile holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The format that the content has.
    pub format: ProfileFormat,
    /// What was measured, each with its functions. Never empty.
    pub axes: Vec<Axis>,
}

/// Why a file is no profile that may be used.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// Of no format that is known.
    #[error("not a profile of a known format")]
    Unknown,
    /// Cut, edited, or not of its format.
    #[error("{reason}")]
    Damaged {
        /// What is wrong.
        reason: String,
        /// The 1-based line, where known.
        line: Option<u32>,
    },
    /// Larger than [`MAX_BYTES`], or than what is kept of one.
    #[error("larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// Of this format, but nothing was measured.
    #[error("nothing was measured in this {} file", .0.name())]
    Empty(ProfileFormat),
    /// The file could not be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl ProfileError {
    fn damaged(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Damaged { reason, line: None }
    }

    fn at(reason: impl Into<String>, index: usize) -> Self {
        Self::Damaged {
            reason: reason.into(),
            line: u32::try_from(index + 1).ok(),
        }
    }
}

/// How much of a file is looked at to find its format.
const HEAD: usize = 64 * 1024;

/// Reads a profile. gzip is undone.
pub fn read(file: impl Read) -> Result<Profile, ProfileError> {
    read_within(file, MAX_BYTES)
}

/// Reads a profile that has at most so many bytes after it was unpacked, and no more than [`MAX_BYTES`].
pub fn read_within(file: impl Read, most: u64) -> Result<Profile, ProfileError> {
    let most = most.min(MAX_BYTES);
    let mut file = BufReader::with_capacity(HEAD, file);
    if file.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        let unpacked = flate2::bufread::MultiGzDecoder::new(file);
        return unpacked_profile(BufReader::with_capacity(HEAD, Bounded::new(unpacked, most)));
    }
    unpacked_profile(BufReader::with_capacity(HEAD, Bounded::new(file, most)))
}

fn unpacked_profile(mut file: impl BufRead) -> Result<Profile, ProfileError> {
    let mut head = Vec::new();
    file.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(told)?;
    let format = format_of(&head);
    let file = BufReader::with_capacity(HEAD, std::io::Cursor::new(head).chain(file));
    let axes = match format {
        Some(Kind::Binary) => (ProfileFormat::Pprof, pprof::read(file)?),
        Some(Kind::Document) => documents::read(file)?,
        Some(Kind::Callgrind) => (ProfileFormat::Callgrind, callgrind::read(file)?),
        Some(Kind::TorchTable) => (ProfileFormat::TorchTable, torch_table::read(file)?),
        Some(Kind::Folded) => (ProfileFormat::Folded, folded::read(file)?),
        None => return Err(ProfileError::Unknown),
    };
    let (format, mut axes) = axes;
    axes.retain(|axis| axis.total > 0.0);
    if axes.is_empty() {
        return Err(ProfileError::Empty(format));
    }
    for axis in &mut axes {
        sort(axis);
    }
    Ok(Profile { format, axes })
}

/// Puts the function that cost most itself first.
fn sort(axis: &mut Axis) {
    let mut functions: Vec<(usize, Function)> = std::mem::take(&mut axis.functions).into_iter().enumerate().collect();
    functions.sort_by(|(_, a), (_, b)| {
        b.own
            .total_cmp(&a.own)
            .then(b.inclusive.total_cmp(&a.inclusive))
            .then_with(|| a.name.cmp(&b.name))
    });
    let mut places = vec![0; functions.len()];
    for (now, (before, _)) in functions.iter().enumerate() {
        if let Some(place) = places.get_mut(*before) {
            *place = now;
        }
    }
    let moved = |(caller, callee): &(usize, usize)| Some((*places.get(*caller)?, *places.get(*callee)?));
    axis.calls = axis.calls.iter().filter_map(moved).collect();
    axis.calls.sort_unstable();
    axis.calls.dedup();
    axis.functions = functions.into_iter().map(|(_, function)| function).collect();
}

/// What the head of a file looks like.
enum Kind {
    Binary,
    Document,
    Callgrind,
    TorchTable,
    Folded,
}

fn format_of(head: &[u8]) -> Option<Kind> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    if head.iter().any(control) {
        return Some(Kind::Binary);
    }
    // The head may end inside of a character, never begin in one.
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?,
    };
    let starts = text.trim_start();
    if starts.starts_with(['{', '[']) {
        return Some(Kind::Document);
    }
    if starts.starts_with("# callgrind format")
        || text.lines().any(|line| line.starts_with("events:")) && text.contains("\nfn=")
    {
        return Some(Kind::Callgrind);
    }
    if text.lines().any(torch_table::is_header) {
        return Some(Kind::TorchTable);
    }
    let whole = if head.len() < HEAD {
        text
    } else {
        text.rsplit_once('\n').map_or(text, |(whole, _)| whole)
    };
    folded::is(whole).then_some(Kind::Folded)
}

/// Ends with an error where more comes than is allowed.
struct Bounded<R> {
    inner: R,
    left: u64,
}

/// What a [`Bounded`] reader says, and [`told`] knows again.
const TOO_LARGE: &str = "more than is read of a profile";

impl<R> Bounded<R> {
    fn new(inner: R, left: u64) -> Self {
        Self { inner, left }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, TOO_LARGE)),
        }
        Ok(count)
    }
}

/// What an error while reading means: too large, a damaged archive, or truly one of the machine.
fn told(error: std::io::Error) -> ProfileError {
    match error.kind() {
        std::io::ErrorKind::FileTooLarge => ProfileError::TooLarge,
        std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof => {
            ProfileError::damaged("not gzip to the end")
        }
        _ => ProfileError::Io(error),
    }
}

/// The longest line of a text that is read.
const MAX_LINE: u64 = 4 * 1024 * 1024;

/// Hands each line to `each`, without its end, until one is refused.
fn lines(
    mut file: impl BufRead,
    mut each: impl FnMut(usize, &str) -> Result<(), ProfileError>,
) -> Result<(), ProfileError> {
    let mut line = Vec::new();
    for index in 0.. {
        line.clear();
        let count = file
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .map_err(told)?;
        if count == 0 {
            break;
        }
        if count as u64 == MAX_LINE {
            return Err(ProfileError::at("a line longer than 4 MiB", index));
        }
        let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line);
        let text = std::str::from_utf8(text).map_err(|_| ProfileError::at("not text in UTF-8", index))?;
        each(index, text.trim_end_matches(['\n', '\r']))?;
    }
    Ok(())
}
