//! Family: evidence. Measurements that were edited, picked, borrowed or taken elsewhere, and what they are to prove.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::{Value, json};

use super::attacks;
use crate::measured::{BUDGET, Block, GATED, Scene, policy};
use crate::scene::{Ran, run};

/// The honest way: a session of equal code.
fn honest() -> Ran {
    let scene = Scene::open();
    let blocks = scene.session(1.0);
    certified(scene, &blocks)
}

/// Certifies with these blocks and asks CI.
fn certified(scene: Scene, blocks: &[Block]) -> Ran {
    certify_given(&scene, &scene.arguments(blocks))
}

/// An honest certificate, after which something is done to the repository.
fn then(act: impl Fn(&Scene)) -> Ran {
    then_of(1.0, act)
}

/// The same of a session in which the candidate takes so many times as long.
fn then_of(ratio: f64, act: impl Fn(&Scene)) -> Ran {
    let scene = Scene::open();
    let blocks = scene.session(ratio);
    let scene = scene.certified(&blocks);
    act(&scene);
    scene.check()
}

/// A session whose blocks are changed before they are certified.
fn changed(ratio: f64, change: impl Fn(&mut Vec<Block>)) -> Ran {
    let scene = Scene::open();
    let mut blocks = scene.session(ratio);
    change(&mut blocks);
    certified(scene, &blocks)
}

/// Sets a key of what `certgate measure` notes, on the blocks of a side.
fn noted(blocks: &mut [Block], side: &str, key: &str, value: &Value) {
    for block in blocks.iter_mut().filter(|block| block.side == side) {
        block.json["certgate"][key] = value.clone();
    }
}

/// Takes what `certgate measure` notes out of every block.
fn anonymous(blocks: &mut [Block]) {
    for block in blocks {
        block.json.as_object_mut().unwrap().remove("certgate");
    }
}

/// Multiplies the times of a block.
fn scale(block: &mut Block, by: f64) {
    let times = block.json["results"][0]["times"].as_array_mut().unwrap();
    for time in times {
        *time = json!(time.as_f64().unwrap() * by);
    }
}

/// Edits a file of the evidence, and, as somebody who knows how it works, the digest in the certificate and its hash.
fn edit_consistently(scene: &Scene, by: f64) {
    for number in 1..=10 {
        let path = format!("{}/candidate/{number:02}.json", scene.evidence());
        let before = sha256(&scene.read(&path));
        let mut json: Value = serde_json::from_str(&scene.read(&path)).unwrap();
        let time = json["results"][0]["times"][0].as_f64().unwrap();
        json["results"][0]["times"][0] = json!(time * by);
        scene.repo.write(&path, json.to_string());
        let after = sha256(&json.to_string());
        let certificate = scene.certificate();
        scene
            .repo
            .write(&certificate, scene.read(&certificate).replace(&before, &after));
    }
    scene.repo.git(&["add", "--all"]);
    scene.sealed();
}

fn sha256(text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn first_candidate(scene: &Scene) -> String {
    format!("{}/candidate/01.json", scene.evidence())
}

/// Lands the honest change, and continues with another: what its certificate has for evidence, is to be said.
fn second(blocks: impl Fn(&Scene) -> Vec<Block>) -> Ran {
    let scene = Scene::open();
    let first = scene.session(1.0);
    let scene = scene.certified(&first);
    scene.land();
    scene.change("3");
    let blocks = blocks(&scene);
    certified(scene, &blocks)
}

/// A policy of the branch that governs nothing: the change itself adds it. With `on_main` it is the target's.
fn weakened(budget: &str, on_main: bool) -> Ran {
    weakened_at(1.12, budget, on_main)
}

/// The same of a candidate that takes so many times as long.
fn weakened_at(ratio: f64, budget: &str, on_main: bool) -> Ran {
    let weaker = policy(budget);
    let scene = match on_main {
        true => Scene::with(&weaker),
        false => Scene::open(),
    };
    if !on_main {
        scene.repo.write(".certgate/policy.yaml", &weaker);
        scene.repo.commit("Weaken the budget");
    }
    let blocks = scene.session(ratio);
    let ran = scene.certify(&blocks);
    if ran.code != Some(0) {
        return ran;
    }
    scene.repo.commit("Certify");
    if !on_main {
        let own = [
            "certify",
            "certgate-policy",
            "--base",
            "main",
            "--agent",
            "perf",
            "--status",
            "APPROVED",
            "--rationale",
            "needed",
        ];
        run(&scene.repo, &own);
        scene.repo.commit("Certify the policy");
    }
    scene.check()
}

/// Several benchmarks under one budget.
fn several(benchmarks: &[(&str, f64)], names: &str) -> Ran {
    let scene = Scene::with(&policy(&BUDGET.replace("['lex*']", names)));
    let blocks = scene.session_of(benchmarks, ("main", "HEAD"), 10, 0);
    certified(scene, &blocks)
}

/// A file that the certificate does not name, in the folder of its evidence or beside it.
fn smuggled(path: impl Fn(&Scene) -> String, content: &str) -> Ran {
    then(|scene| {
        scene.repo.write(path(scene), content);
        scene.repo.commit("Add a file");
    })
}

/// Evidence in the base, to which a later change does something.
fn landed(act: impl Fn(&Scene, &str)) -> Ran {
    let scene = Scene::open();
    let blocks = scene.session(1.0);
    let scene = scene.certified(&blocks);
    let file = first_candidate(&scene);
    scene.land();
    act(&scene, &file);
    scene.repo.commit("Tidy up");
    scene.check()
}

fn make_executable(scene: &Scene, path: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(scene.repo.path().join(path), std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Writes a link in place of a file.
fn link(scene: &Scene, path: &str, to: &str) {
    let file = scene.repo.path().join(path);
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(to, file).unwrap();
    scene.repo.commit("Link");
}

/// A Google Benchmark file of one process a side.
fn google(host: &str, build: &str, times: &[f64], unit: &str) -> String {
    let rows: Vec<Value> = times
        .iter()
        .map(|time| {
            json!({ "name": "lex", "run_name": "lex", "run_type": "iteration", "iterations": 9, "repetitions": times.len(),
                    "real_time": time, "cpu_time": time * 0.9, "time_unit": unit })
        })
        .collect();
    let context = json!({ "host_name": host, "num_cpus": 4, "mhz_per_cpu": 2000, "library_build_type": build });
    json!({ "context": context, "benchmarks": rows }).to_string()
}

/// Five files a side of Google Benchmark, the candidate's from this host and build, in this unit.
fn of_google(host: &str, build: &str, unit: &str) -> Ran {
    let scene = Scene::with(&policy("{ metric: real_time, max_regression: 5%, design: sequential }"));
    let folder = scene.repo.home().join("google");
    let mut arguments = Vec::new();
    for (side, host, build, unit) in [("baseline", "one", "release", "ns"), ("candidate", host, build, unit)] {
        arguments.push(format!("--{side}"));
        for run in 0..6 {
            let path = folder.join(format!("{side}{run}.json"));
            std::fs::create_dir_all(&folder).unwrap();
            let level = 100.0 + f64::from(run) * 0.173 + if side == "candidate" { 0.0421 } else { 0.0 };
            std::fs::write(&path, google(host, build, &[level, level + 0.3, level + 0.11], unit)).unwrap();
            arguments.push(path.display().to_string());
        }
    }
    certify_given(&scene, &arguments)
}

/// Summaries without raw values, or with them.
fn summaries(raw: bool) -> Ran {
    changed(1.0, |blocks| {
        anonymous(blocks);
        for block in blocks.iter_mut() {
            let time = block.json["results"][0]["times"][0].as_f64().unwrap();
            if !raw {
                block.json["results"][0] = json!({ "command": "lex big.txt", "mean": time, "median": time });
            }
        }
        if !raw {
            blocks.retain(|block| block.number == 1);
        }
    })
}

attacks! {
    raw_values_edited: "raw values are edited after certification", ["CG612", "CG621"], || then(|scene| scene.edit(&first_candidate(scene), "\"times\":[0.", "\"times\":[0.1")), honest;
    raw_values_and_digest_edited: "raw values, their digests and the hash are edited, the table is not", ["CG613"], || then_of(1.12, |scene| edit_consistently(scene, 0.9)), || then_of(1.0, |scene| edit_consistently(scene, 1.0));
    a_row_of_the_table_edited: "`regressed` becomes `pass` in the table", ["CG613", "CG614"], || then_of(1.12, |scene| { scene.edit(&scene.certificate(), "\nregressed ", "\npass "); scene.sealed(); }), honest;
    a_ratio_of_the_table_edited: "the ratio in the table is edited", ["CG613"], || then(|scene| { let row = scene.read(&scene.certificate()); let ratio = row.lines().find(|line| line.starts_with("pass ")).unwrap().split(' ').nth(1).unwrap().to_owned(); scene.edit(&scene.certificate(), &ratio, "0.5"); scene.sealed(); }), honest;
    terms_of_the_table_edited: "the threshold that the table states is edited to let it pass", ["CG613", "CG614"], || then_of(1.12, |scene| { scene.edit(&scene.certificate(), "threshold 0.05", "threshold 0.2"); scene.sealed(); }), honest;
    the_table_taken_out: "the rows are taken out of the table", ["CG614"], || then_of(1.12, |scene| { let text = scene.read(&scene.certificate()); let row = text.lines().find(|line| line.starts_with("regressed ")).unwrap().to_owned(); scene.edit(&scene.certificate(), &format!("{row}\n"), ""); scene.sealed(); }), || then_of(1.0, |scene| { let text = scene.read(&scene.certificate()); let row = text.lines().find(|line| line.starts_with("pass ")).unwrap().to_owned(); scene.edit(&scene.certificate(), &format!("{row}\n"), ""); scene.sealed(); });
    the_block_garbled: "the block does not parse", ["CG121", "CG610"], || then(|scene| { scene.edit(&scene.certificate(), "\npass ", "\nfine "); scene.sealed(); }), honest;
    sides_swapped: "baseline and candidate are swapped", ["CG616"], || changed(1.2, |blocks| for block in blocks { block.side = if block.side == "baseline" { "candidate" } else { "baseline" }; }), honest;
    sides_swapped_with_notes: "the sides are swapped, and what the files note is, too", ["CG616", "CG614"], || { let scene = Scene::open(); let (base, head) = (scene.commit_of("main"), scene.commit_of("HEAD")); let mut blocks = scene.session(1.2); for block in &mut blocks { let now = if block.side == "baseline" { "candidate" } else { "baseline" }; block.side = now; block.json["certgate"]["side"] = json!(now); let (own, other) = if now == "candidate" { (&head, &base) } else { (&base, &head) }; block.json["certgate"]["commit"] = json!(other); block.json["certgate"]["against"] = json!(own); } certified(scene, &blocks) }, honest;
    one_file_for_both_sides: "the same file is on both sides", ["CG630"], || changed(1.0, |blocks| { anonymous(blocks); let same: Vec<Block> = blocks.iter().filter(|block| block.side == "baseline").cloned().map(|block| Block { side: "candidate", ..block }).collect(); blocks.retain(|block| block.side == "baseline"); blocks.extend(same); }), honest;
    one_block_twice: "one good block of the candidate is given ten times", ["CG630", "CG619"], || changed(1.0, |blocks| { let good = blocks.iter().find(|block| block.side == "candidate").unwrap().json.clone(); for block in blocks.iter_mut().filter(|block| block.side == "candidate") { block.json = good.clone(); } }), honest;
    a_copy_with_other_blanks: "the candidate is a copy of the baseline, written differently", ["CG630"], || changed(1.0, |blocks| { let before: Vec<Value> = blocks.iter().filter(|block| block.side == "baseline").map(|block| block.json["results"].clone()).collect(); for (block, results) in blocks.iter_mut().filter(|block| block.side == "candidate").zip(before) { block.json["results"] = results; block.json["note"] = json!("measured again"); } }), honest;
    best_of_ten_blocks: "of ten planned blocks only the five that look best are bound", ["CG619"], || changed(1.06, |blocks| blocks.retain(|block| block.number % 2 == 0)), honest;
    best_blocks_as_if_planned: "the best blocks are numbered again, and the plan is not", ["CG619"], || changed(1.0, |blocks| { blocks.retain(|block| block.number <= 6); }), honest;
    the_best_of_two_sessions: "each side is of another session", ["CG619"], || { let scene = Scene::open(); let mut blocks = scene.session(1.2); blocks.retain(|block| block.side == "baseline"); let again = scene.session_of(&[("lex big.txt", 1.0)], ("main", "HEAD"), 10, 30); blocks.extend(again.into_iter().filter(|block| block.side == "candidate" && block.number % 2 == 0)); let first = scene.session(1.0); blocks.extend(first.into_iter().filter(|block| block.side == "candidate" && block.number % 2 == 1)); certified(scene, &blocks) }, honest;
    planned_blocks_that_differ: "two sessions of different plans are put together", ["CG619"], || changed(1.0, |blocks| noted(blocks, "candidate", "planned", &json!(12))), honest;
    some_files_without_a_session: "some files of a session have lost their notes", ["CG619", "CG632"], || changed(1.0, |blocks| anonymous(&mut blocks[..4])), honest;
    a_benchmark_left_out: "the benchmark that got slower is left out of both sides", ["CG618"], || several(&[("lex_a", 1.0)], "[lex_a, lex_b]"), || several(&[("lex_a", 1.0), ("lex_b", 1.0)], "[lex_a, lex_b]");
    a_benchmark_of_the_candidate_left_out: "the candidate lacks the benchmark that got slower", ["CG631"], || { let scene = Scene::open(); let mut blocks = scene.session_of(&[("lex_a", 1.0), ("lex_b", 1.3)], ("main", "HEAD"), 10, 0); for block in blocks.iter_mut().filter(|block| block.side == "candidate") { block.json["results"].as_array_mut().unwrap().pop(); } certified(scene, &blocks) }, || several(&[("lex_a", 1.0), ("lex_b", 1.01)], "['lex*']");
    one_of_three_regressed: "two benchmarks pass and one does not", ["CG614"], || several(&[("lex_a", 1.0), ("lex_b", 1.3), ("lex_c", 0.8)], "['lex*']"), || several(&[("lex_a", 1.0), ("lex_b", 1.01), ("lex_c", 0.8)], "['lex*']");
    a_benchmark_renamed: "the slow benchmark is renamed so that no budget is about it", ["CG618"], || several(&[("lex_a", 1.0), ("slow", 1.5)], "[lex_a, lex_b]"), || several(&[("lex_a", 1.0), ("lex_b", 1.0), ("slow", 1.5)], "[lex_a, lex_b]");
    fewer_benchmarks_than_before: "what the last approval showed is not shown any more", ["CG618"], || { let scene = Scene::open(); let blocks = scene.session_of(&[("lex_a", 1.0), ("lex_b", 1.0)], ("main", "HEAD"), 10, 0); let scene = scene.certified(&blocks); scene.land(); scene.change("3"); let blocks = scene.session_of(&[("lex_a", 1.0)], ("main", "HEAD"), 10, 40); certified(scene, &blocks) }, || { let scene = Scene::open(); let blocks = scene.session_of(&[("lex_a", 1.0), ("lex_b", 1.0)], ("main", "HEAD"), 10, 0); let scene = scene.certified(&blocks); scene.land(); scene.change("3"); let blocks = scene.session_of(&[("lex_a", 1.0), ("lex_b", 1.0)], ("main", "HEAD"), 10, 40); certified(scene, &blocks) };
    files_of_the_last_change: "the files of the last change are bound to this one", ["CG616", "CG617"], || second(|scene| scene.session_of(&[("lex big.txt", 1.0)], ("main~2", "main~1"), 10, 0)), || second(|scene| scene.session_of(&[("lex big.txt", 1.0)], ("main", "HEAD"), 10, 40));
    values_of_the_last_change: "the raw values of the last change, in files that note this one", ["CG617"], || second(|scene| scene.session_of(&[("lex big.txt", 1.0)], ("main", "HEAD"), 10, 0)), || second(|scene| scene.session_of(&[("lex big.txt", 1.0)], ("main", "HEAD"), 10, 40));
    another_commit: "the candidate that was measured is another commit, of other content", ["CG616"], || { let scene = Scene::open(); let blocks = scene.session(1.0); scene.change("3"); certified(scene, &blocks) }, honest;
    another_commit_without_notes: "files that note nothing, and a commit of other content in the block", ["CG616"], || { let scene = Scene::open(); let other = scene.commit_of("main"); let mut blocks = scene.session(1.0); anonymous(&mut blocks); let head = scene.commit_of("HEAD"); let scene = scene.certified(&blocks); scene.edit(&scene.certificate(), &format!("candidate {head}"), &format!("candidate {other}")); scene.sealed(); scene.check() }, || changed(1.0, |blocks| anonymous(blocks));
    a_commit_that_nobody_has: "the block names a commit that is not in the repository", ["CG616"], || { let scene = Scene::open(); let mut blocks = scene.session(1.0); anonymous(&mut blocks); let head = scene.commit_of("HEAD"); let scene = scene.certified(&blocks); scene.edit(&scene.certificate(), &format!("candidate {head}"), &format!("candidate {}", "1".repeat(40))); scene.sealed(); scene.check() }, || changed(1.0, |blocks| anonymous(blocks));
    a_slower_baseline: "the baseline is an older commit that was slower", ["CG616"], || { let scene = Scene::open(); let blocks = scene.session_of(&[("lex big.txt", 0.8)], ("HEAD~1", "HEAD"), 10, 0); scene.repo.git(&["switch", "--quiet", "main"]); scene.repo.write(GATED, "fn scan() -> u32 {\n    11\n}\n"); scene.repo.commit("Make it fast"); scene.repo.git(&["switch", "--quiet", "work"]); scene.repo.git(&["merge", "--quiet", "--no-edit", "--strategy", "ours", "main"]); certified(scene, &blocks) }, || { let scene = Scene::open(); scene.repo.git(&["switch", "--quiet", "main"]); scene.repo.write(GATED, "fn scan() -> u32 {\n    11\n}\n"); scene.repo.commit("Make it fast"); scene.repo.git(&["switch", "--quiet", "work"]); scene.repo.git(&["merge", "--quiet", "--no-edit", "--strategy", "ours", "main"]); let blocks = scene.session(1.0); certified(scene, &blocks) };
    edited_after_certification: "the code is changed after it was measured and certified", ["CG202"], || then(|scene| { scene.change("9"); }), honest;
    another_machine: "the candidate was measured on another machine", ["CG632"], || changed(1.0, |blocks| noted(blocks, "candidate", "host", &json!("fast-1"))), honest;
    another_processor: "the candidate was measured on another processor", ["CG632"], || changed(1.0, |blocks| noted(blocks, "candidate", "cpu", &json!("Faster CPU"))), honest;
    a_machine_that_is_not_named: "the candidate's files do not say which machine it was", ["CG632"], || changed(1.0, |blocks| for block in blocks.iter_mut().filter(|block| block.side == "candidate") { block.json["certgate"].as_object_mut().unwrap().remove("host"); }), honest;
    another_host_of_google: "Google Benchmark files of two hosts", ["CG632"], || of_google("two", "release", "ns"), || of_google("one", "release", "ns");
    a_debug_build: "the candidate is a debug build", ["CG633", "CG632"], || of_google("one", "debug", "ns"), || of_google("one", "release", "ns");
    another_unit: "the candidate is in another unit", ["CG632"], || of_google("one", "release", "us"), || of_google("one", "release", "ns");
    other_parameters: "the candidate was run with easier parameters", ["CG631"], || changed(1.0, |blocks| for block in blocks.iter_mut() { let size = if block.side == "candidate" { "1" } else { "100" }; block.json["results"][0]["parameters"] = json!({ "size": size }); }), || { let scene = Scene::open(); let mut blocks = scene.session(1.0); for block in &mut blocks { block.json["results"][0]["parameters"] = json!({ "size": "100" }); } certified(scene, &blocks) };
    a_dirty_tree: "the candidate was measured with uncommitted work", ["CG609"], || of_pytest(true), || of_pytest(false);
    summary_for_runs: "summaries where runs are asked for", ["CG615"], || summaries(false), || summaries(true);
    one_run: "one run a side", ["CG615"], || changed(0.9, |blocks| { anonymous(blocks); blocks.retain(|block| block.number == 1); }), honest;
    runs_of_one_file_as_blocks: "many values of one file where blocks are asked for", ["CG615"], || changed(1.0, |blocks| { anonymous(blocks); let all = |side: &str, blocks: &[Block]| -> Vec<Value> { blocks.iter().filter(|block| block.side == side).map(|block| block.json["results"][0]["times"][0].clone()).collect() }; let (before, after) = (all("baseline", blocks), all("candidate", blocks)); blocks.retain(|block| block.number == 1); for block in blocks.iter_mut() { let times = if block.side == "baseline" { &before } else { &after }; block.json["results"][0]["exit_codes"] = json!(vec![0; times.len()]); block.json["results"][0]["times"] = json!(times); } }), honest;
    a_failed_run: "a run of the candidate failed", ["CG635"], || changed(1.0, |blocks| blocks[1].json["results"][0]["exit_codes"] = json!([1])), honest;
    a_time_of_zero: "a time of zero", ["CG635"], || changed(1.0, |blocks| blocks[1].json["results"][0]["times"] = json!([0.0])), honest;
    a_negative_time: "a negative time", ["CG635"], || changed(1.0, |blocks| blocks[1].json["results"][0]["times"] = json!([-0.3])), honest;
    an_edited_summary: "a median that the raw values do not give", ["CG635"], || changed(1.0, |blocks| blocks[1].json["results"][0]["median"] = json!(0.1)), honest;
    a_truncated_file: "a file that ends too early", ["CG611", "CG612"], || then(|scene| { let path = first_candidate(scene); let text = scene.read(&path); scene.repo.write(&path, &text[..text.len() / 2]); scene.repo.commit("Cut"); }), honest;
    a_key_given_twice: "a file with one key twice", ["CG611"], || { let scene = Scene::open(); let blocks = scene.session(1.0); let arguments = scene.arguments(&blocks); let file = arguments.last().unwrap(); let text = std::fs::read_to_string(file).unwrap(); std::fs::write(file, text.replace("{\"command\":", "{\"times\":[0.1],\"command\":")).unwrap(); certify_given(&scene, &arguments) }, || { let scene = Scene::open(); let blocks = scene.session(1.0); let arguments = scene.arguments(&blocks); certify_given(&scene, &arguments) };
    another_format_than_named: "the block names another format than the file has", ["CG611"], || then(|scene| { scene.edit(&scene.certificate(), "candidate hyperfine", "candidate go"); scene.sealed(); }), honest;
    a_link_to_the_baseline: "a file of the candidate is a link", ["CG611", "CG621"], || then(|scene| link(scene, &first_candidate(scene), "../baseline/01.json")), honest;
    a_link_out_of_the_repository: "a file of the candidate is a link to a file of the machine", ["CG611", "CG621"], || then(|scene| link(scene, &first_candidate(scene), "/etc/hostname")), honest;
    a_huge_file: "a file of the evidence has grown to a gigabyte", ["CG611", "CG621"], || then(|scene| { let path = first_candidate(scene); let file = std::fs::File::create(scene.repo.path().join(&path)).unwrap(); file.set_len(1 << 30).unwrap(); scene.repo.git(&["-c", "core.bigFileThreshold=1m", "-c", "core.compression=0", "add", &path]); scene.repo.git(&["commit", "--quiet", "--no-verify", "--message", "Grow"]); }), honest;
    a_file_left_out: "a file that the certificate names is not there", ["CG611"], || then(|scene| { scene.repo.git(&["rm", "--quiet", &first_candidate(scene)]); scene.repo.commit("Lose one"); }), honest;
    a_file_elsewhere: "the certificate names a file outside of the folders of evidence", ["CG122"], || then(|scene| { let path = first_candidate(scene); let text = scene.read(&path); scene.repo.write("results/01.json", text); scene.edit(&scene.certificate(), &path, "results/01.json"); scene.repo.git(&["rm", "--quiet", &path]); scene.repo.commit("Move"); scene.sealed(); }), honest;
    source_among_the_evidence: "source is in the folder of evidence, and the certificate does not name it", ["CG621"], || smuggled(|scene| format!("{}/loop.py", scene.evidence()), "import torch\n"), honest;
    a_second_file_of_results: "a file of results that the certificate does not name", ["CG621"], || smuggled(|scene| format!("{}/candidate/11.json", scene.evidence()), "{\"results\": [{\"command\": \"x\", \"times\": [1.0]}]}"), honest;
    source_beside_no_certificate: "source in a folder `evidence` without a certificate", ["CG201"], || { let scene = Scene::open(); let blocks = scene.session(1.0); let scene = scene.certified(&blocks); scene.repo.write("certificates/evidence/none/loop.py", "import torch\n"); scene.repo.commit("Add source"); scene.check() }, honest;
    evidence_edited_in_the_base: "evidence of the base is edited", ["CG620"], || landed(|scene, file| scene.repo.write(file, "{\"results\": [{\"command\": \"x\", \"times\": [1.0]}]}")), || landed(|scene, _| scene.repo.write("README.md", "tidy\n"));
    evidence_deleted_in_the_base: "evidence of the base is deleted", ["CG620"], || landed(|scene, file| drop(scene.repo.git(&["rm", "--quiet", file]))), || landed(|scene, _| scene.repo.write("README.md", "tidy\n"));
    evidence_moved_in_the_base: "evidence of the base is moved", ["CG620"], || landed(|scene, file| drop(scene.repo.git(&["mv", file, "certificates/evidence/other.json"]))), || landed(|scene, _| scene.repo.write("README.md", "tidy\n"));
    evidence_made_executable_in_the_base: "evidence of the base gets another mode", ["CG620"], || landed(make_executable), || landed(|scene, _| scene.repo.write("README.md", "tidy\n"));
    a_budget_weakened_in_the_change: "the change raises its own budget", ["CG614"], || weakened(&BUDGET.replace("5%", "50%"), false), || weakened(&BUDGET.replace("5%", "50%"), true);
    a_budget_taken_out_in_the_change: "the change takes its budget out", ["CG614"], || weakened("", false), || weakened(&BUDGET.replace("5%", "50%"), true);
    a_doubt_let_through_in_the_change: "the change lets what is not proven count", ["CG615"], || weakened_at(1.049, &BUDGET.replace("design", "on_inconclusive: warn, design"), false), || weakened_at(1.049, &BUDGET.replace("design", "on_inconclusive: warn, design"), true);
    no_measurements: "an approval without measurements", ["CG610"], || { let scene = Scene::open(); certified(scene, &[]) }, honest;
    measurements_of_a_bystander: "an advisory certificate has the measurements, the approval has none", ["CG610"], || { let scene = Scene::open(); let blocks = scene.session(1.0); scene.certify_as("other", "ADVISORY_ONLY", &blocks, &[]); scene.repo.commit("Advise"); certified(scene, &[]) }, || { let scene = Scene::open(); let blocks = scene.session(1.0); scene.certify_as("other", "ADVISORY_ONLY", &[], &[]); scene.repo.commit("Advise"); certified(scene, &blocks) };
    a_single_block_scaled: "one slow outlier is scaled down after certification, digest and all", ["CG613"], || then(|scene| edit_consistently(scene, 0.5)), honest;
    a_faster_baseline_value: "the baseline's values are scaled up in the files, before certification, in some blocks only", ["CG615", "CG614"], || changed(1.12, |blocks| for block in blocks.iter_mut().filter(|block| block.side == "baseline" && block.number > 7) { scale(block, 1.2); }), honest;
}

/// Certifies with given arguments and asks CI.
fn certify_given(scene: &Scene, arguments: &[String]) -> Ran {
    let ran = scene.certify_given("perf", "APPROVED", arguments);
    if ran.code != Some(0) {
        return ran;
    }
    scene.repo.commit("Certify");
    scene.check()
}

/// Files of pytest-benchmark, which say whether the tree was dirty.
fn of_pytest(dirty: bool) -> Ran {
    let scene = Scene::with(&policy("{ metric: time, max_regression: 5% }"));
    let folder = scene.repo.home().join("pytest");
    std::fs::create_dir_all(&folder).unwrap();
    let mut arguments = Vec::new();
    for (side, rev) in [("baseline", "main"), ("candidate", "HEAD")] {
        arguments.push(format!("--{side}"));
        for run in 0..6 {
            let level = 0.01 + f64::from(run) * 1.7e-5 + if side == "candidate" { 3e-6 } else { 0.0 };
            let data = [level, level * 1.01, level * 1.003];
            let file = json!({
                "machine_info": { "node": "bench-1", "cpu": { "brand_raw": "Example" }, "python_version": "3.12" },
                "commit_info": { "id": scene.commit_of(rev), "dirty": dirty && side == "candidate" },
                "benchmarks": [{ "name": "test_lex", "fullname": "test_lex", "params": null,
                    "stats": { "rounds": 3, "data": data, "median": data[2], "min": data[0], "max": data[1], "mean": (data[0] + data[1] + data[2]) / 3.0 } }],
                "version": "5.1.0",
            });
            let path = folder.join(format!("{side}{run}.json"));
            std::fs::write(&path, file.to_string()).unwrap();
            arguments.push(path.display().to_string());
        }
    }
    certify_given(&scene, &arguments)
}
