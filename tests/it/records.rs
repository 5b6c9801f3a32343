//! `certgate records`: what is kept from the ledger says what the ledger says, stays the same, and leaves alone what is somebody else's.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use crate::corpus;
use crate::scene::{POLICY, Ran, by_hand, git, minutes_ago, of_status, run, with_policy};
use crate::support::TestRepo;

const FILES: [&str; 3] = ["working-memory.md", "decisions-log.md", "next-actions.md"];

/// A repository whose policy names a directory.
fn kept() -> TestRepo {
    let repo = with_policy();
    repo.write(".certgate/policy.yaml", format!("{POLICY}records: docs/kept\n"));
    repo.commit("keep records");
    repo
}

fn text(repo: &TestRepo, name: &str) -> String {
    std::fs::read_to_string(repo.path().join("docs/kept").join(name)).unwrap()
}

fn write(repo: &TestRepo) -> Ran {
    run(repo, &["records", "--write"]).ends(0)
}

#[test]
fn what_is_in_force_is_kept_and_what_is_settled_goes() {
    let repo = kept();
    repo.write("certificates/a.md", of_status("NO_GO", "C-1"));
    let conditional = of_status("CONDITIONALLY_APPROVED", "C-2")
        .replace("performance-engineer", "kernels")
        .replace("measured", "measured\n**Conditions**:\n- watch `x|y` <b>\n- [x] done");
    repo.write("certificates/b.md", conditional);
    repo.write(
        "certificates/c.md",
        of_status("NO-GO", "C-3").replace("gpu_memory", "data_loading"),
    );
    repo.commit("certificates");
    run(&repo, &["records", "--check"])
        .ends(1)
        .says("error[CG681]")
        .says("certgate records --write");
    write(&repo);
    let memory = text(&repo, FILES[0]);
    for line in [
        "| `gpu_memory` | NO_GO |",
        "| 1 refusal, 1 condition |",
        "- **NO_GO** on `gpu_memory` by `performance-engineer`,",
        "  - [ ] watch `x|y` \\<b>\n",
        "- **UNREADABLE** on `data_loading`",
    ] {
        assert!(memory.contains(line), "{line}: {memory}");
    }
    assert!(!memory.contains("done"), "{memory}");
    let next = text(&repo, FILES[2]);
    let command = "certgate certify gpu_memory --status DECISION --agent performance-engineer --rationale \"WHY\" --supersedes C-1\n";
    assert!(next.contains(command), "{next}");
    assert!(
        next.contains("## Conditions to meet\n") && next.contains("\n### 3. `kernels` on `gpu_memory`\n"),
        "{next}"
    );
    assert!(next.contains("| `performance-engineer` | 1 | 1 |  |  |\n"), "{next}");
    repo.commit("records");
    run(&repo, &["records", "--check"]).ends(0);
    write(&repo).writes("");
    assert_eq!(repo.ask(&["status", "--porcelain"]), "");

    // The same agent approves, and the other says that its condition is met.
    repo.write("certificates/d.md", of_status("APPROVED", "C-4"));
    repo.commit("lifted");
    let met = of_status("GO", "C-5").replace("performance-engineer", "kernels");
    repo.write(
        "certificates/e.md",
        met.replace("ID**: C-5", "ID**: C-5\n**Supersedes**: C-2"),
    );
    repo.write(
        "certificates/f.md",
        of_status("GO", "C-6").replace("gpu_memory", "data_loading"),
    );
    repo.commit("met");
    run(&repo, &["records", "--check"]).ends(1);
    write(&repo);
    assert!(
        text(&repo, FILES[2]).contains("Nothing is due.\n"),
        "{}",
        text(&repo, FILES[2])
    );
    assert_eq!(
        text(&repo, FILES[0]).matches("None.\n").count(),
        4,
        "{}",
        text(&repo, FILES[0])
    );
    let log = text(&repo, FILES[1]);
    for line in [
        "- lifted by: `C-4`\n",
        "- superseded by: `C-5`, ",
        "- supersedes: `C-2`\n",
        "- condition, met: done\n",
        "- evidence: `src/train/loop.py:1-2`\n",
        "- rationale: measured\n",
    ] {
        assert!(log.contains(line), "{line}: {log}");
    }
}

/// What is in the files depends on the ledger alone: not on when, where or by whom it is written, nor on how it was merged.
#[test]
fn the_same_ledger_gives_the_same_bytes() {
    let mut repo = kept();
    repo.git(&["switch", "--quiet", "-c", "one"]);
    repo.write("certificates/a.md", by_hand("**Status**: GO", "C-1", &minutes_ago(30)));
    repo.commit("a");
    repo.git(&["switch", "--quiet", "-c", "two", "main"]);
    repo.write(
        "certificates/b.md",
        by_hand("**Status**: NO_GO", "C-2", &minutes_ago(40)),
    );
    repo.commit("b");
    repo.write("certificates/c.md", by_hand("**Status**: GO", "C-3", &minutes_ago(20)));
    repo.commit("c");
    repo.git(&["merge", "--quiet", "one"]);
    write(&repo);
    let before: Vec<String> = FILES.iter().map(|name| text(&repo, name)).collect();
    repo.commit("records");
    run(&repo, &["records", "--check"]).ends(0);
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--no-ff", "two"]);
    repo.set("TZ", "Pacific/Kiritimati");
    repo.set("LC_ALL", "de_DE.UTF-8");
    run(&repo, &["records", "--check"]).ends(0).writes("up to date");
    let folder = repo.path().join("src/train");
    let mut program = repo.program();
    let output = program
        .current_dir(folder)
        .args(["records", "--write"])
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(FILES.map(|name| text(&repo, name)).to_vec(), before);
    let shown = run(&repo, &["records"]).ends(0).out;
    let kept = before[1]
        .split("begin -->\n")
        .nth(1)
        .unwrap()
        .split("<!--")
        .next()
        .unwrap();
    assert!(shown.contains(kept), "{shown}");
}

#[test]
fn what_is_somebody_elses_stays() {
    let repo = kept();
    repo.write("docs/kept/decisions-log.md", "# Mine\r\n\r\nkept by hand\r\n");
    write(&repo);
    let log = text(&repo, FILES[1]);
    assert!(
        log.starts_with("# Mine\r\n\r\nkept by hand\r\n\r\n<!-- certgate:records begin -->\r\n"),
        "{log:?}"
    );
    assert!(!log.replace("\r\n", "").contains('\n'), "{log:?}");
    let own = log + "more\r\n";
    repo.write("docs/kept/decisions-log.md", &own);
    repo.write(".gitattributes", "* -text\n");
    repo.write("certificates/a.md", of_status("GO", "C-1"));
    repo.commit("certificate");
    write(&repo);
    let log = text(&repo, FILES[1]);
    assert!(
        log.contains("`C-1`") && log.starts_with("# Mine") && log.ends_with("end -->\r\nmore\r\n"),
        "{log:?}"
    );
    repo.commit("records");
    run(&repo, &["records", "--check"]).ends(0);
    // An edit between the markers is found, one outside of them is not.
    repo.write(
        "docs/kept/next-actions.md",
        text(&repo, FILES[2]).replace("# Next", "# My next"),
    );
    repo.commit("mine");
    run(&repo, &["records", "--check"]).ends(0);
    repo.write(
        "docs/kept/next-actions.md",
        text(&repo, FILES[2]).replace("Nothing is due", "All is well"),
    );
    repo.commit("edited");
    run(&repo, &["records", "--check"])
        .ends(1)
        .says("docs/kept/next-actions.md");
    repo.write(
        "docs/kept/next-actions.md",
        text(&repo, FILES[2]).replace("<!-- certgate:records end -->", ""),
    );
    run(&repo, &["records", "--write"]).undecided("CG680");
    repo.git(&["checkout", "--quiet", "docs/kept/next-actions.md"]);
    std::fs::remove_file(repo.path().join("docs/kept/next-actions.md")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", repo.path().join("docs/kept/next-actions.md")).unwrap();
    run(&repo, &["records", "--write"]).undecided("CG680");
}

#[test]
fn a_directory_must_be_named_and_be_one() {
    let repo = with_policy();
    run(&repo, &["records", "--write"])
        .undecided("CG680")
        .says("`records: docs/performance`");
    run(&repo, &["records", "--check"]).undecided("CG680");
    run(&repo, &["records"]).ends(0).writes("Nothing is due.");
    for wrong in ["/etc", "../x", "a/../b", "\"\"", ".git/x", "a//b", "."] {
        repo.write(".certgate/policy.yaml", format!("{POLICY}records: {wrong}\n"));
        run(&repo, &["policy", "check"]).ends(2).says("error[CG009]");
    }
    repo.write(".certgate/policy.yaml", format!("{POLICY}records: certificates\n"));
    repo.commit("where certificates are");
    run(&repo, &["records", "--write"])
        .undecided("CG680")
        .says("would be a certificate");
    run(&repo, &["records", "--write", "--rev", "HEAD"]).ends(2);
    assert_eq!(git(&repo, &["status", "--porcelain"]).out, "");
}

/// The certificates of a real project, in the order of their dates.
#[test]
fn the_records_of_a_real_project() {
    let directory = corpus::root().join("keisei");
    let Ok(table) = std::fs::read_to_string(directory.join("EXPECTED.tsv")) else {
        return;
    };
    let repo = TestRepo::new();
    let mut documents: Vec<(String, String, Vec<u8>)> = Vec::new();
    let mut components: BTreeMap<String, String> = BTreeMap::new();
    let mut statuses: BTreeMap<String, usize> = BTreeMap::new();
    for row in table.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let bytes = std::fs::read(directory.join(cells[0])).unwrap();
        let document = String::from_utf8_lossy(&bytes).into_owned();
        let named = document
            .lines()
            .find_map(|line| line.trim().strip_prefix("**Component**:"))
            .unwrap();
        for name in named.split(',').map(str::trim) {
            let id: String = name
                .chars()
                .map(|c| {
                    if c.is_ascii_alphanumeric() {
                        c.to_ascii_lowercase()
                    } else {
                        '_'
                    }
                })
                .collect();
            components.insert(id, name.replace('\'', "''"));
        }
        let status = if cells[1] == "INVALID" { "UNREADABLE" } else { cells[1] };
        *statuses.entry(status.to_owned()).or_default() += 1;
        let date = document
            .lines()
            .find_map(|line| line.trim().strip_prefix("**Date**:"))
            .unwrap_or_default();
        documents.push((date.trim().to_owned(), cells[2].to_owned(), bytes));
    }
    let mut policy =
        "version: 1\ncertificates: ['docs/ai/agents/*/certificates/*.md', '.claude/agents/*/certificates/*.md']\n\
                      records: docs/kept\ncomponents:\n"
            .to_owned();
    for (id, name) in &components {
        policy.push_str(&format!(
            "  - {{ id: {id}, aliases: ['{name}'], match: {{ paths: ['{id}/**'] }} }}\n"
        ));
    }
    repo.write(".certgate/policy.yaml", policy);
    repo.commit("policy");
    documents.sort();
    for chunk in documents.chunks(12) {
        for (_, path, bytes) in chunk {
            repo.write(path, bytes);
        }
        repo.commit("certificates");
    }
    write(&repo);
    let [memory, log, next] = FILES.map(|name| text(&repo, name));
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for line in log.lines().filter(|line| line.starts_with("### ")) {
        *found.entry(line.split(' ').nth(3).unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(found, statuses);
    let moments: Vec<&str> = log
        .lines()
        .filter_map(|line| line.strip_prefix("### ")?.get(..16))
        .collect();
    assert!(moments.is_sorted_by(|a, b| a >= b), "{moments:?}");
    // Every document with a rationale shows it, and nothing of any of them is markup.
    assert!(log.matches("\n- rationale: ").count() > 60, "{log}");
    for (name, text) in [("memory", &memory), ("log", &log), ("next", &next)] {
        assert!(!text.contains("<b>") && !text.contains("**["), "{name}");
    }
    // Each thing that is due has a command, on a component of the policy and by its agent.
    let due = next.lines().filter(|line| line.starts_with("### ")).count();
    assert!(due > 20, "{next}");
    let commands: Vec<&str> = next
        .lines()
        .filter(|line| line.starts_with("certgate certify "))
        .collect();
    assert_eq!(commands.len(), due, "{next}");
    for command in commands {
        let id = command.split(' ').nth(2).unwrap();
        assert!(
            components.contains_key(id) && command.contains(" --supersedes "),
            "{command}"
        );
    }
    let part = |text: &str, heading: &str| {
        let rest = text.split(&format!("## {heading}\n")).nth(1).unwrap().to_owned();
        rest.split("\n## ").next().unwrap().to_owned()
    };
    let refusals = part(&memory, "Refusals in force").matches("\n- **").count();
    assert_eq!(refusals, part(&next, "Refusals to lift").matches("\n### ").count());
    // A veto comes before what is only held.
    assert!(
        part(&memory, "Refusals in force").starts_with("\n- **REJECTED** "),
        "{memory}"
    );
    // What somebody reads who comes back to the project takes five minutes, at 250 words a minute.
    let is_word = |token: &&str| token.chars().any(char::is_alphanumeric);
    let words = memory
        .split("<details>")
        .next()
        .unwrap()
        .split_whitespace()
        .filter(is_word)
        .count();
    assert!(words <= 5 * 250, "{words}");
    // Each certificate is one click away, from where the file lies.
    for target in log
        .split("[certificate](")
        .skip(1)
        .map(|rest| rest.split(')').next().unwrap())
    {
        assert!(repo.path().join("docs/kept").join(target).is_file(), "{target}");
    }
    repo.commit("records");
    run(&repo, &["records", "--check"]).ends(0);
    for (name, text) in FILES.iter().zip([&memory, &log, &next]) {
        let page = documentation(&format!("records/{name}"));
        let shown = without_sentences(text);
        if std::env::var("CERTGATE_EXCERPT").as_deref() == Ok("write") {
            std::fs::create_dir_all(page.parent().unwrap()).unwrap();
            std::fs::write(&page, &shown).unwrap();
        }
        let there = std::fs::read_to_string(&page).unwrap();
        assert_eq!(
            there, shown,
            "CERTGATE_EXCERPT=write cargo test --locked --test it records::the_records"
        );
    }
}

fn documentation(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

/// Records as the documentation may show them: what their authors wrote in sentences, and the places that they quote, are counted only.
fn without_sentences(text: &str) -> String {
    const BEFORE: [&str; 3] = ["- rationale: ", "  - [ ] ", "- [ ] "];
    let words = |sentence: &str| match sentence.split_whitespace().count() {
        1 => "[one word]".to_owned(),
        count => format!("[{count} words]"),
    };
    let mut shown = String::new();
    for line in text.lines() {
        let line = if let Some(lead) = BEFORE.iter().find(|lead| line.starts_with(**lead)) {
            format!("{lead}{}", words(&line[lead.len()..]))
        } else if let Some(places) = line.strip_prefix("- evidence: ") {
            // Places are quoted; what was found out of them is not.
            let after = places.rsplit_once("`; ").map_or("", |(_, found)| found);
            let quoted = places.matches('`').count() / 2 - after.matches('`').count() / 2;
            let more = places.split("` and ").nth(1).and_then(|rest| rest.split(' ').next());
            let count = quoted + more.map_or(0, |more| more.parse::<usize>().unwrap());
            let found = after.split('`').step_by(2).collect::<Vec<_>>().join("[figure]");
            let found = if found.is_empty() { found } else { format!("; {found}") };
            format!("- evidence: [{count} quoted]{found}")
        } else if let (Some(sentence), false) = (line.strip_prefix("  - "), line.starts_with("  - and ")) {
            format!("  - {}", words(sentence))
        } else if let Some((lead, sentence)) = line.split_once(")): ") {
            format!("{lead})): {}", words(sentence))
        } else {
            line.to_owned()
        };
        // The certificates are not in this repository.
        let mut parts = line.split("[certificate](");
        shown.push_str(parts.next().unwrap());
        for part in parts {
            let (target, rest) = part.split_once(')').unwrap();
            shown.push_str(&format!("`{}`{rest}", target.rsplit('/').next().unwrap()));
        }
        shown.push('\n');
    }
    shown
}

/// A ledger of our own, small enough to be shown: `docs/records.md` has what is written of it.
/// `CERTGATE_EXCERPT=write cargo test --locked --test it records::the_documentation` writes that part again.
#[test]
fn the_documentation_shows_a_ledger_of_its_own() {
    let repo = TestRepo::new();
    let component = |id: &str| format!("  - {{ id: {id}, match: {{ paths: [\"src/{id}/**\"] }} }}\n");
    let components: String = ["parser", "gpu_memory", "data_loading", "lexer"]
        .into_iter()
        .map(component)
        .collect();
    repo.write(
        ".certgate/policy.yaml",
        format!("version: 1\nrecords: docs/performance\ncomponents:\n{components}"),
    );
    repo.write("src/parser/table.rs", "fn grow() {}\n".repeat(80));
    repo.commit("begin");
    for (component, agent, id, date, decision, why) in [
        (
            "lexer",
            "performance-engineer",
            "01JD2A",
            "2026-11-02 09:15:00",
            "GO",
            "The scanner reads one byte ahead and no more.",
        ),
        (
            "parser",
            "performance-engineer",
            "01JD5Q",
            "2026-11-22 14:03:00",
            "NO_GO",
            "The table grows with the square of the input: 4,000 rows take 16 times what 1,000 take.",
        ),
        (
            "gpu_memory",
            "kernels",
            "01JD9T",
            "2026-11-25 09:15:00",
            "CONDITIONALLY_APPROVED",
            "The pool is reused across steps, and the peak falls from 11.2 to 8.4 GiB.\n**Conditions**:\n- measure again with the release \
             allocator\n- watch fragmentation over an entire epoch",
        ),
        (
            "data_loading",
            "ux-specialist",
            "01JDA2",
            "2026-11-25 16:40:00",
            "✅ APPROVED",
            "Looks good.",
        ),
    ] {
        let document = by_hand(&format!("**Status**: {decision}"), id, &format!("{date} UTC"))
            .replace("gpu_memory", component)
            .replace("performance-engineer", agent)
            .replace("**Rationale**: measured", &format!("**Rationale**: {why}"))
            .replace("src/train/loop.py:1-2", "src/parser/table.rs:40-71")
            .replace("src/train/loop.py", "src/parser/table.rs");
        let digits: String = date.chars().filter(char::is_ascii_digit).collect();
        let (day, time) = digits.split_at(8);
        repo.write(format!("certificates/review_{component}_{day}_{time}.md"), document);
        repo.commit("certificate");
    }
    write(&repo);
    let kept = |name: &str| {
        let text = std::fs::read_to_string(repo.path().join("docs/performance").join(name)).unwrap();
        let inner = text
            .split("begin -->\n")
            .nth(1)
            .unwrap()
            .split("<!-- certgate")
            .next()
            .unwrap()
            .to_owned();
        inner.split_once("\n\n").unwrap().1.trim_end().to_owned()
    };
    let log = kept(FILES[1]);
    let entry = log
        .split("\n### ")
        .find(|entry| entry.contains("NO_GO"))
        .unwrap()
        .trim_end();
    let shown = format!(
        "`working-memory.md`:\n\n````markdown\n{}\n````\n\nAn entry of `decisions-log.md`:\n\n````markdown\n### {}\n````\n\n`next-actions.md`:\n\n\
         ````markdown\n{}\n````\n",
        kept(FILES[0]),
        entry.trim_start_matches("### "),
        kept(FILES[2])
    );
    let page = documentation("records.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (begin, end) = (
        "<!-- written by a test: begin -->\n",
        "<!-- written by a test: end -->\n",
    );
    let (before, rest) = text.split_once(begin).unwrap();
    let (there, after) = rest.split_once(end).unwrap();
    if std::env::var("CERTGATE_EXCERPT").as_deref() == Ok("write") {
        std::fs::write(&page, format!("{before}{begin}{shown}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(
        there, shown,
        "CERTGATE_EXCERPT=write cargo test --locked --test it records::the_documentation"
    );
}
