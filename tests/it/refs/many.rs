//! Many refs at once are judged as each of them alone: the same words, and the strictest ending.

use std::fmt::Write as _;

use crate::scene::{POLICY, Ran, of_status, with_policy};
use crate::support::TestRepo;

/// Numbers that look drawn, and are the same in each run.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

const ZERO: &str = "0000000000000000000000000000000000000000";

/// A ref that moves; an empty id where it is not there.
struct Update {
    name: String,
    old: String,
    new: String,
}

impl Update {
    fn line(&self, hook: &str) -> String {
        let id = |id: &str| if id.is_empty() { ZERO.to_owned() } else { id.to_owned() };
        let (old, new, name) = (id(&self.old), id(&self.new), &self.name);
        match hook {
            "pre-push" if self.new.is_empty() => format!("(delete) {new} {name} {old}\n"),
            "pre-push" => format!("refs/heads/local {new} {name} {old}\n"),
            _ => format!("{old} {new} {name}\n"),
        }
    }
}

/// A repository whose commits grow out of each other in any way: some change the gated file, some of these are certified, some change
/// the policy or take a certificate away, and some lie about their time.
fn history(drawn: &mut Drawn, commits: usize) -> (TestRepo, Vec<String>) {
    let repo = with_policy();
    let begin = repo.ask(&["rev-parse", "HEAD"]);
    let mut stream = String::new();
    for nth in 1..=commits {
        let parent = |back: usize| match nth.saturating_sub(1 + back) {
            0 => begin.clone(),
            mark => format!(":{mark}"),
        };
        let lie = if drawn.below(8) == 0 { 9_000 } else { 0 };
        let time = 1_700_010_000 + nth * 60 - lie;
        let message = ["Change", "Change", "Speed up the GPU memory"][drawn.below(3)];
        let _ = write!(
            stream,
            "commit refs/made/all\nmark :{nth}\ncommitter C <c@example.org> {time} +0000\ndata {}\n{message}\nfrom {}\n",
            message.len(),
            parent(if drawn.below(3) == 0 { drawn.below(12) } else { 0 })
        );
        if drawn.below(5) == 0 && nth > 20 {
            let _ = writeln!(stream, "merge {}", parent(3 + drawn.below(12)));
        }
        let mut file = |path: &str, text: &str| {
            let _ = write!(stream, "M 100644 inline {path}\ndata {}\n{text}\n", text.len());
        };
        let certificate = format!("certificates/review_gpu_memory_20250102_{:06}.md", 30_000 + nth);
        match drawn.below(12) {
            0..=3 => file("README.md", &format!("{nth}\n")),
            4..=6 => file("src/train/loop.py", &format!("def step():\n    return {}\n", nth % 5)),
            7..=9 => {
                file("src/train/loop.py", &format!("def step():\n    return {}\n", nth % 5));
                file(&certificate, &of_status("APPROVED", &format!("made-{nth}")));
            }
            10 => file(
                &certificate,
                &of_status(["REJECTED", "Approved"][nth % 2], &format!("made-{nth}")),
            ),
            _ => file(".certgate/policy.yaml", &format!("{POLICY}# {nth}\n")),
        }
    }
    stream.push_str("done\n");
    let marks = repo.path().join(".git/marks");
    let export = format!("--export-marks={}", marks.to_str().unwrap());
    let fed = repo.with_stdin("git", &["fast-import", "--quiet", "--done", &export], stream.as_bytes());
    assert!(fed.status.success(), "{}", String::from_utf8_lossy(&fed.stderr));
    let marks = std::fs::read_to_string(marks).unwrap();
    let mut ids: Vec<(usize, String)> = marks
        .lines()
        .map(|line| line.strip_prefix(':').unwrap().split_once(' ').unwrap())
        .map(|(mark, id)| (mark.parse().unwrap(), id.to_owned()))
        .collect();
    ids.sort();
    (repo, ids.into_iter().map(|(_, id)| id).collect())
}

/// The words of a run, each line once for each time that it was said; the ref that a line was said of is in it.
fn lines(ran: &Ran) -> Vec<String> {
    let said = ran
        .err
        .lines()
        .filter(|line| !line.is_empty() && !line.contains("the push is refused: all"));
    let mut said: Vec<String> = said.map(str::to_owned).collect();
    said.sort();
    said
}

fn ask(repo: &TestRepo, hook: &str, updates: &[&Update]) -> Ran {
    let arguments: &[&str] = match hook {
        "pre-push" => &["hook", "pre-push", "origin", "../origin.git"],
        "reference-transaction" => &["hook", "reference-transaction", "prepared"],
        _ => &["hook", "pre-receive"],
    };
    let input: String = updates.iter().map(|update| update.line(hook)).collect();
    repo.certgate_with_stdin(arguments, input.as_bytes()).into()
}

fn compare(seed: u64) {
    let mut drawn = Drawn(seed);
    let (repo, ids) = history(&mut drawn, 160);
    let mut refs = vec![("main".to_owned(), ids[60 + drawn.below(40)].clone())];
    for nth in 0..4 {
        refs.push((format!("release/{nth}"), ids[drawn.below(120)].clone()));
        refs.push((format!("topic/{nth}"), ids[drawn.below(160)].clone()));
    }
    repo.git(&["switch", "--quiet", "--detach"]);
    for (name, id) in &refs {
        repo.git(&["update-ref", &format!("refs/heads/{name}"), id]);
        repo.git(&["update-ref", &format!("refs/remotes/origin/{name}"), id]);
    }
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo.git(&["symbolic-ref", "HEAD", "refs/heads/main"]);
    repo.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
    let mut updates = Vec::new();
    for (nth, (name, old)) in refs.iter().enumerate() {
        updates.push(Update {
            name: format!("refs/heads/{name}"),
            old: old.clone(),
            new: if nth % 4 == 3 {
                String::new()
            } else {
                ids[drawn.below(160)].clone()
            },
        });
    }
    for nth in 0..24 {
        let kind =
            ["heads/topic/new", "heads/release/new", "tags/v", "for/main%topic="][[0, 0, 1, 1, 2, 3][drawn.below(6)]];
        updates.push(Update {
            name: format!("refs/{kind}{nth}"),
            old: String::new(),
            new: ids[drawn.below(160)].clone(),
        });
    }
    as_each_alone(&repo, &updates, &format!("seed {seed}"));
}

/// Asks about all updates at once, and about each of them alone, at each hook.
fn as_each_alone(repo: &TestRepo, updates: &[Update], of: &str) {
    for hook in ["pre-receive", "pre-push", "reference-transaction"] {
        let mut asked = Vec::new();
        let (mut said, mut code) = (Vec::new(), Some(0));
        for update in updates {
            let ran = ask(repo, hook, &[update]);
            code = code.max(ran.code);
            said.extend(lines(&ran));
            asked.push(update);
            // The first that cannot be judged ends a transaction.
            if hook == "reference-transaction" && ran.code == Some(2) {
                break;
            }
        }
        said.sort();
        let all = ask(repo, hook, &asked);
        assert_eq!(lines(&all), said, "{hook}, {of}");
        assert_eq!(all.code, code, "{hook}, {of}");
        assert!(!said.is_empty(), "{hook}, {of}: nothing was found in any of them");
    }
}

#[test]
fn many_refs_are_judged_as_each_alone() {
    compare(1);
}

#[test]
fn many_refs_of_another_history_are_judged_as_each_alone() {
    compare(2);
}

#[test]
fn many_refs_of_a_third_history_are_judged_as_each_alone() {
    compare(3);
}

/// Each branch has all that the one before has: what is judged for one is judged for all that come after.
#[test]
fn branches_along_commits_that_no_protected_branch_has_are_judged_as_each_alone() {
    let repo = with_policy();
    let main = repo.ask(&["rev-parse", "HEAD"]);
    let mut tips = Vec::new();
    for nth in 0..20 {
        match nth % 6 {
            0 => repo.write("src/train/loop.py", format!("def step():\n    return {nth}\n")),
            1 => repo.write(
                format!("certificates/review_gpu_memory_20250102_{:06}.md", 40_000 + nth),
                of_status("APPROVED", &format!("made-{nth}")),
            ),
            2 => repo.write(".certgate/policy.yaml", format!("{POLICY}# {nth}\n")),
            _ => repo.write(format!("pkg/{nth}.py"), "x = 1\n"),
        }
        tips.push(repo.commit(["Change", "Speed up the GPU memory"][nth % 2]));
    }
    repo.git(&["update-ref", "refs/heads/main", &main]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", &main]);
    repo.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
    repo.git(&["pack-refs", "--all"]);
    let mut updates = Vec::new();
    for (nth, new) in tips.iter().enumerate() {
        for (name, old) in [("topic", ""), ("release", ""), ("moved", &main)] {
            updates.push(Update {
                name: format!("refs/heads/{name}/{nth}"),
                old: old.to_owned(),
                new: new.clone(),
            });
        }
    }
    as_each_alone(&repo, &updates, "along");
}

/// One that is bad among many that are good, and one whose tree a good one has, too.
#[test]
fn one_bad_ref_among_many_is_found() {
    let repo = with_policy();
    let main = repo.ask(&["rev-parse", "HEAD"]);
    repo.write("src/train/loop.py", "def step():\n    return 7\n");
    let bad = repo.commit("Change the loop");
    repo.git(&["update-ref", "refs/heads/main", &main]);
    let create = |name: &str, new: &str| Update {
        name: format!("refs/heads/{name}"),
        old: String::new(),
        new: new.to_owned(),
    };
    let mut updates: Vec<Update> = (0..500).map(|nth| create(&format!("topic/{nth}"), &main)).collect();
    updates.push(create("topic/bad", &bad));
    let all: Vec<&Update> = updates.iter().collect();
    let ran = ask(&repo, "pre-receive", &all).ends(0);
    assert_eq!(ran.warnings(), ["CG201"], "{}", ran.err);
    // The same commit, into a branch that is protected.
    updates.insert(250, create("release/1", &bad));
    let all: Vec<&Update> = updates.iter().collect();
    let ran = ask(&repo, "pre-receive", &all).ends(1);
    assert_eq!(
        (ran.errors(), ran.warnings()),
        (vec!["CG201"], vec!["CG201"]),
        "{}",
        ran.err
    );
    ran.says("into `release/1`").says("into `topic/bad`");
    // Two commits of one tree: one grows out of the certified past, the other one out of nothing.
    let tree = format!("{bad}^{{tree}}");
    let orphan = repo.ask(&["commit-tree", "-m", "From nothing", &tree]);
    updates[0].new = orphan.clone();
    updates[1] = create("release/2", &orphan);
    let all: Vec<&Update> = updates.iter().collect();
    let ran = ask(&repo, "pre-receive", &all).ends(1);
    ran.says("into `release/1`").says("into `release/2`");
}
