//! Where the answer about a CI job's change belongs on its forge: the API, the repository, the commit, the pull or merge request. From the same
//! documented variables as the change itself; nothing here is asked of the network.
//!
//! Sources: GitHub's "Variables reference", which Gitea and Forgejo follow, and GitLab's "Predefined CI/CD variables reference".

use super::{Variables, github, set};
use crate::change::ObjectId;
use crate::diagnostic::{Code, Diagnostic, sanitize};
use crate::gate::Undecided;

/// A forge, by the interface that it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forge {
    /// GitHub, and GitHub Enterprise Server.
    Github,
    /// GitLab.
    Gitlab,
    /// Gitea and Forgejo.
    Gitea,
}

impl Forge {
    /// As it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Github => "GitHub",
            Self::Gitlab => "GitLab",
            Self::Gitea => "Gitea",
        }
    }
}

/// Where an answer belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Who is asked.
    pub(crate) forge: Forge,
    /// The root of the API, without a slash at its end.
    pub(crate) api: String,
    /// The repository that the request is made to: `OWNER/NAME`, or GitLab's number.
    pub(crate) project: String,
    /// The repository that the commit is in; another one where GitLab runs a fork's pipeline.
    pub(crate) commit_project: String,
    /// The commit that the status is of.
    pub(crate) commit: String,
    /// What may have been judged for that commit: itself, or the merge of it that the forge made.
    pub(crate) judged: Vec<String>,
    /// The head of the request when the job was started.
    pub(crate) head: String,
    /// The number of the request, where there is one.
    pub(crate) request: Option<u64>,
    /// The branch that would move.
    pub(crate) target: Option<String>,
    /// GitLab's pipeline.
    pub(crate) pipeline: Option<u64>,
    /// The page of the job.
    pub(crate) link: Option<String>,
}

impl Place {
    /// True where a verdict on this head is one on the commit.
    pub(crate) fn is_of(&self, head: &str) -> bool {
        self.judged.iter().any(|judged| judged == head)
    }
}

/// Reads the environment of this process, and the event file where there is one.
pub(crate) fn place(forge: Forge) -> Result<Place, Undecided> {
    let variables = super::environment();
    let event = match (forge, set(&variables, "GITHUB_EVENT_PATH")) {
        (Forge::Github | Forge::Gitea, Some(path)) => Some(super::read_event(std::path::Path::new(path))?),
        _ => None,
    };
    place_in(forge, &variables, event.as_deref())
}

/// Where the variables say that the answer belongs.
pub(crate) fn place_in(forge: Forge, variables: &Variables, event: Option<&str>) -> Result<Place, Undecided> {
    match forge {
        Forge::Github | Forge::Gitea => actions(forge, variables, event),
        Forge::Gitlab => gitlab(variables),
    }
}

/// GitHub Actions, and what speaks its language. Elsewhere the same variables can be set by hand.
fn actions(forge: Forge, variables: &Variables, event: Option<&str>) -> Result<Place, Undecided> {
    let needed = |name| needed(forge, variables, name);
    let api = api("GITHUB_API_URL", needed("GITHUB_API_URL")?)?;
    let project = repository("GITHUB_REPOSITORY", needed("GITHUB_REPOSITORY")?)?;
    let sha = commit("GITHUB_SHA", needed("GITHUB_SHA")?)?;
    let reference = set(variables, "GITHUB_REF").unwrap_or_default();
    let event = match event {
        Some(text) => github::Named::read(text).map_err(|error| {
            nowhere(format!(
                "the event file GITHUB_EVENT_PATH is not as documented: {error}"
            ))
        })?,
        None => github::Named::default(),
    };
    let by_reference = reference.strip_prefix("refs/pull/").and_then(|rest| {
        let (number, _) = rest.split_once('/')?;
        number.parse().ok()
    });
    let request = event.request.or(by_reference);
    let head = match &event.head {
        Some(head) => commit("the event's head", head)?,
        None => sha.clone(),
    };
    let mut judged = vec![head.clone()];
    // Where the job runs on the target branch (`pull_request_target`), the checkout's commit is not what is merged.
    if sha != head && request.is_some_and(|number| reference == format!("refs/pull/{number}/merge")) {
        judged.push(sha);
    }
    let link = match (
        set(variables, "GITHUB_SERVER_URL"),
        set(variables, "GITHUB_RUN_ID").filter(|id| id.bytes().all(|byte| byte.is_ascii_digit())),
    ) {
        (Some(server), Some(run)) => link(&format!(
            "{}/{project}/actions/runs/{run}",
            server.trim_end_matches('/')
        )),
        _ => None,
    };
    Ok(Place {
        forge,
        api,
        commit_project: project.clone(),
        project,
        commit: head.clone(),
        judged,
        head,
        request,
        target: event
            .target
            .or_else(|| set(variables, "GITHUB_BASE_REF").map(str::to_owned)),
        pipeline: None,
        link,
    })
}

fn gitlab(variables: &Variables) -> Result<Place, Undecided> {
    let needed = |name| needed(Forge::Gitlab, variables, name);
    let number = |name: &'static str, value: &str| {
        value
            .parse::<u64>()
            .map_err(|_| nowhere(format!("{name} is not a number: `{}`", sanitize(value))))
    };
    let api = api("CI_API_V4_URL", needed("CI_API_V4_URL")?)?;
    let own = number("CI_PROJECT_ID", needed("CI_PROJECT_ID")?)?.to_string();
    let sha = commit("CI_COMMIT_SHA", needed("CI_COMMIT_SHA")?)?;
    let request = match set(variables, "CI_MERGE_REQUEST_IID") {
        Some(value) => Some(number("CI_MERGE_REQUEST_IID", value)?),
        None => None,
    };
    let project = match set(variables, "CI_MERGE_REQUEST_PROJECT_ID").filter(|_| request.is_some()) {
        Some(value) => number("CI_MERGE_REQUEST_PROJECT_ID", value)?.to_string(),
        None => own.clone(),
    };
    // Set where the pipeline is of the merge, which is another commit.
    let head = match set(variables, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") {
        Some(value) => commit("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", value)?,
        None => sha.clone(),
    };
    let pipeline = match set(variables, "CI_PIPELINE_ID") {
        Some(value) => Some(number("CI_PIPELINE_ID", value)?),
        None => None,
    };
    let target = set(variables, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME").or_else(|| set(variables, "CI_COMMIT_BRANCH"));
    Ok(Place {
        forge: Forge::Gitlab,
        api,
        project,
        commit_project: own,
        commit: sha.clone(),
        judged: vec![sha],
        head,
        request,
        target: target.map(str::to_owned),
        pipeline,
        link: set(variables, "CI_JOB_URL").and_then(link),
    })
}

fn needed<'v>(forge: Forge, variables: &'v Variables, name: &'static str) -> Result<&'v str, Undecided> {
    set(variables, name).ok_or_else(|| {
        nowhere(format!(
            "{name} is not set, so nothing says where on {} to post",
            forge.name()
        ))
    })
}

fn api(by: &'static str, value: &str) -> Result<String, Undecided> {
    let plain = value.bytes().all(|byte| byte.is_ascii_graphic()) && !value.contains(['@', '?', '#', '\\']);
    let scheme = ["https://", "http://"].iter().any(|scheme| value.starts_with(scheme));
    match plain && scheme {
        true => Ok(value.trim_end_matches('/').to_owned()),
        false => Err(nowhere(format!(
            "{by} is not the address of an API: `{}`",
            sanitize(value)
        ))),
    }
}

fn repository(by: &'static str, value: &str) -> Result<String, Undecided> {
    let word = |word: &str| {
        !word.is_empty()
            && !word.bytes().all(|byte| byte == b'.')
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    match value.split_once('/') {
        Some((owner, name)) if word(owner) && word(name) => Ok(value.to_owned()),
        _ => Err(nowhere(format!("{by} is not OWNER/NAME: `{}`", sanitize(value)))),
    }
}

fn commit(by: &'static str, value: &str) -> Result<String, Undecided> {
    ObjectId::from_hex(value)
        .map(|id| id.to_string())
        .ok_or_else(|| nowhere(format!("{by} is not an object id: `{}`", sanitize(value))))
}

/// An address to show, if it is one.
fn link(text: &str) -> Option<String> {
    let web = text.starts_with("https://") || text.starts_with("http://");
    (web && text.len() <= 2000 && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| text.to_owned())
}

/// The environment does not tell where the answer belongs.
fn nowhere(why: String) -> Undecided {
    Diagnostic::error(Code::CG756, why)
        .because("the verdict is posted only where the variables of the CI system say, never to a guessed place")
        .help("run it in a job of that forge, or set the variables that docs/ci.md lists under \"Posting the verdict\"")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "1111111111111111111111111111111111111111";
    const MERGE: &str = "2222222222222222222222222222222222222222";

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn github(more: &[(&str, &str)]) -> Variables {
        let mut all = variables(&[
            ("GITHUB_API_URL", "https://api.example.org/"),
            ("GITHUB_REPOSITORY", "ada/engine.rs"),
            ("GITHUB_SHA", MERGE),
            ("GITHUB_REF", "refs/pull/7/merge"),
            ("GITHUB_SERVER_URL", "https://example.org"),
            ("GITHUB_RUN_ID", "9"),
        ]);
        all.extend(variables(more));
        all
    }

    fn event() -> String {
        format!(
            r#"{{"pull_request":{{"number":7,"head":{{"ref":"t","sha":"{HEAD}"}},"base":{{"ref":"main","sha":"{MERGE}"}}}}}}"#
        )
    }

    #[test]
    fn a_pull_request_is_answered_at_its_head() {
        let place = place_in(Forge::Github, &github(&[]), Some(&event())).unwrap();
        assert_eq!(
            (place.commit.as_str(), place.request, place.target.as_deref()),
            (HEAD, Some(7), Some("main"))
        );
        assert_eq!(place.api, "https://api.example.org");
        assert_eq!(
            place.link.as_deref(),
            Some("https://example.org/ada/engine.rs/actions/runs/9")
        );
        assert!(place.is_of(HEAD) && place.is_of(MERGE));
    }

    #[test]
    fn the_target_branch_of_a_job_on_it_is_not_the_change() {
        let place = place_in(
            Forge::Github,
            &github(&[("GITHUB_REF", "refs/heads/main")]),
            Some(&event()),
        )
        .unwrap();
        assert!(place.is_of(HEAD) && !place.is_of(MERGE));
    }

    #[test]
    fn a_queue_and_a_push_have_no_request() {
        let group =
            format!(r#"{{"merge_group":{{"head_sha":"{MERGE}","base_sha":"{HEAD}","base_ref":"refs/heads/main"}}}}"#);
        let queue = github(&[("GITHUB_REF", "refs/heads/gh-readonly-queue/main/pr-7")]);
        let place = place_in(Forge::Github, &queue, Some(&group)).unwrap();
        assert_eq!(
            (place.commit.as_str(), place.request, place.target.as_deref()),
            (MERGE, None, Some("main"))
        );
        let push = place_in(Forge::Gitea, &github(&[("GITHUB_REF", "refs/heads/topic")]), None).unwrap();
        assert_eq!((push.commit.as_str(), push.request), (MERGE, None));
    }

    #[test]
    fn a_merge_request_is_answered_in_the_targets_project() {
        let all = variables(&[
            ("CI_API_V4_URL", "https://gitlab.example.org/api/v4"),
            ("CI_PROJECT_ID", "5"),
            ("CI_MERGE_REQUEST_PROJECT_ID", "3"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CI_COMMIT_SHA", MERGE),
            ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", HEAD),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_PIPELINE_ID", "11"),
        ]);
        let place = place_in(Forge::Gitlab, &all, None).unwrap();
        assert_eq!((place.project.as_str(), place.commit_project.as_str()), ("3", "5"));
        assert_eq!((place.commit.as_str(), place.head.as_str()), (MERGE, HEAD));
        assert_eq!((place.request, place.pipeline), (Some(7), Some(11)));
    }

    #[test]
    fn what_is_not_as_documented_is_nowhere() {
        for (name, value) in [
            ("GITHUB_API_URL", ""),
            ("GITHUB_API_URL", "ftp://example.org"),
            ("GITHUB_API_URL", "https://user@example.org"),
            ("GITHUB_API_URL", "https://example.org/\r\nX: y"),
            ("GITHUB_REPOSITORY", "ada"),
            ("GITHUB_REPOSITORY", "ada/../x"),
            ("GITHUB_REPOSITORY", "ada/.."),
            ("GITHUB_REPOSITORY", "ada/x?y"),
            ("GITHUB_SHA", "main"),
        ] {
            let told = place_in(Forge::Github, &github(&[(name, value)]), Some(&event())).unwrap_err();
            assert_eq!(told.diagnostics[0].code(), Code::CG756, "{name}={value}");
        }
        assert!(place_in(Forge::Github, &github(&[]), Some("{")).is_err());
        assert!(place_in(Forge::Gitlab, &github(&[]), None).is_err());
    }
}
