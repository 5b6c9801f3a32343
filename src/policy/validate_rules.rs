//! The rules and examples of a component: from the schema to valid values.

use super::source::Step;
use super::validate::{Check, Defaults, at};
use super::{ContentRule, Example, Examples, FunctionRule, GlobList, Haystack, Ignore, Lines, Pattern, Rules, raw};
use crate::diagnostic::{Code, Diagnostic};

/// States that the patterns of a policy may come to together.
const MAX_STATES: usize = 1_000_000;

impl Check<'_> {
    pub(super) fn rules(
        &mut self,
        here: &[Step],
        raw: &raw::Rules,
        examples: &raw::Examples,
        defaults: &Defaults,
    ) -> Rules {
        let inside = |key: &'static str| [here, &at!["match", key]].concat();
        let within = |key: &'static str, nth: usize| [here, &at!["match", key, nth]].concat();
        let needed = self.needs_score(raw.needs_score.as_deref(), &inside("needs_score"));
        let mut rules = Rules {
            paths_need: needed.filter(|score| *score > 0),
            paths: self.globs(&raw.paths.0, &inside("paths")),
            exclude: self.globs(&raw.exclude.0, &inside("exclude")),
            dependencies: self.packages(&raw.dependencies, &inside("dependencies")),
            families: match &raw.families {
                Some(list) => self.families(&list.0, &inside("families")),
                None => defaults.families.clone(),
            },
            ..Rules::default()
        };
        for (nth, word) in raw.ignore.0.iter().enumerate() {
            let place = within("ignore", nth);
            let words = [("comments", 0), ("format", 1), ("kept", 2)];
            match self.word(&words, Some(word), &place) {
                Some(0) => rules.ignore.comments = true,
                Some(1) => rules.ignore.format = true,
                Some(_) => rules.ignore.kept = true,
                None => {}
            }
        }
        for (nth, raw::Short(content)) in raw.content.iter().enumerate() {
            let place = within("content", nth);
            rules
                .content
                .extend(self.content(content, &place, rules.ignore, needed));
        }
        for (nth, raw::Short(function)) in raw.functions.iter().enumerate() {
            let place = within("functions", nth);
            rules.functions.extend(self.function(function, &place, needed));
        }
        for (nth, source) in raw.messages.0.iter().enumerate() {
            let place = within("messages", nth);
            rules.messages.extend(self.pattern(source, Haystack::Text, &place));
        }
        let empty = rules.paths.is_empty()
            && rules.content.is_empty()
            && rules.functions.is_empty()
            && rules.dependencies.is_empty()
            && rules.messages.is_empty()
            && raw.families.is_none();
        if empty && !self.trusted && !self.patching && (examples.matching.is_empty() && examples.ignored.is_empty()) {
            let finding = Diagnostic::warning(Code::CG009, "no rule can gate this component")
                .help("give it `match:` with paths, content, functions, dependencies, messages or families");
            self.push(finding, Some(here));
        }
        rules
    }

    fn content(
        &mut self,
        raw: &raw::Content,
        place: &[Step],
        ignore: Ignore,
        needed: Option<u32>,
    ) -> Option<ContentRule> {
        let inside = |key: &'static str| [place, &[Step::from(key)]].concat();
        let Some(source) = &raw.pattern else {
            self.error(Code::CG002, "a content rule needs a `pattern`", place);
            return None;
        };
        let pattern = self.pattern(source, Haystack::Line, &inside("pattern"))?;
        let except = match &raw.except {
            Some(source) => Some(self.pattern(source, Haystack::Line, &inside("except"))?),
            None => None,
        };
        Some(ContentRule {
            rule: raw.rule.clone(),
            pattern,
            except,
            lines: self
                .word(&Lines::WORDS, raw.lines.as_deref(), &inside("lines"))
                .unwrap_or(Lines::AddedOrRemoved),
            paths: self.optional_globs(raw.paths.as_ref(), &inside("paths")),
            comments: raw.comments.unwrap_or(ignore.nothing()),
            kept: raw.kept.unwrap_or(!ignore.kept),
            needs_score: self.own_need(raw.needs_score.as_deref(), needed, &inside("needs_score")),
            examples: self.examples(&raw.examples, &inside("examples"), true),
        })
    }

    fn function(&mut self, raw: &raw::Function, place: &[Step], needed: Option<u32>) -> Option<FunctionRule> {
        let inside = |key: &'static str| [place, &[Step::from(key)]].concat();
        let Some(name) = &raw.name else {
            self.error(Code::CG002, "a function rule needs a `name`", place);
            return None;
        };
        let declared = match &raw.declared {
            Some(source) => Some(self.pattern(source, Haystack::Text, &inside("declared"))?),
            None => None,
        };
        match GlobList::new(&[name]) {
            Ok(globs) => Some(FunctionRule {
                rule: raw.rule.clone(),
                name: globs,
                declared,
                paths: self.optional_globs(raw.paths.as_ref(), &inside("paths")),
                needs_score: self.own_need(raw.needs_score.as_deref(), needed, &inside("needs_score")),
            }),
            Err(error) => {
                self.error(Code::CG005, format!("bad glob: {error}"), &inside("name"));
                None
            }
        }
    }

    /// The score that a rule needs: what it says itself, else what its component says.
    fn own_need(&mut self, raw: Option<&str>, of_component: Option<u32>, place: &[Step]) -> Option<u32> {
        let own = self.needs_score(raw, place).or(of_component);
        own.filter(|score| *score > 0)
    }

    fn optional_globs(&mut self, raw: Option<&raw::List>, place: &[Step]) -> Option<GlobList> {
        let list = raw.filter(|list| !list.0.is_empty())?;
        Some(self.globs(&list.0, place))
    }

    fn pattern(&mut self, source: &str, scope: Haystack, place: &[Step]) -> Option<Pattern> {
        if source.is_empty() {
            self.error(Code::CG005, "the pattern is empty and would match everything", place);
            return None;
        }
        if self.trusted {
            return Some(Pattern::trusted(source, scope));
        }
        if self.states > MAX_STATES {
            return None;
        }
        match Pattern::new(source, scope) {
            Ok(pattern) => {
                self.states = self.states.saturating_add(pattern.cost().max(1));
                if self.states > MAX_STATES {
                    let message = "the patterns up to here are too large once compiled, taken together";
                    self.error(Code::CG008, message, place);
                }
                Some(pattern)
            }
            Err(error) => {
                // A pattern that is refused may have cost the most.
                self.states = self.states.saturating_add(MAX_STATES / 20);
                let finding = Diagnostic::error(Code::CG005, format!("bad regular expression: {error}"));
                self.push_within(finding, Some(place), error.span);
                None
            }
        }
    }

    /// `lines`: the short form is a line, not a path.
    pub(super) fn examples(&mut self, raw: &raw::Examples, place: &[Step], lines: bool) -> Examples {
        let mut list = |key: &'static str, items: &[raw::Short<raw::Example>]| {
            let mut found = Vec::new();
            for (nth, raw::Short(item)) in items.iter().enumerate() {
                let at = [place, &[Step::from(key), Step::from(nth)]].concat();
                found.extend(self.example(item, at, lines));
            }
            found
        };
        Examples {
            matching: list("match", &raw.matching),
            ignored: list("ignore", &raw.ignored),
        }
    }

    fn example(&mut self, raw: &raw::Example, at: Vec<Step>, lines: bool) -> Option<Example> {
        let (path, line) = match &raw.text {
            Some(text) if lines => (None, Some(text.clone())),
            Some(text) => (Some(text.clone()), None),
            None => (raw.path.clone(), raw.line.clone()),
        };
        let needs_path = !lines && raw.message.is_none() && path.is_none();
        let needs_line = lines && line.is_none();
        let mixed = raw.message.is_some() && (path.is_some() || line.is_some() || raw.function.is_some() || lines);
        if needs_path || needs_line || mixed {
            let message = if lines {
                "an example of a content rule is a line, or a mapping with `line` and perhaps `path`"
            } else {
                "an example is a path, a mapping with `path` and perhaps `line` or `function`, or one with `message`"
            };
            self.error(Code::CG002, message, &at);
            return None;
        }
        Some(Example {
            path,
            line,
            function: raw.function.clone(),
            message: raw.message.clone(),
            at,
        })
    }
}
