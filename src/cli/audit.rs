//! `certgate audit`: a record for each of many repositories, in their order, as they come.

use std::collections::{BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::args::{AuditArgs, AuditFormat, FailOn};
use super::audit_resume::{Earlier, cut_half_a_line, key};
use super::ending::Ending;
use super::fault::Doing as _;
use super::{formats, moment, terminal};
use crate::audit::{AuditPlan, AuditRecord, Completeness, Since, audit, directory_of, in_order};
use crate::diagnostic::{Code, Diagnostic, command, plural};
use crate::gate::Undecided;
use crate::git::Repository;
use crate::report::{self, AuditOverview, Audited};

/// How many landings of a branch are judged where nothing says otherwise.
const LAST: usize = 200;

/// Carries it out. What keeps it from any record is reported in the asked format, too.
pub(super) fn run(args: &AuditArgs) -> Result<Ending, Undecided> {
    let format = if args.jsonl { AuditFormat::Jsonl } else { args.format };
    if args.resume.is_some() && format != AuditFormat::Jsonl {
        let message = "--resume continues records of --jsonl, and of no other format";
        return Err(Undecided::usage(message, command!["certgate", "audit", "--help"]));
    }
    Repository::sweep();
    let plan = plan(args);
    let mut writer = Writer::open(args, format)?;
    // After the writer, which may have cut half a line off.
    let earlier = args
        .resume
        .as_deref()
        .map(|file| Earlier::read(file, &plan))
        .transpose()?;
    let ended = Mutex::new(Input::default());
    let paths = Paths::new(args, &ended);
    let mut overview = AuditOverview::default();
    let mut found = BTreeSet::new();
    in_order(
        paths,
        usize::from(args.jobs),
        |path: PathBuf| {
            let known = |heads: &str| earlier.as_ref().is_some_and(|earlier| earlier.has(&path, heads));
            audit(&path, &plan, known)
                .filter(|record| !earlier.as_ref().is_some_and(|earlier| earlier.failed_so(record)))
        },
        |record| {
            let Some(record) = record else { return Ok(()) };
            overview.add(&record);
            found.extend(FailOn::ALL.into_iter().filter(|what| what.is_in(&record)));
            writer.record(&record)
        },
    )?;
    let input = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Err(failure) = input.check(overview.repositories) {
        writer.failed(&failure.diagnostics);
        return Err(failure);
    }
    writer.end(&overview)?;
    if overview.partial + overview.failed > 0 {
        let message = format!(
            "{} could not be looked at, {} in part only",
            overview.failed, overview.partial
        );
        return Err(Diagnostic::error(Code::CG774, message)
            .because("`errors` of their records says why, and what helps")
            .help(command!["certgate", "explain", "CG774"])
            .into());
    }
    let failing: Vec<&str> = args
        .fail_on
        .iter()
        .filter(|what| found.contains(what))
        .map(|what| what.as_str())
        .collect();
    if failing.is_empty() {
        return Ok(Ending::Done);
    }
    let told = Diagnostic::error(Code::CG773, format!("the audit found: {}", failing.join(", ")))
        .help("run it again with `--format markdown`: one page shows where");
    terminal::diagnose(&[told]);
    Ok(Ending::Blocked)
}

fn plan(args: &AuditArgs) -> AuditPlan {
    let given = args.last.map(|last| usize::try_from(last).unwrap_or(usize::MAX));
    let since = args.since.as_deref().map(since);
    AuditPlan {
        last: given.or(since.is_none().then_some(LAST)),
        since,
        timed: !args.no_time,
    }
}

/// What begins with a date or a duration before now is one; anything else is a revision, which each repository has its own of.
fn since(text: &str) -> Since {
    let span = || moment::duration(text).and_then(|span| jiff::Timestamp::now().checked_sub(span).ok());
    match moment::date(text).or_else(span) {
        Some(moment) => Since::Moment(moment.as_second(), text.to_owned()),
        None => Since::Revision(text.to_owned()),
    }
}

impl FailOn {
    const ALL: [Self; 6] = [
        Self::Uncovered,
        Self::Refusals,
        Self::Stops,
        Self::Overdue,
        Self::Unwatched,
        Self::Policy,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Uncovered => "uncovered landings",
            Self::Refusals => "refusals in force",
            Self::Stops => "emergency stops in force",
            Self::Overdue => "what is overdue",
            Self::Unwatched => "repositories that are not watched",
            Self::Policy => "repositories without a policy",
        }
    }

    fn is_in(self, record: &AuditRecord) -> bool {
        match self {
            Self::Uncovered => record.uncovered() > 0,
            Self::Refusals => !record.refusals.is_empty(),
            Self::Stops => record.stops() > 0,
            Self::Overdue => record.overdue() > 0,
            Self::Unwatched => record.unwatched(),
            Self::Policy => record.outcome != Completeness::Failed && record.policy.is_none(),
        }
    }
}

/// How the list of repositories ended.
#[derive(Default)]
struct Input {
    error: Option<std::io::Error>,
    paths: usize,
    duplicates: usize,
}

impl Input {
    /// An empty list is a mistake, and half of one is no list.
    fn check(self, records: usize) -> Result<(), Undecided> {
        let no_list = |message: String| {
            Diagnostic::error(Code::CG772, message)
                .help("name repositories, or write one path a line: find /srv/git -name '*.git' | certgate audit -")
        };
        if let Some(error) = self.error {
            let told = no_list(format!("cannot read the list of repositories: {error}"));
            return Err(told
                .because(format!("{} read before", plural(records, "record")))
                .into());
        }
        if self.paths == 0 {
            return Err(no_list("there is no repository to audit".to_owned()).into());
        }
        if self.duplicates > 0 {
            terminal::err(&format!(
                "note: {} named before, by this or another path, and left out\n",
                plural(self.duplicates, "repository path")
            ));
        }
        Ok(())
    }
}

/// The repositories in their order, each once: from the command line, and from standard input where that is named.
struct Paths<'a> {
    arguments: std::slice::Iter<'a, OsString>,
    reading: bool,
    end: u8,
    seen: HashSet<[u8; 16]>,
    input: &'a Mutex<Input>,
}

impl<'a> Paths<'a> {
    fn new(args: &'a AuditArgs, input: &'a Mutex<Input>) -> Self {
        Self {
            arguments: args.repositories.iter(),
            reading: false,
            end: if args.nul { 0 } else { b'\n' },
            seen: HashSet::new(),
            input,
        }
    }

    fn input(&self) -> std::sync::MutexGuard<'_, Input> {
        self.input.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&mut self) -> Option<PathBuf> {
        let mut line = Vec::new();
        loop {
            line.clear();
            match std::io::stdin().lock().read_until(self.end, &mut line) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => {
                    self.input().error = Some(error);
                    return None;
                }
            }
            if line.last() == Some(&self.end) {
                line.pop();
            }
            if !line.is_empty() {
                return Some(PathBuf::from(OsString::from_vec(std::mem::take(&mut line))));
            }
        }
    }

    fn any(&mut self) -> Option<PathBuf> {
        loop {
            if self.reading {
                if let Some(path) = self.line() {
                    return Some(path);
                }
                self.reading = false;
            }
            match self.arguments.next()? {
                dash if dash.as_os_str() == OsStr::new("-") => self.reading = true,
                path => return Some(PathBuf::from(path)),
            }
        }
    }
}

impl Iterator for Paths<'_> {
    type Item = PathBuf;

    fn next(&mut self) -> Option<PathBuf> {
        loop {
            let path = self.any()?;
            self.input().paths += 1;
            if self.seen.insert(key(&directory_of(&path))) {
                return Some(path);
            }
            self.input().duplicates += 1;
        }
    }
}

/// Where the answer goes, record by record.
struct Writer {
    format: AuditFormat,
    file: Option<(PathBuf, File)>,
    first: bool,
    /// What was found, where the format needs all of it.
    found: Vec<Audited>,
}

impl Writer {
    fn open(args: &AuditArgs, format: AuditFormat) -> Result<Self, Undecided> {
        let output = args.output.as_deref();
        let goes_on = match (output, args.resume.as_deref()) {
            (Some(output), Some(resume)) => output == resume || same(output, resume),
            (None, Some(resume)) => same(Path::new("/dev/stdout"), resume),
            _ => false,
        };
        if let (true, Some(resume)) = (goes_on, args.resume.as_deref()) {
            cut_half_a_line(resume)?;
        }
        let file = match output {
            Some(path) => {
                let mut options = File::options();
                let options = match goes_on {
                    true => options.append(true),
                    false => options.write(true).truncate(true),
                };
                Some((
                    path.to_owned(),
                    options.create(true).open(path).doing("write to", path)?,
                ))
            }
            None => None,
        };
        Ok(Self {
            format,
            file,
            first: true,
            found: Vec::new(),
        })
    }

    fn write(&mut self, text: &str) -> Result<(), Undecided> {
        match &mut self.file {
            // In one piece, so that a kill leaves at most half a line.
            Some((path, file)) => file
                .write_all(text.as_bytes())
                .doing("write to", &*path)
                .map_err(Into::into),
            None => terminal::judged(text).map_err(Into::into),
        }
    }

    fn record(&mut self, record: &AuditRecord) -> Result<(), Undecided> {
        let text = match self.format {
            AuditFormat::Human => report::audit_line(record) + "\n",
            AuditFormat::Jsonl => report::audit_row(record),
            AuditFormat::Json => {
                let before = if self.first { BEGIN } else { ",\n" };
                format!("{before}{}", report::audit_row(record).trim_end())
            }
            AuditFormat::Sarif | AuditFormat::Junit | AuditFormat::Gitlab => {
                self.found.push(report::audited(record));
                return Ok(());
            }
            AuditFormat::Markdown | AuditFormat::Html => return Ok(()),
        };
        self.first = false;
        self.write(&text)
    }

    fn end(&mut self, overview: &AuditOverview) -> Result<(), Undecided> {
        match self.format {
            AuditFormat::Human => self.write(&overview.human()),
            AuditFormat::Json => {
                let before = if self.first { BEGIN } else { "" };
                self.write(&format!(
                    "{before}\n],\"sums\":{}}}\n",
                    report::to_row(overview).trim_end()
                ))
            }
            AuditFormat::Jsonl => Ok(()),
            AuditFormat::Markdown => self.write(&overview.markdown()),
            AuditFormat::Html => self.write(&overview.html()),
            AuditFormat::Sarif => self.write(&report::audit_sarif(&self.found)),
            AuditFormat::Junit => self.write(&report::audit_junit(&self.found)),
            AuditFormat::Gitlab => self.write(&report::audit_gitlab(&self.found)),
        }
    }

    /// The report of a run that has no list of repositories, unless some of it has been written.
    fn failed(&mut self, diagnostics: &[Diagnostic]) {
        if let Some(text) = formats::failure(self.format.into(), "audit", diagnostics).filter(|_| self.first) {
            let _best_effort = self.write(&text);
        }
    }
}

/// How the document begins that has all records.
const BEGIN: &str = "{\"schema\":\"certgate/audit-list/v1\",\"repositories\":[\n";

fn same(a: &Path, b: &Path) -> bool {
    let id = |path: &Path| {
        let found = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        Some((found.dev(), found.ino()))
    };
    id(a).is_some() && id(a) == id(b)
}
