//! What a figure is of, by the words beside it: time, memory, another measure of performance, or something else.

use super::words;

/// Words with which a figure is a goal, a limit, a denial, or of what is not performance.
pub(super) fn is_of_something_else(word: &str) -> bool {
    let goal = matches!(
        word,
        "target"
            | "targets"
            | "goal"
            | "goals"
            | "budget"
            | "budgets"
            | "limit"
            | "limits"
            | "threshold"
            | "thresholds"
            | "timeout"
            | "timeouts"
            | "deadline"
            | "must"
            | "should"
            | "required"
            | "requires"
            | "requirement"
            | "requirements"
            | "expected"
            | "expect"
            | "estimate"
            | "estimated"
            | "projected"
            | "planned"
            | "sla"
            | "slo"
            | "alpha"
            | "allowed"
            | "accepted"
            | "acceptable"
            | "tolerance"
            | "cap"
            | "would"
            | "could"
            | "may"
            | "might"
            | "can"
            | "if"
            | "until"
            | "unless"
            | "when"
            | "theoretical"
            | "claimed"
            | "claims"
            | "claim"
            | "promised"
            | "hoped"
            | "potential"
            | "potentially"
            | "previously"
            | "earlier"
            | "configured"
            | "setting"
            | "interval"
            | "every"
    );
    let denial = matches!(
        word,
        "no" | "not"
            | "never"
            | "without"
            | "none"
            | "cannot"
            | "nor"
            | "neither"
            | "instead"
            | "nothing"
            | "isn't"
            | "doesn't"
    );
    let other = matches!(
        word,
        "coverage"
            | "test"
            | "tests"
            | "accuracy"
            | "documentation"
            | "docs"
            | "compliance"
            | "complexity"
            | "duplication"
            | "lines"
            | "warnings"
            | "errors"
            | "failures"
            | "failure"
            | "bugs"
            | "review"
            | "reviews"
            | "reviewed"
            | "reviewing"
            | "reward"
            | "loss"
            | "quality"
            | "readability"
            | "risk"
            | "score"
            | "adoption"
            | "revenue"
            | "price"
            | "budgeted"
            | "disk"
            | "dataset"
    );
    goal || denial || other || words::is_spread(word)
}

/// Words for what a change of performance is of.
pub(super) fn is_of_performance(word: &str) -> bool {
    is_of_time(word)
        || is_of_memory(word)
        || matches!(
            word,
            "throughput"
                | "performance"
                | "speed"
                | "time"
                | "times"
                | "duration"
                | "bottleneck"
                | "bandwidth"
                | "fps"
                | "utilization"
                | "utilisation"
                | "cpu"
                | "gpu"
        )
}

/// Words for time.
pub(super) fn is_of_time(word: &str) -> bool {
    matches!(
        word,
        "latency" | "runtime" | "run-time" | "wall-clock" | "inference" | "p50" | "p90" | "p95" | "p99" | "p999"
    ) || word.ends_with("_time")
        || word.ends_with("_latency")
}

/// Words for memory.
pub(super) fn is_of_memory(word: &str) -> bool {
    matches!(word, "memory" | "rss" | "vram" | "footprint" | "allocations" | "heap")
}
