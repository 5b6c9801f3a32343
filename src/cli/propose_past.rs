//! Components that `certgate init` proposes from the repository's own past: where its performance commits and reverts were.

use std::collections::BTreeSet;

use super::args::ListFormat;
use super::terminal;
use crate::change::{RepoPath, TreeEntry};
use crate::diagnostic::{plural, sanitize};
use crate::gate::{Hot, Undecided, hot_places};
use crate::git::Repository;
use crate::report::Proposed;

/// The components, hottest first; none without a history.
pub(super) fn proposed(repository: &Repository, files: &[(RepoPath, TreeEntry)]) -> Result<Vec<Proposed>, Undecided> {
    let head = repository.head()?;
    let Some(tip) = head.commit() else {
        return Ok(Vec::new());
    };
    // What is gone cannot be gated, and what would need quoting is left to people.
    let wanted = |directory: &RepoPath| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./+@".contains(byte);
        directory.as_bytes().iter().all(plain) && files.iter().any(|(path, _)| path.is_within(directory.as_bytes()))
    };
    let mut ids = BTreeSet::new();
    let places = hot_places(repository, tip, wanted)?;
    Ok(places.into_iter().map(|hot| component(hot, &mut ids)).collect())
}

fn component(hot: Hot, ids: &mut BTreeSet<String>) -> Proposed {
    let directory = hot.directory.to_string();
    let plain = |character: char| match character.is_ascii_alphanumeric() {
        true => character.to_ascii_lowercase(),
        false => '_',
    };
    let base = format!("hot_{}", directory.chars().map(plain).collect::<String>());
    let mut id = base.clone();
    for number in 2.. {
        if ids.insert(id.clone()) {
            break;
        }
        id = format!("{base}_{number}");
    }
    Proposed {
        id,
        path: format!("{directory}/**"),
        commits: hot.touched,
        performance: hot.perf,
        taken_back: hot.taken_back,
        functions: hot
            .functions
            .into_iter()
            .map(|(name, count)| (sanitize(&name), count))
            .collect(),
    }
}

/// Why a component is proposed, in a line.
pub(super) fn because(of: &Proposed) -> String {
    let mut text = format!(
        "{} of {} there were performance changes",
        of.performance,
        plural(of.commits as usize, "commit")
    );
    if of.taken_back > 0 {
        text.push_str(&format!(", {} took something back", of.taken_back));
    }
    let functions: Vec<String> = of
        .functions
        .iter()
        .map(|(name, count)| format!("`{name}` ({count})"))
        .collect();
    if !functions.is_empty() {
        text.push_str(&format!("; most often in {}", functions.join(", ")));
    }
    text
}

/// The components as the policy has them; in comments where they are only proposed.
pub(super) fn yaml(proposed: &[Proposed], taken: bool) -> String {
    let mark = if taken { "" } else { "# " };
    let mut text = match taken {
        true => "# From this repository's own past: take out what no one has to review.\n".to_owned(),
        false => {
            "# From this repository's own past: without the marks before them, these gate what was tuned before.\n"
                .to_owned()
        }
    };
    text.push_str(&format!("{mark}components:\n"));
    for of in proposed {
        text.push_str(&format!("{mark}  # {}\n", because(of)));
        text.push_str(&format!(
            "{mark}  - id: {}\n{mark}    match: {{ paths: [\"{}\"] }}\n",
            of.id, of.path
        ));
    }
    text
}

/// Asks whether to take them, where a person is there to answer.
pub(super) fn taken(proposed: &[Proposed], format: ListFormat) -> Result<bool, Undecided> {
    if proposed.is_empty() || format == ListFormat::Json || !terminal::is_interactive() {
        return Ok(false);
    }
    terminal::err("from this repository's own past:\n");
    for of in proposed {
        terminal::err(&format!("  {:<14} {}: {}\n", of.id, of.path, because(of)));
    }
    terminal::err("gate these? [y/N] ");
    let mut answer = String::new();
    let read = std::io::BufRead::read_line(&mut std::io::stdin().lock(), &mut answer);
    Ok(read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes"))
}
