//! The glob lists by which rules gate, each distinct one matched at most once for a file.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::scan::Scan;
use crate::policy::{Component, ContentRule, Gating, GlobList, Policy, TwinPath};

/// The rules of a policy, with their glob lists numbered.
pub(super) struct Plan<'p> {
    lists: Vec<&'p GlobList>,
    /// In the order of the policy.
    pub(super) components: Vec<Planned<'p>>,
}

/// A component, and the numbers of its lists; `None` stands for every file.
pub(super) struct Planned<'p> {
    pub(super) component: &'p Component,
    paths: usize,
    content: Vec<(&'p ContentRule, Option<usize>)>,
    /// The lists that content rules have, each once.
    content_lists: Vec<usize>,
    /// The content rules that look at a file, by which of those lists hold it: files are many, kinds of files few.
    selected: Mutex<HashMap<Vec<bool>, Option<Arc<Scan<'p>>>>>,
    functions: Vec<Option<usize>>,
}

/// A path, and what is known of it so far.
pub(super) struct File<'p, 'f> {
    twin: &'f TwinPath<'f>,
    lists: &'f [&'p GlobList],
    /// By number: the glob that gates, once asked.
    known: Vec<Cell<Option<Option<Gating<'p>>>>>,
}

impl<'p> Plan<'p> {
    pub(super) fn new(policy: &'p Policy) -> Self {
        let mut lists: Vec<&'p GlobList> = Vec::new();
        let mut numbers: HashMap<Vec<&'p str>, usize> = HashMap::new();
        let mut number = |list: &'p GlobList| {
            *numbers.entry(list.iter().collect()).or_insert_with(|| {
                lists.push(list);
                lists.len() - 1
            })
        };
        let mut planned = |component: &'p Component| {
            let rules = &component.rules;
            let content = rules.content.iter();
            let content: Vec<_> = content
                .map(|rule| (rule, rule.paths.as_ref().map(&mut number)))
                .collect();
            let mut content_lists: Vec<usize> = content.iter().filter_map(|(_, list)| *list).collect();
            content_lists.sort_unstable();
            content_lists.dedup();
            Planned {
                component,
                paths: number(&rules.paths),
                content,
                content_lists,
                selected: Mutex::default(),
                functions: rules
                    .functions
                    .iter()
                    .map(|rule| rule.paths.as_ref().map(&mut number))
                    .collect(),
            }
        };
        let components = policy.components.iter().map(&mut planned).collect();
        Self { lists, components }
    }

    pub(super) fn file<'f>(&'f self, twin: &'f TwinPath<'f>) -> File<'p, 'f> {
        File {
            twin,
            lists: &self.lists,
            known: self.lists.iter().map(|_| Cell::new(None)).collect(),
        }
    }
}

impl<'p> File<'p, '_> {
    fn gating(&self, number: usize) -> Option<Gating<'p>> {
        let (list, known) = (self.lists.get(number)?, self.known.get(number)?);
        let answer = known.get().unwrap_or_else(|| list.gating(self.twin));
        known.set(Some(answer));
        answer
    }

    fn within(&self, number: Option<usize>) -> bool {
        number.is_none_or(|number| self.gating(number).is_some())
    }
}

impl<'p> Planned<'p> {
    /// The glob of `paths` by which the file matches.
    pub(super) fn glob(&self, file: &File<'p, '_>) -> Option<Gating<'p>> {
        file.gating(self.paths)
    }

    /// The glob of `paths` to whose files a link of that path leads.
    pub(super) fn link(&self, file: &File<'p, '_>) -> Option<Gating<'p>> {
        self.component.rules.paths.inside(file.twin)
    }

    /// Whether the file, as it is called, is exempt.
    pub(super) fn excludes(&self, file: &File<'p, '_>) -> bool {
        self.component.rules.exclude.matches_exactly(file.twin)
    }

    /// The content rules that look at the file, if any do.
    pub(super) fn content(&self, file: &File<'p, '_>) -> Option<Arc<Scan<'p>>> {
        if self.content.is_empty() {
            return None;
        }
        let held: Vec<bool> = self.content_lists.iter().map(|list| file.within(Some(*list))).collect();
        let mut selected = self.selected.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = selected.get(&held) {
            return known.clone();
        }
        let rules = self.content.iter().filter(|(_, paths)| file.within(*paths));
        let rules: Vec<_> = rules.map(|(rule, _)| *rule).collect();
        let scan = (!rules.is_empty()).then(|| Arc::new(Scan::new(rules)));
        selected.insert(held, scan.clone());
        scan
    }

    /// Whether some function rule looks at the file.
    pub(super) fn functions(&self, file: &File<'p, '_>) -> bool {
        self.functions.iter().any(|paths| file.within(*paths))
    }
}
