//! Work on many things at once, with the answers in the order of the things, and no more of them in memory than a few a worker.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};

/// How much stack a worker has.
const STACK: usize = 8 << 20;

/// How many answers may wait for an earlier one, for each worker.
const AHEAD: usize = 4;

/// What the workers share.
struct Shared<I> {
    items: I,
    /// How many have been taken.
    taken: usize,
    /// How many answers have been passed on.
    passed: usize,
}

/// Does `work` on each item with so many workers, and passes the answers on in the order of the items. Where one cannot be passed on, the rest is not
/// begun.
///
/// # Errors
///
/// What passing on says.
pub(crate) fn in_order<I, T, E>(
    items: I,
    jobs: usize,
    work: impl Fn(I::Item) -> T + Sync,
    mut pass_on: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E>
where
    I: Iterator + Send,
    T: Send,
{
    let shared = Mutex::new(Shared {
        items,
        taken: 0,
        passed: 0,
    });
    let moved = Condvar::new();
    let over = AtomicBool::new(false);
    let window = jobs.saturating_mul(AHEAD).max(1);
    let worker = |answers: mpsc::Sender<(usize, T)>| {
        loop {
            let (at, item) = {
                let mut shared = lock(&shared);
                while !over.load(Ordering::SeqCst) && shared.taken >= shared.passed + window {
                    shared = moved.wait(shared).unwrap_or_else(PoisonError::into_inner);
                }
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let Some(item) = shared.items.next() else { return };
                shared.taken += 1;
                (shared.taken - 1, item)
            };
            if answers.send((at, work(item))).is_err() {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        let (sender, answers) = mpsc::channel();
        let mut workers = 0;
        for _ in 0..jobs.max(1) {
            let sender = sender.clone();
            let worker = &worker;
            let begun = std::thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, move || worker(sender));
            workers += usize::from(begun.is_ok());
        }
        drop(sender);
        // Where there can be no thread, this one has to do.
        if workers == 0 {
            let items = &mut lock(&shared).items;
            return items.try_for_each(|item| pass_on(work(item)));
        }
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        for (at, answer) in answers {
            waiting.insert(at, answer);
            while let Some(answer) = waiting.remove(&next) {
                if let Err(error) = pass_on(answer) {
                    stop(&over, &shared, &moved);
                    return Err(error);
                }
                next += 1;
                lock(&shared).passed = next;
                moved.notify_all();
            }
        }
        Ok(())
    })
}

fn stop<I>(over: &AtomicBool, shared: &Mutex<Shared<I>>, moved: &Condvar) {
    let _nobody_between_look_and_sleep = lock(shared);
    over.store(true, Ordering::SeqCst);
    moved.notify_all();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn done(count: usize, jobs: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let slow_first = |item: usize| {
            if item.is_multiple_of(7) {
                std::thread::yield_now();
            }
            item * 2
        };
        in_order(0..count, jobs, slow_first, |answer| {
            found.push(answer);
            Ok::<_, io::Error>(())
        })
        .unwrap();
        found
    }

    #[test]
    fn answers_come_in_the_order_of_the_items() {
        let wanted: Vec<usize> = (0..500).map(|item| item * 2).collect();
        for jobs in [0, 1, 2, 7] {
            assert_eq!(done(500, jobs), wanted, "{jobs}");
        }
        assert!(done(0, 4).is_empty());
    }

    #[test]
    fn few_answers_wait_for_an_early_one() {
        use std::sync::atomic::AtomicUsize;
        let (begun, passed, most) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |_| {
            let ahead = begun.fetch_add(1, Ordering::SeqCst) + 1 - passed.load(Ordering::SeqCst);
            most.fetch_max(ahead, Ordering::SeqCst);
        };
        in_order(0..1000, 3, work, |()| {
            passed.fetch_add(1, Ordering::SeqCst);
            Ok::<_, io::Error>(())
        })
        .unwrap();
        assert!(most.load(Ordering::SeqCst) <= 3 * AHEAD + 1, "{most:?}");
    }

    #[test]
    fn nothing_more_is_begun_when_an_answer_cannot_be_passed_on() {
        let mut seen = 0;
        let ended = in_order(
            0..,
            2,
            |item| item,
            |_: u64| {
                seen += 1;
                match seen {
                    3 => Err(io::Error::from(io::ErrorKind::BrokenPipe)),
                    _ => Ok(()),
                }
            },
        );
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
