#!/usr/bin/env python3
"""How long a change is judged over a ledger of many refusals that were lifted.

    cargo build --release && benches/lifts.py [REFUSALS [FILES [PROGRAM]]]        (3,000 and 200 by default)

Makes, for each way to lift, a repository whose `main` holds the refusals and as many approvals after them, and a branch that changes the
files with one certificate for all. Prints what `certgate check` takes without and with the ledger's cache, in seconds, and the cache's size.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

CERTGATE = pathlib.Path(__file__).resolve().parent.parent / "target" / "release" / "certgate"
POLICY = """version: 1
agents: { lead: { may_lift: true } }
components: [{ id: hot, match: { paths: ["src/**"] } }]
"""
WAYS = {
    "by name, by an agent who may lift": (None, None, True),
    "as wide, by the same agent": (None, None, False),
    "what each lists, by the same agent": (1, 1, False),
    "of the whole component, for listed content": (None, 1, False),
}


def certificate(agent: str, status: str, name: str, age: int, lifts: str = "", files=None) -> str:
    date = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(time.time() - age))
    supersedes = f"**Supersedes**: {lifts}\n" if lifts else ""
    subject = ""
    if files:
        listed = "".join(f"100644 sha256:{hashlib.sha256(text.encode()).hexdigest()} {path}\n" for path, text in files)
        subject = f"## SUBJECT\n```certgate-subject\ncertgate/subject/v1\ncomponent hot\nbase -\nhead -\n{listed}```\n\n"
    return f"""# REVIEW CERTIFICATE

**Component**: hot
**Agent**: {agent}
**Date**: {date}
**Certificate ID**: {name}
{supersedes}
## REVIEW SCOPE
- the loop

{subject}## FINDINGS
- it was measured

## DECISION/OUTCOME
**Status**: {status}
**Rationale**: measured twice on the target

## EVIDENCE
- `src/f0.py:1`

## SIGNATURE
Agent: {agent}
Timestamp: {date}
"""


def scene(place: pathlib.Path, way, refusals: int, files: int) -> None:
    refused, approved, by_name = way
    stream = []

    def commit(branch: str, content, parent=None) -> None:
        stream.append(f"commit refs/heads/{branch}\ncommitter A <a@example.org> {int(time.time())} +0000\ndata 1\nx\n")
        if parent:
            stream.append(f"from {parent}\n")
        for path, text in content:
            stream.append(f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n")

    new = sorted((f"src/f{n}.py", f"x = {n} 1\n") for n in range(files))
    one = lambda listed, n: [new[n % files]] if listed else None
    commit("main", [(".certgate/policy.yaml", POLICY)] + [(path, "x = 0\n") for path, _ in new])
    commit("main", [
        (f"certificates/no{n}_hot_20250101_000000.md", certificate("ann", "NO_GO", f"no-{n}", 9000, files=one(refused, n)))
        for n in range(refusals)
    ])
    commit("main", [
        (
            f"certificates/yes{n}_hot_20250101_000000.md",
            certificate("lead" if by_name else "ann", "APPROVED", f"yes-{n}", 6000, f"no-{n}" if by_name else "", one(approved, n)),
        )
        for n in range(refusals)
    ])
    commit("work", new + [("certificates/new_hot_20260101_000000.md", certificate("tom", "APPROVED", "new", 60, files=new))], "refs/heads/main")
    subprocess.run(["git", "init", "-q", "-b", "main", place], check=True)
    subprocess.run(["git", "-C", place, "fast-import", "--quiet"], input="".join(stream).encode(), check=True)


def main() -> None:
    refusals = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    files = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    program = sys.argv[3] if len(sys.argv) > 3 else CERTGATE
    print(f"{refusals} refusals, {files} files")
    for name, way in WAYS.items():
        with tempfile.TemporaryDirectory() as home:
            place = pathlib.Path(home) / "repo"
            scene(place, way, refusals, files)
            environment = {"PATH": os.environ["PATH"], "HOME": home, "GIT_CONFIG_GLOBAL": "/dev/null"}
            taken = []
            for _ in range(2):
                begin = time.monotonic()
                ran = subprocess.run([program, "check", "--base", "main", "--head", "work"], cwd=place, env=environment, capture_output=True)
                taken.append(time.monotonic() - begin)
                assert ran.returncode == 0, ran.stderr.decode()
            size = sum(file.stat().st_size for file in (place / ".git" / "certgate").rglob("*") if file.is_file())
            print(f"{name:<45} {taken[0]:6.2f} {taken[1]:6.2f}   {size / 1024:8.0f} KiB")


main()
