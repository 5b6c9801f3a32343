//! Rules that gate nothing any more: globs of the policy that match no tracked file. Who knows the files asks; the globs of packs are
//! general, and not expected to match.

use super::source::Step;
use super::text::deserialize;
use super::validate::at;
use super::{GlobList, Policy, TwinPath, fold, packs, raw};
use crate::diagnostic::{Code, Diagnostic, Place, plural};

/// So many are named, each with its place.
const NAMED: usize = 50;

const CHANGE: &str = "change it to where the files are now, or take it out of the policy";

/// A glob of the policy's own that should match some file.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    component: String,
    glob: String,
    alone: GlobList,
    at: Vec<Step>,
}

/// The globs of the policy that no file has matched so far.
#[derive(Debug)]
pub struct IdleGlobs<'p> {
    policy: &'p Policy,
    open: Vec<&'p Watched>,
}

impl Policy {
    /// The globs that are written in the policy itself, found when somebody asks: a hook does not.
    fn watched(&self) -> &[Watched] {
        self.watched.get_or_init(|| match packs::pack(&self.origin) {
            Some(_) => Vec::new(),
            None => deserialize(&self.source).map_or_else(|_| Vec::new(), |raw| watched(&raw)),
        })
    }
}

/// The globs that are written in the policy itself: of the policy's components, and of what it adjusts.
fn watched(raw: &raw::Policy) -> Vec<Watched> {
    let mut found = Vec::new();
    for (index, component) in raw.components.iter().enumerate() {
        let id = component.id.as_deref().unwrap_or_default();
        collect(
            &mut found,
            id,
            &at!["components", index],
            &component.rules,
            &component.handoff,
        );
    }
    for (glob, at) in super::bumps::globs(raw).filter(|(glob, _)| !glob.starts_with('!')) {
        found.extend(watch("", glob, at));
    }
    for (id, patch) in &raw.adjust.0 {
        collect(&mut found, id, &at!["adjust", id.clone()], &patch.rules, &patch.handoff);
    }
    found
}

fn collect(found: &mut Vec<Watched>, id: &str, here: &[Step], rules: &raw::Rules, handoff: &raw::Pairs<String>) {
    let mut add = |list: &raw::List, inside: &[Step]| {
        for (index, glob) in list.0.iter().enumerate().filter(|(_, glob)| !glob.starts_with('!')) {
            found.extend(watch(id, glob, [here, inside, &at![index]].concat()));
        }
    };
    add(&rules.paths, &at!["match", "paths"]);
    for (nth, raw::Short(rule)) in rules.content.iter().enumerate() {
        if let Some(paths) = &rule.paths {
            add(paths, &at!["match", "content", nth, "paths"]);
        }
    }
    for (nth, raw::Short(rule)) in rules.functions.iter().enumerate() {
        if let Some(paths) = &rule.paths {
            add(paths, &at!["match", "functions", nth, "paths"]);
        }
    }
    for (glob, _) in &handoff.0 {
        let at = [here, &at!["handoff"], &[Step::Name(glob.clone())]].concat();
        found.extend(watch(id, glob, at));
    }
}

fn watch(component: &str, glob: &str, at: Vec<Step>) -> Option<Watched> {
    Some(Watched {
        component: component.to_owned(),
        glob: glob.to_owned(),
        alone: GlobList::new(&[glob]).ok()?,
        at,
    })
}

impl Watched {
    /// The directory in which everything that the glob matches lies, as far as it is written out; empty for the root.
    fn directory(&self) -> &str {
        let wild = self.glob.find(['*', '?', '[', '{', '\\']).unwrap_or(self.glob.len());
        let literal = self.glob.get(..wild).unwrap_or_default();
        literal
            .rfind('/')
            .map_or("", |at| literal.get(..at).unwrap_or_default())
    }
}

impl<'p> IdleGlobs<'p> {
    /// Every glob of a policy, none of which has matched yet.
    pub fn of(policy: &'p Policy) -> Self {
        Self {
            policy,
            open: policy.watched().iter().collect(),
        }
    }

    /// Takes note of a tracked file.
    pub fn see(&mut self, path: &[u8]) {
        if self.open.is_empty() || self.policy.exclude.matches(path) || self.policy.certificates.matches(path) {
            return;
        }
        let twin = TwinPath::new(path);
        let policy = self.policy;
        self.open.retain(|watched| {
            let matches = watched.alone.gating(&twin).is_some() || watched.alone.inside(&twin).is_some();
            let excluded = || {
                let named = |component: &&super::Component| fold(&component.id) == fold(&watched.component);
                let component = policy.components.iter().find(named);
                component.is_some_and(|component| component.rules.exclude.matches(path))
            };
            !matches || excluded()
        });
    }

    /// True where every glob has matched.
    pub fn is_settled(&self) -> bool {
        self.open.is_empty()
    }

    /// The directories below which the globs that are left could match, each once; the root is empty.
    pub fn directories(&self) -> Vec<&'p str> {
        let mut all: Vec<&'p str> = self.open.iter().map(|watched| watched.directory()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// CG015 for each glob that is left and whose files could only lie in one of these directories; where there are very many, for the
    /// first ones, and one for all others, since finding the place of each reads the policy again.
    pub fn findings(&self, seen: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
        let left: Vec<_> = self.open.iter().filter(|watched| seen(watched.directory())).collect();
        let found = |watched: &Watched| {
            let of = match watched.component.as_str() {
                "" => "`trusted_bumps`".to_owned(),
                id => format!("component `{id}`"),
            };
            let message = format!("glob `{}` of {of} matches no tracked file", watched.glob);
            let found = Diagnostic::warning(Code::CG015, message);
            found.at(self.policy.source.locate(&watched.at, None)).help(CHANGE)
        };
        let mut all: Vec<Diagnostic> = left.iter().take(NAMED).map(|watched| found(watched)).collect();
        if let Some(more @ 1..) = left.len().checked_sub(NAMED) {
            let message = format!("{} of the policy without a tracked file", plural(more, "more glob"));
            let found = Diagnostic::warning(Code::CG015, message);
            all.push(found.at(Place::file(&self.policy.source.name)).help(CHANGE));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::super::PolicySource;
    use super::*;

    const POLICY: &str = "version: 1
extends: builtin:rust
exclude: [\"gen/**\"]
adjust:
  rust_unsafe: { match: { paths: [\"gone/**\"] } }
components:
  - id: parser
    match:
      paths: [\"src/hot/**\", \"src/new/*.c\", \"!src/hot/x\"]
      content: [{ pattern: a, paths: [\"**/*.py\"] }]
      functions: [{ name: f, paths: [\"gen/*.c\"] }]
      exclude: [\"lib/**\"]
    handoff: { \"lib/**\": lead }
";

    fn idle(files: &[&str]) -> Vec<String> {
        let source = PolicySource {
            name: "p.yaml".into(),
            bytes: POLICY.as_bytes(),
        };
        let (policy, _) = Policy::parse(&source).unwrap();
        let mut globs = IdleGlobs::of(&policy);
        for file in files {
            globs.see(file.as_bytes());
        }
        let found = globs.findings(|_| true);
        assert_eq!(globs.is_settled(), found.is_empty());
        let marked = |found: &Diagnostic| {
            let source = found.place().unwrap().source.clone().unwrap();
            source.text[source.start..source.end].trim_matches('"').to_owned()
        };
        found.iter().map(marked).collect()
    }

    #[test]
    fn of_very_many_the_first_are_named() {
        let of = |count: usize| {
            let globs: Vec<String> = (0..count).map(|nth| format!("\"gone/{nth}/**\"")).collect();
            let text = format!(
                "version: 1\ncomponents:\n  - id: a\n    match: {{ paths: [{}] }}\n",
                globs.join(", ")
            );
            let source = PolicySource {
                name: "p.yaml".into(),
                bytes: text.as_bytes(),
            };
            let (policy, _) = Policy::parse(&source).unwrap();
            let found = IdleGlobs::of(&policy).findings(|_| true);
            (found.len(), found.last().map(|last| last.message().to_owned()).unwrap())
        };
        assert_eq!(
            of(NAMED),
            (
                NAMED,
                "glob `gone/49/**` of component `a` matches no tracked file".to_owned()
            )
        );
        assert_eq!(
            of(NAMED + 1),
            (NAMED + 1, "1 more glob of the policy without a tracked file".to_owned())
        );
        assert_eq!(of(NAMED + 7).1, "7 more globs of the policy without a tracked file");
    }

    #[test]
    fn globs_without_a_file_are_found_where_they_stand() {
        let all = ["src/hot/**", "src/new/*.c", "**/*.py", "gen/*.c", "lib/**", "gone/**"];
        assert_eq!(idle(&[]), all);
        assert_eq!(
            idle(&["SRC/hot/a.c", "src/new/b.c", "c.py", "gone/d"]),
            ["gen/*.c", "lib/**"]
        );
        // What is excluded is gated by nothing.
        assert_eq!(idle(&["gen/a.c", "lib/x"]), all);
    }

    #[test]
    fn where_to_look_is_known() {
        let watched = |glob: &str| watch("a", glob, Vec::new()).unwrap();
        assert_eq!(watched("src/hot/**").directory(), "src/hot");
        assert_eq!(watched("src/a{b,c}/x").directory(), "src");
        assert_eq!(watched("src/x.c").directory(), "src");
        assert_eq!(watched("**/x").directory(), "");
    }
}
