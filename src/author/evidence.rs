//! Binds benchmark files to a certificate: reads them, decides by the budgets of the policy, and copies them to where the gate looks.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::whole::{self, Existing};
use crate::certificate::{Benchmarks, BoundFile, DecidedRow, EvidenceSide, Figure, RowTerms, evidence_folder};
use crate::change::{ObjectId, RepoPath, Snapshot};
use crate::diagnostic::{Diagnostic, Place, Placeholder, command};
use crate::evidence::bound::{self, BoundContent, CRITERION, Flaw, FlawKind, MAX_FILE};
use crate::evidence::compare::File;
use crate::evidence::exact_null::Alpha;
use crate::evidence::formats::Reading;
use crate::evidence::profiles;
use crate::gate::{InForce, Question, Undecided, demands};
use crate::git::Repository;
use crate::policy::Budget;
use crate::trust::MAX_SIGNATURE;
use crate::verdict::code_of;

/// What the command line names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'a> {
    /// Files of the baseline.
    pub(crate) baseline: &'a [PathBuf],
    /// Files of the candidate.
    pub(crate) candidate: &'a [PathBuf],
    /// Profiles of the candidate.
    pub(crate) profiles: &'a [PathBuf],
    /// The signature of whoever measured.
    pub(crate) measured: Option<&'a Path>,
}

/// A file that was read, and what it will be called.
struct Bindable {
    side: EvidenceSide,
    format: String,
    name: String,
    content: BoundContent,
    reading: Option<Reading>,
}

/// Evidence that is ready to be bound.
pub(crate) struct Gathered {
    files: Vec<Bindable>,
    baseline: String,
    candidate: String,
    rows: Vec<DecidedRow>,
    signature: Option<String>,
    /// What a gate would say against it, that more runs or another policy could fix.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Reads the files, decides, and refuses what a gate would refuse whatever the figures are.
pub(crate) fn gather(
    repository: &Repository,
    question: &Question,
    in_force: &InForce,
    components: &[String],
    given: &Given<'_>,
) -> Result<Option<Gathered>, Undecided> {
    let sides = [
        (EvidenceSide::Baseline, given.baseline),
        (EvidenceSide::Candidate, given.candidate),
        (EvidenceSide::Profile, given.profiles),
    ];
    if sides.iter().all(|(_, paths)| paths.is_empty()) {
        return Ok(None);
    }
    let mut files: Vec<Bindable> = Vec::new();
    for (side, paths) in sides {
        for path in &expanded(paths)? {
            let read = read(side, path)?;
            let taken = |name: &str| files.iter().any(|file| file.side == side && file.name == name);
            let mut name = read.name.clone();
            let mut number = 1;
            while taken(&name) {
                number += 1;
                name = format!("{number}-{}", read.name);
            }
            files.push(Bindable { name, ..read });
        }
    }
    let commit = |side: EvidenceSide, snapshot: &Snapshot| -> Result<String, Undecided> {
        let stated = files
            .iter()
            .filter(|file| file.side == side)
            .find_map(|file| file.reading.as_ref()?.provenance.commit.clone());
        if let Some(stated) = stated
            && let Ok(id) = repository.commit(&stated)
        {
            return Ok(id.to_string());
        }
        match snapshot {
            Snapshot::Commit(id) => Ok(id.to_string()),
            Snapshot::Index | Snapshot::Empty => Err(Undecided::usage(
                format!("the {} is no commit, and commits are what is measured", side.word()),
                "for example: git commit -m MESSAGE && certgate certify … --base REV --baseline FILE… --candidate FILE…",
            )),
        }
    };
    let mut gathered = Gathered {
        baseline: commit(EvidenceSide::Baseline, &question.change.base)?,
        candidate: commit(EvidenceSide::Candidate, &question.head())?,
        files,
        rows: Vec::new(),
        signature: given.measured.map(signature).transpose()?,
        warnings: Vec::new(),
    };
    let budgets: Vec<Budget> = components
        .iter()
        .filter_map(|id| in_force.policy.component_named(id))
        .flat_map(|component| component.budgets.iter().cloned())
        .collect();
    gathered.decide(&budgets);
    gathered.check(&budgets)?;
    Ok(Some(gathered))
}

fn signature(path: &Path) -> Result<String, Undecided> {
    let bytes = bounded(path, MAX_SIGNATURE).map_err(|error| Undecided::io("read", path, &error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The files that are meant: of a folder that is no directory of criterion, all that lie in it.
fn expanded(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Undecided> {
    let mut all = Vec::new();
    for path in paths {
        if !path.is_dir() || CRITERION.iter().any(|name| path.join(name).is_file()) {
            all.push(path.clone());
            continue;
        }
        let failed = |error: std::io::Error| Undecided::io("read", path, &error);
        let mut inside: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed)? {
            inside.push(entry.map_err(failed)?.path());
        }
        inside.sort();
        all.append(&mut inside);
    }
    Ok(all)
}

/// The content of a file, of which no more is read than is taken.
fn bounded(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads one file, as the gate will.
fn read(side: EvidenceSide, path: &Path) -> Result<Bindable, Undecided> {
    let failed = |error: std::io::Error| Undecided::io("read", path, &error);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    let one = |path: &Path| -> Result<BoundContent, Undecided> {
        let size = std::fs::metadata(path).map_err(failed)?.len();
        Ok(match size > MAX_FILE {
            true => BoundContent::TooLarge(size),
            false => BoundContent::File(bounded(path, MAX_FILE).map_err(failed)?),
        })
    };
    let content = if metadata.is_dir() {
        let mut found: [Option<Vec<u8>>; 4] = Default::default();
        for (name, slot) in CRITERION.iter().zip(&mut found) {
            let file = path.join(name);
            if file.is_file() {
                *slot = match one(&file)? {
                    BoundContent::File(bytes) => Some(bytes),
                    _ => {
                        return Err(refused(
                            path,
                            &Flaw::new(FlawKind::File, format!("{name} is larger than 1 MiB")),
                        ));
                    }
                };
            }
        }
        BoundContent::Criterion(Box::new(found))
    } else {
        one(path)?
    };
    let (format, reading) = format_of(side, &content).map_err(|flaw| refused(path, &flaw))?;
    Ok(Bindable {
        side,
        format,
        name: safe_name(path),
        content,
        reading,
    })
}

fn format_of(side: EvidenceSide, content: &BoundContent) -> Result<(String, Option<Reading>), Flaw> {
    let file = |text: String| Flaw::new(FlawKind::File, text);
    if let (EvidenceSide::Profile, BoundContent::File(bytes)) = (side, content) {
        let profile = profiles::read(bytes.as_slice()).map_err(|error| file(error.to_string()))?;
        return Ok((profile.format.name().to_owned(), None));
    }
    bound::identify(content).map(|reading| (reading.format.name().to_owned(), Some(reading)))
}

fn refused(path: &Path, flaw: &Flaw) -> Undecided {
    let shown = path.display().to_string();
    Diagnostic::error(code_of(flaw.kind), format!("{shown}: {}", flaw.text))
        .at(Place::file(&shown))
        .help(command!["certgate", "evidence", path])
        .into()
}

/// The last part of a path, as it may be called in a repository: never a certificate, never hidden.
fn safe_name(path: &Path) -> String {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let name = full.file_name().map(|name| name.to_string_lossy().into_owned());
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
            c
        } else {
            '_'
        }
    };
    let name: String = name.unwrap_or_default().chars().map(plain).collect();
    let name = name.trim_start_matches(['.', '-']);
    match name {
        "" => "file".to_owned(),
        name if name.to_ascii_lowercase().ends_with(".md") => format!("{name}.txt"),
        name => name.to_owned(),
    }
}

impl Gathered {
    fn side(&self, side: EvidenceSide) -> Vec<File> {
        let of = self.files.iter().filter(|file| file.side == side);
        of.filter_map(|file| {
            let name = format!("{}/{}", side.word(), file.name);
            Some(File {
                place: name.clone(),
                name,
                digest: file.content.digest().unwrap_or_default().to_string(),
                reading: file.reading.clone()?,
            })
        })
        .collect()
    }

    /// Fills the table: what each budget is about, by its terms; without one, everything by the usual terms.
    fn decide(&mut self, budgets: &[Budget]) {
        let (baseline, candidate) = (self.side(EvidenceSide::Baseline), self.side(EvidenceSide::Candidate));
        if baseline.is_empty() {
            return;
        }
        let counts: Vec<String> = budgets
            .iter()
            .filter(|budget| budget.exact)
            .map(|budget| budget.metric.clone())
            .collect();
        let compared = budgets.iter().filter(|budget| budget.max_regression.is_some());
        let mut rows: Vec<DecidedRow> = Vec::new();
        for budget in compared {
            let terms = terms(budget);
            let wanted = |benchmark: &str, metric: &str| metric == budget.metric && budget.is_about(benchmark);
            let found = bound::compare_by(&terms, (&budget.metric, &counts), &baseline, &candidate, &wanted);
            for row in found.iter().flat_map(|found| bound::rows(found, &terms)) {
                let known = |other: &DecidedRow| other.benchmark == row.benchmark && other.metric == row.metric;
                if !rows.iter().any(known) {
                    rows.push(row);
                }
            }
        }
        if rows.is_empty() {
            let terms = RowTerms {
                interleaved: self.is_interleaved(),
                ..RowTerms::default()
            };
            let found = bound::compare_by(&terms, ("", &counts), &baseline, &candidate, &|_, metric| metric != "*");
            rows = found.iter().flat_map(|found| bound::rows(found, &terms)).collect();
        }
        self.rows = rows;
    }

    /// Whether every file is a block of a session of `certgate measure`.
    fn is_interleaved(&self) -> bool {
        let mut readings = self.files.iter().filter_map(|file| file.reading.as_ref());
        readings.all(|reading| reading.provenance.session.is_some())
    }

    /// Refuses what no gate would take; what is slower, or not proven, is only reported.
    fn check(&mut self, budgets: &[Budget]) -> Result<(), Undecided> {
        let block = self.placed(&RepoPath::from("certificates/x.md"));
        let contents: Vec<BoundContent> = self.files.iter().map(|file| file.content.clone()).collect();
        let judged = bound::judge(&block, &contents, &demands(budgets, &Default::default()), &|_| true);
        let told = |flaw: &Flaw| {
            Diagnostic::error(code_of(flaw.kind), flaw).because("no gate would let the certificate count")
        };
        let open = |flaw: &&Flaw| matches!(flaw.kind, FlawKind::Exceeded | FlawKind::Unproven | FlawKind::NotShown);
        let hard: Vec<Diagnostic> = judged.flaws.iter().filter(|flaw| !open(flaw)).map(told).collect();
        if let [first, ..] = hard.as_slice() {
            let mut all: Vec<Diagnostic> = vec![
                first.clone().help(
                    command![
                        "certgate",
                        "measure",
                        "--base",
                        Placeholder::Revision,
                        "--runs",
                        "12",
                        "--run",
                        Placeholder::Command
                    ]
                    .why("measures both commits in turn"),
                ),
            ];
            all.extend(hard.into_iter().skip(1));
            return Err(Undecided { diagnostics: all });
        }
        let warned = judged.flaws.iter().chain(&judged.warnings);
        self.warnings = warned
            .map(|flaw| Diagnostic::warning(code_of(flaw.kind), flaw).because("by the budgets of the policy"))
            .collect();
        Ok(())
    }

    /// What a certificate at that path says.
    pub(crate) fn placed(&self, certificate: &RepoPath) -> Benchmarks {
        let folder = evidence_folder(certificate);
        let files = self.files.iter().map(|file| BoundFile {
            side: file.side,
            format: file.format.clone(),
            digest: file.content.digest().unwrap_or_default(),
            path: RepoPath::new(
                [
                    folder.as_bytes(),
                    b"/",
                    file.side.word().as_bytes(),
                    b"/",
                    file.name.as_bytes(),
                ]
                .concat(),
            ),
            line: 0,
        });
        Benchmarks {
            baseline: self.baseline.clone(),
            candidate: self.candidate.clone(),
            files: files.collect(),
            rows: self.rows.clone(),
            signature: self.signature.clone(),
        }
    }

    /// Writes the files beside a certificate. Its folder must not be there yet.
    pub(crate) fn write(&self, repository: &Repository, certificate: &Path) -> Result<PathBuf, Undecided> {
        let folder = folder_beside(certificate);
        if std::fs::symlink_metadata(&folder).is_ok() {
            let taken = std::io::ErrorKind::AlreadyExists.into();
            return Err(Undecided::io("make", &folder, &taken));
        }
        for file in &self.files {
            let path = folder.join(file.side.word()).join(&file.name);
            let write = |path: &Path, bytes: &[u8]| whole::write(repository, path, bytes, Existing::Keep);
            match &file.content {
                BoundContent::File(bytes) => {
                    write(&path, bytes)?;
                }
                BoundContent::Criterion(parts) => {
                    for (name, bytes) in CRITERION.iter().zip(parts.iter()) {
                        if let Some(bytes) = bytes {
                            write(&path.join(name), bytes)?;
                        }
                    }
                }
                BoundContent::Missing | BoundContent::NotAFile | BoundContent::TooLarge(_) => {}
            }
        }
        Ok(folder)
    }
}

/// `evidence/STEM` beside a certificate on disk.
pub(crate) fn folder_beside(certificate: &Path) -> PathBuf {
    let stem = certificate.file_stem().unwrap_or_default();
    certificate.with_file_name("evidence").join(stem)
}

fn terms(budget: &Budget) -> RowTerms {
    RowTerms {
        threshold: Figure::new(budget.max_regression.unwrap_or_default()),
        alpha: Figure::new(Alpha::new(budget.alpha).unwrap_or(Alpha::DEFAULT).value()),
        min_runs: budget.min_runs,
        interleaved: budget.interleaved,
        run_noise: budget.run_noise.map(Figure::new),
        higher: budget.higher,
        exact: budget.exact,
    }
}

/// Refuses to bind files to a certificate that is outside of the repository.
pub(crate) fn outside(path: &Path) -> Undecided {
    Undecided::usage(
        format!(
            "{} is not in the repository, and evidence belongs beside its certificate",
            path.display()
        ),
        "for example: certgate certify … --baseline FILE… --candidate FILE… (without --output)",
    )
}

/// The statement that whoever measured signs, of files as they are on disk.
pub(crate) fn statement(
    commits: [&ObjectId; 2],
    baseline: &[PathBuf],
    candidate: &[PathBuf],
) -> Result<String, Undecided> {
    let [before, after] = commits;
    let mut files = Vec::new();
    for (side, paths) in [(EvidenceSide::Baseline, baseline), (EvidenceSide::Candidate, candidate)] {
        for path in paths {
            files.push(read(side, path)?);
        }
    }
    let gathered = Gathered {
        files,
        baseline: before.to_string(),
        candidate: after.to_string(),
        rows: Vec::new(),
        signature: None,
        warnings: Vec::new(),
    };
    Ok(gathered.placed(&RepoPath::from("certificates/x.md")).measured())
}
