//! What `certify` and `seal` share: the subject of a change, and where and when a certificate is written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::sign;
use crate::certificate::{Examined, MAX_BYTES, Subject, SubjectFile, file_name};
use crate::change::{Content, FileChange, ObjectId, RepoPath, Side, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Placeholder, command, sanitize};
use crate::gate::{Question, Undecided, state};
use crate::git::Repository;
use crate::intake::branches::protected_target;
use crate::policy::{POLICY_COMPONENT, Policy, fold};
use crate::progress::{self, Work};
use crate::sensitivity::{Gated, GatedFile};

/// Longest list of line ranges that is written for one file; beyond it the full span is named.
const MOST_RANGES: usize = 8;

/// The gated files of some components, each once, sorted.
pub(crate) fn files_of<'g>(gated: &'g Gated, components: &[String]) -> Vec<&'g GatedFile> {
    let mut files: Vec<&GatedFile> = gated
        .components
        .iter()
        .filter(|component| components.contains(&component.id))
        .flat_map(|component| &component.files)
        .collect();
    files.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    files.dedup_by(|a, b| a.file.path == b.file.path);
    files
}

/// What a subject is bound to beside its content.
#[derive(Default)]
pub(crate) struct Bound {
    repository: Option<String>,
    targets: Vec<String>,
}

/// The repository and the branches to bind a certificate to: those of `--target`; or else, where the policy names the repository (or
/// `must` says so), the protected branch that the change goes to.
pub(crate) fn bound(
    repository: &Repository,
    question: &Question,
    policy: &Policy,
    given: &[String],
    must: bool,
) -> Result<Bound, Undecided> {
    let mut targets = given.to_vec();
    for target in given {
        if target.split_whitespace().count() != 1 || crate::policy::GlobList::new(&[target]).is_err() {
            let message = format!("`{}` is not a branch or a glob", sanitize(target));
            return Err(Undecided::usage(
                message,
                "for example: certgate certify … --target main",
            ));
        }
    }
    if targets.is_empty() && (must || policy.repository.is_some()) {
        let own = question.target.name().filter(|branch| policy.protected(branch));
        targets.push(match own {
            Some(branch) => branch.to_owned(),
            None => protected_target(repository)?,
        });
    }
    Ok(Bound {
        repository: policy.repository.clone(),
        targets,
    })
}

/// The subject: the state of every given file at the head.
pub(crate) fn subject(
    repository: &Repository,
    question: &Question,
    components: &[String],
    files: &[&GatedFile],
    bound: Bound,
) -> Result<Subject, Undecided> {
    let _hashing = progress::begin(Work::Hashing, files.len());
    let mut listed = Vec::with_capacity(files.len());
    for gated in files {
        let state = state(repository, &gated.file)?;
        listed.push(SubjectFile {
            path: gated.file.path.clone(),
            state,
        });
    }
    let hint = |snapshot: &Snapshot| match snapshot {
        Snapshot::Commit(id) => Some(id.to_string()),
        _ => None,
    };
    Ok(Subject {
        components: components.to_vec(),
        repository: bound.repository,
        targets: bound.targets,
        base: hint(&question.change.base),
        head: hint(&question.head()),
        files: listed,
    })
}

/// A file with the ranges of its changed lines, as the head numbers them.
pub(crate) fn examined(repository: &Repository, file: &FileChange) -> Result<Vec<Examined>, Undecided> {
    let whole = |lines| Examined {
        path: file.path.clone(),
        lines,
    };
    let Content::Lines(diff) = repository.content(file)? else {
        return Ok(vec![whole(None)]);
    };
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for line in diff.lines.iter().filter(|line| line.side == Side::Added) {
        match ranges.last_mut() {
            Some((_, end)) if *end + 1 == line.number => *end = line.number,
            _ => ranges.push((line.number, line.number)),
        }
    }
    if let (Some((first, _)), Some((_, last)), true) = (ranges.first(), ranges.last(), ranges.len() > MOST_RANGES) {
        ranges = vec![(*first, *last)];
    }
    Ok(match ranges.is_empty() {
        true => vec![whole(None)],
        false => ranges.into_iter().map(|range| whole(Some(range))).collect(),
    })
}

/// The ids of the components that the words name, or what is wrong with one.
pub(crate) fn components(policy: &Policy, words: &[String]) -> Result<Vec<String>, Undecided> {
    let mut ids = Vec::new();
    for word in words {
        let id = match policy.component_named(word) {
            Some(component) => component.id.clone(),
            None if fold(word) == fold(POLICY_COMPONENT) => POLICY_COMPONENT.to_owned(),
            None => {
                let mut problem =
                    Diagnostic::error(Code::CG114, format!("the policy has no component `{}`", sanitize(word)));
                if let Some(meant) = policy.suggest_component(word) {
                    problem = problem.because(format!("`{meant}` is close"));
                }
                return Err(problem
                    .help(command!["certgate", "policy", "show"].why("lists the components"))
                    .into());
            }
        };
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// The date of a new certificate: now, in full seconds. It says when, and orders nothing.
pub(crate) fn date() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// Where a new certificate goes, and when that is.
pub(crate) struct Placed {
    pub(crate) path: PathBuf,
    pub(crate) date: Timestamp,
    /// What is to be said of the place.
    pub(crate) note: Option<String>,
}

/// Where a new certificate goes: into the first folder that the policy's certificate globs describe, under a name that is free.
pub(crate) fn place(
    repository: &Repository,
    policy: &Policy,
    output: Option<&Path>,
    (descriptor, component, agent): (&str, &str, &str),
    mut date: Timestamp,
) -> Result<Placed, Undecided> {
    let mut note = None;
    if let Some(path) = output {
        let inside = relative_to_root(repository, path);
        if inside.is_none_or(|inside| !policy.is_certificate(&inside)) {
            let globs: Vec<&str> = policy.certificates.iter().collect();
            note = Some(format!(
                "note: {} is not where the policy looks for certificates ({}); there it covers nothing\n",
                sanitize(&path.display().to_string()),
                sanitize(&globs.join(", "))
            ));
        }
        return Ok(Placed {
            path: path.to_path_buf(),
            date,
            note,
        });
    }
    let Some(root) = repository.work_tree() else {
        let problem = Diagnostic::error(
            Code::CG705,
            "a bare repository has no work tree to write a certificate to",
        );
        return Err(problem.help("for example: certgate certify … --output FILE").into());
    };
    let agent: String = agent
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .collect();
    let folder = policy.certificates.iter().find_map(|glob| {
        let (folder, _) = glob.rsplit_once('/')?;
        let folder = folder.trim_end_matches("/**").replace('*', &agent);
        let plain = !folder.contains(['?', '[', '{', '!']);
        let fits = policy.is_certificate(&RepoPath::from(
            format!("{folder}/{}", file_name(descriptor, component, date)).as_str(),
        ));
        (plain && fits).then_some(folder)
    });
    let Some(folder) = folder else {
        let problem = Diagnostic::error(
            Code::CG709,
            "the policy's `certificates:` do not tell where a new one goes",
        );
        return Err(problem.help("for example: certgate certify … --output FILE").into());
    };
    // What is on another branch would meet this one in a merge. A branch that cannot be read keeps nobody from certifying.
    let refs = repository.refs(&["refs/heads/", "refs/remotes/"]).unwrap_or_default();
    let tips: BTreeSet<ObjectId> = refs.into_iter().map(|(_, id)| id).collect();
    loop {
        let name = file_name(descriptor, component, date);
        let path = root.join(&folder).join(&name);
        let free = |path: &Path| std::fs::symlink_metadata(path).is_err();
        if free(&path) && free(&sign::path_of(&path)) {
            let own = RepoPath::from(format!("{folder}/{name}").as_str());
            let stands = |tip: &ObjectId| matches!(repository.entry(&Snapshot::Commit(tip.clone()), &own), Ok(Some(_)));
            if !tips.iter().any(stands) {
                return Ok(Placed { path, date, note });
            }
        }
        date = next_second(date);
    }
}

/// A second later.
pub(crate) fn next_second(date: Timestamp) -> Timestamp {
    date.saturating_add(SignedDuration::from_secs(1)).unwrap_or(date)
}

/// The path in the repository of a file on disk, if it lies in the work tree.
pub(crate) fn relative_to_root(repository: &Repository, path: &Path) -> Option<RepoPath> {
    use std::os::unix::ffi::OsStrExt as _;
    let full = std::path::absolute(path).ok()?;
    let folder = full
        .parent()?
        .canonicalize()
        .ok()
        .unwrap_or_else(|| full.parent().map(Path::to_path_buf).unwrap_or_default());
    let root = repository.work_tree()?.canonicalize().ok()?;
    let inside = folder.strip_prefix(root).ok()?.join(full.file_name()?);
    Some(RepoPath::new(inside.as_os_str().as_bytes()))
}

/// Refuses a certificate that nobody would read.
pub(crate) fn check_size(path: &str, document: &[u8], component: &str) -> Result<(), Undecided> {
    if document.len() as u64 <= MAX_BYTES {
        return Ok(());
    }
    let problem = Diagnostic::error(
        Code::CG727,
        format!(
            "{path} would have {} bytes; a certificate of more than {MAX_BYTES} is not read",
            document.len()
        ),
    );
    Err(problem
        .because("its SUBJECT takes a line for each file")
        .help(
            command!["certgate", "certify", component, "--file", Placeholder::Directory]
                .why("one certificate for each part of the change"),
        )
        .into())
}
