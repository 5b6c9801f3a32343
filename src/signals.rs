//! What happens when the process is asked to end: at once, but for the few moments in which a file is being written; then right after.
//! A second signal ends it whatever it does.
//!
//! SIGINT ends with 130, SIGTERM with 143. All else is left to the system: an end by any signal is no pass.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;

/// How many moments must not be cut short.
static HOLDS: AtomicUsize = AtomicUsize::new(0);
static STATE: OnceLock<State> = OnceLock::new();

struct State {
    /// Whether a signal ends the process at once.
    armed: Arc<AtomicBool>,
    /// The exit code that the last signal asks for; 0 before any came.
    asked: Arc<AtomicUsize>,
}

/// Begins to listen. Where the system does not let it, signals do what they do by default.
pub(crate) fn listen() {
    let state = STATE.get_or_init(|| State {
        armed: Arc::new(AtomicBool::new(true)),
        asked: Arc::default(),
    });
    for (signal, code) in [(SIGINT, 130), (SIGTERM, 143)] {
        let (armed, asked) = (Arc::clone(&state.armed), Arc::clone(&state.asked));
        // In this order: what a first signal arms, only a second one sets off.
        let _default = flag::register_usize(signal, asked, code)
            .and_then(|_| flag::register_conditional_shutdown(signal, code as i32, Arc::clone(&armed)))
            .and_then(|_| flag::register(signal, armed));
    }
    // A file that grows beyond the limit of the shell is then an error of the write, which is reported, and not the end.
    let _default = flag::register(SIGXFSZ, Arc::default());
}

/// A moment that a signal does not cut short.
#[must_use]
pub(crate) struct Hold(());

/// Begins such a moment; it ends, and the process with it where a signal came, when the answer is dropped.
pub(crate) fn hold() -> Hold {
    HOLDS.fetch_add(1, Ordering::SeqCst);
    if let Some(state) = STATE.get() {
        state.armed.store(false, Ordering::SeqCst);
    }
    Hold(())
}

impl Drop for Hold {
    fn drop(&mut self) {
        if HOLDS.fetch_sub(1, Ordering::SeqCst) != 1 {
            return;
        }
        if let Some(state) = STATE.get() {
            state.armed.store(true, Ordering::SeqCst);
            if let Some(code) = asked() {
                std::process::exit(code);
            }
        }
    }
}

/// Whether a signal asks a process to end.
pub(crate) const fn ends(signal: i32) -> bool {
    matches!(signal, SIGINT | SIGTERM)
}

/// Waits a moment for a signal that a child has got already: a terminal sends it to all processes in front, one after the other. Where it ends this process at once,
/// this does not return.
pub(crate) fn await_one() {
    const PAUSE: Duration = Duration::from_millis(5);
    let listens = STATE.get().is_some();
    for _ in (0..100).take_while(|_| listens && asked().is_none()) {
        std::thread::sleep(PAUSE);
    }
}

/// The exit code that a signal has asked for.
pub(crate) fn asked() -> Option<i32> {
    let code = STATE.get()?.asked.load(Ordering::SeqCst);
    i32::try_from(code).ok().filter(|code| *code != 0)
}
