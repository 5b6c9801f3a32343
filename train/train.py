#!/usr/bin/env python3
"""Trains the sensitivity score on clones of public repositories, and says what it is worth.

    python3 train/train.py --binary target/release/certgate CLONE...

Labels come from commit messages; features come from `certgate features --jsonl`, the code that judges. The model is a ridge-regularised
logistic regression over features that are there or not, in which a commit is represented by its highest file. It is evaluated by leaving one
repository out, quantised to integers, and written to src/sensitivity/score/model.txt; the table goes to standard output. The same clones and
the same binary give the same bytes.
"""

import argparse
import gzip
import hashlib
import json
import re
import subprocess
import sys
from array import array
from pathlib import Path

import numpy as np
from scipy import optimize, sparse

VERSION = "2026-11-27"
TYPE = re.compile(r"^\W*perf(ormance)?(\([^)]*\))?\s*[:!\]]", re.I)
CLAIM = re.compile(r"\b(perf|faster|speed|optimi[sz]|slow|latency|throughput|hot path)", re.I)
ASIDE = {"area:test", "area:docs", "area:ci", "area:bench", "area:example", "area:lock"}
# Groups of features that are words: of these, only those that tell most apart are tried.
WORDS = {"word added", "word removed", "name added", "name removed", "comment", "path", "function"}
# Groups that only raise a score, so that nothing can be hidden behind harmless words, or behind more of them.
RAISING = WORDS - {"path"}
# Files of a commit that are looked at in training; when judging, all are.
FILES = 60
SHARES = (0.1, 0.2, 0.3)
# So many commits of a training history have less than 600 points: what the scores in policies mean stays the same from one training to the next.
BORDER = 0.84


def git(clone, *arguments):
    run = subprocess.run(["git", "-C", clone, *arguments], check=True, capture_output=True)
    return run.stdout.decode("utf-8", "replace")


class Names:
    """Numbers for the names of features."""

    def __init__(self):
        self.number, self.name = {}, []

    def of(self, name):
        known = self.number.get(name)
        if known is None:
            known = self.number[name] = len(self.name)
            self.name.append(name)
        return known


class Repository:
    """The commits of a clone: labels, and for each file the numbers of its features."""

    def __init__(self, name):
        self.name = name
        self.commits, self.label, self.left_out, self.aside, self.size = [], [], [], [], []
        self.commit_of, self.indptr, self.indices = array("q"), array("q", [0]), array("i")

    def finish(self):
        for name, kind in (("label", bool), ("left_out", bool), ("aside", bool), ("size", np.int64), ("commit_of", np.int64), ("indptr", np.int64)):
            setattr(self, name, np.array(getattr(self, name), dtype=kind))
        self.indices = np.array(self.indices, dtype=np.int32)


def features(clone, options):
    """The features of a clone's commits, as kept or as the binary says."""
    head = git(clone, "rev-parse", "HEAD").strip()
    digest = hashlib.sha256(options.binary.read_bytes()).hexdigest()[:16]
    kept = options.cache / f"{Path(clone).name}.jsonl.gz"
    stamp = kept.with_suffix(".stamp")
    wanted = f"{head} {digest} {options.last}"
    if not (kept.exists() and stamp.exists() and stamp.read_text() == wanted):
        arguments = [str(options.binary.resolve()), "features", "--jsonl", "--last", str(options.last)]
        with subprocess.Popen(arguments, cwd=clone, stdout=subprocess.PIPE) as run, gzip.open(kept, "wb", 1) as out:
            for line in run.stdout:
                out.write(line)
        if run.returncode:
            sys.exit(f"certgate features failed in {clone}")
        stamp.write_text(wanted)
    return kept


def read(clone, path, options, names):
    subjects = {}
    for record in git(clone, "log", "--no-merges", f"-n{options.last}", "--format=%H%x00%s%x01").split("\x01"):
        commit, _, subject = record.strip().partition("\0")
        subjects[commit] = subject
    repository = Repository(Path(clone).name)
    with gzip.open(path, "rt") as lines:
        for line in lines:
            row = json.loads(line)
            subject = subjects.get(row["commit"], "")
            perf = bool(TYPE.match(subject))
            # Performance of tests, documents or benchmarks alone is neither one nor the other; nor is, in training, a claim without the type.
            aside = perf and all(ASIDE & set(file["features"][:3]) for file in row["files"])
            at = len(repository.commits)
            repository.commits.append(row["commit"])
            repository.label.append(perf)
            repository.aside.append(aside)
            repository.left_out.append(aside or (not perf and bool(CLAIM.search(subject))))
            size = 0
            for file in row["files"][:FILES]:
                repository.indices.extend(map(names.of, file["features"]))
                repository.indptr.append(len(repository.indices))
                repository.commit_of.append(at)
                size += max((int(name[8:]) for name in file["features"] if name.startswith("changed:")), default=0)
            repository.size.append(size)
    repository.finish()
    return repository


def frequent(repositories, names, options):
    """The numbers of features that are seen in enough files of enough repositories."""
    rows = np.zeros(len(names.name), dtype=np.int64)
    seen = np.zeros(len(names.name), dtype=np.int64)
    for repository in repositories:
        count = np.bincount(repository.indices, minlength=len(names.name))
        rows += count
        seen += count > 0
    return np.flatnonzero((rows >= options.rows) & (seen >= options.repositories))


def matrix(repository, columns, width):
    """Files by features."""
    kept = columns[repository.indices]
    mask = kept >= 0
    before = np.r_[0, np.cumsum(mask)]
    return sparse.csr_matrix((np.ones(mask.sum(), dtype=np.float32), kept[mask], before[repository.indptr]), shape=(len(repository.commit_of), width))


def apart(repository, block):
    """How far each feature tells the files of performance commits from others, in standard deviations."""
    of = repository.commit_of
    weight = 1 / np.bincount(of, minlength=len(repository.commits))[of]
    trained = ~repository.left_out[of]
    yes, no = weight * (repository.label[of] & trained), weight * (~repository.label[of] & trained)
    p = np.asarray(block.T @ yes).ravel() / max(yes.sum(), 1)
    q = np.asarray(block.T @ no).ravel() / max(no.sum(), 1)
    return (p - q) * np.sqrt(max(yes.sum(), 1)) / np.sqrt(q * (1 - q) + 0.002)


def candidates(told, groups, options):
    """All features but words, and the words that tell most apart."""
    words = np.isin(groups, sorted(WORDS))
    order = np.argsort(-np.where(words, np.abs(np.sum(told, axis=0)), -1), kind="stable")
    keep = ~words
    keep[order[: options.words]] = True
    return np.flatnonzero(keep)


def minimise(X, y, w, group, start, lower, options):
    """Weights and one intercept a repository of the ridge-regularised logistic regression; no weight is below its bound."""
    n, d = X.shape
    groups = group.max() + 1
    G = sparse.csr_matrix((np.ones(n), (np.arange(n), group)), shape=(n, groups))
    Xt, Gt = X.T.tocsr(), G.T.tocsr()
    total = w.sum()

    def loss(theta):
        beta = theta[:d]
        z = X @ beta + G @ theta[d:]
        p = 1 / (1 + np.exp(-np.clip(z, -35, 35)))
        residual = w * (p - y) / total
        value = (w * (np.logaddexp(0, z) - y * z)).sum() / total + options.ridge / 2 * (beta @ beta)
        return value, np.r_[Xt @ residual + options.ridge * beta, Gt @ residual]

    theta = np.zeros(d + groups) if start is None else start
    bounds = [(low if np.isfinite(low) else None, None) for low in lower] + [(None, None)] * groups
    return optimize.minimize(loss, theta, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": options.iterations}).x


def train(repositories, blocks, lower, options):
    """The alternating fit: first all files share a commit, then each commit is its highest file. Then only the weights that matter most stay."""
    random = np.random.default_rng(0)
    rows, labels, owner, weights, group = [], [], [], [], []
    offset = commits = 0
    for number, repository in enumerate(repositories):
        trained = ~repository.left_out
        positive = np.flatnonzero(repository.label & trained)
        negative = np.flatnonzero(~repository.label & trained)
        if len(negative) > options.negatives:
            negative = random.choice(negative, options.negatives, replace=False)
        chosen = np.zeros(len(repository.commits), dtype=bool)
        chosen[positive] = chosen[negative] = True
        index = np.flatnonzero(chosen[repository.commit_of])
        of = repository.commit_of[index]
        root = np.sqrt(max(len(positive), 1))
        weight = np.where(repository.label, root / max(len(positive), 1), root / max(len(negative), 1))
        rows.append(offset + index)
        labels.append(repository.label[of].astype(float))
        owner.append(commits + of)
        weights.append(weight[of])
        group.append(np.full(len(index), number))
        offset += len(repository.commit_of)
        commits += len(repository.commits)
    rows, labels, owner, weights, group = map(np.concatenate, (rows, labels, owner, weights, group))
    X = sparse.vstack(blocks, format="csr")[rows].astype(np.float64)
    d = X.shape[1]
    theta = minimise(X, labels, weights / np.bincount(owner)[owner], group, None, lower, options)

    def rounds(X, theta, lower, many):
        for _ in range(many):
            values = X @ theta[: X.shape[1]]
            order = np.lexsort((np.arange(len(values)), -values, owner))
            first = np.sort(order[np.r_[True, owner[order][1:] != owner[order][:-1]]])
            theta = minimise(X[first], labels[first], weights[first], group[first], theta, lower, options)
        return theta

    theta = rounds(X, theta, lower, options.rounds)
    share = np.asarray(X.mean(axis=0)).ravel()
    worth = np.abs(theta[:d]) * np.sqrt(share * (1 - share))
    best = np.sort(np.argsort(-worth, kind="stable")[: options.weights])
    theta = rounds(X[:, best], np.r_[theta[best], theta[d:]], lower[best], 1)
    beta = np.zeros(d)
    beta[best] = theta[: len(best)]
    return beta


def commit_scores(repository, values):
    best = np.full(len(repository.commits), -1e9)
    np.maximum.at(best, repository.commit_of, values)
    return np.where(best == -1e9, values.min() if len(values) else 0, best)


def auc(score, label):
    values, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positive = label.sum()
    return (ranks[label].sum() - positive * (positive + 1) / 2) / (positive * (len(label) - positive))


def recall(score, label, share):
    """Where the highest `share` is flagged; where several have the score of the border, their share of it counts."""
    flagged = int(round(share * len(score)))
    border = np.sort(score)[::-1][flagged - 1]
    above, at = score > border, score == border
    return (label[above].sum() + (flagged - above.sum()) / at.sum() * label[at].sum()) / label.sum()


def measured(repository, score):
    keep = ~repository.aside
    label, score = repository.label[keep], score[keep]
    return [auc(score, label), *(recall(score, label, share) for share in SHARES)]


def table(repositories, scores):
    """As Markdown; the last columns are what the size of the commit alone is worth."""
    lines = ["| history | commits | perf | AUC | recall at 10 % | 20 % | 30 % | size alone: AUC | 20 % |", "|---|---|---|---|---|---|---|---|---|"]
    rows = []
    for repository, score in zip(repositories, scores):
        row = measured(repository, score) + [measured(repository, repository.size.astype(float))[at] for at in (0, 2)]
        rows.append(row)
        shown = " | ".join([f"{row[0]:.3f}", *(f"{value:.2f}" for value in row[1:4]), f"{row[4]:.3f}", f"{row[5]:.2f}"])
        kept = ~repository.aside
        lines.append(f"| {repository.name.replace('+', '/')} | {kept.sum()} | {(repository.label & kept).sum()} | {shown} |")
    mean = np.mean(rows, axis=0)
    shown = " | ".join(f"{value:.3f}" for value in mean)
    lines.append(f"| **mean** | | | {shown} |")
    return "\n".join(lines) + "\n"


def quantised(repositories, blocks, names, beta):
    """The text of the model: points from 0 to 1000, in 1/64."""
    scores = [commit_scores(r, b @ beta) for r, b in zip(repositories, blocks)]
    low, border = (np.median([np.quantile(score, share) for score in scores]) for share in (0.002, BORDER))
    scale = (600 - 20) / (border - low)
    weights = np.rint(beta * scale * 64).astype(int)
    bias = int(round((20 - low * scale) * 64))
    pooled = []
    for repository, block in zip(repositories, blocks):
        sums = commit_scores(repository, block @ weights.astype(float)) + bias
        pooled.append(np.quantile(np.clip(np.floor((sums + 32) / 64), 0, 1000), np.arange(1, 100) / 100))
    ranks = np.rint(np.mean(pooled, axis=0)).astype(int)
    lines = ["certgate-score-model 1", f"version {VERSION}", f"bias {bias}", "ranks " + " ".join(map(str, ranks))]
    lines += [f"{weight} {name}" for name, weight in sorted(zip(names, weights)) if weight]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", nargs="+", help="directories of clones")
    parser.add_argument("--binary", required=True, type=Path, help="certgate, as built from this source")
    parser.add_argument("--last", type=int, default=2000, help="commits of each clone (default: %(default)s)")
    parser.add_argument("--cache", type=Path, default=Path("target/train"), help="where features are kept (default: %(default)s)")
    parser.add_argument("--model", type=Path, default=Path("src/sensitivity/score/model.txt"), help="default: %(default)s")
    parser.add_argument("--ridge", type=float, default=1e-2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=40, help="of each fit")
    parser.add_argument("--negatives", type=int, default=600, help="commits of each repository that are not about performance")
    parser.add_argument("--weights", type=int, default=1500, help="at most so many")
    parser.add_argument("--words", type=int, default=3500, help="words that are tried")
    parser.add_argument("--rows", type=int, default=60, help="a feature is seen in so many files")
    parser.add_argument("--repositories", type=int, default=6, help="... of so many repositories")
    parser.add_argument("--no-evaluation", action="store_true", help="only write the model")
    parser.add_argument("--raising-words", action=argparse.BooleanOptionalAction, default=True, help="words of the diff only raise a score")
    parser.add_argument("--drop", action="append", default=[], help="groups of features that are left out")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    names, repositories = Names(), []
    for clone in sorted(options.clones, key=lambda clone: Path(clone).name):
        repositories.append(read(clone, features(clone, options), options, names))
        print(f"{repositories[-1].name}: {len(repositories[-1].commits)} commits, {repositories[-1].label.sum()} perf", file=sys.stderr, flush=True)
    chosen = frequent(repositories, names, options)
    chosen = chosen[[names.name[number].split(":")[0] not in options.drop for number in chosen]]
    columns = np.full(len(names.name), -1, dtype=np.int64)
    columns[chosen] = np.arange(len(chosen))
    blocks = [matrix(repository, columns, len(chosen)) for repository in repositories]
    called = np.array([names.name[number] for number in chosen])
    groups = np.array([name.split(":")[0] for name in called])
    told = [apart(repository, block) for repository, block in zip(repositories, blocks)]
    everyone = list(range(len(repositories)))
    folds = [] if options.no_evaluation else [[number for number in everyone if number != held] for held in everyone]
    picked = [candidates([told[number] for number in fold], groups, options) for fold in [*folds, everyone]]
    # What no fit looks at need not be carried along.
    union = np.unique(np.concatenate(picked))
    blocks = [block[:, union].tocsr() for block in blocks]
    called, groups = called[union], groups[union]
    lower = np.where(np.isin(groups, sorted(RAISING)), 0.0, -np.inf) if options.raising_words else np.full(len(union), -np.inf)

    def fit(fold, numbers):
        at = np.searchsorted(union, numbers)
        beta = np.zeros(len(union))
        beta[at] = train([repositories[number] for number in fold], [blocks[number][:, at] for number in fold], lower[at], options)
        return beta

    scores = []
    for held, (fold, numbers) in enumerate(zip(folds, picked)):
        beta = fit(fold, numbers)
        scores.append(commit_scores(repositories[held], blocks[held] @ beta))
        print(repositories[held].name, *(f"{value:.3f}" for value in measured(repositories[held], scores[-1])), file=sys.stderr, flush=True)
    if scores:
        print(table(repositories, scores))
    options.model.write_text(quantised(repositories, blocks, called, fit(everyone, picked[-1])))


if __name__ == "__main__":
    main()
