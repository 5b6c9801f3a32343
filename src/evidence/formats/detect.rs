//! Which format a content has. Every reader is asked; that of two formats at once is refused.

use super::json::{self, Json};
use super::{Defect, Format, Read, Refusal};
use super::{
    asv, benchmarkdotnet, bmf, divan, github_action, go, google, gungraun, hyperfine, jmh, k6, libtest, nvbench,
    perf_stat, pyperf, pytest, vitest, wrk,
};

/// A format of JSON documents: whether a document is of it, and its reader.
type Document = (Format, fn(&Json) -> bool, fn(&Json) -> Read);

const DOCUMENTS: [Document; 14] = [
    (Format::Hyperfine, hyperfine::is, hyperfine::read),
    (Format::PytestBenchmark, pytest::is, pytest::read),
    (Format::Jmh, jmh::is, jmh::read),
    (Format::GoogleBenchmark, google::is, google::read),
    (Format::Pyperf, pyperf::is, pyperf::read),
    (Format::Asv, asv::is, asv::read),
    (Format::Bmf, bmf::is, bmf::read),
    (
        Format::GithubActionBenchmark,
        github_action::is_custom,
        github_action::read_custom,
    ),
    (Format::BenchmarkDotNet, benchmarkdotnet::is, benchmarkdotnet::read),
    (Format::Gungraun, gungraun::is_record, gungraun::read_record),
    (Format::Vitest, vitest::is, vitest::read),
    (Format::Nvbench, nvbench::is, nvbench::read),
    (Format::K6, k6::is, k6::read),
    (Format::PerfStat, perf_stat::is_event, perf_stat::read_event),
];

/// A format of text: whether a text is of it, and its reader.
type Lines = (Format, fn(&str) -> bool, fn(&str) -> Result<Read, Refusal>);

const LINES: [Lines; 7] = [
    (Format::Go, go::is, go::read),
    (
        Format::GithubActionBenchmark,
        github_action::is_data_js,
        github_action::read_data_js,
    ),
    (Format::Gungraun, gungraun::is, gungraun::read),
    (Format::Wrk, wrk::is, wrk::read),
    (Format::PerfStat, perf_stat::is, perf_stat::read),
    (Format::Divan, divan::is, divan::read),
    (Format::Libtest, libtest::is, libtest::read),
];

/// Finds the format and reads.
pub(super) fn read(text: &str) -> Result<(Format, Read), Refusal> {
    let mut fault: Option<json::Fault> = None;
    if text.trim_start().starts_with(['{', '[']) {
        match json::parse(text) {
            Ok(document) => return read_document(&document),
            // One record a line is no document; every line must then be one, which the readers of text see to.
            Err(trailing) if trailing.trailing && text.trim_start().starts_with('{') && is_records(text) => {
                fault = Some(trailing);
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    let found: Vec<&Lines> = LINES.iter().filter(|(_, is, _)| is(text)).collect();
    match found.as_slice() {
        [(format, _, read)] => Ok((*format, read(text)?)),
        [] => Err(fault.map_or_else(|| Defect::Unknown.into(), Refusal::from)),
        several => Err(Defect::Ambiguous(several.iter().map(|(format, ..)| *format).collect()).into()),
    }
}

/// Reads by the reader of one format, whatever the text looks like; `None` where the format is not text.
pub(super) fn read_as(format: Format, text: &str) -> Option<Result<Read, Refusal>> {
    if let Some((_, _, read)) = DOCUMENTS.iter().find(|(known, ..)| *known == format)
        && let Ok(document) = json::parse(text)
    {
        return Some(Ok(read(&document)));
    }
    let (_, _, read) = LINES.iter().find(|(known, ..)| *known == format)?;
    Some(read(text))
}

fn read_document(document: &Json) -> Result<(Format, Read), Refusal> {
    let found: Vec<&Document> = DOCUMENTS.iter().filter(|(_, is, _)| is(document)).collect();
    match found.as_slice() {
        [(format, _, read)] => Ok((*format, read(document))),
        [] => Err(Defect::Unknown.into()),
        several => Err(Defect::Ambiguous(several.iter().map(|(format, ..)| *format).collect()).into()),
    }
}

/// Whether the first line is a whole record.
fn is_records(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty());
    first.is_some_and(|line| json::parse(line).is_ok())
}
