//! Family: reading. Names that speak to whoever reads the report, texts that are too much for whoever reads them, and what is not there to
//! be read, or no longer.

use super::attacks;
use super::content::certified;
use super::world::{check, open};
use crate::hostile::harmless;
use crate::refs::{Server, certify, edit};
use crate::scene::{CERTIFICATE, POLICY, Ran, git, of_status, run};
use crate::support::TestRepo;

/// A file with a hostile name, gated or not, in a report of some format.
fn named(folder: &str, format: &str) -> Ran {
    let repo = certified();
    let name = "\u{1b}[2J\u{1b}]0;x\u{7}\n::error::x\r##vso[task.complete]\u{202e}<script>alert(1)<|**`[x](y)`.py";
    repo.write(format!("{folder}/{name}"), "x = 1\n");
    repo.commit("More");
    let arguments = ["check", "--base", "main", "--format", format];
    let output = repo.certgate(&arguments);
    harmless(&format!("{format} on standard output"), &output.stdout);
    harmless(&format!("{format} on standard error"), &output.stderr);
    let ran = check(&repo);
    assert_eq!(output.status.code(), ran.code);
    ran
}

/// What CI says where it has half a gigabyte and a minute of processor time.
fn limited(repo: &TestRepo, arguments: &str) -> Ran {
    let script = format!("ulimit -v 524288; ulimit -t 60; exec \"$0\" {arguments}");
    let mut command = repo.command("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_certgate")]);
    command.output().expect("a shell").into()
}

/// A certificate of a size that is allowed.
fn sized(edit: impl Fn(String) -> String) -> Ran {
    let repo = open();
    let text = edit(of_status("APPROVED", "honest-1"));
    assert!(text.len() < 1 << 20);
    repo.write(CERTIFICATE, text);
    repo.commit("Certify");
    limited(&repo, "check --base main")
}

/// The same text below FINDINGS, where it says nothing, or in place of the Status.
fn swollen(text: &str, decides: bool) -> Ran {
    sized(|certificate| match decides {
        true => certificate.replace("**Status**: APPROVED", text),
        false => certificate.replace("- fine", text),
    })
}

/// Another policy, on an honest change.
fn judged_by(policy: &str) -> Ran {
    let repo = certified();
    std::fs::write(repo.home().join("other.yaml"), policy).expect("writable");
    limited(&repo, "check --base main --policy ../other.yaml")
}

/// Lists of lists of names, each ten times the last.
fn bomb(levels: usize) -> String {
    let mut text = format!("{POLICY}  - id: bomb\n    match:\n      paths: &a0 [\"x/**\"]\n");
    for level in 1..levels {
        let names = vec![format!("*a{}", level - 1); 10].join(", ");
        text += &format!("    x{level}: &a{level} [{names}]\n");
    }
    text
}

fn patterned(pattern: &str) -> Ran {
    judged_by(&POLICY.replace(
        "      messages:",
        &format!("      content: ['{pattern}']\n      messages:"),
    ))
}

/// A file below so many directories.
fn deep(top: &str, depth: usize) -> Ran {
    let repo = certified();
    let path = format!("{top}/{}x.py", "a/".repeat(depth));
    let stream = format!(
        "commit refs/heads/work\ncommitter C <c@example.org> 1700009000 +0000\ndata 4\nMore\nfrom refs/heads/work^0\n\
         M 100644 inline {path}\ndata 2\nx\n\n"
    );
    let ran: Ran = repo
        .with_stdin("git", &["fast-import", "--quiet", "--force"], stream.as_bytes())
        .into();
    ran.ends(0);
    limited(&repo, "check --base main --head work")
}

/// CI has passed the branch; then something happens, and the branch is pushed to a server.
fn pushed_after(happens: fn(&Server)) -> Ran {
    let server = Server::new();
    let repo = &server.clone;
    repo.git(&["switch", "--quiet", "--create", "work"]);
    edit(repo, 2);
    certify(repo, "main");
    check(repo).ends(0);
    happens(&server);
    server.push(&["HEAD:main"])
}

/// `main` got this certificate meanwhile.
fn meanwhile(server: &Server, status: &str) {
    let repo = &server.clone;
    repo.git(&["switch", "--quiet", "main"]);
    repo.write(CERTIFICATE, of_status(status, "meanwhile"));
    repo.commit("Meanwhile");
    assert_eq!(server.push(&["main"]).code, Some(0));
    repo.git(&["switch", "--quiet", "work"]);
    repo.git(&["merge", "--quiet", "--no-verify", "--no-edit", "main"]);
}

/// What a clone of the certified branch says that was made so.
fn cloned(arguments: &[&str]) -> Ran {
    let repo = certified();
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("README.md", "more\n");
    repo.commit("More");
    let url = format!("file://{}", repo.path().display());
    let clone = ["clone", "--quiet", "--no-single-branch", "--branch=work"];
    repo.git(&[&clone[..], arguments, &[&url, "../clone"]].concat());
    let mut command = repo.program();
    command.current_dir(repo.home().join("clone"));
    command
        .args(["check", "--base", "origin/main"])
        .output()
        .expect("certgate")
        .into()
}

/// An object is lost or not.
fn without(object: Option<&str>) -> Ran {
    let repo = certified();
    if let Some(object) = object {
        let id = repo.ask(&["rev-parse", object]);
        let file = repo.path().join(format!(".git/objects/{}/{}", &id[..2], &id[2..]));
        std::fs::remove_file(file).expect("an object");
    }
    check(&repo)
}

/// The same tree on top of the branch's parent, or of nothing.
fn on_top(parents: &[&str]) -> Ran {
    let repo = certified();
    let arguments = [&["commit-tree", "-m", "All", "work^{tree}"], parents].concat();
    let commit = repo.ask(&arguments);
    repo.git(&["update-ref", "refs/heads/work", &commit]);
    check(&repo)
}

const PUSH: &str = "refs/heads/work @ refs/heads/main =\n";

/// What `pre-push` says of a line; `@` stands for the tip of the branch, `=` for that of `main`.
fn told(line: &str) -> Ran {
    let repo = certified();
    let (main, work) = (repo.ask(&["rev-parse", "main"]), repo.ask(&["rev-parse", "work"]));
    let line = line.replace('@', &work).replace('=', &main);
    repo.certgate_with_stdin(&["hook", "pre-push", "origin", "url"], line.as_bytes())
        .into()
}

fn hook(more: &[&str]) -> Ran {
    let repo = open();
    repo.write("free.yaml", "version: 1\n");
    run(&repo, &[&["hook", "pre-commit"], more].concat())
}

/// A merge with a conflict in the gated file, resolved or not.
fn conflicting(resolved: bool) -> Ran {
    let repo = certified();
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("src/train/loop.py", "def step():\n    return 4\n");
    repo.commit("Change the step, too");
    repo.git(&["switch", "--quiet", "work"]);
    assert_ne!(git(&repo, &["merge", "--quiet", "main"]).code, Some(0));
    if resolved {
        repo.git(&["checkout", "--quiet", "--ours", "src/train/loop.py"]);
        repo.git(&["add", "--all"]);
    }
    run(&repo, &["check", "--staged", "--target", "main"])
}

/// A list in a list in a list, and a Status below.
fn nested(depth: usize, text: &str) -> String {
    let mut all = String::new();
    for level in 0..depth {
        all += &format!("{}- x\n", "  ".repeat(level));
    }
    all + &format!("{}- {text}\n\n**Status**: APPROVED", "  ".repeat(depth))
}

attacks! {
    a_name_on_a_terminal: "a file name with escapes, CI commands, HTML and Markdown", ["CG201"], || named("src/train", "human"), || named("docs", "human");
    a_name_in_json: "the same name in JSON", ["CG201"], || named("src/train", "json"), || named("docs", "json");
    a_name_in_workflow_commands: "the same name in workflow commands", ["CG201"], || named("src/train", "github"), || named("docs", "github");
    a_deep_quotation: "a Status below 100,000 quotation marks", ["CG101", "CG104"], || swollen(&format!("{} **Status**: APPROVED", ">".repeat(100_000)), true), || swollen(&format!("{} deep", ">".repeat(100_000)), false);
    a_deep_list: "a second Status below 600 list items, each in the other", ["CG102"], || swollen(&nested(600, "**Status**: NO_GO"), true), || swollen(&nested(600, "fine"), true);
    many_brackets: "a Status of 400,000 brackets", ["CG103"], || swollen(&format!("**Status**: {}", "[".repeat(400_000)), true), || swollen(&"[".repeat(400_000), false);
    much_emphasis: "a Status of 300,000 marks of emphasis", ["CG103"], || swollen(&format!("**Status**: {}", "*a_".repeat(100_000)), true), || swollen(&"*a_".repeat(100_000), false);
    one_long_line: "a Status in a line of 1 MB", ["CG103"], || swollen(&format!("**Status**: APPROVED {}", "x".repeat(1_000_000)), true), || swollen(&"x".repeat(1_000_000), false);
    many_items: "300,000 list items around two Statuses", ["CG102"], || swollen(&format!("- **Status**: APPROVED\n{}- **Status**: NO_GO", "- x\n".repeat(250_000)), true), || swollen(&"- x\n".repeat(250_000), false);
    aliases_without_end: "a policy whose YAML aliases unfold to 10^9 names", ["CG002", "CG003", "CG008"], || judged_by(&bomb(10)), || judged_by(POLICY);
    a_pattern_that_unfolds: "a pattern that unfolds to a million states", ["CG005", "CG008"], || patterned("((a{100}){100}){100}"), || patterned("(a+)+$");
    a_deep_tree: "a gated file below 10,000 directories", ["CG201", "CG706", "CG707"], || deep("src/train", 10_000), || deep("docs", 1_000);
    an_edit_after_the_check: "the branch moves between the check and the push", ["CG202"], || pushed_after(|server| { edit(&server.clone, 3); }), || pushed_after(|_| ());
    a_refusal_after_the_check: "the target is given a refusal between the check and the push", ["CG302"], || pushed_after(|server| meanwhile(server, "NO_GO")), || pushed_after(|server| meanwhile(server, "ADVISORY_ONLY"));
    a_shallow_clone: "CI has one commit of the branch", ["CG704"], || cloned(&["--depth=1"]), || cloned(&["--depth=50"]);
    a_lost_file: "the object of the certified file is lost", ["CG707"], || without(Some("work:src/train/loop.py")), || without(None);
    a_lost_certificate: "the directory of the certificates is lost", ["CG707"], || without(Some("work:certificates")), || without(None);
    a_history_of_its_own: "the branch has no history in common with the target", ["CG703"], || on_top(&[]), || on_top(&["-p", "work~2"]);
    a_push_of_nothing_known: "`pre-push` gets garbage", ["CG714"], || told("refs/heads/work\n"), || told(PUSH);
    a_push_with_a_second_line: "`pre-push` gets garbage after what is true", ["CG714"], || told(&format!("{PUSH}x y z\n")), || told(PUSH);
    a_hook_with_another_policy: "a hook is given another policy", ["CG712"], || hook(&["--policy", "free.yaml"]), || hook(&[]);
    a_conflict_in_the_index: "what is staged is not resolved", ["CG713"], || conflicting(false), || conflicting(true);
}
