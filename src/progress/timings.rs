//! What a run cost: the time that each room took, and a few things that are counted. Time is measured where somebody asks ([`start`]);
//! otherwise a room costs one look at a flag, and a count one addition.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A room whose time is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Room {
    /// What is asked about: index, range, refs.
    Intake,
    /// Policies and keys.
    Policy,
    /// Which files and messages are gated.
    Sensitivity,
    /// Certificates.
    Ledger,
    /// Digests, authors and the judgement itself.
    Gate,
    /// The decision.
    Verdict,
}

const ROOMS: [(Room, &str); 6] = [
    (Room::Intake, "intake"),
    (Room::Policy, "policy"),
    (Room::Sensitivity, "sensitivity"),
    (Room::Ledger, "ledger"),
    (Room::Gate, "gate"),
    (Room::Verdict, "verdict"),
];

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Count {
    /// Processes of git that were started.
    GitProcesses,
    /// Policies that were read.
    PoliciesRead,
    /// Files whose content was read: for rules, and for digests.
    FilesRead,
    /// Rules of a component that were held against a changed file or a message.
    RulesRun,
    /// Certificates that were read from objects; what comes from the cache is not counted.
    CertificatesRead,
}

const NAMES: [&str; 5] = [
    "git_processes",
    "policies_read",
    "files_read",
    "rules_run",
    "certificates_read",
];

static MEASURING: AtomicBool = AtomicBool::new(false);
static COUNTS: [AtomicUsize; NAMES.len()] = [const { AtomicUsize::new(0) }; NAMES.len()];
static CLOCK: Mutex<Option<Clock>> = Mutex::new(None);

struct Clock {
    began: Instant,
    /// Where time goes now, and since when.
    at: Option<(Room, Instant)>,
    spent: [Duration; ROOMS.len()],
}

impl Clock {
    /// Books the time since the last change and continues in another room; returns the one that was left.
    fn turn(&mut self, to: Option<Room>) -> Option<Room> {
        let now = Instant::now();
        let from = self.at.take();
        if let Some((room, since)) = from
            && let Some(spent) = self.spent.get_mut(room as usize)
        {
            *spent += now.duration_since(since);
        }
        self.at = to.map(|room| (room, now));
        from.map(|(room, _)| room)
    }
}

/// Begins to measure.
pub fn start() {
    let clock = Clock {
        began: Instant::now(),
        at: None,
        spent: [Duration::ZERO; ROOMS.len()],
    };
    *CLOCK.lock().unwrap_or_else(PoisonError::into_inner) = Some(clock);
    MEASURING.store(true, Ordering::Relaxed);
}

static PAUSED: AtomicBool = AtomicBool::new(false);

/// While it lives nothing is counted.
#[must_use]
#[derive(Debug)]
pub struct Uncounted(());

/// Stops counting, for what is no part of a judgement.
pub fn uncounted() -> Uncounted {
    PAUSED.store(true, Ordering::Relaxed);
    Uncounted(())
}

impl Drop for Uncounted {
    fn drop(&mut self) {
        PAUSED.store(false, Ordering::Relaxed);
    }
}

/// More of something.
pub fn count(what: Count, more: usize) {
    if !PAUSED.load(Ordering::Relaxed)
        && let Some(count) = COUNTS.get(what as usize)
    {
        count.fetch_add(more, Ordering::Relaxed);
    }
}

/// Time that a room takes; it ends when this is dropped.
#[must_use]
#[derive(Debug)]
pub struct Timed {
    /// Where the time went before; `None` where nothing is measured.
    before: Option<Option<Room>>,
}

/// Enters a room; what it has another room do counts there.
pub fn enter(room: Room) -> Timed {
    if !MEASURING.load(Ordering::Relaxed) {
        return Timed { before: None };
    }
    let mut clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
    Timed {
        before: clock.as_mut().map(|clock| clock.turn(Some(room))),
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        if let Some(before) = self.before.take()
            && let Some(clock) = CLOCK.lock().unwrap_or_else(PoisonError::into_inner).as_mut()
        {
            clock.turn(before);
        }
    }
}

/// What a run has cost so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timings {
    /// Since measuring began.
    pub total: Duration,
    /// By the name of the room, in the order in which a question passes them.
    pub rooms: Vec<(&'static str, Duration)>,
    /// By the name of what was counted.
    pub counts: Vec<(&'static str, usize)>,
}

/// What the run has cost so far; `None` where nobody asked.
pub fn timings() -> Option<Timings> {
    let clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let clock = clock.as_ref()?;
    let counted = NAMES.into_iter().zip(&COUNTS);
    Some(Timings {
        total: clock.began.elapsed(),
        rooms: ROOMS
            .iter()
            .zip(clock.spent)
            .map(|((_, name), spent)| (*name, spent))
            .collect(),
        counts: counted
            .map(|(name, count)| (name, count.load(Ordering::Relaxed)))
            .collect(),
    })
}
