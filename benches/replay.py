#!/usr/bin/env python3
"""Replays sensitive commits of real projects, and brings each blocked one to green by the printed remedies alone.

    benches/replay.py [--certgate PROGRAM] [--each N] CLONE...

For each clone: `certgate init` proposes a policy, `certgate simulate` finds the commits of its history that this policy blocks, and N of
them, spread over history, are made again in a scratch clone. Every other one is committed straight to the protected branch, where the hook
refuses it; the others go to a branch, where `certgate check` refuses it. Then the first remedy is pasted into a shell with its placeholders
filled in, and after it the command that it prints as `next:`, until the commit is made or the check passes. Nothing else is typed.

Prints a table: project, commit, way, components, lines of the first refusal, commands pasted, seconds of the refusal, and whether it came to green.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 15
FILLED = {
    "NAME": "performance-engineer",
    "WHY": "read in full, the cost of each call is as before",
    "REVIEWER": "second-reviewer",
}


def run(arguments, cwd, env, check=True, text=None):
    done = subprocess.run(arguments, cwd=cwd, env=env, input=text, capture_output=True, text=True, errors="replace")
    if check and done.returncode != 0:
        sys.exit(f"{arguments}: {done.stderr}")
    return done


def remedies(text):
    """What is printed behind `= help:`, each as it would be pasted."""
    found, open_ = [], False
    for line in text.splitlines():
        start = re.match(r"\s*= help: (.*)", line)
        if start:
            found.append(start.group(1))
            open_ = True
        elif open_ and re.match(r"\s{9,}\S", line):
            found[-1] += "\n" + line
        else:
            open_ = False
    return [one for one in found if re.match(r"(certgate|git) ", one)]


def filled(command, place):
    for name, value in FILLED.items():
        command = re.sub(rf"\b{name}\b", value, command)
    return command.replace("PATH:LINES", place)


def place_of(text):
    """A place that the refusal names, as evidence does."""
    found = re.search(r"-->\s+(\S+:\d+)", text)
    return found.group(1) if found else "README.md:1"


class Replay:
    def __init__(self, clone, program, scratch):
        self.clone, self.scratch = clone, scratch
        self.env = {
            "PATH": f"{Path(program).parent}:{os.environ['PATH']}",
            "HOME": str(scratch),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_EDITOR": "true",
            "LC_ALL": "C.UTF-8",
            **{f"GIT_{who}_NAME": "Replay" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "replay@example.org" for who in ("AUTHOR", "COMMITTER")},
        }
        self.work = scratch / "work"
        run(["git", "clone", "--quiet", "--shared", "--no-checkout", str(clone), str(self.work)], scratch, self.env)
        self.git("config", "advice.detachedHead", "false")
        self.head = self.git("rev-parse", "HEAD").stdout.strip()
        self.git("checkout", "--quiet", "-B", "main", self.head)
        run(["certgate", "init", "--no-hooks"], self.work, self.env)
        self.policy = (self.work / ".certgate/policy.yaml").read_text()
        (scratch / "policy.yaml").write_text(self.policy)

    def git(self, *arguments, check=True):
        return run(["git", *arguments], self.work, self.env, check)

    def blocked(self, last):
        found = run(
            ["certgate", "simulate", "--commits", "--last", str(last), "--policy", str(self.scratch / "policy.yaml"), "--format", "json"],
            self.work,
            self.env,
        )
        rows = json.loads(found.stdout)["commits"]
        own = lambda row: any(c["id"] != "certgate-policy" for c in row["components"])
        return [row for row in rows if row["verdict"] == "block" and not row["merge"] and row["parent"] and own(row)]

    def reset(self, parent):
        self.git("checkout", "--quiet", "--force", "-B", "main", parent)
        self.git("branch", "-D", "topic", check=False)
        self.git("clean", "-ffdxq")
        policy = self.work / ".certgate/policy.yaml"
        policy.parent.mkdir(exist_ok=True)
        policy.write_text(self.policy)
        self.git("add", "--force", ".certgate")
        self.git("commit", "--quiet", "--no-verify", "-m", "ci: adopt certgate")
        run(["certgate", "install"], self.work, self.env)

    def again(self, row, on_main):
        commit = row["commit"]
        self.reset(row["parent"])
        message = self.git("log", "-1", "--format=%B", commit).stdout
        if not on_main:
            self.git("switch", "--quiet", "--create", "topic")
        picked = self.git("cherry-pick", "--no-commit", "--allow-empty", commit, check=False)
        if picked.returncode != 0:
            return None
        commit_it = ["git", "commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "-F", "-"]
        if not on_main:
            run(["git", "commit", "--quiet", "--no-verify", "--allow-empty", "--cleanup=verbatim", "-F", "-"], self.work, self.env, text=message)

        def ask():
            if on_main:
                return run(commit_it, self.work, self.env, check=False, text=message)
            return run(["certgate", "check", "--base", "main"], self.work, self.env, check=False)

        begun = time.monotonic()
        said = ask()
        seconds = time.monotonic() - begun
        lines, commands, first = len(said.stderr.splitlines()) + len(said.stdout.splitlines()), 0, said.stderr
        for _ in range(ROUNDS):
            if said.returncode == 0:
                break
            offered = remedies(said.stderr)
            if not offered:
                break
            pasted = run(["sh", "-c", filled(offered[0], place_of(said.stderr))], self.work, self.env, check=False)
            commands += 1
            after = re.search(r"^next: (.*)$", pasted.stdout, re.M)
            if pasted.returncode != 0 or not after:
                first = f"{offered[0]}\n{pasted.stderr}"
                break
            run(["sh", "-c", after.group(1)], self.work, self.env)
            commands += 1
            if not on_main:
                self.git("commit", "--quiet", "--no-verify", "-m", "Certify")
                commands += 1
            said = ask()
        components = [c["id"] for c in row["components"]]
        green = said.returncode == 0
        if not green:
            print(f"{commit}: {first}\n{said.stderr}", file=sys.stderr)
        return {
            "commit": commit[:10],
            "way": "hook" if on_main else "check",
            "components": components,
            "lines": lines,
            "commands": commands,
            "seconds": seconds,
            "green": green,
        }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clones", nargs="+", type=Path)
    parser.add_argument("--certgate", default="target/release/certgate")
    parser.add_argument("--each", type=int, default=12)
    parser.add_argument("--last", type=int, default=1000)
    arguments = parser.parse_args()
    program = Path(arguments.certgate).resolve()
    rows = []
    print("| project | commit | refused by | components | lines | commands | seconds | green |")
    print("|---|---|---|---|---:|---:|---:|---|")
    for clone in arguments.clones:
        name = clone.name if clone.name != "repo" else clone.parent.name.replace("+", "/")
        scratch = Path(tempfile.mkdtemp(prefix="certgate-replay-"))
        try:
            replay = Replay(clone.resolve(), program, scratch)
            blocked = replay.blocked(arguments.last)
            step = max(1, len(blocked) // arguments.each)
            for at, row in enumerate(blocked[::step][: arguments.each]):
                one = replay.again(row, at % 2 == 0)
                if one is None:
                    continue
                rows.append(one)
                print(
                    f"| {name} | {one['commit']} | {one['way']} | {', '.join(one['components'])} | {one['lines']} "
                    f"| {one['commands']} | {one['seconds']:.2f} | {'yes' if one['green'] else 'NO'} |",
                    flush=True,
                )
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    green = sum(row["green"] for row in rows)
    lines = sorted(row["lines"] for row in rows)
    print(f"\n{green} of {len(rows)} came to green by what was printed.")
    if rows:
        print(
            f"Lines of a refusal: {statistics.median(lines):.0f} (median), {lines[-1]} (most). "
            f"Commands: {statistics.median(row['commands'] for row in rows):.0f} (median), {max(row['commands'] for row in rows)} (most). "
            f"Seconds: {statistics.median(row['seconds'] for row in rows):.2f} (median), {max(row['seconds'] for row in rows):.2f} (most)."
        )
    return 0 if green == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
