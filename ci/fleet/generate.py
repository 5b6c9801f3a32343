#!/usr/bin/env python3
"""Makes COUNT repositories below DIRECTORY, the same for the same count: python3 generate.py COUNT DIRECTORY

What an organisation has: covered work, uncovered work, refusals, a stop, conditions that are overdue, another policy, an older one, none, a broken
one, CI that runs certgate and CI that does not, clones and bare repositories, and a few that cannot be read. The list of them is in
DIRECTORY/list, one a line.
"""

import os
import pathlib
import subprocess
import sys

BEGUN = 1_760_000_000  # 2025-10-09, in seconds; nothing depends on today

POLICY = """version: 1
serial: {serial}
enforce:
  - {{ branches: [main, "release/**"], pre-commit: block, pre-push: block, merge: block }}
  - {{ branches: ["**"], pre-commit: warn, pre-push: warn, merge: warn }}
agents:
  performance-engineer: {{ may_lift: true }}
components:
  - id: kernels
    match: {{ paths: ["src/kernels/**"] }}
  - id: data_loading
    match: {{ paths: ["src/data/**"] }}
"""

CERTIFICATE = """# REVIEW CERTIFICATE

**Component**: {component}
**Agent**: performance-engineer
**Date**: {date} UTC
**Certificate ID**: {id}

## REVIEW SCOPE
- `{path}`

## FINDINGS
- read and measured

## DECISION/OUTCOME
**Status**: {status}
**Rationale**: measured
{conditions}
## EVIDENCE
- `{path}:1-2`

## SIGNATURE
Agent: performance-engineer
Timestamp: {date} UTC
"""


class Repository:
    """A repository as a stream for `git fast-import`."""

    def __init__(self, number):
        self.number = number
        self.stream = bytearray()
        self.commits = 0

    def commit(self, message, files):
        at = BEGUN + 86_400 * (self.number % 50) + 3_600 * self.commits
        self.commits += 1
        who = f"Ada Author <ada@example.org> {at} +0000"
        head = f"commit refs/heads/main\nmark :{self.commits}\nauthor {who}\ncommitter {who}\n"
        self.stream += head.encode() + self.data(message)
        if self.commits > 1:
            self.stream += f"from :{self.commits - 1}\n".encode()
        for path, content in files.items():
            self.stream += f"M 100644 inline {path}\n".encode() + self.data(content)
        self.stream += b"\n"

    @staticmethod
    def data(text):
        raw = text.encode()
        return b"data %d\n%s\n" % (len(raw), raw)

    def certificate(self, component, path, status="APPROVED", conditions=""):
        at = BEGUN + 86_400 * (self.number % 50) + 3_600 * self.commits
        date = subprocess_date(at)
        name = date.replace("-", "").replace(":", "").replace(" ", "_")
        text = CERTIFICATE.format(
            component=component, date=date, id=f"R{self.number}-{self.commits}", path=path, status=status, conditions=conditions
        )
        return {f"certificates/review_{component}_{name}.md": text}


def subprocess_date(seconds):
    import datetime

    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def story(number):
    """What happened in the repository of that number."""
    kind = number % 10
    made = Repository(number)
    files = {"README.md": f"repository {number}\n"}
    if kind == 6:
        files[".certgate/policy.yaml"] = "version: 1\ncomponentz: []\n"
    elif kind != 5:
        files[".certgate/policy.yaml"] = POLICY.format(serial=1 if kind == 7 else 2)
    if kind in (3, 8):
        files[".github/workflows/gate.yml"] = "on: pull_request\njobs: { gate: { steps: [{ run: certgate check }] } }\n"
    elif kind == 1:
        files[".gitlab-ci.yml"] = "test: { script: make check }\n"
    made.commit("begin", files)
    for landing in range(4 + number % 4):
        path = f"src/kernels/k{landing % 3}.cu"
        work = {path: f"// {number}\n__global__ void k{landing}() {{}}\n"}
        if landing % 3 == 2:
            made.commit(f"docs: note {landing}", {f"docs/{landing}.md": f"{number}\n"})
        else:
            made.commit(f"perf: kernel {landing}", {**work, **made.certificate("kernels", path)})
    path = "src/data/loader.py"
    loader = {path: f"def load():\n    return {number}\n"}
    if kind == 1:
        made.commit("data: load faster", loader)
    elif kind == 2:
        made.commit("no", made.certificate("data_loading", path, "NO_GO"))
    elif kind == 3:
        made.commit("stop", made.certificate("data_loading", path, "EMERGENCY_STOP"))
    elif kind == 4:
        due = "**Conditions**: profile again by 2025-12-01\n"
        made.commit("data: load faster", {**loader, **made.certificate("data_loading", path, "CONDITIONALLY_APPROVED", due)})
    return made


def git(directory, *arguments, **more):
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "-C", str(directory), *arguments], check=True, env=environment, **more)


def make(number, below):
    clone = number % 9 == 4
    path = below / (f"{number:06d}" if clone else f"{number:06d}.git")
    path.mkdir()
    if number % 50 == 49:
        return path  # an empty directory, as a clone that failed leaves it
    git(path, "init", "--quiet", "--initial-branch=main", "--template=", *([] if clone else ["--bare"]))
    git(path, "fast-import", "--quiet", input=bytes(story(number).stream))
    if number % 50 == 24:
        for pack in path.glob("objects/pack/*.pack"):
            pack.chmod(0o600)
            pack.write_bytes(pack.read_bytes()[: pack.stat().st_size // 2])
        for loose in path.glob("objects/??/*"):
            loose.chmod(0o600)
            loose.write_bytes(b"garbage")
    return path


def main():
    count, below = int(sys.argv[1]), pathlib.Path(sys.argv[2]).absolute()
    below.mkdir(parents=True)
    with open(below / "list", "w", encoding="utf-8") as listed:
        for number in range(count):
            listed.write(f"{make(number, below)}\n")


if __name__ == "__main__":
    main()
