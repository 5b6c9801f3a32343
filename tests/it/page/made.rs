//! Repositories whose pages have much to show.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::measured::{BUDGET, Scene};
use crate::scene::run;

const POLICY: &str = "
  - id: gpu_memory
    title: GPU memory efficiency
    risk: high
    match: { paths: [\"src/train/**\"] }
    require: { agents: [perf, other], approvals: 2 }
  - id: data_loading
    title: Data loading
    match: { paths: [\"src/data/**\"] }
";

/// Levels of the lexer's benchmark, certificate by certificate, before the change.
const BEFORE: [f64; 7] = [1.0, 1.004, 0.997, 1.001, 0.86, 0.861, 0.857];

/// Why each of them was let in, and the change.
const WHY: [&str; 8] = [
    "the scanner reads one byte ahead and no more",
    "comments are skipped without a copy",
    "tables of classes moved to a constant",
    "the lookahead is checked before the buffer grows",
    "identifiers are hashed while they are scanned",
    "the hash is kept with the token",
    "digits are folded eight at a time",
    "the scanner returns the token's kind by value; both benchmarks are within the budget",
];

/// A component that is certified with evidence, after seven others with a step between them; one that is refused; one that nobody looked at.
/// Tests that run at the same time share it; none changes it.
pub(super) fn story() -> Arc<Scene> {
    static SHARED: Mutex<Weak<Scene>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(story) = shared.upgrade() {
        return story;
    }
    let story = Arc::new(make_story());
    *shared = Arc::downgrade(&story);
    story
}

fn make_story() -> Scene {
    let policy = crate::measured::policy(BUDGET).replace(
        "  - id: data\n    match: { paths: [\"certificates/**\", \"bench/**\"] }\n",
        POLICY.trim_start_matches('\n'),
    );
    let scene = Scene::with(&policy.replace("  - id: lexer\n", "  - id: lexer\n    title: Lexer\n"));
    let certify = |at: usize, ratio: f64| {
        let benchmarks = [("lex big.txt", ratio), ("lex small.txt", ratio * 0.99)];
        let blocks = scene.session_of(&benchmarks, ("main", "HEAD"), 10, 40 * at as u32);
        let mut arguments = vec![
            "certify", "lexer", "--base", "main", "--agent", "perf", "--status", "APPROVED",
        ];
        arguments.extend(["--rationale", WHY[at]]);
        let measured = scene.arguments(&blocks);
        arguments.extend(measured.iter().map(String::as_str));
        run(&scene.repo, &arguments).ends(0);
    };
    for (at, ratio) in BEFORE.into_iter().enumerate() {
        if at > 0 {
            scene.change(&format!("{}", at + 10));
        }
        certify(at, ratio);
        scene.repo.commit("Certify");
        scene.land();
    }
    let repo = &scene.repo;
    repo.write(
        "src/train/loop.py",
        "def step(model, batch):\n    loss = model(batch)\n    loss.backward()\n    return loss\n",
    );
    repo.write(
        "src/data/loader.py",
        "def batches(rows, size):\n    for at in range(0, len(rows), size):\n        yield rows[at:at + size]\n",
    );
    repo.commit("Add training");
    scene.land();
    repo.write(
        "src/train/loop.py",
        "def step(model, batch):\n    loss = model(batch)\n    loss.backward()\n    torch.cuda.empty_cache()\n    return loss.item()\n",
    );
    repo.write(
        "src/data/loader.py",
        "def batches(rows, size):\n    return [rows[at:at + size] for at in range(0, len(rows), size)]\n",
    );
    scene.change("20");
    certify(BEFORE.len(), 0.862);
    let refuse = "certify gpu_memory --base main --status NO_GO --agent perf --rationale";
    let why = "empty_cache in every step stalls the device; the allocator keeps what it needs";
    let refuse: Vec<&str> = refuse.split(' ').chain([why]).collect();
    run(repo, &refuse).ends(0);
    repo.commit("Certify");
    scene
}

/// The page of what a branch adds.
pub(super) fn page(scene: &Scene, folder: &Path) -> PathBuf {
    let file = folder.join("story.html");
    let check = ["check", "--base", "main", "--format", "html"];
    std::fs::write(&file, run(&scene.repo, &check).ends(1).out).unwrap();
    file
}
