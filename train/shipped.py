#!/usr/bin/env python3
"""What a new policy flags, as `certgate init` writes it, on clones of public repositories.

    python3 train/shipped.py --binary target/release/certgate [--last 2000] CLONE...

For each clone, in a scratch repository that shares its objects: `certgate init --no-hooks` in the state of `--last` commits ago (no merges counted), with its
defaults, and `certgate evaluate` of the commits since by that policy. A commit counts as flagged where a rule gates it or the score flags it. A performance commit
is one whose message begins with the type `perf`; rules on messages are left out, since they would find exactly those. `--packs` prints what each rule of all packs is
worth instead, with all of them in use. The same clones and binary print the same tables.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

# Words in messages are not what is measured here.
QUIET = "defaults: { families: [] }\n"
MESSAGES = "performance_changes"
PACKS = ["default", "rust", "python", "go", "cpp", "jvm", "web", "database", "gpu-kernels", "rl-training"]


def run(arguments, cwd, **more):
    return subprocess.run(arguments, cwd=cwd, check=True, capture_output=True, **more).stdout.decode("utf-8", "replace")


def scratch(clone, directory):
    """A repository with the objects of a clone, and nothing else of it."""
    run(["git", "init", "--quiet", "--initial-branch=main", str(directory)], ".")
    objects = run(["git", "rev-parse", "--path-format=absolute", "--git-path", "objects"], clone).strip()
    Path(directory, ".git/objects/info/alternates").write_text(objects + "\n")
    # What is known of commits already depends on nothing else, and need not be read again.
    kept = Path(run(["git", "rev-parse", "--path-format=absolute", "--git-common-dir"], clone).strip(), "certgate/past")
    if kept.is_dir():
        shutil.copytree(kept, Path(directory, ".git/certgate/past"))


def without_messages(policy):
    """The policy of `init`, but for what looks at messages."""
    return policy.replace("version: 1\n", f"version: 1\nwithout: [{MESSAGES}]\n{QUIET}", 1)


def measure(clone, options, policy=None):
    listed = run(["git", "rev-list", "--no-merges", f"--max-count={options.last + 1}", "HEAD"], clone).split()
    with tempfile.TemporaryDirectory() as directory:
        scratch(clone, directory)
        if policy is None:
            # `init` looks at what is tracked; without a commit it judges no history.
            run(["git", "read-tree", listed[-1]], directory)
            run([options.binary, "init", "--no-hooks"], directory)
            policy = without_messages(Path(directory, ".certgate/policy.yaml").read_text())
        path = Path(directory, "policy.yaml")
        path.write_text(policy)
        run(["git", "update-ref", "refs/heads/main", listed[0]], directory)
        text = run([options.binary, "evaluate", "--last", str(options.last), "--policy", "policy.yaml", "--format", "json"], directory)
    packs = [word.strip(" []").removeprefix("builtin:") for word in policy.split("extends: ", 1)[1].split("\n", 1)[0].split(",")]
    return json.loads(text), packs


def percent(value):
    return "–" if value is None else f"{100 * value:.1f} %"


def shipped(options):
    print("| history | packs | commits | perf | flagged | by rules | by the score | precision | times the base rate | recall |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    sums = defaultdict(list)
    for clone in options.clones:
        found, packs = measure(clone, options)
        either, base = found["either"], found["positive"] / found["commits"]
        row = {
            "flagged": either["share"],
            "by rules": found["gated"]["share"],
            "by the score": found["flagged"]["share"],
            "precision": either["precision"],
            "recall": either["recall"],
        }
        lift = either["precision"] / base if base and either["precision"] is not None else None
        for key, value in (row | {"lift": lift}).items():
            if value is not None:
                sums[key].append(value)
        cells = [percent(row["flagged"]), percent(row["by rules"]), percent(row["by the score"]), percent(row["precision"])]
        cells += ["–" if lift is None else f"{lift:.1f}", percent(row["recall"])]
        name = Path(clone).name.replace("+", "/")
        print(f"| {name} | {', '.join(packs)} | {found['commits']} | {found['positive']} | " + " | ".join(cells) + " |", flush=True)
    mean = {key: sum(values) / len(values) for key, values in sums.items()}
    cells = [percent(mean[key]) for key in ("flagged", "by rules", "by the score", "precision")]
    print(f"| **mean** | | | | " + " | ".join(cells) + f" | {mean['lift']:.1f} | {percent(mean['recall'])} |")


def packs(options):
    """What each rule of all packs is worth: what it gates, and what it would if it needed no score."""
    policy = "version: 1\nextends: [" + ", ".join(f"builtin:{name}" for name in PACKS) + "]\n"
    policy = without_messages(policy + "sensitivity: { flag: 13% }\n")
    rules = defaultdict(lambda: [0, 0, 0.0, 0, 0, 0.0])
    for clone in options.clones:
        found, _ = measure(clone, options, policy)
        base = found["positive"] / found["commits"]
        for rule in found["rules"]:
            row = rules[f"{rule['component']}/{rule['rule']}"]
            loud, quiet = (rule["flagged"], rule["right"]), (rule["silenced"]["flagged"], rule["silenced"]["right"])
            row[0] += loud[0]
            row[1] += loud[1]
            row[2] += base * loud[0]
            row[3] += quiet[0]
            row[4] += quiet[1]
            row[5] += base * quiet[0]
        print(f"{Path(clone).name}: {found['commits']} commits", file=sys.stderr, flush=True)
    print("| rule | gates | of these perf | times the base rate | score too low | of these perf | times the base rate |")
    print("|---|---|---|---|---|---|---|")
    for name, (flagged, right, expected, silent, lost, silent_expected) in sorted(rules.items(), key=lambda item: (-item[1][0] - item[1][3], item[0])):
        times = lambda found, wanted: f"{found / wanted:.1f}" if wanted else "–"
        print(f"| {name} | {flagged} | {right} | {times(right, expected)} | {silent} | {lost} | {times(lost, silent_expected)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, type=lambda path: str(Path(path).resolve()))
    parser.add_argument("--last", type=int, default=2000)
    parser.add_argument("--packs", action="store_true")
    parser.add_argument("clones", nargs="+", type=lambda path: str(Path(path).resolve()))
    options = parser.parse_args()
    os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    (packs if options.packs else shipped)(options)


if __name__ == "__main__":
    main()
