//! Functions compared by what they hold, so that one that was moved or renamed is known again.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// From which likeness on two functions are one that was moved, renamed and a little edited.
const SAME: f64 = 0.6;
/// Below which likeness a function has only the name of another.
const OTHER: f64 = 0.3;
/// A function of fewer pieces is known again only where nothing of it has changed: short ones are alike.
const SHORT: usize = 12;

/// What a function holds: each three words that follow one another, without its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Body(Vec<u64>);

impl Body {
    /// Takes a function apart.
    pub(super) fn of(text: &[u8], name: &str) -> Self {
        let words: Vec<&[u8]> = words(text).filter(|word| *word != name.as_bytes()).collect();
        let mut pieces: Vec<u64> = words
            .windows(3)
            .map(|three| {
                let mut hasher = DefaultHasher::new();
                three.hash(&mut hasher);
                hasher.finish()
            })
            .collect();
        pieces.sort_unstable();
        Self(pieces)
    }

    /// How much of both they have in common, from 0 to 1.
    pub(super) fn likeness(&self, other: &Self) -> f64 {
        let all = self.0.len() + other.0.len();
        if all == 0 {
            return 0.0;
        }
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut common = 0_usize;
        while let (Some(one), Some(another)) = (mine.peek(), theirs.peek()) {
            match one.cmp(another) {
                std::cmp::Ordering::Less => drop(mine.next()),
                std::cmp::Ordering::Greater => drop(theirs.next()),
                std::cmp::Ordering::Equal => {
                    common += 1;
                    mine.next();
                    theirs.next();
                }
            }
        }
        2.0 * common as f64 / all as f64
    }

    /// Whether one may be the other after a move; how alike they are.
    pub(super) fn is_moved(&self, other: &Self) -> Option<f64> {
        let likeness = self.likeness(other);
        let short = self.0.len().min(other.0.len()) < SHORT;
        let enough = match short {
            true => likeness >= 1.0 && self.0.len() >= 3,
            false => likeness >= SAME,
        };
        enough.then_some(likeness)
    }

    /// Whether one that has the name of the other has nothing else of it.
    pub(super) fn is_another(&self, other: &Self) -> bool {
        self.0.len().max(other.0.len()) >= SHORT && self.likeness(other) < OTHER
    }
}

/// Names and numbers whole, every other sign by itself; blanks do not count.
fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
        let end = match rest.first() {
            None => return None,
            Some(first) if part(first) => rest.iter().position(|byte| !part(byte)).unwrap_or(rest.len()),
            Some(_) => 1,
        };
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STEP: &str = "def step(net, batch):\n    loss = net(batch).mean()\n    loss.backward()\n    for p in net.parameters():\n        p.data -= 0.1 * p.grad\n    return loss\n";

    #[test]
    fn a_renamed_and_edited_function_is_known_again() {
        let before = Body::of(STEP.as_bytes(), "step");
        let renamed = STEP.replace("step", "advance");
        assert_eq!(before.is_moved(&Body::of(renamed.as_bytes(), "advance")), Some(1.0));
        let edited = renamed.replace("return loss", "torch.cuda.synchronize()\n    return loss");
        assert!(before.is_moved(&Body::of(edited.as_bytes(), "advance")).is_some());
        let another = Body::of(b"def load(path):\n    with open(path) as f:\n        return [line.split(',') for line in f if line.strip()]\n", "load");
        assert!(before.is_moved(&another).is_none() && before.is_another(&another));
        assert!(!before.is_another(&Body::of(edited.as_bytes(), "advance")));
    }

    #[test]
    fn short_functions_are_known_only_as_they_are() {
        let of = |text: &str| Body::of(text.as_bytes(), "get");
        assert!(
            of("def get(s): return s.a")
                .is_moved(&of("def get(s): return s.a"))
                .is_some()
        );
        assert!(
            of("def get(s): return s.a")
                .is_moved(&of("def get(s): return s.b"))
                .is_none()
        );
        assert!(of("").is_moved(&of("")).is_none());
    }

    proptest! {
        #[test]
        fn likeness_is_symmetric_and_of_itself_whole(a in "[a-c ;(]{0,60}", b in "[a-c ;(]{0,60}") {
            let (one, other) = (Body::of(a.as_bytes(), "f"), Body::of(b.as_bytes(), "f"));
            let likeness = one.likeness(&other);
            prop_assert!((0.0..=1.0).contains(&likeness));
            prop_assert_eq!(likeness.to_bits(), other.likeness(&one).to_bits());
            prop_assert!(one.0.is_empty() || one.likeness(&one.clone()) >= 1.0);
        }
    }
}
