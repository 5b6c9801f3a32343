//! How far the work is, and what it costs: a few counters that the library moves and `cli` may show. Nothing depends on them.

mod timings;

pub use timings::{Count, Room, Timed, Timings, Uncounted, count, enter, start, timings, uncounted};

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Work that can take long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Work {
    /// Git lists what changed.
    Listing = 1,
    /// Commits are read.
    History,
    /// Changed files are looked at.
    Judging,
    /// Certificates are read.
    Ledger,
    /// The content of files is hashed.
    Hashing,
    /// Programs are run.
    Measuring,
}

impl Work {
    const ALL: [Self; 6] = [
        Self::Listing,
        Self::History,
        Self::Judging,
        Self::Ledger,
        Self::Hashing,
        Self::Measuring,
    ];
}

/// What is done now; 0 for nothing.
static WORK: AtomicU8 = AtomicU8::new(0);
static DONE: AtomicUsize = AtomicUsize::new(0);
static TOTAL: AtomicUsize = AtomicUsize::new(0);
/// When the work began, in milliseconds since [`clock`] was first read.
static BEGUN: AtomicU64 = AtomicU64::new(0);

fn clock() -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let since = FIRST.get_or_init(Instant::now).elapsed();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Work that has begun; it ends when this is dropped.
#[must_use]
#[derive(Debug)]
pub struct Begun(());

/// Begins work on `total` things; 0 where their number is not known.
pub fn begin(work: Work, total: usize) -> Begun {
    DONE.store(0, Ordering::Relaxed);
    TOTAL.store(total, Ordering::Relaxed);
    BEGUN.store(clock(), Ordering::Relaxed);
    WORK.store(work as u8, Ordering::Relaxed);
    Begun(())
}

/// One more thing is done.
pub fn step() {
    DONE.fetch_add(1, Ordering::Relaxed);
}

impl Drop for Begun {
    fn drop(&mut self) {
        WORK.store(0, Ordering::Relaxed);
    }
}

/// Where the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// What is done.
    pub work: Work,
    /// How many things are done.
    pub done: usize,
    /// Of how many; 0 where that is not known.
    pub total: usize,
    /// For how long it has been done.
    pub elapsed: Duration,
}

impl Now {
    /// How long the rest takes if it continues as it went. None before anything is done, or where the total is not known.
    pub fn left(self) -> Option<Duration> {
        let left = self
            .total
            .checked_sub(self.done)
            .filter(|_| self.done > 0 && self.total > 0)?;
        Some(self.elapsed.mul_f64(left as f64 / self.done as f64))
    }
}

/// What is being done, if anything that can take long.
pub fn now() -> Option<Now> {
    let at = WORK.load(Ordering::Relaxed);
    let work = Work::ALL.into_iter().find(|work| *work as u8 == at)?;
    Some(Now {
        work,
        done: DONE.load(Ordering::Relaxed),
        total: TOTAL.load(Ordering::Relaxed),
        elapsed: Duration::from_millis(clock().saturating_sub(BEGUN.load(Ordering::Relaxed))),
    })
}
