//! Word families: the words by which a commit message announces a judgement or claims a gain, in all their inflections.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

/// A family of words. A message that uses one of its words and names a component gates that component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// review, evaluate, determine.
    Review,
    /// assess, validate, sign off, approve, certify.
    Assess,
    /// analyze, investigate, examine.
    Analyze,
    /// recommend, advise, suggest.
    Recommend,
    /// decide, choose, select.
    Decide,
    /// verify, confirm, check.
    Verify,
    /// audit, inspect, test.
    Audit,
    /// compare, contrast, benchmark.
    Compare,
    /// prioritize, rank, score.
    Prioritize,
    /// faster, speed up, optimize, reduce latency or memory; with or without a figure.
    Claim,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 10] = [
        Self::Review,
        Self::Assess,
        Self::Analyze,
        Self::Recommend,
        Self::Decide,
        Self::Verify,
        Self::Audit,
        Self::Compare,
        Self::Prioritize,
        Self::Claim,
    ];

    /// The word used in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Assess => "assess",
            Self::Analyze => "analyze",
            Self::Recommend => "recommend",
            Self::Decide => "decide",
            Self::Verify => "verify",
            Self::Audit => "audit",
            Self::Compare => "compare",
            Self::Prioritize => "prioritize",
            Self::Claim => "claim",
        }
    }

    /// Reads the word used in policies.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.as_str() == word)
    }

    /// The verbs, in the infinitive; further words of a phrase follow a blank (`sign off`).
    pub fn verbs(self) -> &'static [&'static str] {
        match self {
            Self::Review => &["review", "evaluate", "determine"],
            Self::Assess => &["assess", "validate", "sign off", "approve", "certify"],
            Self::Analyze => &["analyze", "analyse", "investigate", "examine"],
            Self::Recommend => &["recommend", "advise", "suggest"],
            Self::Decide => &["decide", "choose", "select"],
            Self::Verify => &["verify", "confirm", "check"],
            Self::Audit => &["audit", "inspect", "test"],
            Self::Compare => &["compare", "contrast", "benchmark"],
            Self::Prioritize => &["prioritize", "prioritise", "rank", "score"],
            Self::Claim => &["optimize", "optimise", "speed up", "accelerate"],
        }
    }

    /// The first word or phrase of the family in a text: complete words, in any case.
    pub fn find(self, text: &[u8]) -> Option<(usize, usize)> {
        static COMPILED: [OnceLock<Option<Regex>>; 10] = [const { OnceLock::new() }; 10];
        let regex = COMPILED.get(self as usize)?.get_or_init(|| {
            RegexBuilder::new(&self.expression())
                .unicode(false)
                .case_insensitive(true)
                .build()
                .ok()
        });
        regex
            .as_ref()?
            .captures(text)?
            .get(1)
            .map(|found| (found.start(), found.end()))
    }

    fn expression(self) -> String {
        let mut choices: Vec<String> = self.verbs().iter().flat_map(|verb| inflections(verb)).collect();
        choices.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        let mut choices: Vec<String> = choices
            .iter()
            .map(|words| format!("(?:re-?)?{}", words.replace(' ', r"[\s-]+")))
            .collect();
        if self == Self::Claim {
            choices.extend(CLAIMS.iter().map(|claim| (*claim).to_owned()));
        }
        // A neighbouring letter, digit or underscore makes it another word; so does a hyphen before it (`self-test`), unless it is `re-`.
        format!(r"(?:^|[^\w-])({})(?:$|[^\w])", choices.join("|"))
    }
}

/// Claims that are more than one verb.
const CLAIMS: [&str; 6] = [
    r"speed-?ups?",
    r"(?:\d+(?:\.\d+)?\s*[x%]\s+)?(?:faster|quicker|speedier)",
    r"(?:\d+(?:\.\d+)?\s*[x%]\s+)?(?:less|lower|smaller)\s+(?:\w+\s+){0,2}(?:latency|memory|vram|overhead|allocations?|cpu|time)",
    r"(?:reduc|halv|lower|decreas|minimi[sz]|shrink|trimm?|cut)(?:e|es|ed|ing|s|ting)?\s+(?:[\w'/-]+\s+){0,3}(?:latency|memory|vram|overhead|allocations?)",
    r"(?:shrank|shrunk|save|saves|saved|saving)\s+(?:[\w'/%.-]+\s+){0,3}(?:latency|memory|vram|time)",
    r"\d+(?:\.\d+)?\s*%\s+(?:speed-?up|improvement|reduction)",
];

/// Verbs whose last consonant doubles, and irregular forms.
const IRREGULAR: [(&str, &[&str]); 4] = [
    ("choose", &["choose", "chooses", "chose", "chosen", "choosing"]),
    ("audit", &["audit", "audits", "audited", "auditing"]),
    ("benchmark", &["benchmark", "benchmarks", "benchmarked", "benchmarking"]),
    ("speed", &["speed", "speeds", "sped", "speeded", "speeding"]),
];

/// The forms of a verb: infinitive, third person, past, participle. Of a phrase, the first word is inflected.
pub fn inflections(verb: &str) -> Vec<String> {
    let (head, tail) = match verb.split_once(' ') {
        Some((head, rest)) => (head, format!(" {rest}")),
        None => (verb, String::new()),
    };
    let forms: Vec<String> = match IRREGULAR.iter().find(|(word, _)| *word == head) {
        Some((_, forms)) => forms.iter().map(|form| (*form).to_owned()).collect(),
        None => regular(head),
    };
    forms.into_iter().map(|form| form + &tail).collect()
}

fn regular(verb: &str) -> Vec<String> {
    if let Some(stem) = verb.strip_suffix('e') {
        return vec![
            verb.into(),
            format!("{verb}s"),
            format!("{verb}d"),
            format!("{stem}ing"),
        ];
    }
    if let Some(stem) = verb.strip_suffix('y') {
        return vec![
            verb.into(),
            format!("{stem}ies"),
            format!("{stem}ied"),
            format!("{verb}ing"),
        ];
    }
    let third = if verb.ends_with("ss") || verb.ends_with("ch") || verb.ends_with("sh") || verb.ends_with('x') {
        format!("{verb}es")
    } else {
        format!("{verb}s")
    };
    vec![verb.into(), third, format!("{verb}ed"), format!("{verb}ing")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(family: Family, text: &str) -> Option<&str> {
        family.find(text.as_bytes()).map(|(start, end)| &text[start..end])
    }

    #[test]
    fn verbs_inflect() {
        let table = [
            ("review", "review reviews reviewed reviewing"),
            ("evaluate", "evaluate evaluates evaluated evaluating"),
            ("certify", "certify certifies certified certifying"),
            ("assess", "assess assesses assessed assessing"),
            ("sign off", "sign off,signs off,signed off,signing off"),
            ("choose", "choose chooses chose chosen choosing"),
            ("analyse", "analyse analyses analysed analysing"),
            ("check", "check checks checked checking"),
            ("speed up", "speed up,speeds up,sped up,speeded up,speeding up"),
            ("audit", "audit audits audited auditing"),
        ];
        for (verb, forms) in table {
            let separator = if forms.contains(',') { ',' } else { ' ' };
            assert_eq!(inflections(verb), forms.split(separator).collect::<Vec<_>>());
        }
    }

    #[test]
    fn every_form_of_every_verb_is_found() {
        for family in Family::ALL {
            assert_eq!(Family::parse(family.as_str()), Some(family));
            for form in family.verbs().iter().flat_map(|verb| inflections(verb)) {
                for text in [
                    form.clone(),
                    form.to_uppercase(),
                    format!("(re-{form})."),
                    format!("x {form}, y"),
                ] {
                    assert!(family.find(text.as_bytes()).is_some(), "{family:?}: {text}");
                }
                assert!(family.find(format!("{form}q").as_bytes()).is_none(), "{form}q");
                assert!(family.find(format!("q_{form}").as_bytes()).is_none(), "q_{form}");
            }
        }
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(found(Family::Review, "re-reviewed the pool"), Some("re-reviewed"));
        assert_eq!(found(Family::Review, "preview"), None);
        assert_eq!(found(Family::Audit, "latest contest"), None);
        assert_eq!(found(Family::Assess, "signed-off"), Some("signed-off"));
        assert_eq!(found(Family::Audit, "self-test"), None);
    }

    #[test]
    fn claims_are_found() {
        for claim in [
            "2x faster",
            "is 30% faster",
            "30% less memory",
            "speedup of 3",
            "sped up",
            "speed-up",
            "reduce peak memory",
            "cuts p99 latency",
            "cut GPU memory",
            "lower the tail latency",
            "optimise",
            "optimizing",
            "reduces allocations",
            "12% improvement",
            "saves 2 GB of memory",
        ] {
            assert!(Family::Claim.find(claim.as_bytes()).is_some(), "{claim}");
        }
        for plain in [
            "fix breakfast",
            "memory",
            "latency",
            "lower case",
            "an optimizer",
            "fasteners",
            "reduce duplication",
        ] {
            assert!(Family::Claim.find(plain.as_bytes()).is_none(), "{plain}");
        }
    }
}
