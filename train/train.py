#!/usr/bin/env python3
"""Trains the sensitivity score on clones of public repositories, and says what it is worth.

    python3 train/train.py --binary target/release/certgate CLONE...

Labels come from commit messages; features come from `certgate features --jsonl`, the code that judges. The model is a ridge-regularised
logistic regression over features that are there or not, in which a commit is represented by its highest file. It is evaluated by leaving one
repository out, quantised to integers, and written to src/sensitivity/score/model.txt. The same clones give the same bytes.
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

TYPE = re.compile(r"^\W*perf(ormance)?(\([^)]*\))?\s*[:!\]]", re.I)
CLAIM = re.compile(r"\b(perf|faster|speed|optimi[sz]|slow|latency|throughput|hot path)", re.I)
ASIDE = {"area:test", "area:docs", "area:ci", "area:bench", "area:example", "area:lock"}
NEGATIVES = 1200
FILES = 60


def git(clone, *arguments):
    run = subprocess.run(["git", "-C", clone, *arguments], check=True, capture_output=True)
    return run.stdout.decode("utf-8", "replace")


class Names:
    def __init__(self):
        self.number = {}
        self.name = []

    def of(self, name):
        known = self.number.get(name)
        if known is None:
            known = self.number[name] = len(self.name)
            self.name.append(name)
        return known


class Repository:
    """The commits of a clone: labels, and for each file instance the numbers of its features."""

    def __init__(self, name):
        self.name = name
        self.commits, self.label, self.left_out, self.size = [], [], [], []
        self.commit_of, self.indptr, self.indices = array("q"), array("q", [0]), array("i")


def features(clone, binary, last, cache):
    head = git(clone, "rev-parse", "HEAD").strip()
    digest = hashlib.sha256(Path(binary).read_bytes()).hexdigest()[:12]
    name = Path(clone).name
    kept = cache / f"{name}.jsonl.gz"
    stamp = cache / f"{name}.stamp"
    wanted = f"{head} {digest} {last}"
    if not (kept.exists() and stamp.exists() and stamp.read_text() == wanted):
        arguments = [str(Path(binary).resolve()), "features", "--jsonl", "--last", str(last)]
        with subprocess.Popen(arguments, cwd=clone, stdout=subprocess.PIPE) as run, gzip.open(kept, "wb", 1) as out:
            for line in run.stdout:
                out.write(line)
        if run.returncode:
            sys.exit(f"certgate features failed in {clone}")
        stamp.write_text(wanted)
    return kept


def read(clone, path, last, names):
    messages = {}
    for record in git(clone, "log", "--no-merges", f"-n{last}", "--format=%H%x00%s%x01").split("\x01"):
        commit, _, subject = record.strip().partition("\0")
        messages[commit] = subject
    repository = Repository(Path(clone).name)
    with gzip.open(path, "rt") as lines:
        for line in lines:
            row = json.loads(line)
            subject = messages.get(row["commit"], "")
            perf = bool(TYPE.match(subject))
            aside = all(ASIDE & set(file["features"][:3]) for file in row["files"])
            at = len(repository.commits)
            repository.commits.append(row["commit"])
            repository.label.append(perf)
            # Performance of tests and benchmarks alone, and claims without the type, are neither one nor the other.
            repository.left_out.append((perf and aside) or (not perf and bool(CLAIM.search(subject))))
            changed = 0
            for file in row["files"][:FILES]:
                for instance in [file["features"], *file.get("hunks", [])]:
                    repository.indices.extend(map(names.of, instance))
                    repository.indptr.append(len(repository.indices))
                    repository.commit_of.append(at)
                size = [int(f[8:]) for f in file["features"] if f.startswith("changed:")]
                changed += max(size, default=0)
            repository.size.append(changed)
    repository.label = np.array(repository.label)
    repository.left_out = np.array(repository.left_out)
    repository.aside = repository.label & repository.left_out
    repository.commit_of = np.array(repository.commit_of, dtype=np.int64)
    repository.indptr = np.array(repository.indptr, dtype=np.int64)
    repository.indices = np.array(repository.indices, dtype=np.int32)
    repository.size = np.array(repository.size)
    return repository


def auc(score, label):
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    values = score[order]
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    ends = np.r_[starts[1:], len(values)]
    for start, end in zip(starts, ends):
        ranks[order[start:end]] = (start + end + 1) / 2
    positive = label.sum()
    negative = len(label) - positive
    return (ranks[label].sum() - positive * (positive + 1) / 2) / (positive * negative)


def recall(score, label, share):
    """Recall when the highest `share` is flagged; where several have the score of the border, their share of it counts."""
    flagged = int(round(share * len(score)))
    border = np.sort(score)[::-1][flagged - 1]
    above = score > border
    at = score == border
    part = (flagged - above.sum()) / at.sum()
    return (label[above].sum() + part * label[at].sum()) / label.sum()


def highest(values, commit_of, commits):
    best = np.full(commits, -1e9)
    np.maximum.at(best, commit_of, values)
    return best


class Model:
    """Weights by feature number, and the fit."""

    def __init__(self, columns, ridge):
        self.columns, self.ridge = columns, ridge

    def fit(self, X, y, w, group, start, lower=None):
        n, d = X.shape
        groups = group.max() + 1
        G = sparse.csr_matrix((np.ones(n), (np.arange(n), group)), shape=(n, groups))
        Xt, Gt = X.T.tocsr(), G.T.tocsr()
        total = w.sum()

        def loss(theta):
            beta, bias = theta[:d], theta[d:]
            z = X @ beta + G @ bias
            p = 1 / (1 + np.exp(-np.clip(z, -35, 35)))
            value = (w * (np.logaddexp(0, z) - y * z)).sum() / total + self.ridge / 2 * (beta @ beta)
            residual = w * (p - y) / total
            return value, np.r_[Xt @ residual + self.ridge * beta, Gt @ residual]

        theta = np.zeros(d + groups) if start is None else start
        bounds = None if lower is None else [(low, None) for low in lower] + [(None, None)] * groups
        found = optimize.minimize(loss, theta, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 150, "maxfun": 200})
        return found.x


def assemble(repositories, columns):
    """One matrix over the instances of several repositories, and where they come from."""
    blocks = []
    for repository in repositories:
        kept = columns[repository.indices]
        mask = kept >= 0
        counts = np.add.reduceat(np.r_[mask, False].astype(np.int64), repository.indptr[:-1]) if len(repository.indptr) > 1 else np.zeros(0, int)
        counts[repository.indptr[1:] == repository.indptr[:-1]] = 0
        indptr = np.r_[0, np.cumsum(counts)]
        indices = kept[mask]
        block = sparse.csr_matrix((np.ones(len(indices), dtype=np.float32), indices, indptr), shape=(len(counts), columns.max() + 1))
        blocks.append(block)
    return blocks


def train(repositories, blocks, ridge, rounds, seed=0, start=None, columns=None, lower=None, verbose=False):
    """The alternating fit: first all files share a commit, then each commit is its highest file."""
    rng = np.random.default_rng(seed)
    rows, labels, owner, weight_of, group = [], [], [], [], []
    offset = commits = 0
    for number, repository in enumerate(repositories):
        positive = repository.label & ~repository.left_out
        negative = np.flatnonzero(~repository.label & ~repository.left_out)
        if len(negative) > NEGATIVES:
            negative = np.sort(rng.choice(negative, NEGATIVES, replace=False))
        chosen = np.zeros(len(repository.commits), dtype=bool)
        chosen[negative] = True
        chosen |= positive
        index = np.flatnonzero(chosen[repository.commit_of])
        rows.append(offset + index)
        labels.append(repository.label[repository.commit_of[index]])
        owner.append(commits + repository.commit_of[index])
        many = max(positive.sum(), 1)
        per = np.where(repository.label, np.sqrt(many) / many, np.sqrt(many) / max(len(negative), 1))
        weight_of.append(per[repository.commit_of[index]])
        group.append(np.full(len(index), number))
        offset += len(repository.commit_of)
        commits += len(repository.commits)
    rows, labels, owner = np.concatenate(rows), np.concatenate(labels).astype(float), np.concatenate(owner)
    weight_of, group = np.concatenate(weight_of), np.concatenate(group)
    X = sparse.vstack(blocks, format="csr")[rows].astype(np.float64)
    model = Model(columns, ridge)
    share = weight_of / np.bincount(owner)[owner]
    theta = model.fit(X, labels, share, group, start, lower)
    d = X.shape[1]
    for turn in range(rounds):
        values = X @ theta[:d]
        order = np.lexsort((np.arange(len(values)), -values, owner))
        first = order[np.r_[True, owner[order][1:] != owner[order][:-1]]]
        first.sort()
        theta = model.fit(X[first], labels[first], weight_of[first], group[first], theta, lower)
    return theta[:d]


def evaluate(repository, block, beta):
    values = block @ beta
    score = highest(values, repository.commit_of, len(repository.commits))
    return score


def table(repositories, scores):
    rows = []
    for repository, score in zip(repositories, scores):
        keep = ~repository.aside
        label, score = repository.label[keep], score[keep]
        rows.append((repository.name, len(label), int(label.sum()), auc(score, label), *[recall(score, label, share) for share in (0.1, 0.2, 0.3)]))
    return rows


def show(rows, out=sys.stdout):
    for name, commits, perf, a, *r in rows:
        print(f"{name:32} {commits:5} {perf:4} {a:.3f} " + " ".join(f"{x:.2f}" for x in r), file=out)
    mean = np.mean([row[3:] for row in rows], axis=0)
    print(f"{'mean':32} {'':5} {'':4} {mean[0]:.3f} " + " ".join(f"{x:.3f}" for x in mean[1:]), file=out)


def frequent(repositories, names, least_rows, least_repositories):
    """The numbers of features that are seen often enough, in enough repositories."""
    rows = np.zeros(len(names.name), dtype=np.int64)
    seen = np.zeros(len(names.name), dtype=np.int64)
    for repository in repositories:
        count = np.bincount(repository.indices, minlength=len(names.name))
        rows += count
        seen += count > 0
    return np.flatnonzero((rows >= least_rows) & (seen >= least_repositories))


def numbering(chosen, total):
    columns = np.full(total, -1, dtype=np.int64)
    columns[chosen] = np.arange(len(chosen))
    return columns


def fit_small(repositories, names, options):
    """The fit on all frequent features, then on those that matter most: (numbers of features, weights)."""
    chosen = frequent(repositories, names, options.rows, options.repositories)
    columns = numbering(chosen, len(names.name))
    blocks = assemble(repositories, columns)
    beta = train(repositories, blocks, options.ridge, 1, columns=columns)
    share = np.zeros(len(chosen))
    for block in blocks:
        share += np.asarray(block.mean(axis=0)).ravel() / len(blocks)
    worth = np.abs(beta) * np.sqrt(share * (1 - np.minimum(share, 1)))
    best = np.sort(np.argsort(-worth, kind="stable")[: options.weights])
    chosen = chosen[best]
    columns = numbering(chosen, len(names.name))
    blocks = assemble(repositories, columns)
    return chosen, train(repositories, blocks, options.ridge, options.rounds, columns=columns)


def points(repositories, scores):
    """Bias and scale that make points from 0 to 1000 of a sum."""
    low = np.median([np.quantile(score, 0.002) for score in scores])
    high = np.median([np.quantile(score, 0.9995) for score in scores])
    scale = 960 / (high - low)
    return 20 - low * scale, scale


def quantised(repositories, names, chosen, beta):
    """The text of the model."""
    columns = numbering(chosen, len(names.name))
    blocks = assemble(repositories, columns)
    bias, scale = points(repositories, [evaluate(r, b, beta) for r, b in zip(repositories, blocks)])
    weights = np.rint(beta * scale * 64).astype(int)
    bias = int(round(bias * 64))
    pooled = []
    for repository, block in zip(repositories, blocks):
        total = evaluate(repository, block, weights.astype(float)) + bias
        score = np.clip(np.floor((total + 32) / 64), 0, 1000)
        pooled.append(np.quantile(score, np.arange(1, 100) / 100))
    ranks = np.rint(np.mean(pooled, axis=0)).astype(int)
    lines = [(names.name[number], weight) for number, weight in zip(chosen, weights) if weight]
    head = ["certgate-score-model 1", f"version {VERSION}", f"bias {bias}", "ranks " + " ".join(map(str, ranks))]
    return "\n".join(head + [f"{weight} {name}" for name, weight in sorted(lines)]) + "\n"


VERSION = "2026-11-26"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", nargs="+", help="directories of clones")
    parser.add_argument("--binary", required=True, help="certgate, as built from this source")
    parser.add_argument("--last", type=int, default=2000, help="commits of each clone")
    parser.add_argument("--cache", type=Path, default=Path("target/train"), help="where features are kept")
    parser.add_argument("--model", type=Path, default=Path("src/sensitivity/score/model.txt"))
    parser.add_argument("--ridge", type=float, default=1e-3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--weights", type=int, default=1500)
    parser.add_argument("--rows", type=int, default=40, help="a feature is seen in so many files")
    parser.add_argument("--repositories", type=int, default=5, help="... of so many repositories")
    parser.add_argument("--no-evaluation", action="store_true", help="only write the model")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    names = Names()
    repositories = []
    for clone in sorted(options.clones, key=lambda clone: Path(clone).name):
        kept = features(clone, options.binary, options.last, options.cache)
        repositories.append(read(clone, kept, options.last, names))
        print(f"{repositories[-1].name}: {len(repositories[-1].commits)} commits, {repositories[-1].label.sum()} perf", file=sys.stderr)
    if not options.no_evaluation:
        scores = []
        for held in range(len(repositories)):
            others = repositories[:held] + repositories[held + 1 :]
            chosen, beta = fit_small(others, names, options)
            block = assemble([repositories[held]], numbering(chosen, len(names.name)))[0]
            scores.append(evaluate(repositories[held], block, beta))
        show(table(repositories, scores))
    chosen, beta = fit_small(repositories, names, options)
    options.model.write_text(quantised(repositories, names, chosen, beta))


if __name__ == "__main__":
    main()
