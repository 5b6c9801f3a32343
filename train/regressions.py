#!/usr/bin/env python3
"""Where commits that made something slower rank in their repository, by the score.

    python3 train/regressions.py --find CLONE...     # candidates: commits that a later message names, with what it says
    python3 train/regressions.py CLONE...            # the table of train/regressions.tsv

A candidate is named, by its hash or by the number of its pull request, in the message of a later commit that takes it back or mends it because of speed. Each was read
before it went into train/regressions.tsv. It is scored with the past up to its own parent, and ranked among the 300 commits before it. Nothing is trained on these.
"""

import argparse
import json
import re
import subprocess
from pathlib import Path

SPEED = re.compile(r"slow(er|down|ed|ing|ness)?\b|\bperf(ormance)?\b.{0,40}\b(regress|degrad|drop|problem|issue)|regress\w*.{0,60}\b(perf|speed|latency|throughput|memory|benchmark)", re.I | re.S)
BACK = re.compile(r"\brevert|regress|introduced (in|by)|caused by|since #?\w+|after #\d+", re.I)
HASH = re.compile(r"\b[0-9a-f]{7,40}\b")
NUMBER = re.compile(r"#(\d{2,6})\b")
ASIDE = re.compile(r"(chore|build|ci|docs|test|bench)(\([^)]*\))?:|release|bump", re.I)
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
            if not (SPEED.search(message) and BACK.search(message)) or len(message) > 6000 or ASIDE.match(subject):
                continue
            named = {known for text in HASH.findall(message) for known in short.get(text[:7], []) if known.startswith(text)}
            named |= {by_number[number] for number in NUMBER.findall(message) if number in by_number}
            quoted = re.match(r'Revert:? "(.*)"', subject, re.I)
            if quoted and quoted.group(1) in by_subject:
                named.add(by_subject[quoted.group(1)])
            said = SPEED.search(message)
            around = " ".join(message[max(0, said.start() - 200) : said.end() + 200].split())
            for culprit in sorted(named - {commit}, key=position.get):
                if position[culprit] > at:
                    print(Path(clone).name, culprit[:12], commit[:12], commits[position[culprit]][1][:90], subject[:90], around, sep="\t")


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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", nargs="+", type=Path, help="directories of clones")
    parser.add_argument("--find", action="store_true", help="list candidates instead")
    parser.add_argument("--last", type=int, default=100000, help="commits of each clone that are searched (default: %(default)s)")
    parser.add_argument("--binary", type=Path, default=Path("target/release/certgate"), help="default: %(default)s")
    parser.add_argument("--list", type=Path, default=Path("train/regressions.tsv"), help="default: %(default)s")
    options = parser.parse_args()
    if options.find:
        return find(options.clones, options.last)
    clones = {clone.name.replace("+", "/"): clone for clone in options.clones}
    ranks = []
    print("| history | commit | said by | score | above |\n|---|---|---|---|---|")
    for line in options.list.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        repository, commit, said_by, _ = line.split("\t")
        score, before = scores(options.binary, clones[repository], commit)
        rank = 100 * sum(other < score for other in before) // len(before)
        ranks.append(rank)
        print(f"| {repository} | {commit} | {said_by} | {score} | {rank} % |")
    top = sum(rank >= 80 for rank in ranks)
    print(f"\n{top} of {len(ranks)} are in the highest 20 %.")


if __name__ == "__main__":
    main()
