//! The comment on a pull request, rendered as GitHub renders it.

use std::collections::BTreeSet;

use super::{Scene, scenes};
use crate::scene::{POLICY, run, with_policy};
use crate::support::TestRepo;

/// The page that GitHub's own reader makes of it, raw HTML included; `None` where the reader is not installed.
fn page(scene: &Scene, markdown: &str) -> Option<String> {
    rendered(&scene.repo, markdown)
}

pub(crate) fn rendered(repo: &TestRepo, markdown: &str) -> Option<String> {
    let extensions = ["table", "autolink", "strikethrough", "tagfilter", "tasklist"];
    let mut arguments = vec!["--unsafe"];
    extensions.iter().for_each(|name| arguments.extend(["-e", name]));
    let there = std::process::Command::new("cmark-gfm")
        .arg("--version")
        .output()
        .is_ok();
    if !there {
        assert!(
            std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
            "cmark-gfm is missing, and CERTGATE_REQUIRE_TOOLS is set: bash .ci/run installs it"
        );
        println!("skipped: cmark-gfm is not installed");
        return None;
    }
    let output = repo.with_stdin("cmark-gfm", &arguments, markdown.as_bytes());
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The tags of a page, as they stand, and its text with the tags that each piece is in.
fn parts(page: &str) -> (BTreeSet<String>, Vec<(Vec<String>, String)>) {
    let (mut tags, mut texts, mut open) = (BTreeSet::new(), Vec::new(), Vec::new());
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        texts.push((open.clone(), rest[..start].to_owned()));
        let end = match rest[start..].starts_with("<!--") {
            true => rest[start..].find("-->").unwrap() + 3,
            false => rest[start..].find('>').unwrap() + 1,
        };
        let tag = &rest[start..start + end];
        let name: String = tag
            .trim_start_matches(['<', '/'])
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        if tag.starts_with("</") {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()), "{tag} in {page}");
        } else if !tag.starts_with("<!--") && !["br", "hr"].contains(&name.as_str()) {
            open.push(name);
        }
        tags.insert(tag.to_owned());
        rest = &rest[start + end..];
    }
    assert!(open.is_empty(), "{open:?} stay open in {page}");
    (tags, texts)
}

/// All that a comment is made of. There is no link, no picture, no attribute but the language of a command.
const TAGS: [&str; 20] = [
    "h3",
    "p",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "code",
    "span",
    "br",
    "pre",
    "code class=\"language-sh\"",
    "details",
    "summary",
    "ul",
    "li",
    "strong",
    "sub",
    "br /",
];

#[test]
fn whatever_a_name_holds_it_only_shows() {
    for scene in scenes().iter() {
        let markdown = scene.in_format("markdown").out;
        assert!(markdown.len() <= 64 * 1024, "{}", scene.name);
        let Some(page) = page(scene, &markdown) else { return };
        let (tags, texts) = parts(&page);
        for tag in tags {
            let inner = tag
                .trim_start_matches("</")
                .trim_start_matches('<')
                .trim_end_matches('>')
                .to_owned();
            let mark = tag.starts_with("<!-- certgate") && tag.matches("--").count() == 2;
            assert!(
                mark || TAGS.contains(&inner.as_str()),
                "{}: {tag} in {page}",
                scene.name
            );
        }
        for (open, text) in texts {
            // A mention or reference needs its sign and its name in one text.
            let code = open.iter().any(|tag| tag == "code" || tag == "pre");
            let sign = text.find(['@', '#', '~', '$']).filter(|at| at + 1 < text.len());
            assert!(code || sign.is_none(), "{}: {text:?} in {page}", scene.name);
            assert!(
                !text.chars().any(|c| c.is_control() && c != '\n'),
                "{}: {text:?}",
                scene.name
            );
        }
    }
}

#[test]
fn it_says_what_a_reader_needs() {
    let scenes = scenes();
    let of = |name: &str| {
        let scene = scenes.iter().find(|scene| scene.name == name).unwrap();
        scene.in_format("markdown").out.replace('\\', "")
    };
    assert_eq!(of("nothing-gated"), "");
    assert_eq!(of("lint-nothing"), "");
    let approved = of("approved");
    assert!(
        approved.starts_with("<!-- certgate:main -->\n### certgate: pass\n"),
        "{approved}"
    );
    assert!(
        approved.contains("| <code>gpu_memory</code> | approved | 1 of 1 |  |"),
        "{approved}"
    );
    let strict = of("strict");
    assert!(
        strict.contains("| uncovered | 0 of 2 | an authorization by <code>lead</code><br>2 approvals by <code>performance-engineer</code>"),
        "{strict}"
    );
    let half = of("half");
    for lack in [
        "another person's approval, by <code>kernels</code>",
        "the specialist <code>kernels</code>",
        "an authorization by <code>lead</code>",
    ] {
        assert!(half.contains(lack), "{lack}: {half}");
    }
    assert_eq!(half.matches("\n```sh\n").count(), 1, "{half}");
    assert!(of("vetoed").contains("the refusal must be lifted by <code>performance-engineer</code>"));
    assert!(of("no-base").contains("### certgate: could not decide; nothing was judged"));
    assert!(of("hostile-target").starts_with("<!-- certgate:a-%2D%3E%40me%26%3Cb%3E%7C -->\n### certgate: warn"));
    assert!(of("lint").starts_with("<!-- certgate-lint -->\n### certgate lint: findings\n"));
    assert!(of("verify").contains("| <code>certificates/c.md</code> | <code>APPROVED</code> | 1 | 0 |"));
}

/// The command of a comment works as it stands.
#[test]
fn its_command_runs() {
    let repo = with_policy();
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    repo.write("src/train/loop.py", "x = 1\n");
    repo.commit("change");
    let comment = run(&repo, &["check", "--base", "main", "--format", "markdown"])
        .ends(1)
        .out;
    let command = comment.split("```sh\n").nth(1).unwrap().split("\n```").next().unwrap();
    let command = command
        .replace("NAME", "performance-engineer")
        .replace("\"WHY\"", "measured");
    let words: Vec<&str> = command.split_whitespace().collect();
    assert_eq!(words[0], "certgate", "{command}");
    run(&repo, &words[1..]).ends(0);
    repo.commit("certificate");
    run(&repo, &["check", "--base", "main"]).ends(0);
}

#[test]
fn a_change_of_many_files_fits() {
    let repo = with_policy();
    let mut policy = POLICY.to_owned();
    for at in 0..200 {
        policy.push_str(&format!(
            "  - id: component_{at:03}_{}\n    match: {{ paths: [\"many/**\"] }}\n",
            "x".repeat(60)
        ));
    }
    repo.write(".certgate/policy.yaml", policy);
    repo.commit("many components");
    for at in 0..60 {
        repo.write(format!("many/{at}_{}.py", "_*<&".repeat(20)), "x = 1\n");
    }
    repo.git(&["add", "--all"]);
    let comment = run(&repo, &["check", "--staged", "--format", "markdown"]).ends(1).out;
    assert!(comment.len() <= 64 * 1024, "{}", comment.len());
    assert!(comment.contains(" more | | | |\n"), "{comment}");
    assert!(comment.contains("lists all\n"), "{comment}");
    assert!(comment.trim_end().ends_with("</sub>"));
}
