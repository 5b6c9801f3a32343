//! `--format sarif|junit|gitlab|markdown` of `check`, `lint` and `verify`, and of `simulate` and `audit` (`beside.rs`): one set of scenes, each format held against a reader that
//! somebody else wrote. `.ci/run` installs those below `target/tools`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod beside;
mod comment;
mod posted;
mod read;

pub(crate) use beside::asked;
pub(crate) use comment::rendered;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::scene::{CERTIFICATE, Ran, of_status, run, stage_gated, with_policy};
use crate::support::TestRepo;

/// Names of files that would do something in one format or another.
const NAMES: [&[u8]; 14] = [
    "src/train/a b/é.py".as_bytes(),
    b"src/train/<script>alert(1)</script>.py",
    b"src/train/![x](data:,x.png)",
    b"src/train/[x](www.example.org)",
    b"src/train/|a|b|.py",
    b"src/train/@everyone #1 !2 ~3 $4.py",
    b"src/train/`--> <!--`.py",
    b"src/train/\x1b[2J\x1b[31m\n::error::x\r.py",
    b"src/train/\xff\xfe.py",
    b"src/train/]]>&amp;\"'.py",
    b"src/train/##[error]x ##vso[task.complete].py",
    b"src/train/%41:c?d#e.py",
    b"src/train/\xe2\x80\xaegpj.py",
    b"src/train/{0} www.example.org.py",
];

/// Where `.ci/run` puts what somebody else wrote.
fn tools() -> Option<PathBuf> {
    let tools = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/formats");
    let there = [
        "bin/sarif",
        "junit-10.xsd",
        "node_modules/@microsoft/sarif-multitool-linux",
    ];
    if there.iter().all(|part| tools.join(part).exists()) {
        return Some(tools);
    }
    assert!(
        std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
        "the readers of reports are missing, and CERTGATE_REQUIRE_TOOLS is set: bash .ci/run installs them"
    );
    println!("skipped: the readers of reports are not installed");
    None
}

/// A repository and what is asked about it.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    repo: TestRepo,
    arguments: Vec<String>,
    /// The exit code.
    code: i32,
    /// The codes of what is told, as far as they matter.
    told: &'static [&'static str],
}

impl Scene {
    fn new(name: &'static str, repo: TestRepo, arguments: &str, code: i32, told: &'static [&'static str]) -> Self {
        Self {
            name,
            repo,
            arguments: arguments.split(' ').map(str::to_owned).collect(),
            code,
            told,
        }
    }

    #[track_caller]
    pub(crate) fn in_format(&self, format: &str) -> Ran {
        let mut arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        arguments.extend(["--format", format]);
        run(&self.repo, &arguments).ends(self.code)
    }
}

/// A repository with much to ask: who must certify, how many, a specialist, and somebody who authorizes.
const STRICT: &str = "version: 1
agents:
  performance-engineer: { may_lift: true }
  kernels: {}
  lead: {}
components:
  - id: gpu_memory
    risk: high
    authorizers: [lead]
    match: { paths: [\"src/train/**\"], messages: ['^perf'] }
    require: { agents: [performance-engineer, kernels], approvals: 2 }
    handoff: { \"src/train/k/**\": kernels }
";

/// Everything that `check`, `lint` and `verify` can come to. Tests that run at the same time share them; none changes a repository.
pub(crate) fn scenes() -> Arc<Vec<Scene>> {
    static SHARED: Mutex<Weak<Vec<Scene>>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(scenes) = shared.upgrade() {
        return scenes;
    }
    let scenes = Arc::new(make_scenes());
    *shared = Arc::downgrade(&scenes);
    scenes
}

fn make_scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    let repo = with_policy();
    repo.write("README.md", "more\n");
    repo.git(&["add", "--all"]);
    scenes.push(Scene::new("nothing-gated", repo, "check --staged", 0, &[]));

    let repo = with_policy();
    for name in NAMES {
        repo.write(name, "x = 1\n");
    }
    repo.git(&["add", "--all"]);
    repo.git(&["branch", "a-->@me&<b>|"]);
    scenes.push(Scene::new("hostile", repo.copy(), "check --staged", 1, &["CG201"]));
    scenes.push(Scene::new(
        "hostile-target",
        repo,
        "check --staged --target a-->@me&<b>|",
        0,
        &["CG201"],
    ));

    for (name, status, code, told) in [
        ("approved", "APPROVED", 0, &[][..]),
        ("conditional", "CONDITIONALLY_APPROVED", 0, &["CG207"][..]),
        ("vetoed", "NO_GO", 1, &["CG302"][..]),
        ("stopped", "EMERGENCY_STOP", 1, &["CG303"][..]),
        ("invalid", "NO-GO", 1, &["CG304", "CG103"][..]),
    ] {
        let repo = with_policy();
        stage_gated(&repo);
        let certificate = of_status(status, "C-1").replace("measured", "measured\n**Conditions**: watch `@me` <b>");
        repo.write(CERTIFICATE, certificate);
        repo.git(&["add", "--all"]);
        scenes.push(Scene::new(name, repo, "check --staged", code, told));
    }

    let repo = with_policy();
    repo.write(CERTIFICATE, of_status("APPROVED", "C-1"));
    repo.commit("certificate");
    repo.write(CERTIFICATE, of_status("GO", "C-1"));
    repo.git(&["add", "--all"]);
    scenes.push(Scene::new("altered", repo, "check --staged", 1, &["CG401"]));

    let repo = with_policy();
    repo.write(".certgate/policy.yaml", STRICT);
    repo.commit("strict");
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    repo.write("src/train/k/a.py", "x = 1\n");
    repo.write("src/train/b.py", "x = 1\n");
    repo.commit("perf: faster");
    scenes.push(Scene::new(
        "strict",
        repo.copy(),
        "check --base main",
        1,
        &["CG201", "CG205"],
    ));
    let certify = "certify gpu_memory --base main --status APPROVED --rationale measured --agent performance-engineer";
    run(&repo, &certify.split(' ').collect::<Vec<_>>()).ends(0);
    repo.commit("certificate");
    scenes.push(Scene::new(
        "half",
        repo,
        "check --base main",
        1,
        &["CG204", "CG206", "CG516"],
    ));

    let repo = with_policy();
    stage_gated(&repo);
    scenes.push(Scene::new(
        "no-base",
        repo.copy(),
        "check --base nowhere",
        2,
        &["CG702"],
    ));
    repo.write(
        ".certgate/policy.yaml",
        "version: 1\ncomponents: []\nnonsense: \"<b>\"\n",
    );
    repo.commit("broken");
    repo.write("src/train/loop.py", "x = 3\n");
    repo.git(&["add", "--all"]);
    scenes.push(Scene::new("broken-policy", repo, "check --staged", 2, &["CG003"]));

    let repo = with_policy();
    repo.write("certificates/a.md", of_status("APPROVED", "C-1"));
    repo.write("certificates/<b> [x](y).md", of_status("✅ APPROVED", "C-1"));
    repo.write(
        "certificates/c.md",
        of_status("APPROVED", "C-2").replace(":1-2`", ":1-200`"),
    );
    stage_gated(&repo);
    scenes.push(Scene::new("lint", repo.copy(), "lint", 1, &["CG103", "CG113"]));
    scenes.push(Scene::new(
        "lint-revision",
        repo.copy(),
        "lint --rev nowhere",
        2,
        &["CG702"],
    ));
    let verify = "verify --staged certificates/a.md certificates/c.md";
    scenes.push(Scene::new("verify", repo.copy(), verify, 1, &["CG651"]));
    scenes.push(Scene::new("verify-nothing", repo, "verify nowhere.md", 2, &["CG709"]));
    let repo = with_policy();
    scenes.push(Scene::new("lint-nothing", repo, "lint", 0, &[]));
    scenes
}
