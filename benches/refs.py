#!/usr/bin/env python3
"""What many refs cost: pushes of 500 branches, and fetches of 1,000 under the strict hook against an idle one.

    cargo build --release && benches/refs.py [--program PATH] [--fetches PAIRS] [--refs N]

The repository has 5,000 commits on main, 500 branches along them, 500 with a commit of their own, and 500 along 5,000 commits that are
not on main. Every hook is run three times, and the median given; fetches run in turn.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HISTORY, REFS = 5000, 1000
ZERO = "0" * 40
POLICY = """version: 1
enforce:
  - { branches: [main, "release/**"] }
  - { branches: ["**"], pre-commit: warn, pre-push: warn, merge: warn }
components:
  - id: hot
    match: { paths: ["hot/**"], messages: ['^perf:'] }
"""
BODY = "\n\nWhat changes is what the part does, and\nhow it is laid out.\n\nReviewed-by: A U Thor <author@example.org>\n"


def write(out):
    def data(text):
        out.write(f"data {len(text)}\n{text}\n")

    def commit(branch, at, message):
        out.write(f"commit refs/heads/{branch}\ncommitter C <c@example.org> {1700000000 + at} +0000\n")
        data(message + BODY)

    def file(path, text):
        out.write(f"M 100644 inline {path}\n")
        data(text)

    def reset(name, to):
        out.write(f"reset {name}\nfrom {to}\n\n")

    def part(nth):
        nth %= HISTORY
        return f"pkg{nth // 50:03}/module_{nth:05}.py"

    commit("main", 1, "Everything")
    for nth in range(HISTORY):
        file(part(nth), "x = 0\n")
    for nth in range(200):
        file(f"hot/m{nth:03}.py", "x = 0\n")
    file(".certgate/policy.yaml", POLICY)
    for nth in range(1, HISTORY + 1):
        commit("main", nth + 1, f"Change part {nth}")
        file(part(nth), f"x = {nth}\n")
        reset(f"refs/made/{nth}", "refs/heads/main")
    for nth in range(REFS):
        at = f"refs/made/{nth * 7 % HISTORY + 1}"
        reset(f"refs/heads/along/{nth:05}", at)
        reset(f"refs/heads/own/{nth:05}", at)
        commit(f"own/{nth:05}", HISTORY + 2 + nth, f"Add {nth}")
        file(f"new/{nth:05}.py", "y = 1\n")
    reset("refs/heads/side", "refs/heads/main")
    for nth in range(1, HISTORY + 1):
        commit("side", 2 * HISTORY + nth, f"Go aside {nth}")
        file(part(nth), f"x = -{nth}\n")
        if nth % 10 == 0:
            reset(f"refs/heads/aside/{nth:05}", "refs/heads/side")
    for nth in range(1, HISTORY + 1):
        reset(f"refs/made/{nth}", ZERO)
    out.write("done\n")


def git(directory, *arguments, **more):
    found = subprocess.run(["git", "-C", directory, *arguments], check=True, capture_output=True, text=True, **more)
    return found.stdout


def make(home):
    everything = home / "everything"
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", everything], check=True)
    feed = subprocess.Popen(
        ["git", "-C", everything, "fast-import", "--quiet", "--force", "--done"], stdin=subprocess.PIPE, text=True
    )
    write(feed.stdin)
    feed.stdin.close()
    if feed.wait():
        sys.exit("git fast-import failed")
    git(everything, "pack-refs", "--all")
    remote = home / "remote"
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", remote], check=True)
    git(everything, "push", "--quiet", remote, "main")
    git(everything, "remote", "add", "origin", remote)
    git(everything, "fetch", "--quiet", "origin")
    git(everything, "remote", "set-head", "origin", "main")
    return everything, remote


def pushes(program, everything, remote):
    for kind in ["along", "own", "aside"]:
        refs = [line.split() for line in git(everything, "for-each-ref", f"refs/heads/{kind}/").splitlines()][:500]
        to_push = "".join(f"{name} {at} {name} {ZERO}\n" for at, _, name in refs)
        received = "".join(f"{ZERO} {at} {name}\n" for at, _, name in refs)
        # Where they arrive, the objects are there, and the branches are not.
        alternates = {**os.environ, "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(everything / "objects")}
        for hook, directory, text, env in [
            (["pre-push", "origin", str(remote)], everything, to_push, None),
            (["pre-receive"], remote, received, {**alternates, "GIT_DIR": "."}),
        ]:
            times = []
            for _ in range(3):
                begun = time.monotonic()
                done = subprocess.run([program, "hook", *hook], cwd=directory, input=text, text=True, env=env)
                times.append(time.monotonic() - begun)
                if done.returncode not in (0, 1):
                    sys.exit(f"{hook[0]}: exit {done.returncode}")
            print(f"{hook[0]:12} {len(refs)} new branches, {kind:6} {statistics.median(times):8.3f} s", flush=True)


def fetches(program, everything, home, pairs, count):
    clone = home / "clone"
    subprocess.run(["git", "clone", "--quiet", "--single-branch", "-b", "main", everything, clone], check=True)
    git(clone, "remote", "set-head", "origin", "main")
    subprocess.run([program, "install", "--strict"], cwd=clone, check=True, capture_output=True)
    idle = home / "idle"
    idle.mkdir()
    (idle / "reference-transaction").write_text("#!/bin/sh\nexit 0\n")
    (idle / "reference-transaction").chmod(0o755)
    names = git(everything, "for-each-ref", "--format=%(refname)", "refs/heads/along/").split()[:count]
    for to in ["", "release/"]:
        specs = [f"{name}:{name.replace('refs/heads/', 'refs/heads/' + to)}" for name in names]
        times = {idle: [], clone / ".git/hooks": []}
        # The first of each does not count.
        for nth in range(pairs + 1):
            for hooks, found in times.items():
                gone = git(clone, "for-each-ref", "--format=delete %(refname)", "refs/heads/along", "refs/heads/release")
                git(clone, "-c", "core.hooksPath=/dev/null", "update-ref", "--stdin", input=gone)
                begun = time.monotonic()
                options = ["-c", f"core.hooksPath={hooks}", "-c", "gc.auto=0", "-c", "maintenance.auto=false"]
                git(clone, *options, "fetch", "--quiet", "--no-tags", "origin", *specs)
                if nth:
                    found.append(time.monotonic() - begun)
        of_idle, ours = (statistics.median(found) for found in times.values())
        what = f"fetch of {len(specs)} refs into {to}*"
        print(f"{what:36} {ours:8.3f} s, idle {of_idle:8.3f} s, {ours / of_idle:5.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="target/release/certgate")
    parser.add_argument("--fetches", type=int, default=5, help="pairs of fetches (0: none)")
    parser.add_argument("--refs", type=int, default=REFS, help="refs of a fetch")
    asked = parser.parse_args()
    program = str(pathlib.Path(asked.program).resolve())
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        everything, remote = make(home)
        pushes(program, everything, remote)
        if asked.fetches:
            fetches(program, everything, home, asked.fetches, asked.refs)


if __name__ == "__main__":
    main()
