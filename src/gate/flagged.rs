//! What the score decides, where the policy says so: the scores that rules need, and the files that are flagged for their rank. What cannot be
//! known is never taken for harmless.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;

use super::scored::{Scoring, content};
use crate::change::{Change, ChangeKind, Content, FileChange, FileDiff, ObjectId, RepoPath, Side, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Place, plural, sanitize};
use crate::git::Repository;
use crate::policy::{POLICY_COMPONENT, Policy, TwinPath};
use crate::progress::{self, Room};
use crate::sensitivity::moves::{MOST_FILES, Moves, is_searched};
use crate::sensitivity::score::history::{View, WINDOW};
use crate::sensitivity::score::model::Model;
use crate::sensitivity::score::{as_edit_of, of_words, of_words_either_way, quick, rank_among, strongest};
use crate::sensitivity::{
    AskedScore, Flag, Gated, GatedComponent, GatedFile, Reason, RuleKind, Scored, Silenced, is_unread_by_nature,
};

/// With how many files that go a file that comes is compared.
const GONE: usize = 32;

/// With how many of them what differs is sought: those whose path is most alike, or all where there are no more.
const FEW: usize = 4;

const NO_PAST: &str = "the repository's past cannot be read";
const SHALLOW: &str = "the clone is shallow, and lacks the past";
const MANY_GONE: &str = "it is new, and more files are gone than it is compared with";
const NO_CONTENT: &str = "its content cannot be read";

/// The scores that a judgement needs; the past is read when the first is asked for, and by nobody else.
pub(crate) struct Scores<'r> {
    repository: &'r Repository,
    open: RefCell<Option<Scoring<'r>>>,
    /// Whether what only warns is asked for, too.
    warns: bool,
}

impl<'r> Scores<'r> {
    pub(crate) fn new(repository: &'r Repository, warns: bool) -> Self {
        Self {
            repository,
            warns,
            open: RefCell::new(None),
        }
    }

    /// The same with everything that is asked for, of what is read already.
    pub(crate) fn of(repository: &'r Repository, scoring: Scoring<'r>) -> Self {
        Self {
            repository,
            warns: true,
            open: RefCell::new(Some(scoring)),
        }
    }

    /// Keeps what was computed, if the disk lets it.
    pub(crate) fn keep(&self) {
        if let Some(scoring) = self.open.borrow_mut().as_mut() {
            scoring.keep();
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Scoring<'r>) -> T) -> T {
        // What judging costs is counted; of the score, it is the time.
        let _uncounted = progress::uncounted();
        let _timed = progress::enter(Room::Sensitivity);
        act(self
            .open
            .borrow_mut()
            .get_or_insert_with(|| Scoring::open(self.repository)))
    }

    /// The scores of files as rules need them.
    pub(super) fn of_rules(&self, change: &Change, files: &[AskedScore<'_>]) -> Vec<Scored> {
        self.with(|scoring| {
            let base = base(change);
            let seen = past(self.repository, scoring, base);
            let view = match seen {
                Ok(view) => view,
                Err(why) => return vec![Scored::Unknown(why); files.len()],
            };
            let of = |asked: &AskedScore<'_>| of_rule(self.repository, change, asked, &view);
            files
                .iter()
                .map(|asked| of(asked).map_or_else(Scored::Unknown, Scored::Is))
                .collect()
        })
    }

    /// Whether the words of the changes of files have so many points of their scores. What cannot be known has them, and what is moved has none.
    pub(super) fn have_words(&self, change: &Change, files: &[&FileChange], least: u32) -> Vec<bool> {
        self.with(|scoring| {
            let Ok(view) = past(self.repository, scoring, base(change)) else {
                return vec![true; files.len()];
            };
            let moves = OnceCell::new();
            let has = |file: &&FileChange| {
                let points = |moves| of_difference(self.repository, (change, file), (&view, moves));
                points(None) >= least && points(Some(moves.get_or_init(|| moved(self.repository, change)))) >= least
            };
            files.iter().map(has).collect()
        })
    }

    /// The files of a change that a policy's `sensitivity:` flags, as far as that is asked for.
    pub(super) fn flagged(&self, change: &Change, policy: &Policy, aside: &BTreeSet<RepoPath>) -> Vec<Flag> {
        let Some(wanted) = policy.sensitivity.as_ref().filter(|wanted| wanted.blocks || self.warns) else {
            return Vec::new();
        };
        let looked = |file: &&FileChange| {
            let path = file.path.as_bytes();
            let twin = TwinPath::new(path);
            !(policy.watches(&twin)
                || policy.is_document(&twin)
                || policy.exclude.matches_exactly(&twin)
                || wanted.exclude.matches_exactly(&twin)
                || aside.contains(&file.path))
        };
        let files: Vec<&FileChange> = change.files.iter().filter(looked).collect();
        if files.is_empty() {
            return Vec::new();
        }
        let scores = self.with(|scoring| {
            let base = base(change);
            let scores: Vec<Result<u32, &'static str>> = {
                let view = past(self.repository, scoring, base)?;
                let moves = OnceCell::new();
                let of = |file: &&FileChange| {
                    let found = of_flag(self.repository, (change, file), wanted.blocks, &view)?;
                    let itself = |moves| of_itself(self.repository, (change, file), wanted.blocks, (&view, moves));
                    // A change whose words have less than the policy asks for counts as nothing, and so does what was there, in another file.
                    let adds = |least| {
                        itself(None) >= least
                            && (found < wanted.min_score
                                || itself(Some(moves.get_or_init(|| moved(self.repository, change)))) >= least)
                    };
                    Ok(if wanted.min_change.is_none_or(adds) { found } else { 0 })
                };
                files.iter().map(of).collect()
            };
            let before = scoring.before(base).map_err(|_| NO_PAST)?;
            Ok::<_, &'static str>((scores, before))
        });
        let flag = |file: &FileChange, found| Flag {
            path: file.path.clone(),
            found,
            by: None,
        };
        let (scores, before) = match scores {
            Ok(found) => found,
            Err(why) => return files.into_iter().map(|file| flag(file, Err(why))).collect(),
        };
        let rank = |score| rank_of(score, &before);
        let mut flags: Vec<Flag> = files
            .into_iter()
            .zip(scores)
            .map(|(file, score)| flag(file, score.map(|score| (score, rank(score)))))
            .filter(|flag| {
                let asked = wanted.min_score.max(u32::from(wanted.min_change.is_some()));
                let enough = |(score, rank)| rank >= wanted.min_rank && score >= asked;
                flag.found.is_err() || flag.found.is_ok_and(enough)
            })
            .collect();
        flags.sort_by(|a, b| {
            b.found
                .unwrap_or_default()
                .cmp(&a.found.unwrap_or_default())
                .then_with(|| a.path.cmp(&b.path))
        });
        flags
    }

    /// What rules match in files that have the score and too little of it by the words of the change, where that is reported: once for each
    /// file, the first match.
    pub(super) fn noted(&self, change: &Change, gated: &Gated) -> Vec<Flag> {
        let mut noted: Vec<&Silenced> = Vec::new();
        for found in gated.silenced.iter().filter(|_| self.warns) {
            let lacks = found.reason.needs.is_some_and(|needs| needs.lacks.is_some());
            let flagged = gated.flagged.iter().map(|flag| &flag.path);
            let mut known = flagged.chain(noted.iter().map(|known| &known.path));
            if lacks && known.all(|path| *path != found.path) {
                noted.push(found);
            }
        }
        if noted.is_empty() {
            return Vec::new();
        }
        let before = self.with(|scoring| scoring.before(base(change)));
        let score = |found: &Silenced| match (found.reason.needs.map(|needs| needs.found), &before) {
            (Some(Scored::Unknown(why)), _) => Err(why),
            (Some(Scored::Is(score)), Ok(before)) => Ok((score, rank_of(score, before))),
            _ => Err(NO_PAST),
        };
        let flag = |found: &Silenced| Flag {
            path: found.path.clone(),
            found: score(found),
            by: Some(found.clone()),
        };
        noted.into_iter().map(flag).collect()
    }
}

/// The rank of a score among those of the commits before, in per cent; where they are few, among those of the training.
fn rank_of(score: u32, before: &[u32]) -> u32 {
    rank_among(score, before).unwrap_or_else(|| Model::embedded().rank(score))
}

/// The commit on which a change is made.
fn base(change: &Change) -> Option<&ObjectId> {
    match &change.base {
        Snapshot::Commit(id) => Some(id),
        Snapshot::Empty | Snapshot::Index => None,
    }
}

/// The past of a change, if all of it that counts is here.
fn past<'s>(
    repository: &Repository,
    scoring: &'s mut Scoring<'_>,
    base: Option<&ObjectId>,
) -> Result<View<'s>, &'static str> {
    let view = scoring.view(base).map_err(|_| NO_PAST)?;
    match repository.is_shallow() && (view.length() as usize) < WINDOW {
        true => Err(SHALLOW),
        false => Ok(view),
    }
}

/// The score of a file as a rule needs it. A file that comes while others go is also scored as an edit of each of those.
fn of_rule(
    repository: &Repository,
    change: &Change,
    asked: &AskedScore<'_>,
    view: &View<'_>,
) -> Result<u32, &'static str> {
    let score = |file: &FileChange, lines: &[(Side, u32)]| {
        let content = content(repository, file).map_err(|_| NO_CONTENT)?;
        strongest(Model::embedded(), file, &content, view, lines)
    };
    let mut highest = score(asked.file, &asked.lines)?;
    for edit in edits(change, asked.file)? {
        // Where what goes cannot be compared, what comes is known all the same.
        highest = highest.max(score(&edit, &asked.lines).unwrap_or(0));
    }
    Ok(highest)
}

/// The score of a file as its rank needs it, which is compared with those of whole files.
fn of_flag(
    repository: &Repository,
    (change, file): (&Change, &FileChange),
    blocks: bool,
    view: &View<'_>,
) -> Result<u32, &'static str> {
    let plain = is_unread_by_nature(&file.path);
    let score = |file: &FileChange| -> Result<u32, &'static str> {
        let content = content(repository, file).map_err(|_| NO_CONTENT)?;
        if blocks && !plain {
            // What cannot be read is not harmless for that.
            strongest(Model::embedded(), file, &content, view, &[])?;
        }
        Ok(quick(Model::embedded(), file, &content, view))
    };
    let mut highest = score(file)?;
    let edits = match (plain, edits(change, file)) {
        (true, _) => Vec::new(),
        (false, Ok(edits)) => edits,
        // A warning is about what is likely.
        (false, Err(_)) if !blocks => Vec::new(),
        (false, Err(why)) => return Err(why),
    };
    let moved = |edit: &&FileChange| blocks || edit.path.file_name() == file.path.file_name();
    for edit in edits.iter().filter(moved) {
        highest = highest.max(score(edit).unwrap_or(0));
    }
    Ok(highest)
}

/// The points that the words of a file's change have, without those of lines that were moved as they are. What cannot be read has all of them.
fn of_itself(
    repository: &Repository,
    (change, file): (&Change, &FileChange),
    blocks: bool,
    (view, moves): (&View<'_>, Option<&Moves>),
) -> u32 {
    let of = |edit: &FileChange| match content(repository, edit) {
        Ok(content) => match without_moved(content, moves, (&edit.path, &file.path)) {
            Some(content) => of_words(Model::embedded(), edit, &content, view),
            None => 0,
        },
        Err(_) => i32::MAX,
    };
    let edits = edits(change, file);
    let edits = match &edits {
        Ok(edits) => edits.as_slice(),
        Err(_) if blocks => return u32::MAX,
        Err(_) => &[],
    };
    let moved = |edit: &&FileChange| blocks || edit.path.file_name() == file.path.file_name();
    let most = edits.iter().filter(moved).map(of).fold(of(file), i32::max);
    u32::try_from(most).unwrap_or(0)
}

/// The same, either way, of what differs: a file that comes or goes is read as an edit of one that goes or comes, where that leaves less, since
/// what both have only moved.
fn of_difference(
    repository: &Repository,
    (change, file): (&Change, &FileChange),
    (view, moves): (&View<'_>, Option<&Moves>),
) -> u32 {
    let of = |edit: &FileChange, from: &RepoPath| match content(repository, edit) {
        // What cannot be read may be anything, and so may what has no lines: a submodule, another mode.
        Ok(Content::None) => i32::MAX,
        Ok(content) if strongest(Model::embedded(), edit, &content, view, &[]).is_err() => i32::MAX,
        Ok(content) => match without_moved(content, moves, (from, &file.path)) {
            Some(content) => of_words_either_way(Model::embedded(), edit, &content, view),
            None => 0,
        },
        Err(_) => i32::MAX,
    };
    let edits = counterparts(change, file).filter_map(|other| match file.kind {
        ChangeKind::Deleted(_) => as_edit_of(file, other).map(|edit| (edit, &file.path)),
        _ => as_edit_of(other, file).map(|edit| (edit, &other.path)),
    });
    let least = edits.fold(of(file, &file.path), |least, (edit, from)| least.min(of(&edit, from)));
    u32::try_from(least).unwrap_or(0)
}

/// The files that a file may have moved to or come from: those of its name, or any where they are few; at most a handful.
fn counterparts<'c>(change: &'c Change, file: &'c FileChange) -> impl Iterator<Item = &'c FileChange> {
    let opposite = |other: &&FileChange| {
        matches!(
            (&file.kind, &other.kind),
            (ChangeKind::Added(_), ChangeKind::Deleted(_)) | (ChangeKind::Deleted(_), ChangeKind::Added(_))
        ) && !is_unread_by_nature(&other.path)
    };
    // How many of the last parts of the path are the same.
    let likeness = |other: &&FileChange| {
        let [own, other] = [file, *other].map(|file| file.path.as_bytes().rsplit(|byte| *byte == b'/'));
        own.zip(other).take_while(|(own, other)| own == other).count()
    };
    let mut others: Vec<&FileChange> = change.files.iter().filter(opposite).collect();
    if others.len() > FEW {
        others.retain(|other| likeness(other) > 0);
        others.sort_by_key(|other| std::cmp::Reverse(likeness(other)));
    }
    others.into_iter().take(FEW)
}

/// What a change moves from file to file.
fn moved(repository: &Repository, change: &Change) -> Moves {
    let searched: Vec<&FileChange> = change.files.iter().filter(|file| is_searched(file)).collect();
    if searched.len() > MOST_FILES {
        return Moves::default();
    }
    let read = searched
        .iter()
        .filter_map(|file| Some((*file, content(repository, file).ok()?)));
    let read: Vec<(&FileChange, Content)> = read.collect();
    let files: Vec<(&FileChange, &Content)> = read.iter().map(|(file, content)| (*file, content)).collect();
    Moves::between(&files)
}

/// A content without its changed lines that were moved, of a file by the paths that it had and has; `None` where none is left.
fn without_moved(content: Content, moves: Option<&Moves>, paths: (&RepoPath, &RepoPath)) -> Option<Content> {
    let (Some(moves), Content::Lines(diff)) = (moves, &content) else {
        return Some(content);
    };
    match moves.left(paths, diff, |_| true) {
        None => Some(content),
        Some(left) if left.lines.iter().all(|line| line.text.trim_ascii().is_empty()) => None,
        // What is around a line is what was.
        Some(left) => Some(Content::Lines(FileDiff {
            lines: left.lines,
            ..diff.clone()
        })),
    }
}

/// A file that comes, as an edit of each file of the change that goes.
fn edits(change: &Change, file: &FileChange) -> Result<Vec<FileChange>, &'static str> {
    if !matches!(file.kind, ChangeKind::Added(_)) {
        return Ok(Vec::new());
    }
    let gone = change.files.iter().filter(|gone| !is_unread_by_nature(&gone.path));
    let edits: Vec<FileChange> = gone.filter_map(|gone| as_edit_of(gone, file)).collect();
    match edits.len() > GONE {
        true => Err(MANY_GONE),
        false => Ok(edits),
    }
}

/// Adds the files that the score flags to what is gated, where the policy has it block.
pub(super) fn gate_flagged(gated: &mut Gated, change: &Change, policy: &Policy) {
    let named = policy
        .sensitivity
        .as_ref()
        .and_then(|wanted| wanted.component.as_deref());
    for flag in gated.flagged.clone() {
        let Some(file) = change.files.iter().find(|file| file.path == flag.path) else {
            continue;
        };
        let imported = |id: &str| policy.components.iter().any(|known| known.imported && known.id == id);
        let holds = |component: &&GatedComponent| {
            component.id != POLICY_COMPONENT
                && !imported(&component.id)
                && component.files.iter().any(|gated| gated.file.path == flag.path)
        };
        // By the one that gates it already, where any will do.
        let id = match named {
            Some(id) => Some(id.to_owned()),
            None => gated
                .components
                .iter()
                .find(holds)
                .map(|component| component.id.clone()),
        };
        let id = id.or_else(|| {
            policy
                .nearest_component(&flag.path)
                .map(|component| component.id.clone())
        });
        let Some(id) = id else { continue };
        let reason = Reason {
            rule: RuleKind::Score,
            line: None,
            side: None,
            detail: detail(&flag),
            name: None,
            needs: None,
        };
        let at = match gated.components.iter().position(|component| component.id == id) {
            Some(at) => at,
            None => {
                gated.components.push(GatedComponent {
                    id,
                    files: Vec::new(),
                    messages: Vec::new(),
                });
                gated.components.len() - 1
            }
        };
        let Some(component) = gated.components.get_mut(at) else {
            continue;
        };
        match component.files.iter_mut().find(|gated| gated.file.path == flag.path) {
            Some(known) => known.reasons.push(reason),
            None => component.files.push(GatedFile {
                file: file.clone(),
                reasons: vec![reason],
            }),
        }
        component.files.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    }
    let place = |component: &GatedComponent| {
        let at = policy.components.iter().position(|known| known.id == component.id);
        at.unwrap_or(usize::MAX)
    };
    gated.components.sort_by_key(place);
}

/// Why a file is flagged, in words.
fn detail(flag: &Flag) -> String {
    match flag.found {
        Ok((score, rank)) => format!("score {score}, above {rank} % of the commits before"),
        Err(why) => format!("the score cannot be had, as {why}, so it counts as high"),
    }
}

/// Most files that are named at once.
const NAMED: usize = 5;

/// What is said of the files that the score flags, and that nothing asks to be certified.
pub(super) fn report(flags: &[Flag], policy: &Policy) -> Vec<Diagnostic> {
    let Some(wanted) = &policy.sensitivity else {
        return Vec::new();
    };
    let (ruled, flagged): (Vec<&Flag>, Vec<&Flag>) = flags.iter().partition(|flag| flag.by.is_some());
    let (known, unknown): (Vec<&Flag>, Vec<&Flag>) = flagged.into_iter().partition(|flag| flag.found.is_ok());
    let mut all = Vec::new();
    if let Some(first) = known.first() {
        let message = match known.len() {
            1 => format!(
                "`{}` is likely to matter for performance",
                sanitize(&first.path.to_string())
            ),
            many => format!("{} are likely to matter for performance", plural(many, "file")),
        };
        let mut told = Diagnostic::warning(Code::CG656, message).at(Place::file(first.path.to_string()));
        for flag in known.iter().take(NAMED) {
            told = told.because(format!("`{}`: {}", sanitize(&flag.path.to_string()), detail(flag)));
        }
        if let more @ 1.. = known.len().saturating_sub(NAMED) {
            told = told.because(format!("and {}", plural(more, "more file")));
        }
        let least = match wanted.min_score {
            0 => String::new(),
            least => format!(" and has a score of {least} at least"),
        };
        let itself = wanted
            .min_change
            .map(|points| format!(", {points} of it by the words that the change adds and removes"));
        let least = least + &itself.unwrap_or_default();
        told = told.because(format!(
            "the policy reports what scores higher than {} % of the commits before{least}, and asks for nothing",
            wanted.min_rank
        ));
        all.push(told.help("measure it before it is merged, or have somebody look at it"));
    }
    all.extend(report_ruled(&ruled));
    if let Some(first) = unknown.first() {
        let why = first.found.err().unwrap_or_default();
        let message = match unknown.len() {
            1 => format!(
                "the score of `{}` cannot be had: {why}",
                sanitize(&first.path.to_string())
            ),
            many => format!("the scores of {} cannot be had: {why}", plural(many, "file")),
        };
        let told = Diagnostic::warning(Code::CG657, message).at(Place::file(first.path.to_string()));
        all.push(told.help(match why {
            SHALLOW => "git fetch --unshallow",
            _ => "look at it as if it had a high score",
        }));
    }
    all
}

/// What is said of the files in which rules match and do not count, as too little of the change is about speed.
fn report_ruled(flags: &[&Flag]) -> Option<Diagnostic> {
    let first = flags.first()?;
    let found = flags.iter().filter_map(|flag| Some((&flag.path, flag.by.as_ref()?)));
    let named = |path: &RepoPath| sanitize(&path.to_string());
    let message = match flags.len() {
        1 => format!(
            "rules match in `{}`, and little of its change is about speed",
            named(&first.path)
        ),
        many => format!(
            "rules match in {}, and little of their changes is about speed",
            plural(many, "file")
        ),
    };
    let mut told = Diagnostic::warning(Code::CG739, message).at(Place::file(first.path.to_string()));
    for (path, found) in found.take(NAMED) {
        told = told.because(format!(
            "`{}`: `{}`, {}",
            named(path),
            found.component,
            super::explain::describe(&found.reason)
        ));
    }
    if let more @ 1.. = flags.len().saturating_sub(NAMED) {
        told = told.because(format!("and {}", plural(more, "more file")));
    }
    let component = first.by.as_ref().map_or("", |found| found.component.as_str());
    Some(told.help(format!(
        "look at it; to have it certified all the same: `adjust: {{ {component}: {{ match: {{ needs_score: 0 }} }} }}`"
    )))
}
