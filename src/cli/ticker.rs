//! The line that says how far the work is: on a terminal, after one second, wiped before anything else is written.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::progress::{self, Now, Work};
use crate::signals;

/// How long a run may take before it speaks.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the line is written again.
const BEAT: Duration = Duration::from_millis(100);

/// The line on the terminal, if one is there. While it is, a signal waits for it to be wiped.
static SHOWN: Mutex<Option<signals::Hold>> = Mutex::new(None);

/// Begins to watch, where somebody may be watching too: standard error is a terminal that can wipe a line, and no CI system reads it.
pub(super) fn start() {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let plain = set("TERM").is_none_or(|term| term == "dumb");
    let ci = set("CI").is_some_and(|value| value != "false" && value != "0");
    if plain || ci || !std::io::stderr().is_terminal() {
        return;
    }
    // It ends with the process; where it cannot be started there is no line.
    let _watching = std::thread::Builder::new().spawn(watch);
}

fn watch() {
    std::thread::sleep(PATIENCE);
    loop {
        beat();
        std::thread::sleep(BEAT);
    }
}

fn beat() {
    let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let asked = signals::asked().is_some();
    match progress::now().filter(|_| !asked) {
        Some(now) => {
            let line = format!("\r{}\x1b[K", line(now));
            // Taken first: what is on the terminal must be wiped.
            shown.get_or_insert_with(signals::hold);
            let _best_effort = std::io::stderr().lock().write_all(line.as_bytes());
        }
        None => wipe(&mut shown),
    }
}

fn wipe(shown: &mut Option<signals::Hold>) {
    if let Some(hold) = shown.take() {
        let _best_effort = std::io::stderr().lock().write_all(b"\r\x1b[K");
        // Ends the process where a signal asks for it.
        drop(hold);
    }
}

/// Wipes the line and keeps it away for as long as the answer lives.
pub(super) fn quiet() -> MutexGuard<'static, Option<signals::Hold>> {
    let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    wipe(&mut shown);
    shown
}

/// The line. It is short, since one that is longer than the terminal is wide could not be wiped.
fn line(now: Now) -> String {
    let (doing, things) = match now.work {
        Work::Listing => ("listing what changed", ""),
        Work::History => ("reading", "commits"),
        Work::Judging => ("judging", "files"),
        Work::Ledger => ("reading", "certificates"),
        Work::Hashing => ("hashing", "files"),
        Work::Measuring => ("measuring", "runs"),
    };
    let count = if now.total > 0 { now.total } else { now.done };
    let mut line = format!("certgate: {doing}");
    if !things.is_empty() {
        line.push_str(&format!(" {} {things}", grouped(count)));
    }
    line.push_str(" ...");
    if let Some(percent) = now.done.saturating_mul(100).checked_div(now.total) {
        line.push_str(&format!(" {} %", percent.min(100)));
    }
    if let Some(left) = now.left().filter(|_| now.work == Work::Measuring) {
        let seconds = left.as_secs();
        line.push_str(&match seconds / 60 {
            0 => format!(", {seconds} s left"),
            minutes => format!(", {minutes} min left"),
        });
    }
    line
}

/// A number with its thousands apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_far_it_is() {
        let say = |work, done, total| {
            line(Now {
                work,
                done,
                total,
                elapsed: Duration::from_secs(30),
            })
        };
        assert_eq!(say(Work::Measuring, 0, 20), "certgate: measuring 20 runs ... 0 %");
        assert_eq!(
            say(Work::Measuring, 5, 20),
            "certgate: measuring 20 runs ... 25 %, 1 min left"
        );
        assert_eq!(
            say(Work::Measuring, 15, 20),
            "certgate: measuring 20 runs ... 75 %, 10 s left"
        );
        assert_eq!(
            say(Work::Judging, 18_500, 50_000),
            "certgate: judging 50,000 files ... 37 %"
        );
        assert_eq!(
            say(Work::History, 1_234_567, 0),
            "certgate: reading 1,234,567 commits ..."
        );
        assert_eq!(say(Work::Listing, 0, 0), "certgate: listing what changed ...");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(usize::MAX).len(), 26);
    }
}
