//! Work without measure in bounded memory: the peak of the process and of every git that it ran, as the kernel counts it.
//!
//! The bounds are twice what was measured, and a small part of what the work would need if it were held whole.

use crate::scene::{self, Ran};
use crate::support::TestRepo;

const BINARY: &str = env!("CARGO_BIN_EXE_certgate");

/// Runs a command and says on standard error how many KiB it had at most.
const PEAK: &str = "
import os, sys
pid = os.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(pid, 0)
print('peak', used.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
";

/// Writes a loose object of 1 GiB of zeros in no time: the deflated form of 64 MiB, sixteen times. It goes by an id that is not that of its
/// content, which git checks when objects come in, not when they are read; reckoning it would take longer than the test.
const HUGE: &str = "
import os, sys, zlib
path, part, times = sys.argv[1], bytes(1 << 26), 16
header = b'blob %d\\0' % (len(part) * times)
deflate = zlib.compressobj(1, zlib.DEFLATED, -15)
head = deflate.compress(header) + deflate.flush(zlib.Z_FULL_FLUSH)
body = deflate.compress(part) + deflate.flush(zlib.Z_FULL_FLUSH)
end = zlib.compressobj(1, zlib.DEFLATED, -15).flush(zlib.Z_FINISH)
check = zlib.adler32(header)
for _ in range(times):
    check = zlib.adler32(part, check)
os.makedirs(os.path.dirname(path), exist_ok=True)
with open(path, 'wb') as file:
    file.write(b'\\x78\\x01' + head)
    for _ in range(times):
        file.write(body)
    file.write(end + check.to_bytes(4, 'big'))
";

fn python(repo: &TestRepo) -> bool {
    let there = repo.command("python3").args(["-c", "import zlib"]).output();
    let there = there.is_ok_and(|output| output.status.success());
    assert!(
        there || std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
        "python3 is needed"
    );
    there
}

/// Runs `certgate` and asserts how it ends and that it needs no more than so many MiB.
#[track_caller]
fn within(repo: &TestRepo, arguments: &[&str], code: i32, limit: u64) -> Ran {
    let mut command = repo.command("python3");
    command.args(["-c", PEAK, BINARY]).args(arguments);
    let ran = Ran::from(command.output().unwrap()).ends(code);
    let peak = ran
        .err
        .lines()
        .find_map(|line| line.strip_prefix("peak ")?.parse::<u64>().ok());
    let peak = peak.unwrap() / 1024;
    assert!(peak < limit, "{arguments:?} took {peak} MiB, more than {limit}");
    ran
}

/// A policy that looks at everything: paths, lines, functions and messages.
fn curious() -> TestRepo {
    let repo = scene::with_policy();
    repo.write(
        ".certgate/policy.yaml",
        "version: 1
components:
  - id: gpu_memory
    title: GPU memory efficiency
    match:
      paths: [\"src/train/**\"]
      content: [{ pattern: 'cuda_sync', lines: added-or-removed }]
      functions: [\"collect_*\"]
      messages: ['^perf:']
      families: [review, verify]
",
    );
    repo
}

#[test]
fn a_blob_of_a_gibibyte_is_judged_and_certified() {
    let repo = scene::with_policy();
    if !python(&repo) {
        return;
    }
    let id = "1".repeat(40);
    let object = repo.path().join(format!(".git/objects/11/{}", &id[2..]));
    let made = repo
        .command("python3")
        .args(["-c", HUGE])
        .arg(&object)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    assert_eq!(repo.ask(&["cat-file", "-s", &id]), (1u64 << 30).to_string());
    let entry = format!("100644,{id},src/train/weights.bin");
    repo.git(&["update-index", "--add", "--cacheinfo", &entry]);
    within(&repo, &["hook", "pre-commit"], 1, 64);
    let certify = [
        "certify",
        "gpu_memory",
        "--staged",
        "--status",
        "GO",
        "--agent",
        "ann",
        "--rationale",
        "x",
        "--output",
        "-",
    ];
    let document = within(&repo, &certify, 0, 64).out;
    // SHA-256 of a gibibyte of zeros.
    let digest = "49bc20df15e412a64472421e13fe86ff1c5165e18b2afccf160d4dc19fe68a14";
    assert!(document.contains(digest), "{document}");
    // In a range it is the same.
    let tree = repo.ask(&["write-tree"]);
    let head = repo.ask(&["commit-tree", "-p", "HEAD", "-m", "weights", &tree]);
    within(&repo, &["check", "--base", "HEAD", "--head", &head], 1, 64);
}

/// Feeds `git fast-import`.
fn import(repo: &TestRepo, stream: &str) {
    let output = repo.with_stdin("git", &["fast-import", "--quiet"], stream.as_bytes());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn fifty_thousand_files_are_judged() {
    use std::fmt::Write as _;
    let repo = curious();
    if !python(&repo) {
        return;
    }
    repo.commit("policy");
    let mut stream =
        "commit refs/heads/wide\ncommitter A <a@example.org> 1700000000 +0000\ndata 4\nwide\nfrom refs/heads/main^0\n"
            .to_owned();
    for nth in 0..50_000 {
        let content = format!("def collect_{nth}():\n    cuda_sync({nth})\n");
        let path = format!("src/train/d{:03}/module_{nth:05}.py", nth % 200);
        write!(stream, "M 100644 inline {path}\ndata {}\n{content}\n", content.len()).unwrap();
    }
    import(&repo, &stream);
    let ran = within(
        &repo,
        &["check", "--base", "main", "--head", "wide", "--format", "json"],
        1,
        400,
    );
    let files = ran.json()["components"][0]["files"].as_array().unwrap().len();
    assert_eq!(files, 50_000);
    repo.git(&["read-tree", "wide"]);
    // A certificate that is too large to be read is not written.
    let certify = crate::scene::certify_staged("GO", "ann");
    let ran = within(&repo, &certify, 2, 256);
    assert_eq!(ran.errors(), ["CG727"]);
    ran.says("--file DIRECTORY");
    assert!(!repo.path().join("certificates").exists());
}

#[test]
fn twenty_thousand_commits_are_judged() {
    use std::fmt::Write as _;
    let repo = curious();
    if !python(&repo) {
        return;
    }
    repo.commit("policy");
    let body = "a line of the message with several words in it, none of them a name\n".repeat(12);
    let mut stream = String::new();
    for nth in 0..20_000 {
        let message = match nth % 1000 {
            999 => format!("perf: {nth}\n"),
            _ => format!("fix: {nth}\n\n{body}"),
        };
        let from = if nth == 0 { "from refs/heads/main^0\n" } else { "" };
        write!(
            stream,
            "commit refs/heads/long\ncommitter A <a@example.org> {} +0000\ndata {}\n{message}\n{from}M 100644 inline docs/{}\ndata 5\n{nth:05}\n",
            1_700_000_100 + nth,
            message.len(),
            nth % 300
        )
        .unwrap();
    }
    import(&repo, &stream);
    let ran = within(
        &repo,
        &["check", "--base", "main", "--head", "long", "--format", "json"],
        1,
        192,
    );
    assert_eq!(ran.json()["components"][0]["messages"].as_array().unwrap().len(), 20);
}

/// However short the lines of a file are.
#[test]
fn a_file_of_line_breaks_counts_as_a_match() {
    let repo = curious();
    if !python(&repo) {
        return;
    }
    repo.commit("policy");
    repo.write("notes.txt", "\n".repeat(8 << 20));
    repo.git(&["add", "--all"]);
    let ran = within(&repo, &["check", "--staged"], 1, 64);
    ran.says("8388608 lines: too many to compare");
}
