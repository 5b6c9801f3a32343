//! `require: { owners: codeowners }`: which agents of the policy are the owners that a CODEOWNERS file names.

use super::codeowners::{CodeOwners, Forge};
use super::source::Step;
use super::validate::{Check, at};
use super::{Policy, TwinPath, raw};
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic};

/// `codeowners:` as written.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with the keys `forge` and `people`")]
pub(super) struct Raw {
    #[serde(skip_serializing_if = "Option::is_none")]
    forge: Option<String>,
    #[serde(default, skip_serializing_if = "raw::Pairs::is_empty")]
    people: raw::Pairs<raw::List>,
}

/// `codeowners:` how the file is read, and who its owners are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerTerms {
    /// `forge:` whose rules it follows.
    pub forge: Forge,
    /// `people:` for an owner as the file has it, the agents who may speak for it.
    pub people: Vec<(String, Vec<String>)>,
}

/// A CODEOWNERS file, or why there is none to go by.
#[derive(Clone, Debug)]
pub enum OwnersFile {
    /// It was read.
    Read(CodeOwners),
    /// It was not, in words: `it is not UTF-8`.
    Unread(String),
}

/// Agents some of whom must approve a file because they own it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owners {
    /// Who may; nobody where the owners are not known.
    pub agents: Vec<String>,
    /// How many different people of them.
    pub approvals: u32,
    /// The owners as the file names them.
    pub names: Vec<String>,
    /// Why nobody is known, in words.
    pub why: Option<String>,
}

impl Policy {
    /// True where some component asks for the owners of its files.
    pub fn asks_owners(&self) -> bool {
        self.components.iter().any(|component| component.require.owners)
    }

    /// True for a place where a CODEOWNERS file could lie, where the policy goes by it.
    pub(crate) fn names_owners(&self, path: &TwinPath<'_>) -> bool {
        let places = self.codeowners.forge.places().iter();
        self.asks_owners()
            && places
                .map(|place| place.to_lowercase())
                .any(|place| path.is_within(place.as_bytes()))
    }

    /// Who of the owners of a path must approve it. A disk may take two paths for one, so it is looked up without case, too.
    pub fn owners_of(&self, file: &OwnersFile, path: &RepoPath) -> Vec<Owners> {
        let file = match file {
            OwnersFile::Read(file) => file,
            OwnersFile::Unread(why) => {
                return vec![Owners {
                    agents: Vec::new(),
                    approvals: 1,
                    names: Vec::new(),
                    why: Some(why.clone()),
                }];
            }
        };
        let mut found: Vec<Owners> = Vec::new();
        for owned in file
            .of(path.as_bytes())
            .into_iter()
            .chain(file.of_twin(path.as_bytes()))
        {
            let mut agents: Vec<String> = owned.owners.iter().flat_map(|owner| self.agents_of(owner)).collect();
            agents.sort();
            agents.dedup();
            let owners = Owners {
                why: agents
                    .is_empty()
                    .then(|| "none of them is an agent of the policy".to_owned()),
                agents,
                approvals: owned.approvals,
                names: owned.owners,
            };
            if !found.contains(&owners) {
                found.push(owners);
            }
        }
        found
    }

    /// The agents for an owner: those that `people` names; else the agent of that name, or those who have the address among their principals.
    fn agents_of(&self, owner: &str) -> Vec<String> {
        let named = self
            .codeowners
            .people
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(owner));
        if let Some((_, agents)) = named {
            return agents.clone();
        }
        let own = self
            .agents
            .iter()
            .filter(|(name, agent)| match owner.strip_prefix('@') {
                Some(user) => name.eq_ignore_ascii_case(user),
                None => agent
                    .principals
                    .iter()
                    .any(|principal| principal.eq_ignore_ascii_case(owner)),
            });
        own.map(|(name, _)| name.clone()).collect()
    }
}

impl Check<'_> {
    /// Reads `codeowners`.
    pub(super) fn owner_terms(&mut self, raw: Option<&Raw>) -> OwnerTerms {
        let Some(raw) = raw else {
            return OwnerTerms::default();
        };
        let words = [("github", Forge::Github), ("gitlab", Forge::Gitlab)];
        let forge = self.word(&words, raw.forge.as_deref(), &at!["codeowners", "forge"]);
        let mut people = Vec::new();
        for (name, agents) in &raw.people.0 {
            let place = [&at!["codeowners", "people"][..], &[Step::Name(name.clone())]].concat();
            if !name.contains('@') {
                let finding = Diagnostic::error(Code::CG009, format!("`{name}` is no owner of a CODEOWNERS file"))
                    .help("write `\"@user\"`, `\"@org/team\"` or an address, in quotes");
                self.push(finding, Some(&place));
            }
            if agents.is_empty() {
                self.error(Code::CG009, format!("nobody may speak for `{name}`"), &place);
            }
            people.push((name.clone(), agents.0.clone()));
        }
        OwnerTerms {
            forge: forge.unwrap_or_default(),
            people,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::PolicySource;
    use super::*;

    const POLICY: &str = "version: 1
agents: { perf: { principals: [perf@example.org, p@x] }, lead: { principals: [lead@example.org] }, ada: {} }
codeowners: { people: { \"@org/team\": [perf, lead], \"@Boss\": lead } }
components: [{ id: a, match: { paths: [\"**\"] }, require: { owners: codeowners } }]
";

    fn policy() -> Policy {
        let source = PolicySource {
            name: "p.yaml".into(),
            bytes: POLICY.as_bytes(),
        };
        Policy::parse(&source).unwrap().0
    }

    fn agents(text: &str, path: &str) -> Vec<String> {
        let file = OwnersFile::Read(CodeOwners::parse(Forge::Github, text));
        let found = policy().owners_of(&file, &path.into());
        found
            .into_iter()
            .map(|owners| format!("{}{}", owners.agents.join(" "), owners.why.map_or("", |_| "?")))
            .collect()
    }

    #[test]
    fn owners_are_agents() {
        for (owners, expected) in [
            ("@org/team", "lead perf"),
            ("@boss", "lead"),
            ("@ADA", "ada"),
            ("PERF@example.org", "perf"),
            ("p@x @ada", "ada perf"),
            ("@stranger", "?"),
            ("@stranger lead@example.org", "lead"),
        ] {
            assert_eq!(agents(&format!("* {owners}\n"), "x"), [expected], "{owners}");
        }
        assert!(agents("* @ada\nx\n", "x").is_empty(), "nobody owns it");
        // What differs in nothing but case asks both.
        assert_eq!(agents("* @ada\n/src/ @boss\n", "SRC/a"), ["ada", "lead"]);
        assert_eq!(agents("* @ada\n/src/ @boss\n", "src/a"), ["lead"]);
    }

    #[test]
    fn where_the_file_could_lie_is_watched() {
        let policy = policy();
        for path in [
            "CODEOWNERS",
            ".github/CODEOWNERS",
            "docs/CODEOWNERS",
            "docs/codeowners",
            ".GitHub/CodeOwners",
        ] {
            assert!(policy.is_policy_file(&path.into()), "{path}");
        }
        assert!(!policy.is_policy_file(&"src/CODEOWNERS".into()));
        assert!(!Policy::default().is_policy_file(&"CODEOWNERS".into()));
    }
}
