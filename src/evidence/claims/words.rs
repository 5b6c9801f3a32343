//! The words that say which way a figure points, and those that say it is about something else.

use super::figure::Bound;

/// Which way a word points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Nothing is said.
    None,
    /// Less of it.
    Down,
    /// More of it.
    Up,
    /// Less time, or more per time.
    Faster,
    /// More time, or less per time.
    Slower,
    /// Better, whichever way that is.
    Better,
    /// Worse, whichever way that is.
    Worse,
}

/// The direction of a word, in small letters.
pub(super) fn direction(word: &str) -> Option<Direction> {
    Some(match word {
        "lower" | "reduction" | "reduced" | "reduces" | "reduce" | "reducing" | "less" | "fewer" | "smaller"
        | "decrease" | "decreased" | "decreases" | "drop" | "dropped" | "drops" | "down" | "shorter" | "saved"
        | "saving" | "savings" | "saves" | "cut" | "cuts" | "fall" | "fell" | "shrank" | "shrunk" | "shrinks"
        | "decline" | "declined" | "lighter" => Direction::Down,
        "higher" | "increase" | "increased" | "increases" | "more" | "greater" | "larger" | "bigger" | "growth"
        | "grew" | "grows" | "up" | "rise" | "rose" | "rises" | "longer" | "additional" | "heavier" => Direction::Up,
        "faster" | "speedup" | "speed-up" | "quicker" | "speedups" | "acceleration" | "sped" => Direction::Faster,
        "slower" | "slowdown" | "slow-down" | "slowed" => Direction::Slower,
        "improvement" | "improved" | "improves" | "improve" | "better" | "gain" | "gains" | "gained"
        | "improvements" | "optimization" | "optimisation" => Direction::Better,
        "worse" | "regression" | "regressed" | "degradation" | "degraded" | "worsened" => Direction::Worse,
        _ => return None,
    })
}

/// Words that say nothing of which figure is meant.
pub(super) fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "a" | "an"
            | "the"
            | "by"
            | "of"
            | "in"
            | "for"
            | "is"
            | "was"
            | "i"
            | "e"
            | "ie"
            | "that"
            | "this"
            | "its"
            | "which"
            | "so"
            | "about"
            | "around"
            | "approximately"
            | "roughly"
            | "nearly"
            | "almost"
            | "at"
            | "least"
            | "most"
            | "up"
            | "to"
            | "than"
            | "over"
            | "change"
            | "changed"
            | "difference"
            | "delta"
            | "diff"
            | "overall"
            | "total"
            | "net"
            | "on"
            | "average"
            | "now"
            | "from"
            | "and"
            | "thus"
            | "meaning"
            | "measured"
            | "observed"
            | "unchanged"
            | "relative"
            | "about,"
            | "it"
            | "we"
            | "equals"
            | "or"
            | "circa"
            | "ca"
            | "approx"
            | "or-so"
            | "absolute"
            | "exactly"
            | "only"
            | "just"
            | "another"
            | "even"
            | "as"
            | "per"
            | "with"
            | "result"
            | "results"
            | "total:"
    )
}

/// Words for what is commonly measured, which are beside a change without changing what it is of.
pub(super) fn is_metric(word: &str) -> bool {
    matches!(
        word,
        "time"
            | "times"
            | "latency"
            | "throughput"
            | "speed"
            | "runtime"
            | "run-time"
            | "duration"
            | "cost"
            | "size"
            | "rate"
            | "failures"
            | "failure"
            | "failing"
            | "errors"
            | "tests"
            | "requests"
            | "performance"
            | "usage"
            | "calls"
            | "allocations"
            | "wall-clock"
            | "wall"
            | "clock"
            | "execution"
            | "step"
            | "steps"
            | "iteration"
            | "samples"
            | "response"
            | "processing"
    )
}

/// Words that say that a figure is of how much others differ, or how sure they are.
pub(super) fn is_spread(word: &str) -> bool {
    matches!(
        word,
        "confidence"
            | "ci"
            | "significance"
            | "noise"
            | "cv"
            | "std"
            | "stddev"
            | "variance"
            | "variation"
            | "deviation"
            | "margin"
            | "probability"
    )
}

/// Words that say that a figure is a goal, a spread, a share or of another thing: nothing is held against it.
pub(super) fn is_elsewhere(word: &str) -> bool {
    matches!(
        word,
        "target"
            | "targets"
            | "goal"
            | "goals"
            | "budget"
            | "limit"
            | "limits"
            | "threshold"
            | "thresholds"
            | "interval"
            | "error"
            | "tolerance"
            | "coverage"
            | "cpu"
            | "gpu"
            | "utilisation"
            | "utilization"
            | "load"
            | "headroom"
            | "required"
            | "requirement"
            | "expected"
            | "expect"
            | "sla"
            | "slo"
            | "allowed"
            | "planned"
            | "estimated"
            | "projected"
            | "hit"
            | "accuracy"
            | "percentile"
            | "p50"
            | "p90"
            | "p95"
            | "p99"
            | "p999"
            | "median"
            | "worst"
            | "best"
            | "peak"
            | "max"
            | "maximum"
            | "min"
            | "minimum"
            | "capacity"
            | "overhead"
            | "previously"
            | "claimed"
            | "should"
            | "must"
            | "would"
            | "could"
            | "may"
            | "if"
            | "versus"
            | "vs"
            | "theoretical"
            | "another"
            | "other"
            | "share"
            | "cap"
            | "not"
            | "no"
            | "instead"
            | "whereas"
            | "while"
            | "but"
            | "except"
            | "excluding"
            | "without"
    ) || is_spread(word)
}

/// Labels of what was before.
pub(super) fn is_before(word: &str) -> bool {
    matches!(
        word,
        "before"
            | "baseline"
            | "base"
            | "old"
            | "previous"
            | "previously"
            | "prior"
            | "original"
            | "originally"
            | "was"
            | "initial"
            | "initially"
            | "unoptimized"
            | "unoptimised"
    )
}

/// Labels of what came after.
pub(super) fn is_after(word: &str) -> bool {
    matches!(
        word,
        "after"
            | "new"
            | "now"
            | "current"
            | "currently"
            | "candidate"
            | "optimized"
            | "optimised"
            | "improved"
            | "final"
    )
}

/// Labels of what a change made.
pub(super) fn is_change(word: &str) -> bool {
    matches!(
        word,
        "change" | "changes" | "delta" | "diff" | "difference" | "result" | "ratio" | "Δ" | "δ" | "net" | "effect"
    ) || direction(word).is_some_and(|direction| direction != Direction::None)
}

/// Nouns of things that are counted, never rounded.
pub(super) fn is_counted(word: &str) -> bool {
    let word = word.strip_suffix('s').unwrap_or(word);
    matches!(
        word,
        "test"
            | "failure"
            | "error"
            | "file"
            | "warning"
            | "issue"
            | "bug"
            | "case"
            | "check"
            | "module"
            | "function"
            | "method"
            | "review"
            | "commit"
            | "allocation"
            | "call"
            | "querie"
            | "query"
            | "copie"
            | "copy"
            | "class"
            | "classe"
            | "component"
            | "endpoint"
            | "suite"
            | "item"
            | "thread"
            | "worker"
            | "finding"
            | "conflict"
            | "failing"
            | "passing"
            | "failed"
            | "passed"
            | "skipped"
            | "benchmark"
            | "syscall"
            | "lock"
            | "kernel"
            | "launche"
            | "launch"
    )
}

/// Whether a word says that things went well (`Some(true)`) or not.
pub(super) fn outcome(word: &str) -> Option<bool> {
    match word {
        "pass" | "passed" | "passing" | "passes" | "success" | "successful" | "succeeded" | "succeeding"
        | "succeed" | "complete" | "completed" | "allowed" | "accepted" | "covered" | "working" | "green" | "ok"
        | "healthy" | "resolved" | "available" => Some(true),
        "fail" | "failed" | "failing" | "fails" | "failure" | "failures" | "blocked" | "rejected" | "refused"
        | "missed" | "missing" | "uncovered" | "broken" | "red" | "denied" | "unresolved" | "incomplete"
        | "remaining" | "open" | "error" | "errors" | "lost" | "dropped" | "prevented" | "stopped" | "detected" => {
            Some(false)
        }
        _ => None,
    }
}

/// Words that are behind a per cent of a quotient and say that it is that quotient's.
pub(super) fn is_share_noun(word: &str) -> bool {
    outcome(word).is_some()
        || matches!(
            word,
            "rate"
                | "coverage"
                | "completion"
                | "done"
                | "of"
                | "total"
                | "tests"
                | "test"
                | "all"
                | "score"
                | "the"
                | "finished"
                | "implemented"
                | "compliance"
                | "met"
                | "overall"
                | "ratio"
                | "share"
                | "in"
                | "total,"
                | "cases"
                | "checks"
                | "a"
                | "about"
                | "approximately"
                | "roughly"
                | "at"
                | "least"
                | "only"
                | "just"
        )
}

/// What words before a figure make of it.
pub(super) fn bound_before(words: &[&str]) -> Option<Bound> {
    match words {
        [.., "at", "least"] | [.., "no" | "not", "less", "than"] | [.., "minimum"] | [.., "minimum", "of"] => {
            Some(Bound::AtLeast)
        }
        [.., "up", "to"]
        | [.., "at", "most"]
        | [.., "no" | "not", "more", "than"]
        | [.., "maximum"]
        | [.., "maximum", "of"] => Some(Bound::AtMost),
        [.., "more" | "greater" | "higher", "than"]
        | [.., "over" | "above" | "exceeding" | "exceeds" | "exceeded" | "beyond"] => Some(Bound::Above),
        [.., "less" | "fewer" | "lower", "than"] | [.., "under" | "below"] => Some(Bound::Below),
        [
            ..,
            "about" | "around" | "approximately" | "roughly" | "circa" | "ca" | "approx" | "nearly" | "almost" | "some",
        ] => Some(Bound::Approx),
        _ => None,
    }
}

/// Whether two nouns begin alike: `failures`, `failing`.
pub(super) fn akin(a: &str, b: &str) -> bool {
    let length = a.chars().count().min(b.chars().count()).min(4);
    length >= 3 && a.chars().take(length).eq(b.chars().take(length))
}
