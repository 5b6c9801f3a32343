//! The remotes as git is configured to know them: their URLs, and where their branches are kept here (git-config(1), `remote.*`, `url.*`).

use std::path::Path;

use super::{GitError, Repository};

/// A configured remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its name, which may hold slashes.
    pub name: String,
    /// Where it is fetched from and pushed to: as configured, then as `url.*.insteadOf` and `url.*.pushInsteadOf` make it.
    urls: Vec<String>,
    /// What is fetched, and to where.
    fetch: Vec<Refspec>,
}

/// A refspec of `remote.NAME.fetch` that keeps what it fetches (git-fetch(1)).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refspec {
    from: String,
    to: String,
}

impl Refspec {
    /// Reads one; `None` for one that keeps nothing, or excludes.
    fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.strip_prefix('+').unwrap_or(text).split_once(':')?;
        (!from.is_empty() && !to.is_empty() && !from.starts_with('^')).then(|| Self {
            from: from.to_owned(),
            to: to.to_owned(),
        })
    }

    fn map(pattern: &str, reference: &str, to: &str) -> Option<String> {
        match (pattern.split_once('*'), to.split_once('*')) {
            (Some((before, after)), Some((to_before, to_after))) => {
                let middle = reference.strip_prefix(before)?.strip_suffix(after)?;
                (!middle.is_empty()).then(|| format!("{to_before}{middle}{to_after}"))
            }
            (None, None) => (pattern == reference).then(|| to.to_owned()),
            _ => None,
        }
    }
}

impl Remote {
    /// Where it is fetched from and pushed to.
    pub(crate) fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The ref that keeps one of the remote's refs here: `refs/remotes/origin/main` for `refs/heads/main`. `None` where it is not fetched.
    pub fn tracking(&self, reference: &str) -> Option<String> {
        self.fetch
            .iter()
            .find_map(|spec| Refspec::map(&spec.from, reference, &spec.to))
    }

    /// The remote's ref that a ref here keeps; the inverse of [`Remote::tracking`].
    pub fn tracked(&self, here: &str) -> Option<String> {
        self.fetch
            .iter()
            .find_map(|spec| Refspec::map(&spec.to, here, &spec.from))
    }

    /// What the refs that keep the remote's branches begin with, such as `refs/remotes/origin/`, or are.
    pub fn kept_at(&self) -> impl Iterator<Item = &str> {
        let branches = self.fetch.iter().filter(|spec| spec.from.starts_with("refs/heads/"));
        branches.filter_map(|spec| spec.to.split('*').next())
    }
}

impl Repository {
    /// The configured remotes, in the order of the configuration.
    pub fn remotes(&self) -> Result<&[Remote], GitError> {
        if let Some(remotes) = self.remotes.get() {
            return Ok(remotes);
        }
        let settings = self.settings(|key| {
            let section = key.starts_with("remote.") || key.starts_with("url.");
            let variable = key.rsplit_once('.').map_or("", |(_, variable)| variable);
            section && ["url", "pushurl", "fetch", "insteadof", "pushinsteadof"].contains(&variable)
        })?;
        let found = read(
            settings
                .iter()
                .map(|setting| (setting.key.as_str(), setting.value.as_str())),
        );
        Ok(self.remotes.get_or_init(|| found))
    }

    /// The remote of that name, or else one at that URL, since git gives its hooks the URL where that is what was pushed to. Of several
    /// at one URL `origin` comes first.
    pub fn remote_at(&self, name_or_url: &str) -> Result<Option<&Remote>, GitError> {
        let remotes = self.remotes()?;
        if let Some(named) = remotes.iter().find(|remote| remote.name == name_or_url) {
            return Ok(Some(named));
        }
        let wanted = normal(name_or_url, self.runner.directory());
        let mut at = remotes.iter().filter(|remote| {
            let mut urls = remote.urls.iter();
            urls.any(|url| normal(url, self.runner.directory()) == wanted)
        });
        let first = at.next();
        Ok(match first {
            Some(remote) if remote.name != "origin" => at.find(|other| other.name == "origin").or(first),
            _ => first,
        })
    }
}

/// Reads settings in git's order.
fn read<'s>(settings: impl Iterator<Item = (&'s str, &'s str)>) -> Vec<Remote> {
    let mut remotes: Vec<Remote> = Vec::new();
    // What a URL begins with, and what git puts in its place.
    let mut rewritings: Vec<(&str, &str)> = Vec::new();
    for (key, value) in settings {
        let Some((section, rest)) = key.split_once('.') else {
            continue;
        };
        let Some((name, variable)) = rest.rsplit_once('.') else {
            continue;
        };
        if section == "url" {
            rewritings.push((value, name));
            continue;
        }
        let at = match remotes.iter().position(|remote| remote.name == name) {
            Some(at) => at,
            None => {
                remotes.push(Remote {
                    name: name.to_owned(),
                    urls: Vec::new(),
                    fetch: Vec::new(),
                });
                remotes.len() - 1
            }
        };
        let Some(remote) = remotes.get_mut(at) else { continue };
        match variable {
            "fetch" => remote.fetch.extend(Refspec::parse(value)),
            _ => remote.urls.push(value.to_owned()),
        }
    }
    for remote in &mut remotes {
        // A clone in the making has its URL before it has its refspec, and its branches where git puts them by default.
        if remote.fetch.is_empty() {
            remote.fetch.push(Refspec {
                from: "refs/heads/*".to_owned(),
                to: format!("refs/remotes/{}/*", remote.name),
            });
        }
        let rewritten: Vec<String> = remote
            .urls
            .iter()
            .flat_map(|url| {
                rewritings
                    .iter()
                    .filter_map(|(from, to)| Some((from, to, url.strip_prefix(from)?)))
            })
            .map(|(_, to, rest)| format!("{to}{rest}"))
            .collect();
        remote.urls.extend(rewritten);
    }
    remotes
}

/// Two URLs of one repository read the same: without credentials, default port, trailing slash and `.git`, the host in small letters,
/// `host:path` as ssh (git-clone(1), "GIT URLS"), a path made absolute.
fn normal(url: &str, here: &Path) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest.to_owned()),
        // A colon before the first slash makes it a host.
        None => match url.split_once(':') {
            Some((host, path)) if !host.contains('/') => {
                ("ssh".to_owned(), format!("{host}/{}", path.trim_start_matches('/')))
            }
            _ => ("file".to_owned(), here.join(url).to_string_lossy().into_owned()),
        },
    };
    let trimmed = rest.trim_end_matches('/');
    let trimmed = trimmed.strip_suffix(".git").unwrap_or(trimmed).trim_end_matches('/');
    if scheme == "file" {
        let path = Path::new(trimmed);
        let path = path
            .canonicalize()
            .or_else(|_| Path::new(&rest).canonicalize())
            .unwrap_or_else(|_| path.to_owned());
        let path = path.to_string_lossy().into_owned();
        return format!("file://{}", path.strip_suffix(".git").unwrap_or(&path));
    }
    let scheme = scheme.strip_prefix("git+").unwrap_or(&scheme);
    let (authority, path) = trimmed.split_once('/').unwrap_or((trimmed, ""));
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
        .to_ascii_lowercase();
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        "ssh" => ":22",
        _ => ":9418",
    };
    format!("{scheme}://{}/{path}", host.strip_suffix(port).unwrap_or(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_keeps_branches_where_its_refspec_says() {
        let remotes = read(
            [
                ("remote.origin.url", "https://host/a.git"),
                ("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"),
                ("remote.team/fork.url", "ssh://git@host/b"),
                ("remote.team/fork.fetch", "+refs/heads/*:refs/remotes/team/fork/*"),
                ("remote.one.fetch", "refs/heads/main:refs/one"),
                ("remote.one.fetch", "^refs/heads/no"),
            ]
            .into_iter(),
        );
        let [origin, fork, one] = remotes.as_slice() else {
            panic!()
        };
        assert_eq!(
            origin.tracking("refs/heads/a/b").as_deref(),
            Some("refs/remotes/origin/a/b")
        );
        assert_eq!(origin.tracking("refs/tags/v1"), None);
        assert_eq!(
            fork.tracked("refs/remotes/team/fork/main").as_deref(),
            Some("refs/heads/main")
        );
        assert_eq!(fork.tracked("refs/remotes/team/forks/main"), None);
        assert_eq!(one.tracking("refs/heads/main").as_deref(), Some("refs/one"));
        assert_eq!(one.tracking("refs/heads/no"), None);
        assert_eq!(one.kept_at().collect::<Vec<_>>(), ["refs/one"]);
        assert_eq!(origin.kept_at().collect::<Vec<_>>(), ["refs/remotes/origin/"]);
    }

    #[test]
    fn urls_are_rewritten_as_git_does() {
        let remotes = read(
            [
                ("url.ssh://git@host/.insteadof", "gh:"),
                ("url./srv/git/.pushinsteadof", "https://host/"),
                ("remote.origin.url", "gh:a"),
                ("remote.other.url", "https://host/b"),
            ]
            .into_iter(),
        );
        assert_eq!(remotes[0].urls, ["gh:a", "ssh://git@host/a"]);
        assert_eq!(remotes[1].urls, ["https://host/b", "/srv/git/b"]);
    }

    #[test]
    fn one_repository_has_one_normal_url() {
        let here = Path::new("/nowhere");
        let same = |urls: &[&str]| {
            let first = normal(urls[0], here);
            for url in urls {
                assert_eq!(normal(url, here), first, "{url}");
            }
            first
        };
        let ssh = same(&[
            "git@Host:a/b.git",
            "ssh://git@host/a/b",
            "ssh://host:22/a/b/",
            "git+ssh://host/a/b.git/",
        ]);
        let https = same(&["https://host/a/b", "https://me:token@HOST:443/a/b.git"]);
        let file = same(&["/nowhere/a", "file:///nowhere/a.git", "a", "a.git/"]);
        assert_ne!(ssh, https);
        assert_ne!(https, normal("https://host/a/B", here), "paths keep their case");
        assert_ne!(file, normal("/nowhere/b", here));
        assert_ne!(normal("https://host:8443/a/b", here), https);
    }
}
