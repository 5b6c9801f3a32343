//! Hot functions: a change inside of one is gated, with its share of what was measured as the reason.
//!
//! A profile names functions as they were at the commit that was measured. They are found in what is judged by file and name, where the
//! profile says both; by name where it says no more; and where neither is left, by what they hold. What cannot be parsed, and may hold one, counts.

mod follow;
mod frame;
mod touched;

use std::cell::OnceCell;

pub use frame::Frame;

use super::languages::{Callable, Definitions, Language, Source, Unparsed};
use super::reading::{Reading, read, without_functions, words};
use super::{ContentSource, Gated, GatedComponent, GatedFile, MAX_REASONS, Reason, RuleKind};
use crate::change::{Change, Content, FileChange, FileDiff, Mode, ObjectId, RepoPath, Side};
use crate::diagnostic::sanitize;
use crate::policy::{Component, Policy, TwinPath};
use follow::Body;
use touched::{Touched, touched};

/// A function that takes much of what was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct HotFunction {
    /// Its name in the profile.
    pub frame: Frame,
    /// Its share with all that it calls, from 0 to 1.
    pub inclusive: f64,
    /// Its own share, from 0 to 1.
    pub own: f64,
    /// Of what: `time`, `instructions`.
    pub of: String,
    /// The hot function that it calls, where it counts for that alone; the shares are then that one's.
    pub calls: Option<String>,
    /// Where it may be.
    pub place: HotPlace,
}

/// Where a function of a profile may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HotPlace {
    /// The profile names no file.
    Anywhere,
    /// In this file of the commit that was measured.
    In(RepoPath),
    /// In a file whose path ends so.
    Below(Vec<u8>),
}

/// What a profile says is hot.
#[derive(Clone, Debug, PartialEq)]
pub struct HotProfile {
    /// Its path, made harmless.
    pub file: String,
    /// The commit that was measured, where there is one.
    pub commit: Option<ObjectId>,
    /// The component that its functions belong to; `None`: the nearest.
    pub component: Option<String>,
    /// The functions, the one that takes most first.
    pub functions: Vec<HotFunction>,
}

/// Where the content of what was measured comes from.
pub trait Measured: ContentSource {
    /// The content of a file of a commit that was measured; `None` where there is none that can be read.
    ///
    /// # Errors
    ///
    /// Whatever keeps that from being known.
    fn measured(&self, commit: &ObjectId, path: &RepoPath) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// A hot function that is not where the profile saw it, and nowhere else that was looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The profile.
    pub profile: String,
    /// The function's name.
    pub name: String,
    /// Its file, where it was measured.
    pub path: RepoPath,
    /// Its share with all that it calls, in words.
    pub share: String,
}

/// Adds what profiles gate to what the rules of a policy gate, and the hot functions of changed files that are lost.
///
/// # Errors
///
/// The first error of `content`.
pub fn gate_hot<S: Measured + ?Sized>(
    policy: &Policy,
    change: &Change,
    leave: &dyn Fn(&RepoPath) -> bool,
    (profiles, content): (&[HotProfile], &S),
    gated: &mut Gated,
) -> Result<(), S::Error> {
    let mut searches = Vec::with_capacity(profiles.len());
    for profile in profiles {
        searches.push(Search::new(profile, content)?);
    }
    let asked = |file: &&FileChange| {
        let twin = TwinPath::new(file.path.as_bytes());
        let alone = policy.certificates.matches_exactly(&twin) || policy.watches(&twin) || leave(&file.path);
        !alone && !policy.exclude.matches_exactly(&twin) && searches.iter().any(|search| search.asks(&file.path))
    };
    let mut files: Vec<&FileChange> = change.files.iter().filter(asked).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    content.expect(&files)?;
    for file in files {
        let read_content = content.content(file)?;
        for search in searches.iter().filter(|search| search.asks(&file.path)) {
            let Some(component) = owner(policy, search.profile, &file.path) else {
                continue;
            };
            let found = search.look(component, file, &read_content, content)?;
            gated.lost.extend(found.lost);
            if !found.reasons.is_empty() {
                add(policy, gated, component, file, found.reasons);
            }
        }
    }
    Ok(())
}

/// The component that a hot function of a file belongs to: the one that the policy names; else the one that gates the path, or whose globs
/// are nearest to it.
fn owner<'p>(policy: &'p Policy, profile: &HotProfile, path: &RepoPath) -> Option<&'p Component> {
    let twin = TwinPath::new(path.as_bytes());
    let takes = |component: &&Component| !component.rules.exclude.matches_exactly(&twin);
    if let Some(id) = &profile.component {
        return policy
            .components
            .iter()
            .find(|component| component.id == *id)
            .filter(takes);
    }
    let gates = policy
        .components
        .iter()
        .filter(takes)
        .filter(|component| !component.imported)
        .find(|component| component.rules.paths.gating(&twin).is_some());
    let near = || policy.nearest_component(path).filter(takes);
    gates.or_else(near)
}

/// Puts reasons where the order of the policy and of paths has them.
fn add(policy: &Policy, gated: &mut Gated, component: &Component, file: &FileChange, reasons: Vec<Reason>) {
    // The policy's own component comes last.
    let rank = |id: &str| {
        let at = policy.components.iter().position(|known| known.id == id);
        at.unwrap_or(policy.components.len())
    };
    let mine = rank(&component.id);
    let at = gated.components.iter().position(|known| rank(&known.id) >= mine);
    let at = at.unwrap_or(gated.components.len());
    if gated.components.get(at).is_none_or(|known| known.id != component.id) {
        gated.components.insert(
            at,
            GatedComponent {
                id: component.id.clone(),
                files: Vec::new(),
                messages: Vec::new(),
            },
        );
    }
    let Some(found) = gated.components.get_mut(at) else {
        return;
    };
    match found.files.binary_search_by(|known| known.file.path.cmp(&file.path)) {
        Ok(at) => {
            if let Some(known) = found.files.get_mut(at) {
                known.reasons.extend(reasons);
            }
        }
        Err(at) => found.files.insert(
            at,
            GatedFile {
                file: file.clone(),
                reasons,
            },
        ),
    }
}

/// A profile while it is held against changed files.
struct Search<'p> {
    profile: &'p HotProfile,
    /// The functions; those without a name have that of the function which their line was in.
    functions: Vec<HotFunction>,
    /// What those hold whose file is known, once that is asked.
    bodies: OnceCell<Vec<Known>>,
    /// Whether the file of any is known, so that it can be followed.
    follows: bool,
}

/// A hot function as it was measured.
struct Known {
    hot: usize,
    name: String,
    path: RepoPath,
    body: Body,
}

/// What one file gives.
#[derive(Default)]
struct Found {
    reasons: Vec<Reason>,
    lost: Vec<Lost>,
}

impl<'p> Search<'p> {
    fn new<S: Measured + ?Sized>(profile: &'p HotProfile, content: &S) -> Result<Self, S::Error> {
        let mut functions = Vec::with_capacity(profile.functions.len());
        for hot in &profile.functions {
            let mut hot = hot.clone();
            if hot.frame.name.is_empty()
                && let (Some(commit), HotPlace::In(path), Some(line)) = (&profile.commit, &hot.place, hot.frame.line)
                && let Some(text) = content.measured(commit, path)?
            {
                let around = functions_of(path, &text).into_iter().rev();
                let around = around.filter(|function| function.lines.0 <= line && line <= function.lines.1);
                if let Some(function) = around.into_iter().next() {
                    hot.frame.name = function.name;
                    hot.frame.within.clear();
                }
            }
            if !hot.frame.name.is_empty() {
                functions.push(hot);
            }
        }
        let follows = functions.iter().any(|hot| matches!(hot.place, HotPlace::In(_)));
        Ok(Self {
            profile,
            functions,
            bodies: OnceCell::new(),
            follows,
        })
    }

    /// Whether a file of this path may hold a hot function.
    fn asks(&self, path: &RepoPath) -> bool {
        let named = |hot: &HotFunction| match &hot.place {
            HotPlace::In(own) => own == path,
            HotPlace::Below(end) => ends_with(path, end),
            HotPlace::Anywhere => false,
        };
        if self.functions.iter().any(named) {
            return true;
        }
        let anywhere = self.functions.iter().any(|hot| hot.place == HotPlace::Anywhere);
        // One that was moved is in a file that can be parsed, whatever its extension.
        let moved = self.follows && Language::of(path, b"").is_some_and(Language::has_functions);
        anywhere && !without_functions(path, b"") || moved
    }

    fn look<S: Measured + ?Sized>(
        &self,
        component: &Component,
        file: &FileChange,
        read_content: &Content,
        content: &S,
    ) -> Result<Found, S::Error> {
        match read_content {
            Content::Lines(diff) => self.by_lines(component, file, diff, content),
            Content::TooLarge { size } => Ok(self.unread(
                file,
                &format!("{} MiB: too large to read, counted as a match", size.div_ceil(1 << 20)),
            )),
            Content::TooManyLines { lines } => {
                Ok(self.unread(file, &format!("{lines} lines: too many to compare, counted as a match")))
            }
            Content::None => {
                let leads = |mode| matches!(mode, Mode::Symlink | Mode::Gitlink);
                match file.after().is_some_and(|entry| leads(entry.mode)) {
                    true => Ok(self.unread(file, "no longer a file, counted as a match")),
                    false => Ok(Found::default()),
                }
            }
        }
    }

    /// What is not read counts where a hot function may be in it.
    fn unread(&self, file: &FileChange, why: &str) -> Found {
        let may = self.functions.iter().any(|hot| match &hot.place {
            HotPlace::In(path) => *path == file.path,
            HotPlace::Below(end) => ends_with(&file.path, end),
            HotPlace::Anywhere => Language::of(&file.path, b"").is_some_and(Language::has_functions),
        });
        let reason = || Reason {
            rule: RuleKind::Profile,
            line: None,
            side: None,
            detail: why.to_owned(),
            name: None,
            needs: None,
        };
        Found {
            reasons: may.then(reason).into_iter().collect(),
            lost: Vec::new(),
        }
    }

    fn by_lines<S: Measured + ?Sized>(
        &self,
        component: &Component,
        file: &FileChange,
        diff: &FileDiff,
        content: &S,
    ) -> Result<Found, S::Error> {
        let reading = read(file, diff);
        let ignore = component.rules.ignore;
        let mut hits: Vec<Hit> = Vec::new();
        let mut before = None;
        for side in [Side::Added, Side::Removed] {
            let all = match touched(&reading, diff, ignore, side) {
                Ok(all) => all,
                Err(why) => {
                    hits.extend(self.perhaps(file, &reading, side, why));
                    continue;
                }
            };
            for one in all {
                let (hot, known) = match self.named(file, &one.function, reading.content(side)) {
                    Some(hot) => (hot, None),
                    None => match self.followed(file, &one, (&reading, &mut before), content)? {
                        Some(known) => (known.hot, Some(known)),
                        None => continue,
                    },
                };
                hits.push(Hit {
                    hot,
                    size: one.function.bytes.len(),
                    reason: self.reason(hot, &one, known),
                });
            }
        }
        Ok(Found {
            reasons: told(hits),
            lost: self.lost(file, &reading, content)?,
        })
    }

    /// The hottest function of the profile that a function of a file is by its name.
    fn named(&self, file: &FileChange, function: &Callable, text: &[u8]) -> Option<usize> {
        let module = module(&file.path, text);
        self.functions.iter().position(|hot| {
            let here = match &hot.place {
                HotPlace::Anywhere => true,
                HotPlace::In(path) => *path == file.path,
                HotPlace::Below(end) => ends_with(&file.path, end),
            };
            here && is_named(hot, function, module.as_deref())
        })
    }

    /// The hot function that a function was when it was measured, elsewhere or by another name.
    fn followed<'s, S: Measured + ?Sized>(
        &'s self,
        file: &FileChange,
        one: &Touched,
        (reading, before): (&Reading<'_>, &mut Option<Vec<(Callable, Body)>>),
        content: &S,
    ) -> Result<Option<&'s Known>, S::Error> {
        let (Some(commit), true) = (&self.profile.commit, self.follows) else {
            return Ok(None);
        };
        let function = &one.function;
        let text = |side: Side, function: &Callable| {
            let text = reading.content(side).get(function.bytes.clone());
            Body::of(text.unwrap_or_default(), &function.name)
        };
        let same = |other: &Callable| other.name == function.name && other.within == function.within;
        let body = text(one.side, function);
        if before.is_none() {
            let measured = content.measured(commit, &file.path)?.unwrap_or_default();
            *before = Some(with_bodies(&file.path, &measured));
        }
        // What was there by this name, and held some of this, is what it was.
        if let Some((_, was)) = before.iter().flatten().find(|(other, _)| same(other)) {
            let old = reading.definitions(Side::Removed).ok().flatten();
            let old = old.map(Definitions::functions).unwrap_or_default();
            let old = old.iter().find(|other| same(other));
            let now = old.map_or_else(|| body.clone(), |function| text(Side::Removed, function));
            if !was.is_another(&now) {
                return Ok(None);
            }
        }
        let likeness = |known: &'s Known| Some((known.body.is_moved(&body)?, known));
        let found = self.bodies(commit, content)?.iter().filter_map(likeness);
        Ok(found.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, known)| known))
    }

    /// What the hot functions held whose file is known.
    fn bodies<S: Measured + ?Sized>(&self, commit: &ObjectId, content: &S) -> Result<&[Known], S::Error> {
        if let Some(known) = self.bodies.get() {
            return Ok(known);
        }
        let mut all: Vec<Known> = Vec::new();
        let mut paths: Vec<&RepoPath> = Vec::new();
        for hot in &self.functions {
            if let HotPlace::In(path) = &hot.place
                && !paths.contains(&path)
            {
                paths.push(path);
            }
        }
        for path in paths {
            let Some(text) = content.measured(commit, path)? else {
                continue;
            };
            let module = module(path, &text);
            for (function, body) in with_bodies(path, &text) {
                let mut hot = self.functions.iter().enumerate();
                let hot = hot.find(|(_, hot)| {
                    hot.place == HotPlace::In(path.clone()) && is_named(hot, &function, module.as_deref())
                });
                if let Some((hot, _)) = hot {
                    all.push(Known {
                        hot,
                        body,
                        name: function.name,
                        path: path.clone(),
                    });
                }
            }
        }
        Ok(self.bodies.get_or_init(|| all))
    }

    /// Hot functions that a side may hold which nobody can parse.
    fn perhaps(&self, file: &FileChange, reading: &Reading<'_>, side: Side, why: Unparsed) -> Option<Hit> {
        let words = words(reading.content(side));
        let at = self.functions.iter().position(|hot| match &hot.place {
            HotPlace::In(path) => *path == file.path,
            HotPlace::Below(end) => ends_with(&file.path, end),
            HotPlace::Anywhere => words.binary_search(&hot.frame.name).is_ok(),
        })?;
        let hot = self.functions.get(at)?;
        let detail = format!(
            "{why}, so perhaps in `{}`, which {}",
            sanitize(&hot.frame.name),
            self.share(hot)
        );
        let reason = Reason {
            rule: RuleKind::Profile,
            line: None,
            side: Some(side),
            detail,
            name: None,
            needs: None,
        };
        Some(Hit {
            hot: at,
            size: usize::MAX,
            reason,
        })
    }

    fn reason(&self, at: usize, one: &Touched, known: Option<&Known>) -> Reason {
        let name = sanitize(&one.function.name);
        let detail = self.functions.get(at).map_or_else(String::new, |hot| {
            let share = self.share(hot);
            match (known, &hot.calls) {
                (Some(known), _) => {
                    let was = sanitize(&known.name);
                    format!("`{name}` holds what `{was}` of {} did, which {share}", known.path)
                }
                (None, Some(callee)) => format!("`{name}` calls `{}`, which {share}", sanitize(callee)),
                (None, None) => match hot.place {
                    HotPlace::In(_) => format!("`{name}` {share}"),
                    HotPlace::Anywhere => {
                        format!("`{name}` {share}, which names no file: every function of this name counts")
                    }
                    HotPlace::Below(_) => {
                        format!("`{name}` {share}, which names only the end of a path: every such file counts")
                    }
                },
            }
        });
        Reason {
            rule: RuleKind::Profile,
            line: Some(one.line),
            side: Some(one.side),
            detail,
            name: None,
            needs: None,
        }
    }

    /// What a hot function takes, and by which profile.
    fn share(&self, hot: &HotFunction) -> String {
        let at = match &self.profile.commit {
            Some(commit) => format!(" at {}", commit.short()),
            None => String::new(),
        };
        format!(
            "takes {} of the {} (self {}), {}{at}",
            percent(hot.inclusive),
            sanitize(&hot.of),
            percent(hot.own),
            self.profile.file
        )
    }

    /// The hot functions of a file that the base has no longer, neither by their name nor by what they held.
    fn lost<S: Measured + ?Sized>(
        &self,
        file: &FileChange,
        reading: &Reading<'_>,
        content: &S,
    ) -> Result<Vec<Lost>, S::Error> {
        let here =
            |hot: &HotFunction| hot.calls.is_none() && matches!(&hot.place, HotPlace::In(path) if *path == file.path);
        if file.before().is_none() || !self.functions.iter().any(here) {
            return Ok(Vec::new());
        }
        let old = reading.content(Side::Removed);
        let Ok(Some(definitions)) = reading.definitions(Side::Removed) else {
            return Ok(Vec::new());
        };
        let module = module(&file.path, old);
        let functions = definitions.functions();
        let named = |hot: &HotFunction| {
            functions
                .iter()
                .any(|function| is_named(hot, function, module.as_deref()))
        };
        let mut gone = Vec::new();
        for (at, hot) in self
            .functions
            .iter()
            .enumerate()
            .filter(|(_, hot)| here(hot) && !named(hot))
        {
            let known = match &self.profile.commit {
                Some(commit) => self.bodies(commit, content)?,
                None => &[],
            };
            let mut bodies = functions.iter().map(|function| {
                let text = old.get(function.bytes.clone()).unwrap_or_default();
                Body::of(text, &function.name)
            });
            let renamed = bodies.any(|body| {
                let mut of_it = known.iter().filter(|known| known.hot == at);
                of_it.any(|known| known.body.is_moved(&body).is_some())
            });
            if !renamed {
                gone.push(Lost {
                    profile: self.profile.file.clone(),
                    name: sanitize(&hot.frame.name),
                    path: file.path.clone(),
                    share: percent(hot.inclusive),
                });
            }
        }
        Ok(gone)
    }
}

/// A change inside of a hot function.
struct Hit {
    /// Which one of the profile.
    hot: usize,
    /// How large the function is that it was found in.
    size: usize,
    reason: Reason,
}

/// The reasons that are given: on each line the innermost function, each hot function once, the one that takes most first.
fn told(mut hits: Vec<Hit>) -> Vec<Reason> {
    let place = |hit: &Hit| (hit.reason.side.map(|side| side == Side::Removed), hit.reason.line);
    hits.sort_by_key(|hit| (place(hit), hit.size));
    hits.dedup_by(|a, b| a.reason.line.is_some() && place(a) == place(b));
    hits.sort_by_key(|hit| (hit.hot, place(hit)));
    hits.dedup_by(|a, b| a.hot == b.hot);
    hits.truncate(MAX_REASONS);
    hits.into_iter().map(|hit| hit.reason).collect()
}

/// Whether a function is the one of the profile by its name, given the name that its file has.
fn is_named(hot: &HotFunction, function: &Callable, module: Option<&str>) -> bool {
    match hot.place {
        // The file is known: of what the name says only a type that contradicts counts.
        HotPlace::In(_) | HotPlace::Below(_) => {
            let said = &hot.frame.within;
            let innermost = function.within.first();
            hot.frame.name == function.name
                && (said.is_empty() || innermost.is_none_or(|innermost| said.contains(innermost)))
        }
        HotPlace::Anywhere => hot.frame.may_be(&function.name, &function.within, module),
    }
}

/// The functions of a content; none where it cannot be parsed.
fn functions_of(path: &RepoPath, text: &[u8]) -> Vec<Callable> {
    match Source::parse(path, text) {
        Ok(source) => Definitions::of(&source).functions(),
        Err(_) => Vec::new(),
    }
}

/// The same, each with what it holds.
fn with_bodies(path: &RepoPath, text: &[u8]) -> Vec<(Callable, Body)> {
    let functions = functions_of(path, text).into_iter();
    functions
        .map(|function| {
            let body = Body::of(text.get(function.bytes.clone()).unwrap_or_default(), &function.name);
            (function, body)
        })
        .collect()
}

/// The name that a file gives to what is in it: in most languages its own, in some that of its directory; in C and C++ none.
fn module(path: &RepoPath, text: &[u8]) -> Option<String> {
    let language = Language::of(path, text).map(Language::name);
    let path = String::from_utf8_lossy(path.as_bytes());
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", &path));
    let directory = || directory.rsplit('/').next().unwrap_or_default().to_owned();
    let stem = file.split('.').next().unwrap_or_default();
    match (language, stem) {
        (Some("C" | "C++"), _) => None,
        (Some("Go"), _) | (_, "mod" | "__init__" | "index") => Some(directory()),
        _ => Some(stem.to_owned()),
    }
}

/// Whether a path ends in these names.
fn ends_with(path: &RepoPath, end: &[u8]) -> bool {
    path.as_bytes()
        .strip_suffix(end)
        .is_some_and(|before| before.is_empty() || before.ends_with(b"/"))
}

/// A share in percent, as people say it.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        _ if percent >= 9.95 => format!("{percent:.0} %"),
        _ if percent >= 0.05 => {
            let text = format!("{percent:.1}");
            format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
        }
        _ => "0 %".to_owned(),
    }
}

#[cfg(test)]
mod tests;
