//! Where a change to a repository is judged: which hooks run certgate, and which files of CI systems name it.

use super::record::{CiFile, HookFound};
use crate::change::{MAX_DOCUMENT, Mode, ObjectId, RepoPath, Snapshot, TreeEntry};
use crate::diagnostic::sanitize;
use crate::doctor::describe;
use crate::gate::Undecided;
use crate::git::{Blob, Repository};
use crate::hooks::{HookName, Relay, State, is_program, relay, state};
use crate::intake::by_git;

/// Where CI systems look for what they run: directories, and files.
const CI: [&str; 24] = [
    ".appveyor.yml",
    ".azure-pipelines",
    ".buildkite",
    ".circleci",
    ".cirrus.yml",
    ".drone.yml",
    ".forgejo/workflows",
    ".gitea/workflows",
    ".github/workflows",
    ".gitlab-ci.yml",
    ".prow.yaml",
    ".semaphore",
    ".teamcity",
    ".tekton",
    ".travis.yml",
    ".woodpecker",
    ".woodpecker.yml",
    ".woodpecker.yaml",
    "Jenkinsfile",
    "appveyor.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "buildspec.yml",
    "cloudbuild.yaml",
];

/// Most files of CI systems that are read.
const MOST: usize = 200;

/// The hooks: of a bare repository what a push meets, of any other what commits and pushes meet, and the optional ones that are there.
pub(super) fn hooks(repository: &Repository) -> Result<Vec<HookFound>, Undecided> {
    let directory = repository.hooks_dir()?;
    let configured = by_git(repository)?;
    let bare = repository.is_bare();
    let mut found = Vec::new();
    for (name, there) in state(&directory)? {
        let by_configuration = configured.iter().find(|(event, _)| *event == name);
        let expected = match bare {
            true => name == HookName::PreReceive,
            false => !name.is_optional(),
        };
        let ours = by_configuration.is_some() || matches!(there, State::Ours { .. });
        // A bare repository runs none of a clone's hooks.
        let possible = !bare || matches!(name, HookName::PreReceive | HookName::ReferenceTransaction);
        if !possible || (!expected && !ours) {
            continue;
        }
        let relay = relay(name, &directory, repository.work_tree())?;
        let runs = match &there {
            State::Ours { binary, executable, .. } => *executable && is_program(binary),
            State::Foreign { .. } => matches!(relay, Some(Relay::Kept { .. } | Relay::Named { .. })),
            State::Missing | State::Directory => false,
        };
        found.push(HookFound {
            hook: name.as_str(),
            watched: runs || by_configuration.is_some(),
            says: match by_configuration {
                Some((_, own)) => format!("run by hook.{} of git's configuration", sanitize(own)),
                None => says(&there, relay.as_ref()),
            },
        });
    }
    Ok(found)
}

fn says(state: &State, relay: Option<&Relay>) -> String {
    let words = describe(state, relay);
    match state {
        State::Ours { binary, .. } if !is_program(binary) => {
            format!("{words}, which is not there or cannot be run")
        }
        _ => words,
    }
}

/// The files of CI systems at a commit, each with whether it names certgate.
pub(super) fn ci(repository: &Repository, tip: &ObjectId) -> Result<Vec<CiFile>, Undecided> {
    let prefixes: Vec<Vec<u8>> = CI.iter().map(|path| path.as_bytes().to_vec()).collect();
    let listed = repository.list(&Snapshot::Commit(tip.clone()), &prefixes)?;
    let files = listed.into_iter().filter(|(_, entry)| is_file(entry)).take(MOST);
    files
        .map(|(path, entry)| file(repository, &path, &entry))
        .collect::<Result<_, _>>()
}

fn is_file(entry: &TreeEntry) -> bool {
    matches!(entry.mode, Mode::Regular | Mode::Executable)
}

fn file(repository: &Repository, path: &RepoPath, entry: &TreeEntry) -> Result<CiFile, Undecided> {
    let names = match repository.blob(&entry.id, MAX_DOCUMENT)? {
        Blob::Content(bytes) => bytes.windows(NAME.len()).any(|window| window == NAME),
        Blob::TooLarge { .. } => false,
    };
    Ok(CiFile {
        path: path.to_string(),
        names_certgate: names,
    })
}

/// What a file that runs certgate holds.
const NAME: &[u8] = b"certgate";
