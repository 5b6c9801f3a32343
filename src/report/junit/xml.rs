//! Suites of tests, and how they are written as XML.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// How a test ended.
pub(super) enum Ended {
    Passed,
    /// What it asks for is not asked for here.
    Skipped(Fault),
    Failed(Fault),
    /// Nothing was judged.
    Error(Fault),
}

/// What is wrong.
pub(super) struct Fault {
    pub(super) kind: String,
    pub(super) message: String,
    pub(super) text: String,
}

/// A test.
pub(super) struct Test {
    pub(super) name: String,
    pub(super) ended: Ended,
    pub(super) out: String,
}

impl Test {
    /// One that has passed.
    pub(super) fn passed(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ended: Ended::Passed,
            out: String::new(),
        }
    }
}

/// Tests with one name of a class.
pub(super) struct Suite {
    pub(super) name: String,
    pub(super) properties: Vec<(String, String)>,
    pub(super) tests: Vec<Test>,
}

/// The document. Writing into memory cannot fail.
pub(super) fn xml(suites: Vec<Suite>) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    let written = write(&mut writer, &suites).map(|()| writer.into_inner());
    let mut text = written
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    text.push('\n');
    text
}

/// How many tests, failures, errors and skipped ones.
fn counted<'a>(suites: impl IntoIterator<Item = &'a Suite>) -> [usize; 4] {
    let mut counts = [0; 4];
    for test in suites.into_iter().flat_map(|suite| &suite.tests) {
        let [tests, failures, errors, skipped] = &mut counts;
        *tests += 1;
        match test.ended {
            Ended::Passed => {}
            Ended::Skipped(_) => *skipped += 1,
            Ended::Failed(_) => *failures += 1,
            Ended::Error(_) => *errors += 1,
        }
    }
    counts
}

fn write(writer: &mut Writer<Vec<u8>>, suites: &[Suite]) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    // Jenkins' schema knows no `skipped` here.
    let [tests, failures, errors, _] = counted(suites).map(|count| count.to_string());
    let all = writer.create_element("testsuites").with_attributes([
        ("name", "certgate"),
        ("tests", &tests),
        ("failures", &failures),
        ("errors", &errors),
    ]);
    all.write_inner_content(|writer| suites.iter().try_for_each(|suite| write_suite(writer, suite)))?;
    Ok(())
}

fn write_suite(writer: &mut Writer<Vec<u8>>, suite: &Suite) -> io::Result<()> {
    let [tests, failures, errors, skipped] = counted([suite]).map(|count| count.to_string());
    let name = legal(&suite.name);
    let element = writer.create_element("testsuite").with_attributes([
        ("name", name.as_str()),
        ("tests", &tests),
        ("failures", &failures),
        ("errors", &errors),
        ("skipped", &skipped),
    ]);
    element.write_inner_content(|writer| {
        write_properties(writer, &suite.properties)?;
        suite.tests.iter().try_for_each(|test| write_test(writer, &name, test))
    })?;
    Ok(())
}

fn write_properties(writer: &mut Writer<Vec<u8>>, properties: &[(String, String)]) -> io::Result<()> {
    if properties.is_empty() {
        return Ok(());
    }
    let all = writer.create_element("properties");
    all.write_inner_content(|writer| {
        properties.iter().try_for_each(|(name, value)| {
            let (name, value) = (legal(name), legal(value));
            let one = writer.create_element("property");
            one.with_attributes([("name", name.as_str()), ("value", value.as_str())])
                .write_empty()
                .map(drop)
        })
    })?;
    Ok(())
}

fn write_test(writer: &mut Writer<Vec<u8>>, class: &str, test: &Test) -> io::Result<()> {
    let name = legal(&test.name);
    let element = writer.create_element("testcase").with_attributes([
        ("classname", class),
        ("name", name.as_str()),
        ("time", "0"),
    ]);
    let fault = match &test.ended {
        Ended::Passed => None,
        Ended::Skipped(fault) => Some(("skipped", fault)),
        Ended::Failed(fault) => Some(("failure", fault)),
        Ended::Error(fault) => Some(("error", fault)),
    };
    if fault.is_none() && test.out.is_empty() {
        element.write_empty()?;
        return Ok(());
    }
    element.write_inner_content(|writer| {
        if let Some((tag, fault)) = fault {
            let (message, text) = (legal(&fault.message), legal(&fault.text));
            writer
                .create_element(tag)
                .with_attributes([("type", fault.kind.as_str()), ("message", message.as_str())])
                .write_text_content(BytesText::new(&text))?;
        }
        if !test.out.is_empty() {
            let out = legal(test.out.trim_end());
            writer
                .create_element("system-out")
                .write_text_content(BytesText::new(&out))?;
        }
        Ok(())
    })?;
    Ok(())
}

/// What XML 1.0 has no way to write (section 2.2) is left out; everything that drives a terminal has been escaped before.
fn legal(text: &str) -> String {
    let legal = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(legal).collect()
}
