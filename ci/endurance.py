#!/usr/bin/env python3
"""Kills, fills and floods certgate, and says what came of it: ci/endurance.py CERTGATE [OPTION]…

  --kills N         SIGKILLs at random moments, of each of: the commit hook, the server's hook, an audit, a task of a fleet (500)
  --seconds N       how long the pushes go on (600)
  --pushers N       how many push at once (50)
  --repositories N  repositories of the fleet (60)
  --seed N          what is drawn (1)
  --only SCENE      kills, disk or pushes

Ends with 0 where nothing was lost, nothing let in, and each verdict afterwards is the one before; else with 1 and what differs. Needs git; the
scene `disk` a machine that lets a user mount a tmpfs (unshare -m). Everything lies in a directory that is removed at the end.
"""

import argparse
import hashlib
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
POLICY = """version: 1
enforce:
  - { branches: [main, "release/**"], pre-commit: block, pre-push: block, merge: block }
  - { branches: ["**"], pre-commit: warn, pre-push: warn, merge: warn }
components:
  - id: kernels
    match: { paths: ["src/kernels/**"] }
"""
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "LC_ALL": "C",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "A"), ("EMAIL", "a@example.org"))},
}
problems = []


def expect(holds, what):
    if not holds:
        problems.append(what)
        print(f"PROBLEM: {what}", flush=True)


def row(scene, what):
    print(f"| {scene} | {what} |", flush=True)


def run(at, *arguments, **more):
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.run([str(argument) for argument in arguments], cwd=at, env=ENVIRONMENT, **more)


def git(at, *arguments, **more):
    done = run(at, "git", *arguments, **more)
    if done.returncode:
        raise RuntimeError(f"git {arguments}: {done.stderr.decode()}")
    return done.stdout.decode().strip()


def certificate(nth, status, path="src/kernels/k.cu", day="2026-01-02"):
    date = f"{day} {nth // 3600:02}:{nth // 60 % 60:02}:{nth % 60:02}"
    name = date.replace("-", "").replace(":", "").replace(" ", "_")
    text = (
        f"# REVIEW CERTIFICATE\n\n**Component**: kernels\n**Agent**: ann\n**Date**: {date} UTC\n**Certificate ID**: E-{day}-{nth}\n\n"
        f"## REVIEW SCOPE\n- `{path}`\n\n## FINDINGS\n- fine\n\n## DECISION/OUTCOME\n**Status**: {status}\n**Rationale**: measured\n\n"
        f"## EVIDENCE\n- `{path}:1`\n\n## SIGNATURE\nAgent: ann\nTimestamp: {date} UTC\n"
    )
    return f"certificates/review_kernels_{name}.md", text


def write(at, path, text):
    file = at / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def vetoed(at, certificates=150):
    """A repository with a refusal among many certificates, and a gated change that is staged."""
    at.mkdir()
    git(at, "init", "--quiet", "--initial-branch=main")
    write(at, ".certgate/policy.yaml", POLICY)
    write(at, "src/kernels/k.cu", "one\n")
    for nth in range(certificates):
        write(at, *certificate(nth, "REJECTED" if nth == certificates // 2 else "ADVISORY_ONLY"))
    git(at, "add", "--all")
    git(at, "commit", "--quiet", "--message", "Begin")
    write(at, "src/kernels/k.cu", "two\n")
    git(at, "add", "--all")
    return at


def killed(start, longest):
    """Starts something in a process group of its own and kills all of it within so many seconds; true where it was still at work."""
    process = start()
    # More at the beginning, where files are written; some after the end.
    time.sleep(longest * 1.1 * random.random() ** 1.5)
    alive = process.poll() is None
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    return alive


def starter(at, *arguments, environment=None, stdin=None):
    def start():
        pipe = subprocess.PIPE if stdin else subprocess.DEVNULL
        process = subprocess.Popen(
            [str(argument) for argument in arguments],
            cwd=at,
            env={**ENVIRONMENT, **(environment or {})},
            stdin=pipe,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if stdin:
            try:
                process.stdin.write(stdin)
                process.stdin.close()
            except BrokenPipeError:
                pass
        return process

    return start


def timed(start):
    begun = time.monotonic()
    start().wait()
    return time.monotonic() - begun


def kill_hook(certgate, scratch, kills, name):
    """A hook that is killed leaves the ledger's cache complete or absent: the next one gives the same verdict with the same words."""
    at = vetoed(scratch / f"killed-{name}")
    stdin = None
    if name == "pre-receive":
        base = git(at, "rev-parse", "HEAD")
        head = git(at, "commit-tree", "-p", base, "-m", "Change", git(at, "write-tree"))
        stdin = f"{base} {head} refs/heads/main\n".encode()
    ask = lambda: run(at, certgate, "hook", name, **({"input": stdin} if stdin else {"stdin": subprocess.DEVNULL}))
    before = ask()
    expect(before.returncode == 1, f"{name}: the refused change ends with {before.returncode}: {before.stderr.decode()}")
    cache = at / ".git/certgate"
    start = starter(at, certgate, "hook", name, stdin=stdin)
    shutil.rmtree(cache, ignore_errors=True)
    longest = timed(start)
    at_work = 0
    for nth in range(kills):
        # Most of them while the cache is made.
        if nth % 4:
            shutil.rmtree(cache, ignore_errors=True)
        at_work += killed(start, longest)
        after = ask()
        same = (after.returncode, after.stdout, after.stderr) == (before.returncode, before.stdout, before.stderr)
        expect(same, f"{name}, kill {nth}: {after.returncode}, {after.stderr.decode()}")
    left = [entry.name for entry in cache.glob("ledger/*/*") if not entry.name.startswith("new-")]
    expect(len(left) == 1, f"{name}: caches {left}")
    expect(run(at, "git", "fsck", "--strict").returncode == 0, f"{name}: git fsck")
    row(f"SIGKILL, `hook {name}`", f"{kills} kills, {at_work} of them at work: the same verdict, word for word, each time")


def digest(lines):
    return hashlib.sha256(b"\n".join(sorted(lines))).hexdigest()


def fleet(scratch, count):
    made = scratch / "fleet"
    done = run(scratch, sys.executable, HERE / "fleet/generate.py", count, made)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    return made / "list"


def kill_audit(certgate, scratch, kills, listed):
    """An audit that is killed is continued by the same command, and in the end has each record once."""
    whole = run(scratch, certgate, "audit", "--jsonl", "--no-time", "-", stdin=open(listed))
    wanted = digest(whole.stdout.splitlines())
    file = scratch / "records.jsonl"
    arguments = [certgate, "audit", "--jsonl", "--no-time", "--resume", file, "--output", file, "-"]
    start = starter(scratch, *arguments, stdin=listed.read_bytes())
    longest = timed(start)
    runs = at_work = torn = done = 0
    file.unlink()
    while done < kills:
        # Eight kills a run, so that each gets somewhere.
        for _ in range(8):
            at_work += killed(start, longest)
            done += 1
            torn += file.exists() and not file.read_bytes().endswith(b"\n") and file.stat().st_size > 0
        start().wait()
        found = digest(file.read_bytes().splitlines())
        expect(found == wanted, f"audit, after {done} kills: other records than those of a run that nobody kills")
        file.unlink()
        runs += 1
    row("SIGKILL, `audit --resume`", f"{done} kills in {runs} runs, {at_work} at work, {torn} in the middle of a record: the same sorted digest")


def kill_task(certgate, scratch, kills, listed):
    """The task of the Slurm array, as the scheduler runs it, and GNU parallel: killed, and begun again."""
    folder = scratch / "array"
    folder.mkdir()
    count = len(listed.read_text().splitlines())
    wanted = digest(run(scratch, certgate, "audit", "--jsonl", "--no-time", "-", stdin=open(listed)).stdout.splitlines())
    chunk = (count + 2) // 3
    done = at_work = runs = 0
    while done < kills:
        for task in (1, 2, 3):
            environment = {"CHUNK": str(chunk), "LIST": str(listed), "FOLDER": str(folder), "CERTGATE": str(certgate)}
            environment["SLURM_ARRAY_TASK_ID"] = str(task)
            start = starter(scratch, HERE / "fleet/task.sh", environment=environment)
            if not runs and task == 1:
                longest = timed(start)
                (folder / "1.jsonl").unlink()
            for _ in range(4):
                at_work += killed(start, longest)
                done += 1
            start().wait()
        records = b"".join((folder / f"{task}.jsonl").read_bytes() for task in (1, 2, 3))
        expect(digest(records.splitlines()) == wanted, f"tasks, after {done} kills: other records")
        for part in folder.glob("*.jsonl"):
            part.unlink()
        runs += 1
    row("SIGKILL, `ci/fleet/task.sh`", f"{done} kills in {runs} fleets of 3 tasks, {at_work} at work: the same sorted digest")


# Runs where nobody else sees what is mounted: fills a small disk to so many bytes, asks, frees it, and asks again.
DISK = r"""
certgate=$1 size=$2
mount -t tmpfs -o size=4m tmpfs "$PWD"
cd "$PWD" && cp -a ../full-source repo && cd repo || exit 1
head -c "$size" /dev/zero >../fill 2>/dev/null
ask() { name=$1; shift; code=0; "$@" >../../said.out 2>../../said.err || code=$?; printf '%s=%s ' "$name" "$code"; }
ask hook "$certgate" hook pre-commit </dev/null
ask commit git commit --quiet --message Change
ask certify "$certgate" certify kernels --staged --status APPROVED --agent ann --rationale r
ask audit "$certgate" audit --jsonl --no-time --resume records --output records .
rm -f ../fill
ask fsck git fsck --strict
ask again "$certgate" hook pre-commit </dev/null
printf 'head=%s\n' "$(git rev-list --count HEAD)"
"""


def disk(certgate, scratch, kills):
    """A disk that is full to the last block, or nearly: verdicts as ever, or exit 2; nothing half."""
    flags = [flag for flag in ("-m", "-rm") if not run(scratch, "unshare", flag, "mount", "-t", "tmpfs", "tmpfs", "/mnt").returncode]
    if not flags:
        row("disk full", "not run: this machine lets nobody mount a tmpfs")
        return
    source = vetoed(scratch / "full-source", 20)
    run(source, certgate, "install")
    (scratch / "small").mkdir()
    # What the repository takes there, in pages.
    taken = 4096 * sum(-(-entry.lstat().st_size // 4096) for entry in source.rglob("*") if entry.is_file())
    full, rounds = 0, max(4, kills // 10)
    for nth in range(rounds):
        # From all of it to nothing, and closely around what is there.
        size = 4 << 20 if nth == 0 else (4 << 20) - taken - random.randrange(0, 64 << 10)
        done = run(scratch / "small", "unshare", flags[0], "sh", "-c", DISK, "sh", certgate, size)
        found = dict(pair.split("=") for pair in done.stdout.decode().split())
        full += found.get("certify") != "0"
        what = f"disk, {size} bytes taken: {found} {done.stderr.decode()}"
        expect(found.get("hook") == "1" and found.get("again") == "1", f"{what}: the verdict")
        expect(found.get("commit") not in ("0", None) and found.get("head") == "1", f"{what}: a commit")
        expect(found.get("certify") in ("0", "2") and found.get("audit") in ("0", "2"), f"{what}: what must write")
        expect(found.get("fsck") == "0", f"{what}: git fsck")
    row("disk full", f"{rounds} sizes of what is free, {full} too small to write a certificate: refused as before, nothing half, and again when there is room")


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


class Server:
    """A bare repository behind `git daemon`, which is killed with all that it runs."""

    def __init__(self, at):
        self.at, self.port, self.process = at, free_port(), None

    def start(self):
        command = ["git", "daemon", "--enable=receive-pack", "--export-all", f"--base-path={self.at.parent}", f"--port={self.port}"]
        command += ["--listen=127.0.0.1", "--reuseaddr", "--max-connections=0", str(self.at)]
        self.process = subprocess.Popen(command, env=ENVIRONMENT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Pusher(threading.Thread):
    """Pushes work to its own protected branch until the time is over: good, bad, and certified."""

    def __init__(self, nth, server, scratch, until, seed):
        super().__init__()
        self.nth, self.server, self.until = nth, server, until
        self.at = scratch / f"pusher-{nth}"
        self.branch = f"release/{nth}"
        self.drawn = random.Random(seed * 1000 + nth)
        self.accepted, self.refused, self.broken = [], [], 0
        self.failure = None

    def run(self):
        try:
            self.work()
        except Exception as failure:  # shown by whoever waits for it
            self.failure = failure

    def work(self):
        git(self.at.parent, "clone", "--quiet", "--shared", self.server.at, self.at)
        git(self.at, "remote", "set-url", "origin", f"git://127.0.0.1:{self.server.port}/{self.server.at.name}")
        git(self.at, "switch", "--quiet", "--create", self.branch)
        made = 0
        # A slow machine tries each kind, too.
        while time.monotonic() < self.until or made < 4:
            made += 1
            tip = git(self.at, "rev-parse", "HEAD")
            kind = self.drawn.choice(["good", "bad", "certified"])
            if kind == "good":
                write(self.at, f"docs/{self.nth}-{made}.md", f"{made}\n")
            else:
                path = f"src/kernels/k{self.nth}.cu"
                write(self.at, path, f"{made}\n")
                if kind == "certified":
                    nth = self.nth * 1000 + made
                    write(self.at, *certificate(nth, "APPROVED", path, day="2026-02-03"))
            git(self.at, "add", "--all")
            git(self.at, "commit", "--quiet", "--no-verify", "--message", f"{kind} {made}")
            new = git(self.at, "rev-parse", "HEAD")
            done = run(self.at, "git", "push", "--quiet", "origin", f"HEAD:refs/heads/{self.branch}")
            said = done.stderr.decode()
            if done.returncode == 0:
                self.accepted.append((kind, new))
            elif "pre-receive hook declined" in said:
                self.refused.append((kind, new, said))
                git(self.at, "reset", "--quiet", "--hard", tip)
            else:
                # The server was killed: whether it had taken it, nobody said.
                self.broken += 1
                git(self.at, "reset", "--quiet", "--hard", tip)
                time.sleep(0.2)
                there = run(self.at, "git", "ls-remote", "origin", f"refs/heads/{self.branch}")
                if there.stdout.decode().startswith(new):
                    git(self.at, "reset", "--quiet", "--hard", new)
                    self.accepted.append((kind, new))


def pushes(certgate, scratch, seconds, pushers, seed):
    """Many push at once, the server is killed in the middle and comes back."""
    source = scratch / "source"
    source.mkdir()
    git(source, "init", "--quiet", "--initial-branch=main")
    write(source, ".certgate/policy.yaml", POLICY)
    write(source, "src/kernels/k.cu", "one\n")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "Begin")
    server = Server(scratch / "server.git")
    git(scratch, "clone", "--quiet", "--bare", source, server.at)
    begun = git(server.at, "rev-parse", "main")
    installed = run(server.at, certgate, "install", "--server")
    expect(installed.returncode == 0, f"install --server: {installed.stderr.decode()}")
    server.start()
    time.sleep(0.5)
    until = time.monotonic() + seconds
    crowd = [Pusher(nth, server, scratch, until, seed) for nth in range(pushers)]
    for pusher in crowd:
        pusher.start()
    kills = 0
    while time.monotonic() < until:
        time.sleep(max(0.5, seconds / 3))
        if time.monotonic() < until:
            server.kill()
            kills += 1
            # What it was killed over may have left its locks, which git's manual has the administrator remove.
            for lock in server.at.glob("refs/**/*.lock"):
                lock.unlink(missing_ok=True)
            server.start()
    for pusher in crowd:
        pusher.join()
        expect(pusher.failure is None, f"pusher {pusher.nth}: {pusher.failure}")
    server.kill()
    accepted = refused = broken = 0
    for pusher in crowd:
        accepted += len(pusher.accepted)
        refused += len(pusher.refused)
        broken += pusher.broken
        held = set(run(server.at, "git", "rev-list", f"refs/heads/{pusher.branch}", "--").stdout.decode().split())
        for kind, commit in pusher.accepted:
            expect(commit in held, f"lost: {kind} {commit} of {pusher.branch}")
            expect(kind != "bad", f"let in: {commit} into {pusher.branch}")
        for kind, commit, said in pusher.refused:
            expect(kind == "bad" and "CG201" in said, f"refused: {kind} {commit}: {said}")
            expect(commit not in held, f"refused, and there: {commit}")
        # What is there passes afterwards as it passed then; and of what was refused each is refused again.
        if held:
            again = run(server.at, certgate, "check", "--base", begun, "--head", f"refs/heads/{pusher.branch}", "--target", pusher.branch)
            expect(again.returncode == 0, f"{pusher.branch} afterwards: {again.returncode} {again.stderr.decode()}")
        for kind, commit, _ in pusher.refused[:3]:
            again = run(pusher.at, certgate, "check", "--base", f"{commit}^", "--head", commit, "--target", "main")
            expect(again.returncode == 1, f"{commit} afterwards: {again.returncode} {again.stderr.decode()}")
    expect(accepted and refused, f"{accepted} accepted, {refused} refused: nothing was tried")
    expect(run(server.at, "git", "fsck", "--strict").returncode == 0, "the server's git fsck")
    what = f"{accepted} accepted and {refused} refused by {pushers} at once in {seconds:g} s, {broken} cut off by {kills} kills of the server"
    row("pushes, server killed", f"{what}: none lost, none let in, the same verdicts afterwards")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("certgate", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--pushers", type=int, default=50)
    parser.add_argument("--repositories", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=["kills", "disk", "pushes"])
    wanted = parser.parse_args()
    certgate = wanted.certgate.resolve()
    random.seed(wanted.seed)
    with tempfile.TemporaryDirectory(prefix="certgate-endurance-") as scratch:
        scratch = pathlib.Path(scratch).resolve()
        ENVIRONMENT["HOME"] = str(scratch)
        if wanted.only in (None, "kills"):
            for name in ("pre-commit", "pre-receive"):
                kill_hook(certgate, scratch, wanted.kills, name)
            listed = fleet(scratch, wanted.repositories)
            kill_audit(certgate, scratch, wanted.kills, listed)
            kill_task(certgate, scratch, wanted.kills, listed)
        if wanted.only in (None, "disk"):
            disk(certgate, scratch, wanted.kills)
        if wanted.only in (None, "pushes"):
            pushes(certgate, scratch, wanted.seconds, wanted.pushers, wanted.seed)
    print(f"{len(problems)} problems", flush=True)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
