//! Two halves of one work side by side, where there is enough of it to be worth a thread.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;

/// What a thread of judging may need: parsers and patterns descend into what they read.
const STACK: usize = 8 << 20;

/// How much is handed over at once: waking the other side costs more than judging a small file.
const WEIGHT: usize = 256 << 10;
const ITEMS: usize = 32;

fn alone() -> bool {
    std::thread::available_parallelism().map_or(1, usize::from) < 2
}

/// Does both; with `aside` the first on another thread, if there is one to be had.
pub(super) fn both<A: Send, B>(aside: bool, first: impl Fn() -> A + Sync, second: impl FnOnce() -> B) -> (A, B) {
    if !aside || alone() {
        return (first(), second());
    }
    std::thread::scope(|scope| {
        let thread = Builder::new().stack_size(STACK).spawn_scoped(scope, &first);
        let done = second();
        let answer = match thread.map(|thread| thread.join()) {
            Ok(Ok(answer)) => answer,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => first(),
        };
        (answer, done)
    })
}

/// Takes all items, in order, and has each judged. With `aside` that is done on another thread, if there is one to be had.
///
/// # Errors
///
/// The first error among the items; those before it are judged, and none behind it.
pub(super) fn each<T: Send, E>(
    aside: bool,
    items: impl Iterator<Item = Result<T, E>>,
    weight: impl Fn(&T) -> usize,
    judge: impl FnMut(T) + Send,
) -> Result<(), E> {
    let judge = Mutex::new(judge);
    let work = |batches: Receiver<Vec<T>>| {
        let mut judge = judge.lock().unwrap_or_else(PoisonError::into_inner);
        batches.into_iter().flatten().for_each(&mut *judge);
    };
    if aside && !alone() {
        return std::thread::scope(|scope| {
            let (give, take) = sync_channel(1);
            let Ok(worker) = Builder::new().stack_size(STACK).spawn_scoped(scope, || work(take)) else {
                return here(items, &judge);
            };
            let handed = hand_over(items, weight, give);
            if let Err(panic) = worker.join() {
                std::panic::resume_unwind(panic);
            }
            handed
        });
    }
    here(items, &judge)
}

fn here<T, E>(items: impl Iterator<Item = Result<T, E>>, judge: &Mutex<impl FnMut(T)>) -> Result<(), E> {
    let mut judge = judge.lock().unwrap_or_else(PoisonError::into_inner);
    for item in items {
        judge(item?);
    }
    Ok(())
}

fn hand_over<T, E>(
    items: impl Iterator<Item = Result<T, E>>,
    weight: impl Fn(&T) -> usize,
    give: SyncSender<Vec<T>>,
) -> Result<(), E> {
    let (mut batch, mut heavy) = (Vec::new(), 0);
    for item in items {
        let item = match item {
            Ok(item) => item,
            Err(error) => {
                // Nobody listens only where judging panicked, which the caller sees.
                let _ = give.send(batch);
                return Err(error);
            }
        };
        heavy += weight(&item);
        batch.push(item);
        if heavy >= WEIGHT || batch.len() >= ITEMS {
            heavy = 0;
            if give.send(std::mem::take(&mut batch)).is_err() {
                return Ok(());
            }
        }
    }
    let _ = give.send(batch);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{both, each};

    fn judged(aside: bool, items: Vec<Result<usize, &'static str>>) -> (Vec<usize>, Result<(), &'static str>) {
        let mut seen = Vec::new();
        let outcome = each(aside, items.into_iter(), |item| *item, |item| seen.push(item));
        (seen, outcome)
    }

    #[test]
    fn order_is_kept_and_nothing_is_lost() {
        for count in [0, 1, 31, 32, 33, 1000] {
            let items: Vec<_> = (0..count).map(Ok).collect();
            let all: Vec<usize> = (0..count).collect();
            assert_eq!(judged(true, items.clone()), (all.clone(), Ok(())));
            assert_eq!(judged(false, items), (all, Ok(())));
        }
        // Heavy ones go over one by one.
        let heavy: Vec<_> = (0..100).map(|item| Ok(item << 20)).collect();
        assert_eq!(judged(true, heavy).0.len(), 100);
    }

    #[test]
    fn both_are_done() {
        for aside in [true, false] {
            assert_eq!(both(aside, || 1, || 2), (1, 2));
        }
    }

    #[test]
    fn an_error_ends_it_with_what_came_before() {
        let mut items: Vec<_> = (0..100).map(Ok).collect();
        items.insert(50, Err("gone"));
        let before: Vec<usize> = (0..50).collect();
        assert_eq!(judged(true, items.clone()), (before.clone(), Err("gone")));
        assert_eq!(judged(false, items), (before, Err("gone")));
    }

    #[test]
    #[should_panic(expected = "what was judged")]
    fn a_panic_is_not_lost() {
        let items = (0..1000).map(Ok::<usize, ()>);
        let judge = |item: usize| assert!(item < 40, "what was judged");
        let _ = each(true, items, |_| 0, judge);
    }
}
