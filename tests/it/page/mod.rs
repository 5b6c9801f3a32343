//! `--format html`: the page in Chromium, by WebDriver, and held against readers that somebody else wrote: the W3C's checker (vnu) and axe-core.
//! `.ci/run` installs them, the latter two below `target/tools`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod browser;
mod driver;
mod made;
mod pictures;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::formats;
use crate::support::scratch;

/// Where a program is.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// A file below `target/tools/page`, where the programs are installed as well; `None` skips the test.
fn tool(file: &str, programs: &[&str]) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/tools/page/node_modules")
        .join(file);
    let missing: Vec<&str> = programs
        .iter()
        .copied()
        .filter(|program| on_path(program).is_none())
        .collect();
    if file.is_file() && missing.is_empty() {
        return Some(file);
    }
    assert!(
        std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
        "{} or {missing:?} is missing, and CERTGATE_REQUIRE_TOOLS is set: bash .ci/run installs them",
        file.display()
    );
    println!("skipped: the browser or the checkers of pages are not installed");
    None
}

/// axe-core, and the browser.
fn axe() -> Option<String> {
    let file = tool("axe-core/axe.min.js", &["chromium", "chromedriver"])?;
    Some(std::fs::read_to_string(file).unwrap())
}

/// Every page that there is: whatever a judgement comes to, and what `lint`, `verify` and a run that could not decide say.
#[test]
fn every_page_is_valid() {
    let Some(checker) = tool("vnu-jar/build/dist/vnu.jar", &["java"]) else {
        return;
    };
    let folder = scratch();
    let mut pages = Vec::new();
    for scene in formats::scenes().iter() {
        let file = folder.path().join(format!("{}.html", scene.name));
        std::fs::write(&file, scene.in_format("html").out).unwrap();
        pages.push(file);
    }
    for asked in formats::asked() {
        let file = folder.path().join(format!("{}.html", asked.name));
        std::fs::write(&file, asked.in_format("html").out).unwrap();
        pages.push(file);
    }
    let story = made::story();
    pages.push(made::page(&story, folder.path()));
    let output = Command::new("java")
        .arg("-Xss1m")
        .arg("-jar")
        .arg(checker)
        .args(["--format", "json", "--stdout", "--exit-zero-always"])
        .args(&pages)
        .output()
        .unwrap();
    let said: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let messages = said["messages"].as_array().unwrap();
    let errors: Vec<_> = messages.iter().filter(|message| message["type"] == "error").collect();
    assert!(errors.is_empty(), "{errors:#?}");
    // It compares no digests: the browser is what says that style and script keep to the page's policy.
    let warned = messages.iter().filter(|message| message["subType"] == "warning");
    let warned: Vec<_> = warned
        .filter(|message| {
            !message["message"]
                .as_str()
                .unwrap()
                .contains("violates Content Security Policy")
        })
        .collect();
    assert!(warned.is_empty(), "{warned:#?}");
    println!("{} pages are valid", pages.len());
}

/// Without a clock, so that two pages can be compared.
#[test]
fn the_same_judgement_is_the_same_page() {
    let repo = crate::scene::with_policy();
    crate::scene::stage_gated(&repo);
    let check = ["check", "--staged", "--format", "html", "--report", "html=beside.html"];
    let one = crate::scene::run(&repo, &check).ends(1).out;
    assert_eq!(one, crate::scene::run(&repo, &check).ends(1).out);
    assert_eq!(one, std::fs::read_to_string(repo.path().join("beside.html")).unwrap());
    assert!(
        one.starts_with("<!DOCTYPE html>") && one.ends_with("</html>\n"),
        "{one}"
    );
}

/// A change that touches nothing sensitive shows the ledger all the same.
#[test]
fn the_ledger_is_on_every_page() {
    let repo = crate::scene::with_policy();
    repo.write(crate::scene::CERTIFICATE, crate::scene::of_status("NO_GO", "C-1"));
    repo.commit("refuse");
    let lift = crate::scene::of_status("APPROVED", "C-2")
        .replace("**Certificate ID**", "**Supersedes**: C-1\n**Certificate ID**");
    repo.write(crate::scene::CERTIFICATE.replace("_030405", "_040506"), lift);
    repo.commit("lift");
    repo.write("README.md", "more\n");
    repo.git(&["add", "--all"]);
    let page = crate::scene::run(&repo, &["check", "--staged", "--format", "html"])
        .ends(0)
        .out;
    for said in [
        "<h1 id=\"verdict\">Pass</h1>",
        "2 certificates, newest first",
        "superseded by <code>C-2</code>",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}
