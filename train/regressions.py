#!/usr/bin/env python3
"""Where commits that made something slower rank in their repository, by the score.

    python3 train/regressions.py --find CLONE...     # candidates: commits that a later message names, with what it says
    python3 train/regressions.py CLONE...            # ranks of train/regressions.tsv, and how many of each history are in the highest fifth

A candidate is named, by its hash, its subject or the number of its pull request, in the message of a later commit that reverts it or fixes it because of speed. That passage was
read before the commit went into train/regressions.tsv, and its rank was not known then. It is scored with the past up to its own parent, and ranked among the 300 commits before
it. Nothing is trained on these.
"""

import argparse
import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SPEED = re.compile(
    r"\bslow(er|down|s|ed|ing|ness)?\b|slow-?downs?|perf(ormance)?\b.{0,60}\b(regress|degrad|drop|problem|issue|hit|penalt|impact|suffer|loss|worse|bug)"
    r"|regress\w*.{0,60}\b(perf|speed|latency|throughput|benchmark)|(hurts?|kill\w*|reduc\w*|lower\w*|degrad\w*|worse\w*|harm\w*|drop\w*|decreas\w*) .{0,20}(perf|throughput|speed)"
    r"|quadratic|O\(n\^?2\)|latency|pessimi|bottleneck|contention|overhead|expensive|costly|more instructions|takes? (much )?(longer|forever)",
    re.I | re.S,
)
BLAME = re.compile(r"regress|since|introduc|caus|made|result|after|slower|revert|fixes|start", re.I)
REVERT = re.compile(r"(re)?revert|back ?out", re.I)
HASH = re.compile(r"\b[0-9a-f]{7,40}\b")
NUMBER = re.compile(r"(?:#|/pull/)(\d{2,6})\b")
ASIDE = re.compile(r"(chore|build|ci|docs|test)(\([^)]*\))?:|release|bump", re.I)
AROUND = 350  # characters on each side of the name that are looked at
BEFORE = 300


def git(clone, *arguments):
    run = subprocess.run(["git", "-C", str(clone), *arguments], check=True, capture_output=True)
    return run.stdout.decode("utf-8", "replace")


def history(clone, last):
    """Commits without merges, newest first: hash, subject, message."""
    found = []
    for record in git(clone, "log", "--no-merges", f"-n{last}", "--format=%H%x00%s%x00%B%x01").split("\x01"):
        parts = record.strip("\n").split("\0")
        if len(parts) == 3:
            found.append(parts)
    return found


def find(clones, last):
    for clone in clones:
        commits = history(clone, last)
        by_number, by_subject, position, short = {}, {}, {}, {}
        for at, (commit, subject, _) in enumerate(commits):
            position[commit] = at
            short.setdefault(commit[:7], []).append(commit)
            by_subject.setdefault(subject, commit)
            tail = re.search(r"\(#(\d+)\)$", subject)
            if tail:
                by_number.setdefault(tail.group(1), commit)
        for at, (commit, subject, message) in enumerate(commits):
            # A list of changes names many, and says of none that it was slow.
            if not SPEED.search(message) or len(message) > 8000 or ASIDE.match(subject):
                continue
            named = {}
            for match in HASH.finditer(message):
                for known in short.get(match.group()[:7], []):
                    if known.startswith(match.group()):
                        named.setdefault(known, match)
            for match in NUMBER.finditer(message):
                if match.group(1) in by_number:
                    named.setdefault(by_number[match.group(1)], match)
            quoted = re.match(r'Revert:? "(.*)"', subject, re.I)
            if quoted and quoted.group(1) in by_subject:
                named.setdefault(by_subject[quoted.group(1)], quoted)
            reverts = (REVERT.match(subject) or "This reverts" in message) and len(named) <= 3
            for culprit, match in named.items():
                if position[culprit] <= at:
                    continue
                around = message[max(0, match.start() - AROUND) : match.end() + AROUND]
                if reverts or (SPEED.search(around) and BLAME.search(around)):
                    print(Path(clone).name, culprit[:12], commit[:12], commits[position[culprit]][1][:90], subject[:90], " ".join(around.split()), sep="\t")


def scores(binary, clone, commit):
    """The score of a commit and those of the commits before it, each by the past up to its own parent."""
    full = git(clone, "rev-parse", commit).strip()
    root = git(clone, "rev-list", "--max-parents=0", full).split()[-1]
    arguments = [str(binary.resolve()), "features", "--jsonl", "--range", f"{root}..{full}", "--last", str(BEFORE + 1)]
    run = subprocess.run(arguments, cwd=clone, check=True, capture_output=True, text=True)
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert rows[0]["commit"] == full
    highest = [max((file["score"] for file in row["files"]), default=0) for row in rows]
    return highest[0], highest[1:]


def share(ranks):
    top = sum(rank >= 80 for rank in ranks)
    return f"{len(ranks)} | {top} | {100 * top / len(ranks):.0f} % | {sorted(ranks)[len(ranks) // 2]} %"


def summary(ranks):
    """How many of each history are in the highest fifth; `ranks` maps part of the list and repository to ranks."""
    print("\n| history | commits | in the highest 20 % | share | median above |\n|---|---|---|---|---|")
    for part in dict.fromkeys(part for part, _ in ranks):
        for known, repository in ranks:
            if known == part:
                print(f"| {repository} | {share(ranks[part, repository])} |")
        print(f"| **{part}** | {share([rank for key, found in ranks.items() if key[0] == part for rank in found])} |")
    print(f"| **all** | {share([rank for found in ranks.values() for rank in found])} |")
    each = [sum(rank >= 80 for rank in found) / len(found) for found in ranks.values()]
    print(f"\nMean of the histories' shares: {100 * sum(each) / len(each):.0f} %.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", nargs="+", type=Path, help="directories of clones, each named OWNER+NAME")
    parser.add_argument("--find", action="store_true", help="list candidates instead")
    parser.add_argument("--last", type=int, default=100000, help="commits of each clone that are searched (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="commits that are ranked at once (default: %(default)s)")
    parser.add_argument("--binary", type=Path, default=Path("target/release/certgate"), help="default: %(default)s")
    parser.add_argument("--list", type=Path, default=Path("train/regressions.tsv"), help="default: %(default)s")
    options = parser.parse_args()
    if options.find:
        return find(options.clones, options.last)
    clones = {clone.name.replace("+", "/"): clone for clone in options.clones}
    ranks, part, rows = {}, "", []
    print("| history | commit | named by | score | above | of | why |\n|---|---|---|---|---|---|---|")
    for line in options.list.read_text().splitlines():
        if line.startswith("#"):
            part = line.strip("# :")
        else:
            rows.append((part, *line.split("\t")))
    with ThreadPoolExecutor(options.jobs) as workers:
        found = workers.map(lambda row: scores(options.binary, clones[row[1]], row[2]), rows)
    for (part, repository, commit, named_by, why), (score, before) in zip(rows, found):
        rank = 100 * sum(other < score for other in before) // len(before)
        ranks.setdefault((part, repository), []).append(rank)
        print(f"| {repository} | {commit} | {named_by} | {score} | {rank} % | {len(before)} | {why} |", flush=True)
    summary(ranks)


if __name__ == "__main__":
    main()
