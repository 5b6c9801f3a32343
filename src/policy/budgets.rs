//! `budgets:` of a component: what an approval must prove by measurements. Plain, validated data; what they come to is for `evidence` to say.

use globset::{GlobBuilder, GlobMatcher};

use super::raw;
use super::source::Step;
use super::validate::{Check, at};
use crate::diagnostic::Code;

/// What becomes of an approval whose measurements prove neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inconclusive {
    /// It does not count: the burden of proof lies on the approval.
    Block,
    /// It counts, and that is reported.
    Warn,
}

/// How much slower one metric of some benchmarks may become.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Which metric.
    pub metric: String,
    /// Which benchmarks; empty: all that have the metric.
    pub benchmarks: Vec<Named>,
    /// The slow-down that is accepted, as a share; `None` where only the absolute limit counts.
    pub max_regression: Option<f64>,
    /// The error of each bound, one-sided.
    pub alpha: f64,
    /// The least number of runs a side.
    pub min_runs: u32,
    /// Whether both sides are measured in turn, each file one block of runs.
    pub interleaved: bool,
    /// By how much runs of the same code are said to differ, as a share.
    pub run_noise: Option<f64>,
    /// Where the files do not say: whether more is better.
    pub higher: Option<bool>,
    /// Whether the metric is a deterministic count.
    pub exact: bool,
    /// What the candidate's median must be proven to keep to, with its unit (empty: that of the files).
    pub limit: Option<(f64, String)>,
    /// What becomes of an approval whose measurements prove neither.
    pub on_inconclusive: Inconclusive,
}

/// A name or glob of `benchmarks:`. Names of benchmarks are no paths: `*` matches a slash, too.
#[derive(Clone, Debug)]
pub struct Named {
    /// As written, without the `!`.
    pub text: String,
    /// True where it leaves out what it matches.
    pub not: bool,
    glob: GlobMatcher,
}

impl Named {
    fn new(text: &str) -> Result<Self, globset::Error> {
        let (not, text) = text.strip_prefix('!').map_or((false, text), |text| (true, text));
        let glob = GlobBuilder::new(text).literal_separator(false).build()?;
        Ok(Self {
            text: text.to_owned(),
            not,
            glob: glob.compile_matcher(),
        })
    }

    /// Whether it matches a benchmark. A name with characters that mean something in a glob is also taken as it is.
    pub fn matches(&self, benchmark: &str) -> bool {
        self.text == benchmark || self.glob.is_match(benchmark)
    }
}

impl Budget {
    /// Whether it is about a benchmark: the last name that matches decides.
    pub fn is_about(&self, benchmark: &str) -> bool {
        let last = self.benchmarks.iter().rfind(|named| named.matches(benchmark));
        last.map_or(self.benchmarks.iter().all(|named| named.not), |named| !named.not)
    }
}

/// A number with the unit behind it: `250ms`, `250 ms`, `900`.
pub(crate) fn quantity(text: &str) -> Option<(f64, String)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_')))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let value: f64 = number.replace('_', "").parse().ok()?;
    (value.is_finite() && !number.is_empty()).then(|| (value, unit.trim().to_owned()))
}

/// `5%`, `5 %` or `0.05`.
pub(super) fn share(text: &str) -> Option<f64> {
    let text = text.trim();
    let value = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => text.parse::<f64>().ok()?,
    };
    (value.is_finite() && value >= 0.0).then_some(value)
}

impl Check<'_> {
    /// `budgets` of a component.
    pub(super) fn budgets(&mut self, raw: &[raw::Budget], here: &[Step]) -> Vec<Budget> {
        let found = raw.iter().enumerate();
        found
            .filter_map(|(index, budget)| self.budget(budget, &[here, &at![index]].concat()))
            .collect()
    }

    fn budget(&mut self, raw: &raw::Budget, here: &[Step]) -> Option<Budget> {
        let inside = |key: &'static str| [here, &at![key]].concat();
        let Some(metric) = raw.metric.clone().filter(|metric| !metric.is_empty()) else {
            self.error(Code::CG002, "a budget needs a `metric`, such as `time`", here);
            return None;
        };
        let of_share = |check: &mut Self, key: &'static str, text: &Option<String>, zero: bool| {
            let text = text.as_deref()?;
            let value = share(text).filter(|value| zero || *value > 0.0);
            if value.is_none() {
                let message = format!("`{text}` is not a share, such as `5%` or `0.05`");
                check.error(Code::CG009, message, &inside(key));
            }
            value
        };
        let max_regression = of_share(self, "max_regression", &raw.max_regression, true);
        let run_noise = of_share(self, "run_noise", &raw.run_noise, false);
        let limit = raw.limit.as_deref().and_then(|text| {
            let found = quantity(text);
            if found.is_none() {
                let message = format!("`{text}` is not a number with or without a unit, such as `250 ms`");
                self.error(Code::CG009, message, &inside("limit"));
            }
            found
        });
        if raw.max_regression.is_none() && raw.limit.is_none() {
            let message = "a budget needs `max_regression`, `limit` or both: without one everything would pass";
            self.error(Code::CG002, message, here);
        }
        let alpha = raw.alpha.unwrap_or(0.05);
        let places = alpha.to_string().len().saturating_sub("0.".len());
        if !(alpha > 0.0 && alpha < 0.5) || places > 9 {
            let message = format!("`{alpha}` is not a number above 0 and below 0.5, of at most nine places");
            self.error(Code::CG009, message, &inside("alpha"));
        }
        let min_runs = raw.min_runs.unwrap_or(5);
        if min_runs == 0 {
            self.error(Code::CG009, "`min_runs` is at least 1", &inside("min_runs"));
        }
        let mut benchmarks = Vec::new();
        for (index, glob) in raw.benchmarks.0.iter().enumerate() {
            match Named::new(glob) {
                Ok(named) => benchmarks.push(named),
                Err(error) => {
                    let place = [&inside("benchmarks")[..], &at![index]].concat();
                    self.error(Code::CG005, format!("bad glob: {error}"), &place);
                }
            }
        }
        Some(Budget {
            metric,
            benchmarks,
            max_regression,
            alpha,
            min_runs,
            interleaved: self
                .word(
                    &[("sequential", false), ("interleaved", true)],
                    raw.design.as_deref(),
                    &inside("design"),
                )
                .unwrap_or(false),
            run_noise,
            higher: self.word(
                &[("lower", false), ("higher", true)],
                raw.direction.as_deref(),
                &inside("direction"),
            ),
            exact: raw.exact.unwrap_or(false),
            limit,
            on_inconclusive: self
                .word(
                    &[("block", Inconclusive::Block), ("warn", Inconclusive::Warn)],
                    raw.on_inconclusive.as_deref(),
                    &inside("on_inconclusive"),
                )
                .unwrap_or(Inconclusive::Block),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{EvidenceKind, Policy, PolicySource};

    fn policy(budget: &str) -> Result<Policy, String> {
        let text = format!("version: 1\ncomponents: [{{ id: a, match: {{ paths: ['**'] }}, budgets: [{budget}] }}]\n");
        let source = PolicySource {
            name: "p.yaml".into(),
            bytes: text.as_bytes(),
        };
        Policy::parse(&source)
            .map(|(policy, _)| policy)
            .map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn a_budget_says_what_it_says() {
        let read = policy(
            "{ metric: time, benchmarks: ['lex_*', '!lex_old'], max_regression: 5 %, alpha: 0.01, min_runs: 7, design: interleaved, run_noise: 2%, direction: higher, limit: 250 ms, on_inconclusive: warn, exact: true }",
        )
        .unwrap();
        let budget = &read.components[0].budgets[0];
        assert_eq!((budget.max_regression, budget.run_noise), (Some(0.05), Some(0.02)));
        assert_eq!((budget.alpha, budget.min_runs, budget.interleaved), (0.01, 7, true));
        assert_eq!(budget.limit, Some((250.0, "ms".to_owned())));
        assert_eq!(
            (budget.higher, budget.on_inconclusive),
            (Some(true), Inconclusive::Warn)
        );
        assert!(budget.is_about("lex_big") && !budget.is_about("lex_old") && !budget.is_about("parse"));
        let read = policy("{ metric: time, benchmarks: ['sort [a-z] {n=1}'], limit: 5 }").unwrap();
        assert!(read.components[0].budgets[0].is_about("sort [a-z] {n=1}"));
        assert!(read.components[0].require.evidence.contains(&EvidenceKind::Benchmarks));
    }

    #[test]
    fn what_asks_nothing_is_refused() {
        for wrong in [
            "{ metric: time }",
            "{ max_regression: 5% }",
            "{ metric: time, max_regression: five }",
            "{ metric: time, max_regression: -1% }",
            "{ metric: time, max_regression: .inf }",
            "{ metric: time, max_regression: 5%, alpha: 0.5 }",
            "{ metric: time, max_regression: 5%, alpha: 0 }",
            "{ metric: time, max_regression: 5%, min_runs: 0 }",
            "{ metric: time, max_regression: 5%, design: once }",
            "{ metric: time, max_regression: 5%, run_noise: 0 }",
            "{ metric: time, limit: fast }",
            "{ metric: time, max_regression: 5%, benchmark: x }",
            "{ metric: time, max_regression: 5%, benchmarks: ['['] }",
            "{ metric: time, max_regression: 5%, on_inconclusive: pass }",
        ] {
            assert!(policy(wrong).is_err(), "{wrong}");
        }
    }
}
