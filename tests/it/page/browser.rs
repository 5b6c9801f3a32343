//! What a reader does with a page, step by step, in one browser.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::driver::{Browser, CONTROL, ENTER, ESCAPE, SPACE, TAB};
use super::{axe, made};
use crate::formats;
use crate::scene::{run, with_policy};
use crate::support::scratch;

/// The rows of files that can be seen.
const SEEN: &str = "[...document.querySelectorAll('[data-find=file]')].filter(row => row.checkVisibility()).length";

/// What the search says.
const SAID: &str = "document.getElementById('found').textContent";

/// A reader with the page open.
struct Reader {
    browser: Browser,
    axe: String,
}

impl Reader {
    /// Opens a page in a light window of a usual size, from its top.
    fn opens(&self, page: &Path) {
        self.browser.size(1100, 900);
        self.browser.medium("light", "screen");
        self.browser.show(page);
    }

    /// Waits until an expression is true; the page answers after the next frame.
    #[track_caller]
    fn until(&self, expression: &str) {
        for _ in 0..400 {
            if self.browser.ask(expression) == json!(true) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("never: {expression}; the search says {}", self.browser.ask(SAID));
    }

    /// Asserts that nothing was loaded, and that the browser has nothing to complain of.
    #[track_caller]
    fn is_quiet(&self) {
        assert_eq!(self.browser.ask("performance.getEntriesByType('resource').length"), 0);
        assert_eq!(self.browser.complaints(), Vec::<serde_json::Value>::new());
    }

    /// Has axe-core look at the page as it is, and gives how many rules held.
    #[track_caller]
    fn is_accessible(&self, what: &str) {
        self.browser.run(&self.axe);
        let found = self.browser.run_async(
            "const done = arguments[arguments.length - 1]; axe.run(document, { resultTypes: ['violations'] }).then(found => done({ \
             findings: found.violations.map(one => [one.id, one.help, one.nodes.slice(0, 3).map(node => node.html.slice(0, 200) + node.failureSummary)]), \
             held: found.passes.length }), error => done({ findings: [String(error)], held: 0 }))",
        );
        assert_eq!(found["findings"], json!([]), "{what}: {found:#}");
        println!("axe-core: 0 findings, {} rules held: {what}", found["held"]);
    }
}

/// All steps share the browser, which takes longer to start than any of them.
#[test]
fn a_reader_in_chromium() {
    let Some(axe) = axe() else { return };
    let folder = scratch();
    let story = made::story();
    let page = made::page(&story, folder.path());
    let reader = Reader {
        browser: Browser::open(),
        axe,
    };
    for (name, step) in [
        (
            "it opens, loads nothing, and says the verdict first",
            opens as fn(&Reader, &Path),
        ),
        ("clicks: a file, all files, a command to copy", clicks),
        ("search and filter", searches),
        ("keyboard only", keyboard),
        ("320 pixels", narrow),
        ("dark", dark),
        ("on paper", paper),
        ("without a script", without_script),
        ("axe-core", accessible),
    ] {
        reader.opens(&page);
        step(&reader, &page);
        println!("{name}: ok");
    }
    hostile(&reader, folder.path());
    history(&reader, folder.path());
    many(&reader, folder.path());
}

fn opens(reader: &Reader, _: &Path) {
    let browser = &reader.browser;
    reader.is_quiet();
    assert_eq!(browser.ask("document.title"), "certgate: blocked into main");
    assert_eq!(browser.ask("document.querySelector('main h1').textContent"), "Blocked");
    let first = browser.ask("document.querySelector('main').firstElementChild.innerText");
    let first = first.as_str().unwrap();
    for said in [
        "gpu_memory",
        "vetoed",
        "the refusal must be lifted by perf",
        "data_loading",
        "not certified",
        "nothing",
    ] {
        assert!(first.contains(said), "{said}: {first}");
    }
    let text = browser.ask("document.body.innerText");
    let text = text.as_str().unwrap();
    for said in [
        "NO_GO",
        "refuses 1 file",
        "certgate certify data_loading",
        "lex big.txt",
        "Accepted up to 1.050",
        "Ledger",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    // Two benchmarks: the runs and the ratio of each, and each over the ledger, with the step.
    let pictures =
        browser.ask("[...document.querySelectorAll('svg')].map(one => one.querySelector('desc').textContent)");
    let pictures: Vec<&str> = pictures
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap())
        .collect();
    assert_eq!(pictures.len(), 6, "{pictures:#?}");
    assert!(pictures[0].contains("baseline: 10 runs around"), "{pictures:#?}");
    assert!(pictures[1].contains("accepted up to 1.050"), "{pictures:#?}");
    assert!(
        pictures[4].contains("8 approvals. The level changed: -13."),
        "{pictures:#?}"
    );
    assert_eq!(
        browser.ask("document.querySelectorAll('#ledger li').length").as_u64(),
        Some(9)
    );
}

fn clicks(reader: &Reader, _: &Path) {
    let browser = &reader.browser;
    let row = "#component-gpu_memory .rows > li";
    assert_eq!(
        browser.ask(&format!("document.querySelector('{row} .hunk')?.checkVisibility()")),
        false
    );
    browser.click(&format!("{row} summary"));
    reader.until(&format!("document.querySelector('{row} .hunk').checkVisibility()"));
    let added = browser.ask(&format!(
        "[...document.querySelectorAll('{row} ins')].map(line => line.textContent)"
    ));
    assert_eq!(
        added,
        json!(["+    torch.cuda.empty_cache()", "+    return loss.item()"])
    );
    browser.click(&format!("{row} summary"));
    reader.until(&format!("!document.querySelector('{row} .hunk').checkVisibility()"));
    browser.click("#component-data_loading button[aria-label='Open all files of data_loading']");
    reader.until("document.querySelector('#component-data_loading .rows details').open");
    // What is copied is what can be pasted.
    let command = browser.ask("document.querySelector('#component-data_loading .command code').textContent");
    browser.click("#component-data_loading .command button");
    reader.until("document.querySelector('#component-data_loading .command [role=status]').textContent === 'Copied.'");
    browser.click("#words");
    browser.chord(CONTROL, "v");
    reader.until("document.getElementById('words').value !== ''");
    assert_eq!(browser.ask("document.getElementById('words').value"), command);
    reader.is_quiet();
}

fn searches(reader: &Reader, _: &Path) {
    let browser = &reader.browser;
    assert_eq!((browser.ask(SEEN), browser.ask(SAID)), (json!(3), json!("3 files")));
    browser.click("#words");
    browser.keys("LOOP train");
    reader.until(&format!("{SAID}.startsWith('1 of 3 files')"));
    assert_eq!(browser.ask(SEEN), 1);
    // Where nothing is left of a component, it says so.
    reader.until("document.getElementById('nofiles-data_loading').checkVisibility()");
    browser.keys(ESCAPE);
    reader.until(&format!("{SAID} === '3 files'"));
    assert_eq!(
        browser.ask("document.getElementById('nofiles-data_loading').checkVisibility()"),
        false
    );
    // What changed is found, though the file is closed.
    browser.keys("empty_cache()");
    reader.until(&format!("{SAID}.startsWith('1 of 3 files')"));
    browser.keys(ESCAPE);
    browser.click("input[value=covered]");
    reader.until(&format!("{SAID} === '1 of 3 files'"));
    browser.click("input[value=open]");
    reader.until(&format!("{SAID} === '2 of 3 files'"));
    browser.click("input[value=all]");
    reader.until(&format!("{SAID} === '3 files'"));
}

/// No pointer: every control is reached by Tab, shows that it is, and does what it does.
fn keyboard(reader: &Reader, _: &Path) {
    let browser = &reader.browser;
    let focus = "document.activeElement";
    browser.keys(TAB);
    assert_eq!(browser.ask(&format!("{focus}.textContent")), "Skip to the verdict");
    assert!(
        browser
            .ask(&format!("{focus}.getBoundingClientRect().left >= 0"))
            .as_bool()
            .unwrap()
    );
    browser.keys(ENTER);
    reader.until(&format!("{focus}.id === 'main'"));
    let mut reached = Vec::new();
    for _ in 0..80 {
        browser.keys(TAB);
        let now = browser.ask(&format!(
            "[{focus}.tagName, {focus}.id || {focus}.textContent.slice(0, 40), getComputedStyle({focus}).outlineStyle]"
        ));
        if now[0] == "BODY" {
            break;
        }
        assert_ne!(now[2], "none", "{now}");
        reached.push(now[0].as_str().unwrap().to_owned());
        if now[1] == "words" {
            browser.keys("loader");
            reader.until(&format!("{SAID}.startsWith('1 of 3 files')"));
            browser.keys(ESCAPE);
            reader.until(&format!("{SAID} === '3 files'"));
        }
        if now[0] == "SUMMARY" && !reached.contains(&"opened".to_owned()) {
            for (key, open) in [(ENTER, true), (SPACE, false)] {
                browser.keys(key);
                reader.until(&format!("{focus}.parentElement.open === {open}"));
            }
            reached.push("opened".to_owned());
        }
    }
    for control in ["A", "INPUT", "BUTTON", "SUMMARY", "opened"] {
        assert!(reached.iter().any(|one| one == control), "{control}: {reached:?}");
    }
    // Each that can be seen was reached: radio buttons are one stop.
    let controls =
        "[...document.querySelectorAll('main :is(a, button, summary, input:not([type=radio]), input:checked)')]";
    let controls = browser.ask(&format!("{controls}.filter(one => one.checkVisibility()).length"));
    let opened = reached.iter().filter(|one| *one == "opened").count();
    assert_eq!(
        controls.as_u64().unwrap() as usize,
        reached.len() - opened,
        "{reached:?}"
    );
}

fn narrow(reader: &Reader, page: &Path) {
    let browser = &reader.browser;
    browser.size(320, 700);
    browser.show(page);
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = true; })");
    let width = browser.ask("document.documentElement.scrollWidth");
    let wide = browser.ask(
        "[...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > 321).map(one => one.outerHTML.slice(0, 120)).slice(0, 5)",
    );
    // A scroll bar takes some of it.
    assert!(width.as_u64().unwrap() <= 320, "{width}");
    assert_eq!(wide, json!([]));
    reader.is_accessible("320 pixels");
}

fn dark(reader: &Reader, _: &Path) {
    let browser = &reader.browser;
    let colours = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]";
    let light = browser.ask(colours);
    browser.medium("dark", "screen");
    let dark = browser.ask(colours);
    assert_eq!(light, json!(["rgb(251, 250, 248)", "rgb(29, 31, 33)"]));
    assert_eq!(dark, json!(["rgb(21, 23, 26)", "rgb(231, 229, 225)"]));
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = true; })");
    reader.is_accessible("dark, everything open");
    browser.medium("light", "screen");
}

fn paper(reader: &Reader, _: &Path) {
    let browser = &reader.browser;
    browser.medium("light", "print");
    let seen = |selector: &str| {
        browser.ask(&format!(
            "document.querySelector(\"{selector}\").checkVisibility({{ contentVisibilityAuto: true }})"
        ))
    };
    assert_eq!((seen("#finder"), seen("button")), (json!(false), json!(false)));
    // What is closed on the screen is open on paper, where there is not too much of it.
    assert_eq!(seen("#component-gpu_memory .hunk"), true);
    // What is emulated is what is printed.
    let pdf = browser.print();
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 20_000, "{} bytes", pdf.len());
    let pages = String::from_utf8_lossy(&pdf).matches("/Type /Page\n").count();
    assert!((2..=20).contains(&pages), "{pages} pages");
    println!("a PDF of {pages} pages, {} bytes", pdf.len());
    let shown = browser.ask(SHOWN);
    browser.medium("light", "screen");
    if let Some((words, text)) = printed(&pdf) {
        for said in [
            "Blocked",
            "gpu_memory",
            "data_loading",
            "lexer",
            "therefusalmustbeliftedbyperf",
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        let shown = shown.as_array().unwrap();
        assert!(shown.len() > 100, "{} texts", shown.len());
        let joined = |one: &serde_json::Value| one.as_str().unwrap().split_whitespace().collect::<String>();
        let lost: Vec<_> = shown.iter().filter(|one| !text.contains(&joined(one))).collect();
        assert!(lost.is_empty(), "not on paper: {lost:#?} in {text}");
        println!("{words} words and {} texts of the page are on paper", shown.len());
    }
}

/// Each text of the page that paper should have: those of elements that hold no other such element, and no mark that the style puts there.
const SHOWN: &str = "[...document.querySelectorAll('main :is(h1, h2, h3, h4, p, dt, dd, li, td, th, pre > *, summary > *, figcaption)')] \
     .filter(one => one.checkVisibility({ contentVisibilityAuto: true }) && !one.closest('.aside, .finder, .key, svg, thead') \
         && !one.querySelector('p, li, dd, td, pre, ul, table, details, div, br, svg, .key')) \
     .map(one => one.textContent).filter(text => text.trim() !== '')";

/// How many words a PDF has, each of which lies on its page, and its text without blanks; `None`, said aloud, where poppler is not installed.
fn printed(pdf: &[u8]) -> Option<(usize, String)> {
    let folder = scratch();
    let file = folder.path().join("page.pdf");
    std::fs::write(&file, pdf).unwrap();
    let read = |how: &str| {
        let ran = std::process::Command::new("pdftotext")
            .arg(how)
            .arg(&file)
            .arg("-")
            .output();
        let output = ran.ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap())
    };
    let Some((places, text)) = read("-bbox").zip(read("-raw")) else {
        assert!(
            std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
            "pdftotext is missing, and CERTGATE_REQUIRE_TOOLS is set: bash .ci/run installs it"
        );
        println!("skipped: pdftotext is not installed");
        return None;
    };
    let number = |line: &str, name: &str| -> f64 {
        let rest = line.split(&format!("{name}=\"")).nth(1).unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    };
    let (mut width, mut height, mut words) = (0.0, 0.0, 0);
    for line in places.lines().map(str::trim) {
        if line.starts_with("<page ") {
            (width, height) = (number(line, "width"), number(line, "height"));
        } else if line.starts_with("<word ") {
            let inside = number(line, "xMin") >= 0.0
                && number(line, "yMin") >= 0.0
                && number(line, "xMax") <= width
                && number(line, "yMax") <= height;
            assert!(inside, "cut off: {line} on a page of {width} by {height}");
            words += 1;
        }
    }
    Some((words, text.split_whitespace().collect()))
}

fn without_script(reader: &Reader, page: &Path) {
    let browser = &reader.browser;
    browser.scripts(false);
    browser.show(page);
    // The browser runs what the driver asks for all the same.
    assert_eq!(browser.ask("document.querySelectorAll('main button').length"), 0);
    assert_eq!(
        browser.ask("document.getElementById('finder').checkVisibility()"),
        false
    );
    browser.click("#component-gpu_memory .rows summary");
    reader.until("document.querySelector('#component-gpu_memory .hunk').checkVisibility()");
    browser.scripts(true);
}

fn accessible(reader: &Reader, _: &Path) {
    reader.is_accessible("light, everything closed");
    reader
        .browser
        .run("document.querySelectorAll('details').forEach(one => { one.open = true; })");
    reader.is_accessible("light, everything open");
}

/// What history would have been asked: the commits have the search, and nothing of the page is out of reach.
fn history(reader: &Reader, folder: &Path) {
    let browser = &reader.browser;
    for asked in formats::asked() {
        let file = folder.join(format!("{}.html", asked.name));
        std::fs::write(&file, asked.in_format("html").out).unwrap();
        reader.opens(&file);
        reader.is_quiet();
        reader.is_accessible(asked.name);
        if asked.name == "history" {
            assert_eq!(browser.ask(SAID), json!("7 commits"));
            browser.click("#words");
            browser.keys("twice as fast");
            reader.until(&format!("{SAID}.startsWith('1 of 7 commits')"));
            browser.click("#commits .rows > li:not([hidden]) summary");
            reader.until("document.querySelector('#commits .rows > li:not([hidden]) .body').checkVisibility()");
            browser.size(320, 700);
            browser.show(&file);
            let width = browser.ask("document.documentElement.scrollWidth");
            assert!(width.as_u64().unwrap() <= 320, "{width}");
        }
    }
}

/// Names of files, branches, agents and components, messages and lines that would be markup, scripts or marks that reorder text.
fn hostile(reader: &Reader, folder: &Path) {
    let browser = &reader.browser;
    for scene in formats::scenes().iter() {
        let file = folder.join(format!("{}.html", scene.name));
        std::fs::write(&file, scene.in_format("html").out).unwrap();
        reader.opens(&file);
        reader.is_quiet();
        let odd = browser.ask(
            "[...document.querySelectorAll('*')].filter(one => !('html head meta title style body a header strong nav ul li main section h1 h2 h3 h4 p dl div dt dd \
             table thead tbody tr th td caption code pre span br details summary figure figcaption ins del mark article time ol footer script button input label \
             fieldset legend svg desc line circle text' + ' ').includes(one.localName + ' ') \
             || [...one.attributes].some(at => at.name.startsWith('on') || at.name === 'style' || (['href', 'src', 'action'].includes(at.name) && !at.value.startsWith('#')))) \
             .map(one => one.outerHTML.slice(0, 200))",
        );
        assert_eq!(odd, json!([]), "{}", scene.name);
        assert_eq!(
            browser.ask("document.scripts.length + document.styleSheets.length"),
            2,
            "{}",
            scene.name
        );
        if scene.name == "hostile" {
            let shown = browser.ask("[...document.querySelectorAll('.rows summary code')].map(one => one.textContent)");
            let shown: Vec<&str> = shown
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one.as_str().unwrap())
                .collect();
            assert!(shown.contains(&"src/train/<script>alert(1)</script>.py"), "{shown:?}");
            assert!(
                !shown.iter().any(|name| name.contains(['\u{202e}', '\u{1b}'])),
                "{shown:?}"
            );
            reader.is_accessible("hostile names");
        }
    }
    println!("hostile names: inert on {} pages", formats::scenes().len());
}

/// 5,000 gated files, half of them covered.
fn many(reader: &Reader, folder: &Path) {
    let repo = with_policy();
    for at in 0..5000 {
        repo.write(
            format!("src/train/layer{}/part{at}.py", at % 50),
            format!("def part{at}(x):\n    return x + {at}\n"),
        );
        if at == 2499 {
            repo.git(&["add", "--all"]);
            run(&repo, &crate::scene::certify_staged("APPROVED", "performance-engineer")).ends(0);
        }
    }
    repo.git(&["add", "--all"]);
    let file: PathBuf = folder.join("many.html");
    let judged = repo.certgate(&["check", "--staged", "--format", "html"]);
    assert_eq!(judged.status.code(), Some(1));
    std::fs::write(&file, judged.stdout).unwrap();
    reader.opens(&file);
    let browser = &reader.browser;
    reader.until("performance.getEntriesByName('first-contentful-paint').length > 0");
    let paint = browser
        .ask("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        .as_f64()
        .unwrap();
    let ready = browser
        .ask("performance.getEntriesByType('navigation')[0].loadEventEnd")
        .as_f64()
        .unwrap();
    reader.until(&format!("{SAID} === '5,000 files'"));
    // From the key to the frame after the one that shows what was found.
    let find = |words: &str, said: &str| {
        browser.keys(ESCAPE);
        reader.until(&format!("{SAID} === '5,000 files'"));
        let took = browser.run_async(&format!(
            "const done = arguments[arguments.length - 1], box = document.getElementById('words'), begun = performance.now(); \
             box.value = '{words}'; box.dispatchEvent(new Event('input', {{ bubbles: true }})); \
             requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begun)));"
        ));
        reader.until(&format!("{SAID}.startsWith('{said}')"));
        took.as_f64().unwrap()
    };
    browser.click("#words");
    let first = find("part4999", "1 of 5,000 files");
    let second = find("layer7/", "100 of 5,000 files");
    browser.click("input[value=covered]");
    reader.until(&format!("{SAID}.startsWith('50 of 5,000 files')"));
    let size = std::fs::metadata(&file).unwrap().len() / 1024;
    println!(
        "5,000 gated files, {size} KiB: first paint after {paint:.0} ms, loaded after {ready:.0} ms, found in {first:.0} ms, again in {second:.0} ms"
    );
    // Not what it takes, but that nothing hangs.
    assert!([paint, ready, first, second].iter().all(|took| *took < 10_000.0));
    reader.is_quiet();
}
