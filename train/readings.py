#!/usr/bin/env python3
"""What gated commits were found to be by who read them, and which parts of the score tell.

    python3 train/readings.py --binary target/release/certgate CLONE...

train/readings.tsv has the verdicts: what gated a commit of the training histories, whether somebody who cares for the project's speed would want to see it (sensible) or not (silly),
of which kind it is, and why. Prints them by what gated, by kind, and the AUC of parts of the score: the chance that a sensible commit has more of it than a silly one, over those
that something else than their message gated. A commit has the points of its file with the highest score; documents and tests are left out.

    python3 train/readings.py --judge --binary target/release/certgate CLONE...

prints what a new policy does with them now, as `certgate init` writes it in the state of 400 commits before the newest: asks for a certificate, for what; only reports; or says nothing.
"""

import argparse
import csv
import json
import re
import subprocess
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from shipped import run, scratch

HERE = Path(__file__).resolve().parent
MESSAGE = "performance_changes"
ASIDE = re.compile(r"(\.(md|rst|txt|adoc)$)|((^|/)(tests|test|__tests__|docs|doc)/)|(^|/)(test_[^/]*|[^/]*_test|[^/]*\.test|[^/]*\.spec|conftest)\.[^/]*$")
WORDS = {"word added", "word removed", "name added", "name removed", "comment"}
SIZE = {"added", "removed", "changed", "balance", "hunks"}
PAST = re.compile(r"^(file|directory|region|repository|words of the path)\b")


def weights(model):
    bias, found = 0, {}
    for line in model.read_text().splitlines():
        if line.startswith("bias "):
            bias = int(line[5:])
        elif re.match(r"-?\d+ ", line):
            weight, name = line.split(" ", 1)
            found[name] = int(weight)
    return bias, found


def points(clone, commit, binary, bias, model):
    """The points of the parts of a commit's score."""
    run = [str(binary.resolve()), "features", "--jsonl", "--range", f"{commit}^..{commit}"]
    record = json.loads(subprocess.run(run, cwd=clone, check=True, capture_output=True, text=True).stdout.splitlines()[0])
    best = (float("-inf"), 0, 0, 0)
    for file in record["files"]:
        if ASIDE.search(file["path"]):
            continue
        of = Counter()
        for name in file["features"]:
            group = name.split(":")[0]
            of["words" if group in WORDS else "size" if group in SIZE else "past" if PAST.match(group) else ""] += model.get(name, 0)
        best = max(best, (bias + sum(of.values()), of["words"], of["size"], of["past"]))
    return dict(zip(("score", "words", "size", "past"), best))


def judged(clone, commits, binary):
    """What a new policy does with commits of a clone."""
    listed = run(["git", "rev-list", "--no-merges", "--max-count=401", "HEAD"], clone).split()
    with tempfile.TemporaryDirectory() as directory:
        scratch(clone, directory)
        run(["git", "read-tree", listed[-1]], directory)
        run([binary, "init", "--no-hooks"], directory)
        Path(directory, "policy.yaml").write_text(Path(directory, ".certgate/policy.yaml").read_text())
        run(["git", "update-ref", "refs/heads/main", listed[0]], directory)
        for commit in commits:
            check = [binary, "check", "--range", f"{commit}^..{commit}", "--policy", "policy.yaml", "--format", "json"]
            found = json.loads(subprocess.run(check, cwd=directory, capture_output=True, text=True).stdout)
            reasons = [reason for part in found["components"] for file in part["files"] for reason in file["reasons"]]
            flagged = found["sensitivity"]["flagged"]
            if any(part["id"] == MESSAGE for part in found["components"]):
                yield "asked, for a message"
            elif any(reason.get("needs_score") for reason in reasons):
                yield "asked, by a rule that needs a score"
            elif reasons:
                yield "asked, by another rule"
            elif flagged:
                yield "reported, by a rule alone" if all("by" in flag for flag in flagged) else "reported, by the score"
            else:
                yield "nothing"


def auc(rows, part):
    sides = [[row[part] for row in rows if row["verdict"] == verdict] for verdict in ("sensible", "silly")]
    more = sum((a > b) + 0.5 * (a == b) for a in sides[0] for b in sides[1])
    return more / (len(sides[0]) * len(sides[1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", nargs="*", help="directories of clones, called OWNER+NAME; without them only the verdicts are counted")
    parser.add_argument("--binary", type=Path, help="certgate")
    parser.add_argument("--judge", action="store_true", help="what a new policy does with them now")
    parser.add_argument("--model", type=Path, default=HERE.parent / "src/sensitivity/score/model.txt", help="default: %(default)s")
    options = parser.parse_args()
    with open(HERE / "readings.tsv") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))

    if options.judge:
        counts = defaultdict(Counter)
        for clone in options.clones:
            some = [row for row in rows if row["repository"] == Path(clone).name.replace("+", "/")]
            for row, what in zip(some, judged(clone, [row["commit"] for row in some], str(options.binary.resolve()))):
                counts[what][row["verdict"]] += 1
        print("| now | read | silly |\n|---|---|---|")
        for name in sorted(counts):
            print(f"| {name} | {sum(counts[name].values())} | {counts[name]['silly']} |")
        asked = [sum(found[verdict] for name, found in counts.items() if name.startswith("asked")) for verdict in ("sensible", "silly")]
        print(f"| **asked** | {sum(asked)} | {asked[1]} |")
        return

    def kind(row):
        by = set(row["gated by"].split("; ")) - {MESSAGE, ""}
        rules = by - {"score"}
        return {(0, 0): "a message alone", (1, 0): "rules", (0, 1): "the score alone", (1, 1): "rules and the score"}[bool(rules), "score" in by]

    counts, kinds = defaultdict(Counter), defaultdict(Counter)
    for row in rows:
        counts[kind(row)][row["verdict"]] += 1
        kinds[row["verdict"]][row["kind"]] += 1
    print("| gated by | read | silly |\n|---|---|---|")
    for name in sorted(counts):
        print(f"| {name} | {sum(counts[name].values())} | {counts[name]['silly']} |")
    print(f"| **all** | {len(rows)} | {sum(c['silly'] for c in counts.values())} |\n")
    print("Silly: " + ", ".join(f"{name} {count}" for name, count in kinds["silly"].most_common()))
    clones = {Path(clone).name.replace("+", "/"): clone for clone in options.clones}
    bias, model = weights(options.model)
    scored = [row | points(clones[row["repository"]], row["commit"], options.binary, bias, model) for row in rows if row["repository"] in clones]
    for name, among in (("the score alone", {"the score alone"}), ("all but a message alone", set(counts) - {"a message alone"})):
        some = [row for row in scored if kind(row) in among]
        if some:
            print(f"\nAUC among {len(some)} gated by {name}: " + ", ".join(f"{part} {auc(some, part):.2f}" for part in ("words", "score", "past", "size")))


main()
