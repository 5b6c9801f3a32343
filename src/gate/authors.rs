//! Who had a hand in a change: as git reads it, under every address that they go by, and whoever wrote what was moved in.

use std::collections::BTreeSet;

use super::question::Question;
use super::undecided::Undecided;
use crate::change::{MAX_DOCUMENT, ObjectId, RepoPath, Snapshot};
use crate::git::{Blob, GitError, Repository};

/// The e-mail addresses of everybody who had a hand in the paths: authors, committers and co-authors of the range's commits that touch
/// one, or what was moved there, and, at the commit stages, who commits.
pub(crate) fn authors(
    repository: &Repository,
    question: &Question,
    paths: &[&RepoPath],
) -> Result<BTreeSet<String>, Undecided> {
    let mut people = People::default();
    if let Some(range) = &question.range {
        let messages = |id: &ObjectId| {
            let mut all = question.change.messages.iter();
            all.find(|message| message.id.as_ref() == Some(id))
                .map(|message| message.text.as_slice())
        };
        people.of_range(
            repository,
            (&range.excluded, &range.heads),
            question.tip.as_ref(),
            paths,
            &messages,
        )?;
    }
    if question.change.head == Snapshot::Index {
        for email in repository.committing()? {
            people.add(b"", &email);
        }
    }
    Ok(people.known_as(&Mailmap::at(repository, question.tip.as_ref())?))
}

/// The same for what a landing added.
pub(crate) fn authors_of_landing(
    repository: &Repository,
    (parent, commit): (&ObjectId, &ObjectId),
    paths: &[&RepoPath],
) -> Result<BTreeSet<String>, GitError> {
    let mut people = People::default();
    let range = (std::slice::from_ref(parent), std::slice::from_ref(commit));
    let texts = repository.messages(range.0, range.1)?;
    let messages = |id: &ObjectId| {
        let mut all = texts.iter();
        all.find(|message| message.id.as_ref() == Some(id))
            .map(|message| message.text.as_slice())
    };
    people.of_range(repository, range, Some(parent), paths, &messages)?;
    Ok(people.known_as(&Mailmap::at(repository, Some(parent))?))
}

/// Names and addresses, as recorded.
#[derive(Default)]
struct People(BTreeSet<(String, String)>);

impl People {
    fn add(&mut self, name: &[u8], email: &[u8]) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_lowercase();
        let email = text(email);
        if !email.is_empty() {
            self.0.insert((text(name), email));
        }
    }

    fn of_range<'m>(
        &mut self,
        repository: &Repository,
        (excluded, heads): (&[ObjectId], &[ObjectId]),
        base: Option<&ObjectId>,
        paths: &[&RepoPath],
        message: &dyn Fn(&ObjectId) -> Option<&'m [u8]>,
    ) -> Result<(), GitError> {
        if paths.is_empty() {
            return Ok(());
        }
        let renames = repository.renames(excluded, heads, paths)?;
        let mut all: BTreeSet<&RepoPath> = paths.iter().copied().collect();
        loop {
            let from = |(from, to): &&(RepoPath, RepoPath)| all.contains(to) && !all.contains(from);
            let more: Vec<&RepoPath> = renames.iter().filter(from).map(|(from, _)| from).collect();
            if more.is_empty() {
                break;
            }
            all.extend(more);
        }
        let touched: Vec<&RepoPath> = all.iter().copied().collect();
        for commit in repository.authorship(excluded, heads, &touched)? {
            for person in [&commit.author, &commit.committer] {
                self.add(&person.name, &person.email);
            }
            for (name, email) in message(&commit.commit).into_iter().flat_map(co_authors) {
                self.add(name, email);
            }
        }
        let moved: Vec<&RepoPath> = touched.into_iter().filter(|path| !paths.contains(path)).collect();
        if let Some(base) = base {
            for person in repository.people_of(base, &moved)? {
                self.add(&person.name, &person.email);
            }
        }
        Ok(())
    }

    fn known_as(&self, mailmap: &Mailmap) -> BTreeSet<String> {
        let known = |(name, email): &(String, String)| mailmap.addresses(name, email);
        self.0.iter().flat_map(known).collect()
    }
}

/// The names and addresses of `Co-authored-by: NAME <EMAIL>` lines.
fn co_authors(message: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    const TRAILER: &[u8] = b"co-authored-by:";
    message.split(|&byte| byte == b'\n').filter_map(|line| {
        let named = line.get(..TRAILER.len())?.eq_ignore_ascii_case(TRAILER);
        let from = line.iter().position(|&byte| byte == b'<')?;
        let email = line.get(from + 1..)?;
        let to = email.iter().position(|&byte| byte == b'>')?;
        let name = line.get(TRAILER.len()..from).unwrap_or_default();
        named.then(|| email.get(..to).map(|email| (name, email))).flatten()
    })
}

/// The addresses of a `.mailmap` (gitmailmap(5)), in small letters.
#[derive(Debug, Default)]
struct Mailmap(Vec<Mapping>);

#[derive(Debug)]
struct Mapping {
    proper: String,
    /// The name that it is for; empty: any.
    name: String,
    recorded: String,
}

impl Mailmap {
    /// That of the commit whose policy judges: the change does not choose it.
    fn at(repository: &Repository, commit: Option<&ObjectId>) -> Result<Self, GitError> {
        let Some(commit) = commit else {
            return Ok(Self::default());
        };
        let entry = repository.entry(&Snapshot::Commit(commit.clone()), &RepoPath::from(".mailmap"))?;
        let Some(entry) = entry.filter(|entry| entry.mode != crate::change::Mode::Gitlink) else {
            return Ok(Self::default());
        };
        Ok(match repository.blob(&entry.id, MAX_DOCUMENT)? {
            Blob::Content(bytes) => Self::parse(&String::from_utf8_lossy(&bytes)),
            Blob::TooLarge { .. } => Self::default(),
        })
    }

    fn parse(text: &str) -> Self {
        let mapping = |line: &str| {
            let line = line.trim_start();
            if line.starts_with('#') {
                return None;
            }
            let (_, rest) = line.split_once('<')?;
            let (proper, rest) = rest.split_once('>')?;
            let (name, rest) = rest.split_once('<')?;
            let (recorded, _) = rest.split_once('>')?;
            Some(Mapping {
                proper: proper.trim().to_lowercase(),
                name: name.trim().to_lowercase(),
                recorded: recorded.trim().to_lowercase(),
            })
        };
        Self(text.lines().filter_map(mapping).collect())
    }

    /// Every address of whoever is recorded so.
    fn addresses(&self, name: &str, email: &str) -> BTreeSet<String> {
        let of = |mapping: &&Mapping| mapping.recorded == email && (mapping.name.is_empty() || mapping.name == name);
        let mut found: BTreeSet<String> = self.0.iter().filter(of).map(|mapping| mapping.proper.clone()).collect();
        found.insert(email.to_owned());
        let recorded = self.0.iter().filter(|mapping| found.contains(&mapping.proper));
        let recorded: Vec<String> = recorded.map(|mapping| mapping.recorded.clone()).collect();
        found.extend(recorded);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailmap_tells_every_address_of_a_person() {
        let map = Mailmap::parse(
            "# people\nPia <pia@work> <pia@home>\n<pia@work> Pia Old <shared@host>\nNobody <only@name>\nBen <ben@work> Ben <shared@host>\n",
        );
        let of = |name: &str, email: &str| map.addresses(name, email).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(of("pia", "pia@home"), "pia@home pia@work shared@host");
        assert_eq!(of("pia old", "shared@host"), "pia@home pia@work shared@host");
        assert_eq!(of("somebody", "shared@host"), "shared@host");
        assert_eq!(of("nobody", "only@name"), "only@name");
    }

    #[test]
    fn co_authors_are_read_to_the_first_bracket() {
        let found: Vec<_> =
            co_authors(b"x\n\nCo-Authored-By: A B <a@b> <c@d>\nnot-co-authored-by: X <x@y>\n").collect();
        assert_eq!(found, [(&b" A B "[..], &b"a@b"[..])]);
    }
}
