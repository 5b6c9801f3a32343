//! What an agent needs is in JSON: what is asked for, what to read, who may decide, and commands as argument vectors.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

use crate::scene::{POLICY, Ran, run, with_policy};
use crate::support::TestRepo;

/// Works in the repository that is the current directory, with `certgate` first on PATH. No prose is parsed: it reads JSON, fills the
/// placeholders of a remedy by their kinds, and continues until `check` passes, or says why it stops.
const AGENT: &str = r###"
import datetime, json, subprocess, sys

def certgate(*words):
    done = subprocess.run(["certgate", *words, "--format", "json"], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{words}: {done.stdout}{done.stderr}")
    return done.returncode, json.loads(done.stdout)

me = sys.argv[1]
select = ["--base", "main", "--head", "HEAD"]
code, report = certgate("check", *select)
assert report["schema"] == "certgate/verdict/v1"
if report["verdict"] == "pass":
    sys.exit("nothing to do")
for component in report["components"]:
    asked = component["requirement"]
    if component["outcome"] == "approved":
        continue
    if component["outcome"] != "uncovered":
        print(json.dumps({"stopped": component["id"], "may_lift": asked["may_lift"], "me": me}))
        # Nothing that it was given decides anything: the status is a placeholder for a decision of those who may.
        for remedy in component["remedies"]:
            kinds = {blank["kind"] for blank in remedy["placeholders"]}
            assert remedy["argv"][:2] != ["certgate", "certify"] or "decision" in kinds, remedy
        sys.exit(3)
    if asked["may_decide"] is not None and me not in asked["may_decide"]:
        sys.exit(f"{me} may not decide")
    read = [hunk for file in component["files"] for hunk in file["hunks"] or []]
    assert read and all(hunk["text"] for hunk in read)
    lines = [f"- `{hunk['path']}:{hunk['lines'][0]}-{hunk['lines'][1]}` {hunk['function'] or 'top level'}" for hunk in read]
    now = datetime.datetime.now(datetime.timezone.utc)
    path = f"certificates/review_{component['id']}_{now:%Y%m%d_%H%M%S}.md"
    text = "\n".join([
        "# REVIEW CERTIFICATE", "",
        f"**Component**: {component['id']}", f"**Agent**: {me}", f"**Date**: {now:%Y-%m-%d %H:%M:%S} UTC", "",
        "## REVIEW SCOPE", *lines, "",
        "## FINDINGS", f"- {len(read)} hunks read; the constant is used once", "",
        "## DECISION/OUTCOME", "**Status**: APPROVED",
        "**Rationale**: the step returns a constant, no work is added", "",
        "## EVIDENCE", *lines, "",
        "## SIGNATURE", f"Agent: {me}", f"Timestamp: {now:%Y-%m-%d %H:%M:%S} UTC", "",
    ])
    import os
    os.makedirs("certificates", exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    code, linted = certgate("lint", path)
    assert code == 0 and linted["certificates"][0]["valid"], linted
    code, sealed = certgate("seal", path, *select)
    assert code == 0 and sealed["schema"] == "certgate/written/v1", sealed
    for step in sealed["next"]:
        for argv in [*(first["argv"] for first in step.get("first", [])), step["argv"]]:
            subprocess.run(argv, check=True)
    code, verified = certgate("verify", path)
    assert code == 0 and all(one["holds"] for one in verified["certificates"]), verified
subprocess.run(["git", "commit", "--quiet", "--message", "certify"], check=True)
code, report = certgate("check", *select)
assert code == 0 and report["verdict"] == "pass", report
assert all(c["requirement"]["approvals"]["have"] >= c["requirement"]["approvals"]["need"] for c in report["components"])
print(json.dumps({"passed": [component["id"] for component in report["components"]]}))
"###;

/// Runs the script as an agent; `None` where there is no python3.
fn agent(repo: &TestRepo, name: &str) -> Option<Ran> {
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_certgate")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let script = repo.home().join("agent.py");
    std::fs::write(&script, AGENT).unwrap();
    let mut command = repo.command("python3");
    let output = command.env("PATH", path).arg(&script).arg(name).output();
    match output {
        Ok(output) => Some(output.into()),
        Err(error)
            if error.kind() == std::io::ErrorKind::NotFound && std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none() =>
        {
            eprintln!("skipped: there is no python3");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn changed() -> TestRepo {
    let repo = with_policy();
    repo.write(
        ".certgate/policy.yaml",
        POLICY.replace(
            "    match: { paths: [\"src/data/**\"] }\n",
            "    match: { paths: [\"src/data/**\"] }\n    require: { agents: [performance-engineer], evidence: [file-references] }\n",
        ),
    );
    repo.write("src/data/read.py", "def read():\n    return 0\n");
    repo.commit("policy");
    repo.git(&["switch", "--quiet", "--create", "topic"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.write("src/data/read.py", "def read():\n    return 1\n");
    repo.commit("faster");
    repo
}

#[test]
fn from_json_alone_an_agent_turns_a_change_green() {
    let repo = changed();
    run(&repo, &["check", "--base", "main", "--head", "HEAD"]).ends(1);
    let Some(ran) = agent(&repo, "performance-engineer") else {
        return;
    };
    let ran = ran.ends(0);
    assert_eq!(ran.json()["passed"], serde_json::json!(["gpu_memory", "data_loading"]));
    run(&repo, &["check", "--base", "main", "--head", "HEAD"]).ends(0);
}

#[test]
fn an_agent_cannot_lift_a_refusal() {
    let repo = changed();
    let words = ["certify", "gpu_memory", "--base", "main", "--status", "NO_GO"];
    let by = ["--agent", "safety", "--rationale", "twice the memory"];
    run(&repo, &[&words[..], &by].concat()).ends(0);
    repo.commit("refuse");
    let Some(ran) = agent(&repo, "intern") else { return };
    let ran = ran.ends(3);
    let said = ran.json();
    assert_eq!(said["stopped"], "gpu_memory");
    assert_eq!(said["may_lift"], serde_json::json!(["performance-engineer", "safety"]));
    // Nor does an approval that it writes all the same.
    let words = ["certify", "gpu_memory", "--base", "main", "--status", "APPROVED"];
    let by = ["--agent", "intern", "--rationale", "it is fine now, no memory is kept"];
    run(&repo, &[&words[..], &by].concat()).ends(0);
    repo.commit("approve");
    run(&repo, &["check", "--base", "main"]).blocks(&["CG302", "CG201"]);
}
