#!/usr/bin/env python3
"""The proof of a ledger of N signed certificates beside git's own check of N signed commits.

    cargo build --release && benches/proof.py [N [PAIRS]]        (10,000 and 3 by default; needs ssh-keygen)

Makes a repository with one commit for each certificate and signature, and the same number of commits signed with the same key. Then times,
in turn, `certgate log --verify` and `git log --show-signature`, and prints the times and their ratio.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

CERTGATE = pathlib.Path(__file__).resolve().parent.parent / "target" / "release" / "certgate"
POLICY = """version: 1
defaults: { signatures: required }
agents: { perf: { principals: [perf@example.org] } }
components: [{ id: a, match: { paths: ["src/**"] } }]
"""


def certificate(number: int) -> str:
    date = f"2026-01-01 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} UTC"
    return f"""# REVIEW CERTIFICATE

**Component**: a
**Agent**: perf
**Date**: {date}
**Certificate ID**: c{number}

## REVIEW SCOPE
- `src/f{number}.rs`

## SUBJECT

```certgate-subject
certgate/subject/v1
component a
base -
head -
100644 sha256:{number:064x} src/f{number}.rs
```

## FINDINGS
- none

## DECISION/OUTCOME
**Status**: APPROVED
**Rationale**: measured

## EVIDENCE
- `src/f{number}.rs:1-2`

## SIGNATURE
Agent: perf
Timestamp: {date}
"""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as home:
        place = pathlib.Path(home)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "perf@example.org",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "perf@example.org",
        }

        def run(*words, directory=place, data=None):
            done = subprocess.run(words, cwd=directory, env=environment, input=data, capture_output=True, check=True)
            return done.stdout.decode().strip()

        key = place / "key"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        allowed = f'perf@example.org {key.with_suffix(".pub").read_text()}'
        documents = place / "documents"
        documents.mkdir()
        names = [f"c{number}.md" for number in range(count)]
        for number, name in enumerate(names):
            (documents / name).write_text(certificate(number))
        for start in range(0, count, 500):
            run("ssh-keygen", "-q", "-Y", "sign", "-n", "certgate", "-f", key, *names[start : start + 500], directory=documents)

        ledger = place / "ledger"
        run("git", "init", "-q", "-b", "main", ledger)

        def blob(path: str, text: bytes) -> bytes:
            return b"M 100644 inline " + path.encode() + b"\ndata %d\n" % len(text) + text + b"\n"

        def commit(number: int, message: bytes, body: bytes) -> bytes:
            who = b"committer a <perf@example.org> %d +0000\n" % (1_767_225_600 + number)
            return b"commit refs/heads/main\n" + who + b"data %d\n" % len(message) + message + b"\n" + body + b"\n"

        files = [(".certgate/policy.yaml", POLICY), (".certgate/allowed_signers", allowed)]
        stream = [commit(0, b"Begin", b"".join(blob(path, text.encode()) for path, text in files))]
        for number, name in enumerate(names):
            pair = [name, f"{name}.sig"]
            body = b"".join(blob(f"certificates/{name[1:3]}/{one}", (documents / one).read_bytes()) for one in pair)
            stream.append(commit(number + 1, b"Certify", body))
        run("git", "fast-import", "--quiet", directory=ledger, data=b"".join(stream))
        run("git", "reset", "-q", "--hard", directory=ledger)

        signed = place / "signed"
        run("git", "init", "-q", "-b", "main", signed)
        (place / "allowed").write_text(allowed)
        for name, value in [("gpg.format", "ssh"), ("user.signingKey", str(key)), ("gpg.ssh.allowedSignersFile", str(place / "allowed"))]:
            run("git", "config", name, value, directory=signed)
        tree = run("git", "mktree", directory=signed, data=b"")
        tip = run("git", "commit-tree", "-S", "-m", "x", tree, directory=signed)
        for _ in range(count - 1):
            tip = run("git", "commit-tree", "-S", "-m", "x", "-p", tip, tree, directory=signed)
        run("git", "update-ref", "refs/heads/main", tip, directory=signed)

        def timed(*words, directory):
            begin = time.monotonic()
            done = subprocess.run(words, cwd=directory, env=environment, capture_output=True, text=True)
            return time.monotonic() - begin, done

        ours, gits = [], []
        for _ in range(pairs):
            spent, done = timed(CERTGATE, "log", "--verify", directory=ledger)
            assert done.returncode == 0 and f"{count} signed, 0 not" in done.stdout, done.stdout + done.stderr
            ours.append(spent)
            spent, done = timed("git", "log", "--show-signature", "--format=%H", directory=signed)
            assert done.stdout.count('Good "git" signature') == count, done.stdout[:500] + done.stderr
            gits.append(spent)
        a, b = statistics.median(ours), statistics.median(gits)
        print(f"{count} signed certificates, certgate log --verify   {a:8.2f} s   {min(ours):.2f} to {max(ours):.2f}")
        print(f"{count} signed commits, git log --show-signature     {b:8.2f} s   {min(gits):.2f} to {max(gits):.2f}")
        print(f"ratio {a / b:.3f}")


main()
