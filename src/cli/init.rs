//! `certgate init`: writes `.certgate/policy.yaml` and installs the hooks. It never overwrites what it did not write.

use std::collections::BTreeSet;
use std::path::Path;

use super::args::{InitArgs, InitMode, ListFormat};
use super::ending::Ending;
use super::fault::Doing as _;
use super::forecast::forecast;
use super::propose::{Proposal, propose};
use super::propose_past::{self, proposed};
use super::{install, terminal};
use crate::author::whole::{self, Existing, Written};
use crate::change::{RepoPath, Snapshot, TreeEntry};
use crate::diagnostic::{Code, Diagnostic, command, noun_for, sanitize};
use crate::gate::Undecided;
use crate::gate::governing::{self, policy_path};
use crate::git::{Head, Repository};
use crate::harness::server::Servers;
use crate::harness::setup;
use crate::hooks::HookName;
use crate::policy::packs;
use crate::report::{self, Done, Proposed};

/// The share of changes that the score reports in a new policy: with what rules gate beside it, less than a fifth.
const FLAG: &str = "18%";

/// The score that it asks for, too: where hardly anything is about speed, the highest sixth is not either.
const LEAST: u32 = 550;

/// The part of it that the words of the change have to have: in a file that was often tuned, every change scores high.
const ITSELF: u32 = 50;

/// The same where a rule asks for a certificate.
const COUNTS: u32 = 150;

/// Documents and tests, which it does not report there: nobody reviews their speed.
const UNFLAGGED: [&str; 3] = [
    "**/*.{md,rst,txt,adoc}",
    "**/{tests,test,__tests__,docs,doc}/**",
    "**/{test_*,*_test,*.test,*.spec,conftest}.*",
];

/// Carries it out.
pub(super) fn run(args: &InitArgs) -> Result<Ending, Undecided> {
    let repository = Repository::open()?;
    for name in &args.packs {
        let name = name.strip_prefix("builtin:").unwrap_or(name);
        if !packs().iter().any(|pack| pack.name == name) {
            let problem = Diagnostic::error(
                Code::CG007,
                format!("there is no pack `{}`", crate::diagnostic::sanitize(name)),
            );
            return Err(problem.help(command!["certgate", "policy", "packs"]).into());
        }
    }
    let Some(root) = repository.work_tree().map(Path::to_path_buf) else {
        let problem = Diagnostic::error(Code::CG705, "a bare repository has no work tree to write a policy to");
        return Err(problem
            .help("run `certgate init` in a clone, and commit .certgate/")
            .into());
    };
    // Before anything is written.
    if !args.no_hooks {
        install::refuse_shared(&repository, command!["certgate", "install"])?;
    }
    let path = root.join(policy_path().as_path());
    let mut text = String::new();
    let mut past = Vec::new();
    let wrote = std::fs::symlink_metadata(&path).is_err();
    if !wrote {
        text.push_str(&format!("{} is there already and is left as it is\n", policy_path()));
    } else {
        let files = repository.list(&Snapshot::Index, &[Vec::new()])?;
        let mut reasons = Vec::new();
        let chosen: Vec<String> = match args.packs.as_slice() {
            [] => {
                reasons = propose(&repository, &files)?;
                reasons.iter().map(|proposal| proposal.pack.to_owned()).collect()
            }
            packs => packs
                .iter()
                .map(|name| name.trim_start_matches("builtin:").to_owned())
                .collect(),
        };
        past = proposed(&repository, &files)?;
        let taken = !past.is_empty() && (args.from_history || propose_past::taken(&past, args.format)?);
        let policy = render(&repository, &chosen, &files, args.mode)? + &components(&past, taken);
        // What is written must be readable: a policy that is refused would close the gate for everyone.
        let parsed = governing::parse_policy(&policy_path().to_string(), &path, policy.as_bytes())?;
        // Before anything is written.
        let forecast = forecast(&repository, &parsed, args.mode == InitMode::Block);
        match args.format {
            ListFormat::Human => terminal::out(&forecast)?,
            ListFormat::Json => text.push_str(&forecast),
        }
        if whole::write(&repository, &path, policy.as_bytes(), Existing::Keep)? == Written::Taken {
            let taken = std::io::ErrorKind::AlreadyExists.into();
            return Err(Undecided::io("write", &path, &taken));
        }
        text.push_str(&format!(
            "wrote {} with {} {}{}\n",
            policy_path(),
            noun_for(chosen.len(), "pack"),
            chosen.join(", "),
            match args.mode {
                InitMode::Block => "",
                InitMode::Warn => "; it warns, and blocks nothing",
            }
        ));
        for Proposal { pack, because } in &reasons {
            text.push_str(&format!("  {pack:<14} {because}\n"));
        }
        if past.is_empty() && args.from_history {
            text.push_str(
                "  no directory was touched for performance more often than others: nothing is gated from history\n",
            );
        }
        for of in &past {
            let how = if taken { "gated" } else { "proposed in a comment" };
            text.push_str(&format!("  {:<14} {how}: {}\n", of.id, propose_past::because(of)));
        }
    }
    let attributes = keep_line_endings(&repository, &root)?;
    if attributes {
        text.push_str("wrote `certificates/** -text` to .gitattributes, so that git leaves the line endings of certificates alone\n");
    }
    let for_agents = match args.agents {
        true => write_for_agents(&repository, &root, &path)?,
        false => Vec::new(),
    };
    for written in &for_agents {
        text.push_str(&format!("wrote {} for coding agents\n", sanitize(written)));
    }
    if !args.no_hooks {
        text.push_str(&install::install_into(&repository, &HookName::CLIENT)?);
    }
    let mut add = command!["git", "add", ".certgate"];
    if attributes {
        add = add.arg(".gitattributes");
    }
    add = add.args(for_agents.iter().map(String::as_str));
    let commit = command!["git", "commit", "-m", "ci: adopt certgate"].after(add);
    if args.format == ListFormat::Json {
        let mut files: Vec<String> = wrote.then(|| policy_path().to_string()).into_iter().collect();
        files.extend(attributes.then(|| ".gitattributes".to_owned()));
        files.extend(for_agents);
        terminal::out(&report::written_json(&Done {
            said: text.lines().map(str::to_owned).collect(),
            files,
            proposed: past,
            next: vec![commit, command!["certgate", "doctor"]],
            ..Done::default()
        }))?;
        return Ok(Ending::Done);
    }
    text.push_str(&format!("next: {commit}, then `certgate doctor`\n"));
    terminal::out(&text)?;
    Ok(Ending::Done)
}

/// Writes what coding agents read for the policy that is here: only what is missing or not as this version writes it. All of it is made
/// before any of it is written.
fn write_for_agents(repository: &Repository, root: &Path, policy: &Path) -> Result<Vec<String>, Undecided> {
    let bytes = std::fs::read(policy).doing("read", policy)?;
    let policy = governing::parse_policy(&policy_path().to_string(), policy, &bytes)?;
    let mut texts = Vec::new();
    for wanted in setup::wanted(&policy) {
        let path = root.join(&wanted.path);
        let found = match std::fs::symlink_metadata(&path) {
            Ok(_) => Some(std::fs::read_to_string(&path).doing("read", &path)?),
            Err(_) => None,
        };
        if setup::holds(&wanted, found.as_deref()) {
            continue;
        }
        let Some(text) = setup::merged(&wanted, found.as_deref()) else {
            let problem = format!("`{}` has no form that hooks or a server could be put into", wanted.path);
            return Err(Diagnostic::error(Code::CG751, problem)
                .because("nothing was written for coding agents")
                .help(match &wanted.content {
                    setup::Content::Server(Servers::Toml) => {
                        format!(
                            "write `[mcp_servers.certgate]` with the command `certgate mcp` into `{}` yourself",
                            wanted.path
                        )
                    }
                    _ => format!("make `{}` plain JSON, without comments, or move it away", wanted.path),
                })
                .into());
        };
        texts.push((path, wanted.path, text));
    }
    let mut written = Vec::new();
    for (path, name, text) in texts {
        whole::write(repository, &path, text.as_bytes(), Existing::Replace)?;
        written.push(name);
    }
    Ok(written)
}

/// Has git leave the line endings of certificates alone, where it would turn them here and none is tracked yet; of those that are, a clone
/// may hold turned ones, which would all look modified. Whether it was written.
fn keep_line_endings(repository: &Repository, root: &Path) -> Result<bool, Undecided> {
    const LINE: &[u8] = b"certificates/** -text\n";
    if !repository.turns_line_endings(&RepoPath::from("certificates/review.md"))? {
        return Ok(false);
    }
    if !repository
        .list(&Snapshot::Index, &[b"certificates".to_vec()])?
        .is_empty()
    {
        return Ok(false);
    }
    let path = root.join(".gitattributes");
    let mut text = match std::fs::symlink_metadata(&path) {
        // A link leads somewhere else; what is no file is not for certgate to fix.
        Ok(found) if !found.is_file() => return Ok(false),
        Ok(_) => std::fs::read(&path).doing("read", &path)?,
        Err(_) => Vec::new(),
    };
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    text.extend_from_slice(LINE);
    whole::write(repository, &path, &text, Existing::Replace)?;
    Ok(true)
}

/// The policy file, with the comments that a newcomer needs.
fn render(
    repository: &Repository,
    packs: &[String],
    files: &[(RepoPath, TreeEntry)],
    mode: InitMode,
) -> Result<String, Undecided> {
    let mut globs = BTreeSet::from(["certificates/**/*.md".to_owned()]);
    let mut existing = false;
    for (path, _) in files {
        let Some(glob) = certificate_glob(path) else { continue };
        existing = true;
        if !path.is_within(b"certificates") {
            globs.insert(glob);
        }
    }
    let quoted: Vec<String> = globs.iter().map(|glob| format!("\"{glob}\"")).collect();
    let mut branches = vec!["main".to_owned(), "master".to_owned(), "\"release/**\"".to_owned()];
    // The branch that changes go to: the remote's default, else the one that is checked out.
    let default = repository
        .symbolic_ref("refs/remotes/origin/HEAD")?
        .and_then(|name| name.strip_prefix("refs/remotes/origin/").map(str::to_owned));
    let here = match repository.head()? {
        Head::Branch { name, .. } | Head::Unborn { branch: name } => Some(name),
        _ => None,
    };
    if let Some(name) = default.or(here) {
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
        let known = ["main", "master"].contains(&name.as_str()) || name.starts_with("release/");
        if plain && !known {
            branches.insert(0, format!("\"{name}\""));
        }
    }
    let extends: Vec<String> = packs.iter().map(|pack| format!("builtin:{pack}")).collect();
    let since = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let ledger = match existing {
        true => format!(
            "# Certificates dated before this are history: shown, but they gate nothing.\nledger: {{ since: {since} }}\n"
        ),
        false => String::new(),
    };
    Ok(format!(
        "# What is performance-sensitive here, who must certify it, how strictly.\n\
         # `certgate policy show` prints it with the packs resolved; `certgate policy check` runs its examples.\n\
         version: 1\n\
         extends: [{extends}]\n\
         certificates: [{globs}]\n\
         {ledger}\
         # First match wins, by target branch: block, warn or off.\n\
         enforce:\n\
         \x20 - branches: [{branches}]\n\
         \x20   pre-commit: {mode}\n\
         \x20   pre-push: {mode}\n\
         \x20   merge: {mode}\n\
         \x20 - branches: [\"**\"]\n\
         \x20   pre-commit: warn\n\
         \x20   pre-push: warn\n\
         \x20   merge: warn\n\
         # The learnt score flags files that rank among the highest sixth of this repository's changes and have at least\n\
         # this score (docs/sensitivity.md). Alone it reports them. A pack's rule about code asks for a certificate where the\n\
         # words of the change have so many points of it, and is reported elsewhere. `certgate evaluate` says how often both\n\
         # are right here.\n\
         sensitivity:\n  \
           flag: {flag}\n  \
           min_score: {least}\n  \
           min_change: {itself}\n  \
           needs_change: {counts}\n  \
           enforce: warn\n  \
           exclude: [{unflagged}]\n",
        extends = extends.join(", "),
        globs = quoted.join(", "),
        branches = branches.join(", "),
        flag = FLAG,
        least = LEAST,
        itself = ITSELF,
        counts = COUNTS,
        unflagged = UNFLAGGED.map(|glob| format!("\"{glob}\"")).join(", "),
        mode = match mode {
            InitMode::Block => "block",
            InitMode::Warn => "warn",
        },
    ))
}

/// The end of the policy file: the components that the past proposes, or where one's own go.
fn components(past: &[Proposed], taken: bool) -> String {
    let own = "# Add your own components to those of the packs:\n";
    match past {
        [] => format!("{own}# components:\n#   - id: hot_loop\n#     match: {{ paths: [\"src/hot/**\"] }}\n"),
        past => format!("{own}{}", propose_past::yaml(past, taken)),
    }
}

/// For a Markdown file in a folder named `certificates`: the glob of such folders beside it, the agent's name being any.
fn certificate_glob(path: &RepoPath) -> Option<String> {
    let text = std::str::from_utf8(path.as_bytes()).ok()?;
    let (folder, name) = text.rsplit_once('/')?;
    if !name.ends_with(".md") || name.eq_ignore_ascii_case("README.md") {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').collect();
    if parts.last() != Some(&"certificates")
        || parts
            .iter()
            .any(|part| part.contains(['"', '\\', '*', '?', '[', '{', '!']))
    {
        return None;
    }
    let agents = parts.iter().position(|part| *part == "agents");
    if let Some(agent) = agents
        .and_then(|at| parts.get_mut(at + 1))
        .filter(|part| **part != "certificates")
    {
        *agent = "*";
    }
    Some(format!("{}/*.md", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_folders_of_agents() {
        let glob = |path: &str| certificate_glob(&RepoPath::from(path));
        assert_eq!(
            glob("docs/ai/agents/perf/certificates/a.md").as_deref(),
            Some("docs/ai/agents/*/certificates/*.md")
        );
        assert_eq!(glob("certificates/a.md").as_deref(), Some("certificates/*.md"));
        assert_eq!(glob("docs/guide.md"), None);
        assert_eq!(glob("certificates/README.md"), None);
    }
}
