#!/usr/bin/env python3
"""Runs certgate over the history of a real project and prints what it found as Markdown tables.

    benches/field_report.py CLONE [--certgate PATH] [--policy FILE] [--tables LIST] [--last N] [--runs N] [--edit FILE] [--rows DIR]

CLONE is a clone of the project with a policy in .certgate/policy.yaml (`certgate init`). It is only read: what commits, does so in
clones of it in a temporary directory. What is printed are summaries; a table with a row for each commit goes to DIR/NAME.tsv
(default: target/field-report). Tables, all by default:

    merges   every merge, judged as what its second parent brings to its first
    perf     every commit of type perf that is no merge
    types    of the last N commits that are no merges, the share that is flagged, by type
    sample   of those, ten flagged ones of the types fix and feat, evenly spaced, to be judged by reading them
    past     the certificates of the newest commit that has any
    story    adopt, edit, be blocked, certify, pass, refuse, lift

Times are wall clock, the median of the runs. Needs git and Python 3; nothing else.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

TABLES = ["merges", "perf", "types", "sample", "past", "story"]
TYPES = {
    "perf": "perf", "performance": "perf", "feat": "feat", "feature": "feat", "fix": "fix", "bugfix": "fix",
    "doc": "docs", "docs": "docs", "test": "test", "tests": "test", "style": "style",
}
CERTIFICATES = "docs/ai/agents/*/certificates/*.md"


def run(argv, cwd, env=None, check=False):
    done = subprocess.run(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    done.stdout = done.stdout.decode("utf-8", "replace")
    done.stderr = done.stderr.decode("utf-8", "replace")
    if check and done.returncode != 0:
        sys.exit(f"{shlex.join(map(str, argv))}: exit {done.returncode}\n{done.stderr}")
    return done


def timed(argv, cwd):
    begun = time.perf_counter()
    done = run(argv, cwd)
    return done, (time.perf_counter() - begun) * 1000


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |")
    print()


def rows_to_file(folder, name, head, rows):
    """One row for each commit is too much to read: it goes to a file, of which the report gives the name."""
    folder.mkdir(parents=True, exist_ok=True)
    clean = lambda cell: str(cell).replace("\t", " ").replace("\n", " ")
    lines = ["\t".join(map(clean, row)) for row in [head, *rows]]
    path = folder / f"{name}.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(rows)} rows: {path}\n")


def type_of(subject):
    """`perf(x)!: …` and `[Performance] …` are both in use."""
    found = re.match(r"(?:\[(\w+)[^]]*\]|(\w+)(?:\([^)]*\))?!?:)", subject)
    return TYPES.get((found.group(1) or found.group(2)).lower(), "other") if found else "other"


def short(subject, most=64):
    subject = subject if len(subject) <= most else subject[: most - 1].rstrip() + "…"
    return subject.replace("`", "'").replace("<", "&lt;")


class Verdict:
    """What `certgate check --format json` said."""

    def __init__(self, done):
        self.exit = done.returncode
        try:
            self.json = json.loads(done.stdout)
        except ValueError:
            self.json = {"diagnostics": [{"code": "no JSON", "level": "error"}]}
        self.components = self.json.get("components", [])

    @property
    def decided(self):
        return self.exit in (0, 1)

    @property
    def by_rules(self):
        """Gated by a path, content or function rule."""
        return any(component["files"] for component in self.components)

    @property
    def at_all(self):
        return bool(self.components)

    @property
    def codes(self):
        return sorted({d["code"] for d in self.json["diagnostics"] if d["level"] == "error"})

    def gated_by(self):
        parts = []
        for component in self.components:
            kinds = collections.Counter()
            for file in component["files"]:
                kinds.update({reason["rule"] for reason in file["reasons"]})
            if component["messages"]:
                kinds["message"] += len(component["messages"])
            parts.append(f"{component['id']} ({', '.join(f'{kind} {count}' for kind, count in sorted(kinds.items()))})")
        return "; ".join(parts)

    def result(self):
        if not self.decided:
            return f"exit {self.exit}: {', '.join(self.codes)}"
        return "gated" if self.by_rules else "by message" if self.at_all else "not gated"


class Field:
    def __init__(self, args):
        self.clone = pathlib.Path(args.clone).resolve()
        self.certgate = str(pathlib.Path(args.certgate).resolve()) if os.sep in args.certgate else args.certgate
        self.policy = args.policy
        self.runs = args.runs
        self.last = args.last
        self.edit = args.edit
        self.rows = pathlib.Path(args.rows)
        if "/" in self.policy and not self.policy.startswith("builtin:") and not (self.clone / self.policy).exists():
            sys.exit(f"there is no {self.policy} in the clone: run `certgate init` there")

    def git(self, *args):
        return run(["git", *args], self.clone, check=True).stdout

    def commits(self, *args):
        lines = self.git("log", "--format=%H%x00%P%x00%ad%x00%s", "--date=short", *args).splitlines()
        for line in lines:
            oid, parents, date, subject = line.split("\0", 3)
            yield oid, parents.split(), date, subject

    def check(self, base, head):
        return [self.certgate, "check", "--base", base, "--head", head, "--target", "main", "--policy", self.policy, "--format", "json"]

    def judge(self, base, head):
        return Verdict(run(self.check(base, head), self.clone))

    def measure(self, base, head):
        """The verdict, and the medians of the gate and of git's own work on the same range, in turn."""
        work = {
            "check": self.check(base, head),
            "raw": ["git", "diff", "--raw", "--no-renames", f"{base}...{head}"],
            "log": ["git", "log", "--format=%B", f"{base}..{head}"],
            "patch": ["git", "diff", "-U0", "--no-renames", f"{base}...{head}"],
        }
        times, verdict, files = collections.defaultdict(list), None, 0
        for _ in range(self.runs):
            for name, argv in work.items():
                done, taken = timed(argv, self.clone)
                times[name].append(taken)
                if name == "check":
                    verdict = Verdict(done)
                elif name == "raw":
                    files = len(done.stdout.splitlines())
        return verdict, files, {name: statistics.median(taken) for name, taken in times.items()}

    # The tables.

    def changes(self, name, title, chosen):
        rows, all_times, tally, gating = [], [], collections.Counter(), collections.Counter()
        for oid, base, head, date, subject in chosen:
            verdict, files, times = self.measure(base, head)
            result = verdict.result() if files or not verdict.decided else "nothing changes"
            tally[result] += 1
            gating.update(component["id"] for component in verdict.components)
            all_times.append(times)
            rows.append(
                (oid[:7], date, short(subject), files, result, verdict.gated_by() or "–", f"{times['check']:.1f}", f"{times['raw']:.1f}")
            )
        results = ", ".join(f"{count} {result}" for result, count in tally.most_common())
        print(f"{len(rows)} {title}: {results}.\n")
        if gating:
            print(f"Gated by component: {', '.join(f'{component} {count}' for component, count in gating.most_common())}.\n")
        head = ["commit", "date", "subject", "files", "result", "by component (rule kinds, files each)", "check ms", "git diff --raw ms"]
        rows_to_file(self.rows, name, head, rows)
        self.times(all_times)

    def times(self, taken):
        if not taken:
            return
        rows = []
        for name, of in [
            ("`certgate check`", lambda t: t["check"]),
            ("`git diff --raw`", lambda t: t["raw"]),
            ("`git diff --raw` and `git log --format=%B`", lambda t: t["raw"] + t["log"]),
            ("`git diff -U0` (the lines, too)", lambda t: t["patch"]),
        ]:
            values = [of(times) for times in taken]
            ratio = statistics.median(times["check"] / of(times) for times in taken)
            rows.append((name, f"{statistics.median(values):.1f}", f"{max(values):.1f}", f"{ratio:.2f}"))
        table(["over these changes", "median ms", "longest ms", "check / this, median"], rows)

    def merges(self):
        chosen = [(o, p[0], p[1], d, s) for o, p, d, s in self.commits("--merges") if len(p) == 2]
        self.changes("merges", "merges", chosen)

    def perf(self):
        chosen = [(o, p[0], o, d, s) for o, p, d, s in self.commits("--no-merges") if p and type_of(s) == "perf"]
        self.changes("perf", "commits of type perf", chosen)

    def recent(self):
        if not hasattr(self, "_recent"):
            chosen = [(o, p[0], s) for o, p, _, s in self.commits("--no-merges", f"-{self.last}") if p]
            self._recent = [(oid, type_of(subject), subject, self.judge(base, oid)) for oid, base, subject in chosen]
        return self._recent

    def types(self):
        counts = collections.defaultdict(lambda: [0, 0, 0, 0])
        for _, kind, _, verdict in self.recent():
            for name in (kind, "**all**"):
                count = counts[name]
                count[0] += 1
                count[1] += verdict.by_rules
                count[2] += verdict.at_all
                count[3] += not verdict.decided
        order = ["perf", "feat", "fix", "docs", "test", "style", "other", "**all**"]
        share = lambda part, whole: f"{part} ({100 * part / whole:.1f} %)"
        rows = [
            (kind, n, share(rules, n), share(messages, n), undecided)
            for kind in order
            if kind in counts
            for n, rules, messages, undecided in [counts[kind]]
        ]
        table(["type", "commits", "(a) flagged by path, content, function", "(b) by messages too", "exit 2"], rows)
        by_message = [row for row in self.recent() if row[3].at_all and not row[3].by_rules]
        for oid, kind, subject, verdict in by_message:
            print(f"By message alone: `{oid[:7]}` ({kind}) {short(subject)}: {verdict.gated_by()}\n")
        kinds = collections.Counter()
        for _, _, _, verdict in self.recent():
            kinds.update(component["id"] for component in verdict.components)
        table(["component", "commits that it flags"], kinds.most_common())

    def sample(self):
        flagged = [row for row in self.recent() if row[1] in ("fix", "feat") and row[3].by_rules]
        step = max(1, len(flagged) // 10)
        rows = []
        for oid, _, subject, verdict in flagged[step // 2 :: step][:10]:
            details = []
            for component in verdict.components:
                for file in component["files"]:
                    first = file["reasons"][0]
                    where = f"{file['path'].rsplit('/', 1)[-1]}{':' + str(first['line']) if first['line'] else ''}"
                    details.append(f"{component['id']}: {where} {first['rule']}")
            rows.append((f"`{oid[:7]}`", short(subject), "; ".join(details[:3]) + (f"; and {len(details) - 3} more" if len(details) > 3 else "")))
        print(f"Every {step}th of {len(flagged)} flagged commits of the types fix and feat.\n")
        table(["commit", "subject", "flagged by"], rows)

    def past(self):
        gone = self.git("log", "-1", "--diff-filter=D", "--format=%H", "--", CERTIFICATES).strip()
        held = self.git("log", "-1", "--format=%H", "--", CERTIFICATES).strip()
        at = f"{gone}^" if gone and gone == held else held
        if not at:
            print("The history has no certificates.\n")
            return
        oid = self.git("rev-parse", "--short", at).strip()
        with tempfile.TemporaryDirectory() as folder:
            room = Room(self, folder)
            room.git("checkout", "--quiet", "-B", "past", oid)
            begun = time.strftime("%Y-%m-%dT%H:%M", time.gmtime())
            room.certgate("init")
            policy = (room.work / ".certgate/policy.yaml").read_text()
            line = lambda key: next((text.strip() for text in policy.splitlines() if text.startswith(key)), "none")
            room.git("add", ".certgate")
            # As `git commit`, but content with objects that a mirror left out for their size.
            tree = room.git("write-tree", "--missing-ok").stdout.strip()
            commit = room.git("commit-tree", "-p", "HEAD", "-m", "ci: adopt certgate", tree).stdout.strip()
            room.git("update-ref", "refs/heads/past", commit)
            lint = room.certgate("lint", "--rev", "HEAD", "--format", "json")
            certificates = json.loads(lint.stdout)["certificates"]
            log = room.certgate("log", "--format", "json")
            entries = json.loads(log.stdout)["certificates"]
            status = room.certgate("status")
            readable = lambda part: f"{sum(c['valid'] for c in part)} of {len(part)} ({100 * sum(c['valid'] for c in part) / max(1, len(part)):.0f} %)"
            in_docs = [c for c in certificates if c["path"].startswith("docs/ai/agents/")]
            since = re.search(r"since: (\S{16})", policy)
            rows = [
                ("`init` proposes", f"`{line('extends')}`"),
                ("", f"`{line('certificates')}`"),
                ("`ledger.since`", "the time of `init`" if since and since.group(1) >= begun else line("ledger")),
                ("certificates with a readable decision", readable(certificates)),
                ("of those below `docs/ai/agents`", readable(in_docs)),
                ("`lint --rev HEAD`", f"exit {lint.returncode}"),
                ("`log`", f"exit {log.returncode}, {len(entries)} certificates, {sum(e['history'] for e in entries)} of them history"),
                ("`status`", f"exit {status.returncode}: {status.stdout.splitlines()[-1]}"),
            ]
            print(f"At `{oid}`:\n")
            table(["what", "found"], rows)
            statuses = collections.Counter(c["status"] or "unreadable" for c in certificates)
            table(["status", "certificates"], statuses.most_common())
            codes = collections.Counter()
            for certificate in certificates:
                codes.update({(d["code"], d["level"]) for d in certificate["diagnostics"]})
            table(["diagnostic", "level", "certificates"], [(code, level, count) for (code, level), count in codes.most_common()])

    def story(self):
        with tempfile.TemporaryDirectory() as folder:
            room = Room(self, folder)
            rows = []

            def step(what, expected, done, observed=None):
                passed = done.returncode == 0
                ok = "as expected" if (expected == "passes") == passed else "**NOT as expected**"
                codes = sorted(set(re.findall(r"(?:error|warning)\[(CG\d+)\]", done.stderr)))
                rows.append((what, expected, f"exit {done.returncode}{', ' + ', '.join(codes) if codes else ''}", observed or ok))

            def change(text):
                with open(room.work / self.edit, "a", encoding="utf-8") as file:
                    file.write(f"\n\n{text}\n")
                room.git("add", self.edit)

            def remedies(*check):
                """One remedy per component as the report gives it; the one that names an agent, where one does."""
                chosen = {}
                for diagnostic in Verdict(room.certgate("check", *check, "--format", "json")).json["diagnostics"]:
                    for text in (diagnostic["help"] or "").splitlines():
                        words = shlex.split(text, comments=True)
                        if words[:2] == ["certgate", "certify"] and (words[2] not in chosen or "NAME" not in words):
                            chosen[words[2]] = ["performance-engineer" if word == "NAME" else word for word in words[1:]]
                return list(chosen.values())

            def stage_certificates():
                room.git("add", "certificates")

            room.certgate("init", "--pack", "rl-training")
            room.git("add", ".certgate")
            step("`init --pack rl-training`, commit the policy on `main`", "passes", room.git("commit", "-m", "ci: adopt certgate", check=False))
            step("push it", "passes", room.git("push", "origin", "main", check=False))
            change("FIELD = 1")
            step(f"edit `{self.edit}`, commit on `main`", "blocked", room.git("commit", "-m", "feat: a", check=False))
            for words in remedies("--staged"):
                step(f"`certgate {shlex.join(words[:2])} …` as the report says", "passes", room.certgate(*words))
            stage_certificates()
            step("stage the certificate, commit", "passes", room.git("commit", "-m", "feat: a", check=False))
            step("push it", "passes", room.git("push", "origin", "main", check=False))
            room.git("switch", "-c", "feature")
            change("FIELD = 2")
            step("the same file on a branch, commit", "passes", room.git("commit", "-m", "feat: b", check=False))
            for words in remedies("--base", "main", "--head", "feature", "--target", "main"):
                words[words.index("--status") + 1] = "NO_GO"
                step(f"`certgate {shlex.join(words[:2])} --status NO_GO …`", "passes", room.certgate(*words))
            stage_certificates()
            step("commit the refusal on the branch", "passes", room.git("commit", "-m", "docs: refuse b", check=False))
            step("`check --base main --head feature`", "blocked", room.certgate("check", "--base", "main", "--head", "feature"))
            room.git("switch", "main")
            step("`git merge --no-ff feature` into `main`", "blocked", room.git("merge", "--no-ff", "--no-edit", "feature", check=False))
            room.git("merge", "--abort", check=False)
            forward = room.git("merge", "--ff-only", "feature", check=False)
            if forward.returncode == 0:
                step("`git merge --ff-only feature` into `main`", "blocked", forward, "the installed hooks do not see it: git runs none of them")
            else:
                step("`git merge --ff-only feature` into `main`", "blocked", forward)
            step("`git push origin main` after it", "blocked", room.git("push", "origin", "main", check=False))
            room.git("reset", "--hard", "origin/main")
            room.git("switch", "feature")
            time.sleep(1.1)  # Dates of certificates count seconds.
            for words in remedies("--base", "main", "--head", "feature", "--target", "main"):
                step("the same agent approves", "passes", room.certgate(*words))
            stage_certificates()
            room.git("commit", "-m", "docs: approve b", check=False)
            room.git("switch", "main")
            step("`git merge --no-ff feature` into `main`", "passes", room.git("merge", "--no-ff", "--no-edit", "feature", check=False))
            step("push it", "passes", room.git("push", "origin", "main", check=False))
            table(["step", "expected", "observed", "judgement"], rows)


class Room:
    """A clone to work in, with an origin of its own and no settings of the machine's."""

    def __init__(self, field, folder):
        self.program = field.certgate
        self.origin = pathlib.Path(folder) / "origin.git"
        self.work = pathlib.Path(folder) / "work"
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self.env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true"}
        self.env |= {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "field"), ("EMAIL", "field@example.org"))}
        run(["git", "clone", "--quiet", "--bare", str(field.clone), str(self.origin)], folder, self.env, check=True)
        run(["git", "clone", "--quiet", str(self.origin), str(self.work)], folder, self.env, check=True)

    def git(self, *args, check=True):
        return run(["git", *args], self.work, self.env, check=check)

    def certgate(self, *args):
        return run([self.program, *args], self.work, self.env)


def main():
    parser = argparse.ArgumentParser(description="Runs certgate over the history of a real project.")
    parser.add_argument("clone")
    parser.add_argument("--certgate", default="certgate", help="the program (default: the one on PATH)")
    parser.add_argument("--policy", default=".certgate/policy.yaml", help="a file below CLONE, or builtin:PACK")
    parser.add_argument("--tables", default=",".join(TABLES), help=f"which of {', '.join(TABLES)}")
    parser.add_argument("--last", type=int, default=300, help="how many commits for `types` (default: 300)")
    parser.add_argument("--runs", type=int, default=3, help="runs per time (default: 3)")
    parser.add_argument("--edit", default="keisei/training/gae.py", help="the gated file that `story` edits")
    parser.add_argument("--rows", default="target/field-report", help="where the rows of single commits go (default: target/field-report)")
    args = parser.parse_args()
    field = Field(args)
    for name in args.tables.split(","):
        if name not in TABLES:
            parser.error(f"unknown table `{name}`")
    print(f"{run([field.certgate, '--version'], '.').stdout.strip()}, {run(['git', '--version'], '.').stdout.strip()}")
    print(f"head {field.git('log', '-1', '--format=%h of %ad', '--date=short').strip()}\n")
    for name in args.tables.split(","):
        print(f"### {name}\n")
        getattr(field, name)()


if __name__ == "__main__":
    main()
