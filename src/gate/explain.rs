//! From findings to diagnostics: what is missing, why, and the command that mends it.

use std::collections::BTreeSet;

use crate::certificate::Class;
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic, Level, Place, Placeholder, Remedy, Word, command, plural, sanitize};
use crate::ledger::{Entry, Origin, Violation};
use crate::policy::{Enforcement, EvidenceKind, Stage};
use crate::sensitivity::{Reason, RuleKind};
use crate::trust::Doubt;
use crate::verdict::{Case, ComponentCase, Decision, Finding, Problem};

/// How many paths a message lists before it only counts.
const LISTED: usize = 6;

/// What the remedies need to know of the run.
#[derive(Clone, Debug)]
pub(crate) struct Ways {
    /// The arguments that choose the same change again: `--staged`, or `--base … --head …`.
    pub(crate) selection: Vec<String>,
    /// The command that stages the change first, where it will not be staged.
    pub(crate) stage: Option<Remedy>,
    /// The commit whose ledger counts, and the one with the certificates that the change adds.
    pub(crate) tip: Option<String>,
    pub(crate) head: Option<String>,
    /// The commit whose certificates count where the change alters them.
    pub(crate) base: String,
}

/// Explains every finding; errors become warnings where the policy only warns, and an invalid certificate brings its own diagnostics.
pub(crate) fn explain(case: &Case, decision: &Decision, ways: &Ways) -> Vec<Diagnostic> {
    let refused = decision.findings.iter().filter_map(|finding| match finding {
        Finding::Refused { unit, .. } | Finding::NewestInvalid { unit, .. } => Some(unit.as_str()),
        _ => None,
    });
    let context = Context {
        case,
        ways,
        refused: refused.collect(),
        stopped: decision
            .findings
            .iter()
            .any(|finding| matches!(finding, Finding::Stopped { .. })),
    };
    let mut all: Vec<Diagnostic> = Vec::new();
    for finding in &decision.findings {
        if context.is_told_better(finding, &decision.findings) {
            continue;
        }
        let level = match (finding.blocks(), case.enforcement_of(finding.component())) {
            // Not asked for here.
            (true, Enforcement::Off) => continue,
            (true, Enforcement::Block) => Level::Error,
            (true, _) => Level::Warning,
            (false, _) => Level::Warning,
        };
        let told = context.explain(finding, level).into_iter();
        let mut told = told.map(|diagnostic| diagnostic.about(finding.component()));
        all.extend(told.next().map(|first| first.in_parts(context.parts(finding))));
        all.extend(told);
    }
    all.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.level()));
    context.offer_together(&decision.findings, &mut all);
    all
}

/// What is advised against a refusal before anything else.
const CHANGE: &str = "change the code so that its findings no longer hold";

pub(crate) struct Context<'a> {
    case: &'a Case,
    pub(crate) ways: &'a Ways,
    /// Components that are refused: then no remedy has a decision ready.
    pub(crate) refused: BTreeSet<&'a str>,
    pub(crate) stopped: bool,
}

impl Context<'_> {
    /// Whether another finding says what matters: one fault is told once, by the diagnostic that teaches how to mend it.
    fn is_told_better(&self, finding: &Finding, all: &[Finding]) -> bool {
        let path = |entry: &usize| self.entry(*entry).map(|entry| &entry.certificate.path);
        all.iter().any(|other| match (finding, other) {
            // An altered certificate does not count, so nobody cares whether it can be read.
            (Finding::InvalidAdded { entry }, Finding::Ledger(Violation::Modified(modified))) => {
                path(entry) == Some(modified)
            }
            // A certificate that was meant to cover the files and cannot be read.
            (
                Finding::Uncovered { because, .. },
                Finding::InvalidAdded { entry } | Finding::NewestInvalid { entry, .. },
            ) => because.iter().any(|(named, _)| named == entry),
            _ => false,
        })
    }

    pub(crate) fn entry(&self, index: usize) -> Option<&Entry> {
        self.case.ledger.get(index)
    }

    pub(crate) fn unit(&self, id: &str) -> Option<&ComponentCase> {
        self.case.gated.iter().find(|unit| unit.id == id)
    }

    /// The certificate with its agent, status and path, for a sentence.
    fn name(&self, index: usize) -> String {
        let Some(entry) = self.entry(index) else {
            return "a certificate".to_owned();
        };
        let certificate = &entry.certificate;
        let agent = certificate.agent.as_deref().unwrap_or("nobody");
        let status = certificate.status.map_or("no status", |status| status.as_str());
        format!("`{}` ({status} by {agent}, {})", entry.label(), certificate.path)
    }

    /// The same without the path, for a message that points there.
    pub(crate) fn brief(&self, index: usize) -> String {
        let Some(entry) = self.entry(index) else {
            return "a certificate".to_owned();
        };
        let agent = entry.certificate.agent.as_deref().unwrap_or("nobody");
        let status = entry.certificate.status.map_or("no status", |status| status.as_str());
        format!("`{}` ({status} by {agent})", entry.label())
    }

    /// Who may lift a refusal.
    fn lifter(&self, index: usize) -> String {
        let agent = self.entry(index).and_then(|entry| entry.certificate.agent.as_deref());
        format!(
            "it is lifted by a later approval by {}, or by an agent that `may_lift`",
            agent.unwrap_or("its agent")
        )
    }

    pub(crate) fn certify(&self, unit: &str, agent: Option<&str>) -> Remedy {
        let by_policy = self.unit(unit).and_then(|unit| match unit.agents.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        });
        let agent = agent.map(str::to_owned).or(by_policy);
        let agent = agent.map_or(Word::from(Placeholder::Agent), Word::from);
        let status = match self.stopped || self.refused.contains(unit) {
            true => Word::from(Placeholder::Decision),
            false => "APPROVED".into(),
        };
        let lines = self
            .unit(unit)
            .is_some_and(|unit| unit.evidence.contains(&EvidenceKind::FileReferences) && !unit.files.is_empty());
        let command = command!["certgate", "certify", unit]
            .args(&self.ways.selection)
            .args(["--status".into(), status, "--agent".into(), agent])
            .args(["--rationale".into(), Word::from(Placeholder::Rationale)]);
        self.staged_first(match lines {
            true => command.args(["--evidence".into(), Word::from(Placeholder::Lines)]),
            false => command,
        })
    }

    /// The command, after the one that stages what it is about where that will not be staged.
    pub(crate) fn staged_first(&self, command: Remedy) -> Remedy {
        match &self.ways.stage {
            Some(stage) => command.after(stage.clone()),
            None => command,
        }
    }

    /// The command that seals a certificate again.
    fn seal(&self, path: &RepoPath) -> Remedy {
        command!["certgate", "seal", path].args(&self.ways.selection)
    }

    pub(crate) fn place(&self, index: usize) -> Option<Place> {
        self.entry(index).map(|entry| Place::file(&entry.certificate.path))
    }

    fn explain(&self, finding: &Finding, level: Level) -> Vec<Diagnostic> {
        let new = |code, message: String| Diagnostic::new(level, code, message);
        let one = match finding {
            Finding::Ledger(violation) => self.violation(violation, level),
            Finding::Policy(_)
            | Finding::Unauthorized { .. }
            | Finding::Bypassed { .. }
            | Finding::BypassOpen { .. }
            | Finding::BypassOverdue { .. } => return self.authority(finding, level).into_iter().collect(),
            Finding::InvalidAdded { entry } | Finding::NewestInvalid { entry, .. } => {
                return self.invalid(finding, *entry, level);
            }
            Finding::RefusalAstray { entry, name, meant } => at(
                new(
                    Code::CG114,
                    format!(
                        "{} refuses component `{name}`, which the policy does not know",
                        self.brief(*entry)
                    ),
                ),
                self.place(*entry),
            )
            .because(format!(
                "`{meant}` was probably meant; a refusal that gates nothing must not be read as consent"
            ))
            .help(format!(
                "write `**Component**: {meant}` before you commit the certificate, or add `{name}` to the policy"
            )),
            Finding::AheadOfTheClock { entry } => self.misdated(
                *entry,
                new(
                    Code::CG408,
                    format!("{} is dated ahead of the clock", self.brief(*entry)),
                ),
            ),
            Finding::BeforeEnforcement { entry } => self.misdated(
                *entry,
                new(
                    Code::CG409,
                    format!("{} is dated before `ledger.since`", self.brief(*entry)),
                ),
            ),
            Finding::Unnameable { entry } => at(
                new(
                    Code::CG410,
                    format!("{} cannot be named in `Supersedes`", self.brief(*entry)),
                ),
                self.place(*entry),
            )
            .because(
                match self.entry(*entry).and_then(|entry| entry.certificate.id.as_deref()) {
                    None => "it has no Certificate ID".to_owned(),
                    Some(id) => {
                        format!("its Certificate ID `{id}` reads as a list, as nothing, or as something else there")
                    }
                },
            )
            .because("an agent who may lift a refusal must name it")
            .help("write a line `**Certificate ID**: ID` of its own before it is merged; `certgate certify` makes one"),
            Finding::Stopped { entry } => at(
                new(Code::CG303, format!("emergency stop: {} stands", self.brief(*entry))),
                self.place(*entry),
            )
            .because("nothing but certificates goes in until it is lifted")
            .because(self.lifter(*entry))
            .help(self.read(*entry))
            .help(CHANGE)
            .help(self.lift(*entry)),
            Finding::Refused {
                unit,
                entry,
                class,
                files,
            } => {
                let (code, word) = refusal_word(*class);
                let diagnostic = new(code, format!("`{unit}` is {word} by {}", self.brief(*entry)));
                at(diagnostic, self.place(*entry))
                    .because(list("it refuses", files))
                    .because(self.lifter(*entry))
                    .help(self.read(*entry))
                    .help(CHANGE)
                    .help(self.lift(*entry))
            }
            Finding::Changed {
                unit,
                entry,
                covered,
                changed,
            } => {
                let message = format!("`{unit}`: {} changed after certification", paths(changed));
                let mut diagnostic = at(new(Code::CG202, message), changed.first().map(Place::file));
                if changed.len() > 1 {
                    diagnostic = diagnostic.because(list("changed:", changed));
                }
                diagnostic = diagnostic.because(format!("certified by {}", self.name(*entry)));
                if !covered.is_empty() {
                    diagnostic = diagnostic.because(list("still covered:", covered));
                }
                diagnostic
                    .because("only what changed needs a new certificate")
                    .help(self.certify(unit, None))
            }
            Finding::Uncovered { unit, files, because } => self.uncovered(unit, files, because, level),
            Finding::TooFew {
                unit,
                files,
                have,
                need,
            } => new(
                Code::CG204,
                format!("`{unit}`: {} of {need} approvals for {}", have.len(), paths(files)),
            )
            .because(format!(
                "approved by {}",
                have.iter().map(|h| sanitize(h)).collect::<Vec<_>>().join(", ")
            ))
            .help(self.certify(unit, None)),
            Finding::Handoff { unit, agent, files } => at(
                new(
                    Code::CG206,
                    format!("`{unit}`: `{agent}` must certify {} too", paths(files)),
                ),
                files.first().map(Place::file),
            )
            .because("the policy hands this path off to that specialist")
            .help(self.certify(unit, Some(agent))),
            Finding::Announced { unit } => self.announced(unit, level),
            Finding::Conditions { unit, entry, open } => {
                let message = format!("`{unit}`: approved with {}", plural(open.len(), "open condition"));
                let mut diagnostic = at(Diagnostic::note(Code::CG207, message), self.place(*entry));
                for condition in open.iter().take(LISTED) {
                    diagnostic = diagnostic.because(condition);
                }
                diagnostic
            }
            Finding::Ineffective { entry, problem } => {
                let message = format!("{} does not count: {problem}", self.brief(*entry));
                let diagnostic = at(Diagnostic::warning(problem.code(), message), self.place(*entry));
                let diagnostic = match self.mend(*entry, problem) {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                };
                // What made the field unreadable teaches more than that it is missing.
                let taught = match problem {
                    Problem::NoComponent | Problem::NoAgent => self.taught(*entry),
                    _ => Vec::new(),
                };
                return std::iter::once(diagnostic).chain(taught).collect();
            }
        };
        vec![one]
    }

    /// A certificate with a date that cannot be, and the command that dates it again.
    fn misdated(&self, index: usize, diagnostic: Diagnostic) -> Diagnostic {
        let Some(entry) = self.entry(index) else {
            return diagnostic;
        };
        let certificate = &entry.certificate;
        let claimed = match (certificate.date, entry.moment()) {
            (Some(date), _) => format!("its Date claims {date}"),
            (None, Some(moment)) => format!("its file name claims {moment}"),
            (None, None) => "it has no date".to_owned(),
        };
        let path = &certificate.path;
        let diagnostic = at(diagnostic, self.place(index))
            .because(claimed)
            .because("a date is a claim that must be possible; certificates are ordered by git");
        if certificate.date.is_none() {
            return diagnostic.help(format!("give {path} a field Date, or a name without a date"));
        }
        let now = self.case.now.strftime("%Y-%m-%d %H:%M:%S UTC");
        let edit = format!(r"s/^([-*+ ]*\*\*Date(\*\*:|:\*\*)).*/\1 {now}/");
        // What the option makes beside it is the one spelling that every sed knows.
        let mut old = path.as_bytes().to_vec();
        old.extend(b".old");
        let redate = command!["rm", &RepoPath::new(old)].after(command!["sed", "-i.old", "-E", edit, path]);
        let redate = match certificate.hash.is_some() {
            true => self.seal(path).after(redate),
            false => redate,
        };
        diagnostic.help(command!["git", "add", "-f", "--", Word::pathspec(path)].after(redate))
    }

    /// The errors in a certificate that do not make its decision unreadable.
    fn taught(&self, entry: usize) -> Vec<Diagnostic> {
        let findings = self
            .entry(entry)
            .map(|entry| entry.findings.as_slice())
            .unwrap_or_default();
        let errors = findings.iter().filter(|finding| finding.level() == Level::Error);
        errors
            .map(|finding| finding.clone().with_level(Level::Warning))
            .collect()
    }

    fn mend(&self, entry: usize, problem: &Problem) -> Option<Remedy> {
        let path = &self.entry(entry)?.certificate.path;
        Some(match problem {
            Problem::SubjectUnreadable | Problem::HashMismatch => self.seal(path),
            Problem::Doubt(Doubt::Unsigned) => self.seal(path).arg("--sign").arg(Placeholder::Key),
            Problem::Doubt(Doubt::Signature(_) | Doubt::NotASpeaker { .. }) => command!["certgate", "verify", path],
            Problem::Doubt(Doubt::OtherRepository(_) | Doubt::NoRepository) | Problem::OtherTarget(_) => {
                command!["certgate", "policy", "show"].why("names the repository; certify again, with --target BRANCH")
            }
            Problem::NoTarget(_) => command!["certgate", "check"]
                .args(&self.ways.selection)
                .args(["--target".into(), Word::from(Placeholder::Branch)])
                .why("the branch that the change goes to"),
            Problem::UnknownComponent(_) => command!["certgate", "policy", "show"].why("lists the components"),
            Problem::SupersedesNothing(_) => command!["certgate", "log"].why("lists the ids"),
            Problem::Placeholder
            | Problem::Stamp(_)
            | Problem::Undated
            | Problem::NoAgent
            | Problem::NoComponent
            | Problem::Future => command!["certgate", "lint", path].why("then correct it before it is merged"),
            _ => return None,
        })
    }

    fn uncovered(&self, unit: &str, files: &[RepoPath], because: &[(usize, Problem)], level: Level) -> Diagnostic {
        let gated = self.unit(unit);
        let reasons = |path: &RepoPath| {
            gated
                .and_then(|u| u.files.iter().find(|f| f.path == *path))
                .map(|f| f.reasons.as_slice())
        };
        let message = format!("`{unit}`: no certificate covers {}", paths(files));
        let mut diagnostic = Diagnostic::new(level, Code::CG201, message);
        if let Some(first) = files.first() {
            let line = reasons(first).and_then(|all| all.iter().find_map(|reason| reason.line));
            diagnostic = diagnostic.at(line.map_or_else(|| Place::file(first), |line| Place::line(first, line)));
        }
        for path in files.iter().take(LISTED) {
            let why: Vec<String> = reasons(path).unwrap_or_default().iter().take(2).map(describe).collect();
            diagnostic = diagnostic.because(format!("{path}: {}", why.join("; ")));
        }
        if files.len() > LISTED {
            diagnostic = diagnostic.because(format!("… and {} more files", files.len() - LISTED));
        }
        for (entry, problem) in because {
            diagnostic = diagnostic.because(format!(
                "{} does not count: {problem} [{}]",
                self.name(*entry),
                problem.code()
            ));
        }
        diagnostic.help(self.certify(unit, None))
    }

    fn announced(&self, unit: &str, level: Level) -> Diagnostic {
        let message =
            format!("`{unit}`: the commit message announces a judgement that no certificate of this change holds");
        let mut diagnostic = Diagnostic::new(level, Code::CG205, message);
        for gated in self
            .unit(unit)
            .map(|unit| unit.messages.as_slice())
            .unwrap_or_default()
            .iter()
            .take(3)
        {
            let commit = gated
                .commit
                .as_ref()
                .map_or_else(|| "this commit".to_owned(), |id| id.short());
            diagnostic = diagnostic.because(format!("{commit}: {}", describe(&gated.reason)));
        }
        let diagnostic = diagnostic.help(self.certify(unit, None));
        match self.case.stage {
            Stage::CommitMsg => diagnostic.help("or commit with a message that announces nothing"),
            _ => diagnostic.help("or reword the message, so that it announces nothing"),
        }
    }

    /// The command that shows a refusal with its findings.
    fn read(&self, index: usize) -> Remedy {
        let Some(entry) = self.entry(index) else {
            return command!["certgate", "log"];
        };
        let path = &entry.certificate.path;
        let id = entry.certificate.id.as_deref();
        let at = match entry.origin {
            Origin::Added => self.ways.head.as_ref(),
            Origin::Base => self.ways.tip.as_ref(),
        };
        let command = match at {
            Some(rev) => command![
                "certgate",
                "show",
                id.map_or(Word::from(path), Word::from),
                "--rev",
                rev
            ],
            // It is staged and in no commit yet.
            None => command!["git", "show", Word::from(":").and_bytes(path.as_bytes())],
        };
        command.why("its findings")
    }

    /// The command by which a refusal is lifted, once somebody has decided so.
    fn lift(&self, index: usize) -> Remedy {
        let Some(entry) = self.entry(index) else {
            return command!["certgate", "log"];
        };
        let certificate = &entry.certificate;
        let component = certificate.components.first();
        let component = component.map_or(Word::from(Placeholder::Component), Word::from);
        let agent = certificate.agent.as_deref();
        let named = certificate.id.clone().filter(|_| certificate.can_be_named());
        // A field holds text, so a path stands there as it is printed.
        let named = named.unwrap_or_else(|| certificate.path.to_string());
        let command = command!["certgate", "certify", component]
            .args(&self.ways.selection)
            .args(["--status".into(), Word::from(Placeholder::Decision)])
            .args([
                "--agent".into(),
                agent.map_or(Word::from(Placeholder::Agent), Word::from),
            ])
            .args(["--rationale".into(), Word::from(Placeholder::Rationale)])
            .args(["--supersedes", &named]);
        let who = agent.unwrap_or("its agent, or one who may lift it,");
        self.staged_first(command).why(format!("then {who} decides again"))
    }

    fn violation(&self, violation: &Violation, level: Level) -> Diagnostic {
        let restore = |path: &RepoPath| command!["git", "checkout", &self.ways.base, "--", Word::pathspec(path)];
        let counts = "the ledger is append-only: the base's version counts, and only a new certificate supersedes it";
        match violation {
            Violation::Modified(path) => Diagnostic::new(level, Code::CG401, "a certificate was modified")
                .at(Place::file(path))
                .because(counts)
                .help(restore(path)),
            Violation::Deleted(path) => Diagnostic::new(level, Code::CG402, "a certificate was taken from its path")
                .at(Place::file(path))
                .because("a certificate, and its signature, keep their path and stay what they are; one may move to another certificate path, with its signature, where it reads the same")
                .because(counts)
                .help(restore(path)),
            Violation::DuplicateId { path, id, taken_by } => {
                Diagnostic::new(level, Code::CG403, format!("certificate id `{id}` is used twice"))
                    .at(Place::file(path))
                    .because(format!("{taken_by} has it already"))
                    .help(format!("give {path} an id of its own; `certgate certify` makes one"))
            }
        }
    }

    /// An unreadable certificate: what blocks, and its own diagnostics.
    fn invalid(&self, finding: &Finding, index: usize, level: Level) -> Vec<Diagnostic> {
        let Some(entry) = self.entry(index) else {
            return Vec::new();
        };
        let path = &entry.certificate.path;
        let why = match finding {
            Finding::NewestInvalid { unit, .. } => {
                format!("a certificate that cannot be read is the newest word on `{unit}`")
            }
            _ => "this change adds a certificate that cannot be read".to_owned(),
        };
        let head = Diagnostic::new(level, Code::CG304, why)
            .at(Place::file(path))
            .because("an unreadable refusal is not consent")
            .help(command!["certgate", "lint", path]);
        // The ledger is append-only: what is in it is not mended but overruled.
        let head = match finding {
            Finding::NewestInvalid { unit, .. } => head.help(self.certify(unit, None)),
            _ => head,
        };
        let own = entry
            .findings
            .iter()
            .filter(|finding| finding.level() == Level::Error)
            .cloned();
        std::iter::once(head)
            .chain(own.map(|diagnostic| diagnostic.with_level(level)))
            .collect()
    }
}

/// The code and the word for what a refusal does.
pub(crate) fn refusal_word(class: Class) -> (Code, &'static str) {
    match class {
        Class::Hold => (Code::CG301, "on hold"),
        Class::Stop => (Code::CG303, "stopped"),
        _ => (Code::CG302, "vetoed"),
    }
}

pub(crate) fn at(diagnostic: Diagnostic, place: Option<Place>) -> Diagnostic {
    match place {
        Some(place) => diagnostic.at(place),
        None => diagnostic,
    }
}

/// One reason in words.
pub(crate) fn describe(reason: &Reason) -> String {
    let line = reason.line.map(|line| format!(" (line {line})")).unwrap_or_default();
    match reason.rule {
        RuleKind::Policy => format!("{}{line}", reason.detail),
        rule => format!("{} rule {}{line}", rule.as_str(), reason.detail),
    }
}

/// Most columns that paths take in a message; beyond it the first stands for all, and the notes list them.
const MESSAGE: usize = 60;

pub(crate) fn paths(files: &[RepoPath]) -> String {
    let shown: Vec<String> = files.iter().take(3).map(|path| format!("`{path}`")).collect();
    let width: usize = shown.iter().map(|path| path.chars().count()).sum();
    match shown.as_slice() {
        [] => "the component".to_owned(),
        [one] => one.clone(),
        [one, two] if width <= MESSAGE => format!("{one} and {two}"),
        [one, two, three] if files.len() == 3 && width <= MESSAGE => format!("{one}, {two} and {three}"),
        [one, ..] => format!("{one} and {}", plural(files.len() - 1, "more file")),
    }
}

pub(crate) fn list(intro: &str, files: &[RepoPath]) -> String {
    let shown: Vec<String> = files.iter().take(LISTED).map(|path| format!("`{path}`")).collect();
    match (files.len(), files.len().saturating_sub(LISTED)) {
        (0, _) => format!("{intro} the whole component"),
        (_, 0) => format!("{intro} {}", shown.join(", ")),
        (_, more) => format!("{intro} {} and {more} more", shown.join(", ")),
    }
}
