//! `sensitivity:` from which rank of the learnt score on a file is flagged, and what follows; and `needs_score`, which lowers the voice of a rule.

use super::source::Step;
use super::validate::{Check, at};
use super::{Component, Enforcement, GlobList, Policy, RepoPath, TwinPath, fold, raw};
use crate::certificate::suggest;
use crate::diagnostic::{Code, Diagnostic};

/// The highest score that a rule may need.
const HIGHEST: u32 = 1000;

/// What the learnt score is for.
#[derive(Clone, Debug)]
pub struct Sensitivity {
    /// The rank, in per cent, from which on a file is flagged.
    pub min_rank: u32,
    /// The score that it has at least, whatever its rank: where little is about performance, the highest is not either.
    pub min_score: u32,
    /// The points of it that the words have which the change adds and removes, at least, whatever file it is in.
    pub min_change: Option<u32>,
    /// The points that those words have at least where a rule that needs a score counts; elsewhere its match is reported.
    pub needs_change: Option<u32>,
    /// `block`: a flagged file is gated; else it is reported.
    pub blocks: bool,
    /// The id of the component that a flagged file is gated by; `None`: the nearest.
    pub component: Option<String>,
    /// Files that are never flagged.
    pub exclude: GlobList,
}

/// `sensitivity:` as written.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with the keys `flag` or `min_rank`, `min_score`, `min_change`, `needs_change`, `enforce`, `component` and `exclude`"
)]
pub(super) struct Raw {
    #[serde(skip_serializing_if = "Option::is_none")]
    flag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_rank: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_score: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_change: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs_change: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enforce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<String>,
    #[serde(default, skip_serializing_if = "raw::List::is_empty")]
    exclude: raw::List,
}

impl Policy {
    /// The component that is nearest to a file in the tree, for a score that names none: of those that do not exclude the file, the one that
    /// one of its `paths` (of the component, or of a content or function rule) leads closest to, by the directories that the glob writes
    /// out; where none leads there, one whose rules look at such a file; then the first. Of equals, the first.
    pub fn nearest_component(&self, path: &RepoPath) -> Option<&Component> {
        let twin = TwinPath::new(path.as_bytes());
        let open = |component: &&Component| !component.rules.exclude.matches_exactly(&twin);
        let near = |component: &Component| {
            let lists = lists(component);
            let deepest = lists
                .iter()
                .flat_map(|list| list.iter())
                .filter_map(|glob| depth(glob, path))
                .max();
            let looks = lists.iter().any(|list| list.gating(&twin).is_some());
            (deepest.unwrap_or(0), looks)
        };
        let mut best: Option<((usize, bool), &Component)> = None;
        // What is imported takes nothing from the policy's own components.
        let own = self.components.iter().any(|component| !component.imported);
        let eligible = |component: &&Component| !own || !component.imported;
        for component in self.components.iter().filter(eligible).filter(open) {
            let near = near(component);
            if best.is_none_or(|(known, _)| near > known) {
                best = Some((near, component));
            }
        }
        best.map(|(_, component)| component)
            .or(self.components.iter().find(eligible))
    }

    /// True where what it gates depends on a score.
    pub fn needs_scores(&self) -> bool {
        self.sensitivity.is_some() || self.components.iter().any(|component| component.rules.needs_score())
    }
}

/// The glob lists of a component's rules about files.
fn lists(component: &Component) -> Vec<&GlobList> {
    let rules = &component.rules;
    let content = rules.content.iter().filter_map(|rule| rule.paths.as_ref());
    let functions = rules.functions.iter().filter_map(|rule| rule.paths.as_ref());
    std::iter::once(&rules.paths).chain(content).chain(functions).collect()
}

/// How many directories a glob writes out, where the path lies below all of them; `None` where it does not, or there are none.
fn depth(glob: &str, path: &RepoPath) -> Option<usize> {
    if glob.starts_with('!') {
        return None;
    }
    let wild = glob.find(['*', '?', '[', '{', '\\']).unwrap_or(glob.len());
    let literal = glob.get(..wild)?;
    let directory = literal.get(..literal.rfind('/')?)?;
    (!directory.is_empty() && path.is_within(directory.as_bytes())).then(|| directory.split('/').count())
}

impl Check<'_> {
    /// Reads `sensitivity`.
    pub(super) fn sensitivity(&mut self, raw: Option<&Raw>, components: &[Component]) -> Option<Sensitivity> {
        let raw = raw?;
        let inside = |key: &'static str| at!["sensitivity", key];
        let min_rank = match (&raw.flag, &raw.min_rank) {
            (Some(_), Some(_)) => {
                let both = "`flag` and `min_rank` say the same in two ways: a file is flagged from one rank on";
                let finding = Diagnostic::error(Code::CG009, both).help("keep `flag: 20%`, or `min_rank: 80`");
                self.push(finding, Some(&inside("min_rank")));
                None
            }
            (None, None) => {
                let needs = "`sensitivity` needs `flag` or `min_rank`: from which rank on a file is flagged";
                let finding = Diagnostic::error(Code::CG002, needs)
                    .help("write `flag: 20%`, for what scores higher than 80 % of the commits before");
                self.push(finding, Some(&at!["sensitivity"]));
                None
            }
            (Some(share), None) => {
                let found = share.strip_suffix('%').and_then(|number| whole(number.trim_end()));
                let found = found.filter(|share| (1..=100).contains(share)).map(|share| 100 - share);
                if found.is_none() {
                    let message = format!("`{share}` is not a share of commits: `1%` to `100%`");
                    self.error(Code::CG009, message, &inside("flag"));
                }
                found
            }
            (None, Some(rank)) => {
                let found = whole(rank).filter(|rank| (1..=100).contains(rank));
                if found.is_none() {
                    let message = format!("`{rank}` is not a rank: 1 to 100, in per cent of the commits before");
                    self.error(Code::CG009, message, &inside("min_rank"));
                }
                found
            }
        };
        let words = [("warn", Enforcement::Warn), ("block", Enforcement::Block)];
        let enforce = self.word(&words, raw.enforce.as_deref(), &inside("enforce"));
        let blocks = enforce == Some(Enforcement::Block);
        let component = match raw.component.as_deref() {
            None | Some("nearest") => None,
            Some(name) => {
                let named = |component: &&Component| component.names().any(|known| fold(known) == fold(name));
                let found = components.iter().find(named).map(|component| component.id.clone());
                if found.is_none() {
                    let finding = Diagnostic::error(Code::CG009, format!("there is no component `{name}`"));
                    let known = components.iter().flat_map(Component::names).chain(["nearest"]);
                    self.push(suggest(finding, name, known), Some(&inside("component")));
                }
                found
            }
        };
        if blocks && components.is_empty() {
            let message = "what blocks is gated by a component, and the policy has none";
            let finding =
                Diagnostic::error(Code::CG009, message).help("add a component or a pack, or write `enforce: warn`");
            self.push(finding, Some(&inside("enforce")));
        }
        Some(Sensitivity {
            min_rank: min_rank?,
            min_change: self.needs_score(raw.min_change.as_deref(), &inside("min_change")),
            min_score: self
                .needs_score(raw.min_score.as_deref(), &inside("min_score"))
                .unwrap_or(0),
            // Where a flag gates, it takes nothing from the rules.
            needs_change: self
                .needs_score(raw.needs_change.as_deref(), &inside("needs_change"))
                .filter(|_| !blocks),
            blocks,
            component,
            exclude: self.globs(&raw.exclude.0, &inside("exclude")),
        })
    }

    /// Reads `needs_score` of a rule; `Some(0)` is a rule that needs none, whatever its component says.
    pub(super) fn needs_score(&mut self, raw: Option<&str>, place: &[Step]) -> Option<u32> {
        let text = raw?;
        let found = whole(text).filter(|score| *score <= HIGHEST);
        if found.is_none() {
            let message = format!("`{text}` is not a score: 0 (a rule that always counts) to {HIGHEST}");
            self.error(Code::CG009, message, place);
        }
        found
    }
}

/// A number in plain digits.
fn whole(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::PolicySource;
    use super::*;

    fn parse(text: &str) -> Result<Policy, String> {
        let text = format!("version: 1\n{text}");
        let source = PolicySource {
            name: "p.yaml".into(),
            bytes: text.as_bytes(),
        };
        Policy::parse(&source)
            .map(|(policy, _)| policy)
            .map_err(|error| error.to_string())
    }

    const COMPONENTS: &str = "components:
  - { id: any, match: { content: [{ pattern: a, paths: [\"**/*.rs\"] }] } }
  - { id: far, match: { paths: [\"src/**\"] } }
  - { id: near, match: { paths: [\"src/hot/*.c\", \"!src/hot/x.c\"] } }
  - { id: closed, match: { paths: [\"src/hot/deep/**\"], exclude: [\"**/*.rs\"] } }
";

    #[test]
    fn reads_what_it_is_for() {
        let read = |text: &str| parse(&format!("sensitivity: {text}\n{COMPONENTS}"));
        let policy = read("{ flag: 15%, enforce: block, component: near, exclude: [\"a/**\"] }").unwrap();
        let found = policy.sensitivity.as_ref().unwrap();
        assert_eq!(
            (found.min_rank, found.blocks, found.component.as_deref()),
            (85, true, Some("near"))
        );
        assert!(found.exclude.matches(b"a/b") && policy.needs_scores());
        let warns = read("{ min_rank: 80, component: nearest }")
            .unwrap()
            .sensitivity
            .unwrap();
        assert_eq!((warns.min_rank, warns.blocks, warns.component), (80, false, None));
        assert_eq!(read("{ flag: 100 % }").unwrap().sensitivity.unwrap().min_rank, 0);
        for (bad, says) in [
            ("{ flag: 20%, min_rank: 80 }", "two ways"),
            ("{ enforce: warn }", "needs `flag` or `min_rank`"),
            ("{ flag: 0% }", "`0%` is not a share"),
            ("{ flag: 101% }", "not a share"),
            ("{ flag: 20 }", "`20` is not a share"),
            ("{ flag: -5% }", "not a share"),
            ("{ min_rank: 0 }", "not a rank"),
            ("{ min_rank: 101 }", "not a rank"),
            ("{ min_rank: 8.5 }", "not a rank"),
            ("{ flag: 20%, enforce: off }", "`off` is not one of warn, block"),
            ("{ flag: 20%, component: nera }", "there is no component `nera`"),
            ("{ flag: 20%, ranks: 3 }", "unknown key `ranks`"),
            ("{ flag: 20%, exclude: [\"[\"] }", "bad glob"),
            ("20%", "expected a mapping"),
        ] {
            let error = read(bad).unwrap_err();
            assert!(error.contains(says), "{bad}: {error}");
        }
        assert!(
            parse("sensitivity: { flag: 20%, enforce: block }")
                .unwrap_err()
                .contains("the policy has none")
        );
        assert!(!parse(COMPONENTS).unwrap().needs_scores());
    }

    #[test]
    fn the_nearest_component_is_the_one_written_out_deepest() {
        let policy = parse(COMPONENTS).unwrap();
        let near = |path: &str| {
            policy
                .nearest_component(&RepoPath::from(path))
                .map(|found| found.id.as_str())
        };
        assert_eq!(near("src/hot/deep/a.rs"), Some("near"));
        assert_eq!(near("src/hot/deep/a.c"), Some("closed"));
        assert_eq!(near("src/a.c"), Some("far"));
        assert_eq!(near("srcs/a.rs"), Some("any"));
        assert_eq!(near("docs/a.md"), Some("any"));
        assert!(
            parse("stamps: refuse")
                .unwrap()
                .nearest_component(&RepoPath::from("a"))
                .is_none()
        );
    }

    #[test]
    fn a_rule_needs_what_it_says_or_its_component() {
        let rules = "components:
  - id: a
    match:
      needs_score: 500
      paths: [\"src/**\"]
      content: [x, { pattern: y, needs_score: 700 }, { pattern: z, needs_score: 0 }]
      functions: [{ name: f, needs_score: 1000 }, g]
";
        let policy = parse(rules).unwrap();
        let rules = &policy.components[0].rules;
        let content: Vec<_> = rules.content.iter().map(|rule| rule.needs_score).collect();
        let functions: Vec<_> = rules.functions.iter().map(|rule| rule.needs_score).collect();
        assert_eq!(
            (rules.paths_need, content),
            (Some(500), vec![Some(500), Some(700), None])
        );
        assert_eq!(functions, [Some(1000), Some(500)]);
        for bad in ["1001", "-1", "half", "50%"] {
            let error = parse(&format!("components: [{{ id: a, match: {{ needs_score: {bad} }} }}]")).unwrap_err();
            assert!(error.contains("is not a score"), "{bad}: {error}");
        }
        let adjusted =
            parse("extends: builtin:rust\nadjust: { rust_unsafe: { match: { needs_score: 650, content: [own] } } }");
        let policy = adjusted.unwrap();
        let unsafe_code = policy
            .components
            .iter()
            .find(|component| component.id == "rust_unsafe")
            .unwrap();
        assert!(
            unsafe_code
                .rules
                .content
                .iter()
                .all(|rule| rule.needs_score == Some(650))
        );
        let added = "extends: builtin:rust\nadjust: { rust_unsafe: { match: { paths: [\"hot/**\"], content: [own], functions: [f] } } }";
        let policy = parse(added).unwrap();
        let mut components = policy.components.iter();
        let unsafe_code = components.find(|component| component.id == "rust_unsafe").unwrap();
        let content = unsafe_code.rules.content.iter();
        let needed: Vec<_> = content.map(|rule| rule.needs_score.is_some()).collect();
        assert_eq!((unsafe_code.rules.paths_need, needed), (None, vec![true, true, false]));
        assert_eq!(unsafe_code.rules.functions[0].needs_score, None);
    }
}
