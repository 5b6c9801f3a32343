#!/usr/bin/env python3
"""Looks at a release without installing it: sizes, what the program needs, what it gives away, the bill of materials, where binstall looks.

    ci/packages/check.py ROOT DIR PROGRAM...      (called by ci/packages/try; the program of each wheel)
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

# Bytes, with a little air: what is larger has grown, and somebody should know why. docs/releasing.md says what is in them.
BUDGET = {"program": 41_000_000, "*.tar.gz": 11_500_000, "*.whl": 11_500_000, "*.deb": 8_500_000, "*.tgz": 11_500_000, "*.crate": 3_000_000}
# The oldest glibc that the wheel, its tag and docs/releasing.md promise.
GLIBC = (2, 17)


def fail(message):
    sys.exit(f"error: release: {message}")


def run(*command, cwd=None):
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=cwd).stdout


def sizes(out, programs):
    for pattern, budget in BUDGET.items():
        for file in programs if pattern == "program" else sorted(out.glob(pattern)):
            size = file.stat().st_size
            print(f"{size:>11,} of {budget:>11,} bytes: {file.name}")
            if size > budget:
                fail(f"{file.name} has {size:,} bytes, more than {budget:,}: ci/packages/check.py has the budget")


def needs(program):
    """The program needs the C library alone, no newer one than is promised, and has no symbols."""
    dynamic = run("objdump", "-p", str(program))
    libraries = set(re.findall(r"NEEDED\s+(\S+)", dynamic))
    odd = {name for name in libraries if not re.match(r"(lib(c|m|dl|rt|util|pthread)\.so|ld-linux)", name)}
    if odd:
        fail(f"the program needs {', '.join(sorted(odd))}")
    versions = {tuple(map(int, v.split("."))) for v in re.findall(r"GLIBC_([0-9.]+)", dynamic)}
    if versions and max(versions) > GLIBC:
        fail(f"the program needs glibc {'.'.join(map(str, max(versions)))}")
    if not libraries and "INTERP" in dynamic:
        fail("the program needs no library, and yet asks for a loader")
    print(f"needs glibc {'.'.join(map(str, max(versions)))}, and nothing else" if versions else "needs no library and no loader")
    if ".symtab" in run("objdump", "-h", str(program)) or "no symbols" not in subprocess.run(
        ["objdump", "-t", str(program)], capture_output=True, text=True, check=True
    ).stdout:
        fail("the program has symbols")


def paths(root, file):
    """Nothing of the machine that built it is in a file."""
    held = file.read_bytes()
    home = os.environ.get("HOME", "/root")
    for path in {str(root), home + "/.cargo", home + "/.rustup", os.environ.get("CARGO_HOME", ""), os.environ.get("CARGO_TARGET_DIR", "")} - {""}:
        at = held.find(path.encode())
        if at >= 0:
            fail(f"{file.name} holds a path of the machine that built it: {held[at:at + 120]!r}")


def crates(root, target):
    """What cargo links for this target, as name and version."""
    tree = run("cargo", "tree", "--locked", "--offline", "--edges", "normal,build", "--target", target, "--prefix", "none", "--format", "{p}", cwd=root)
    return {tuple(line.split()[:2]) for line in tree.splitlines() if line.strip()}


def bill(root, file, target):
    """The bill of materials names what is linked, at its version, each with a licence."""
    document = json.loads(file.read_text())
    if document["bomFormat"] != "CycloneDX":
        fail(f"{file.name} is no CycloneDX document")
    main = document["metadata"]["component"]
    named = {(c["name"], "v" + c["version"]): c for c in [main, *document.get("components", [])]}
    missing = sorted(crates(root, target) - set(named))
    if missing:
        fail(f"{file.name} lacks {missing}")
    bare = [name for (name, _), c in named.items() if not c.get("licenses")]
    if bare:
        fail(f"{file.name} says no licence of {bare}")
    print(f"{len(named)} crates in {file.name}, each with version and licence")


def licences(root, out, version):
    """Each wheel has the licences of all that is linked, with texts."""
    for wheel in sorted(out.glob("*.whl")):
        with zipfile.ZipFile(wheel) as held:
            text = held.read(f"certgate-{version}.dist-info/licenses/THIRD-PARTY-LICENSES.txt").decode()
        machine = "x86_64" if wheel.stem.endswith("x86_64") else "aarch64"
        target = f"{machine}-unknown-linux-{'musl' if 'musllinux' in wheel.name else 'gnu'}"
        lines = text.splitlines()
        missing = sorted(f"{name} {number}" for name, number in crates(root, target) if name != "certgate" and not any(line.startswith(f"{name} {number[1:]}: ") for line in lines))
        if missing:
            fail(f"{wheel.name} has no licence of {missing}")
        print(f"{text.count(chr(10) + 'Text ')} texts of licences in {wheel.name}")


def binstall(root, out, version):
    """cargo-binstall finds the archives under the names that they have."""
    metadata = json.loads(run("cargo", "metadata", "--no-deps", "--offline", "--format-version", "1", cwd=root))
    (package,) = [p for p in metadata["packages"] if p["name"] == "certgate"]
    said = package["metadata"]["binstall"]
    archives = sorted(out.glob("certgate-*-unknown-linux-*.tar.gz"))
    for archive in archives:
        target = archive.name.removeprefix(f"certgate-{version}-").removesuffix(".tar.gz")
        values = {"name": "certgate", "version": version, "target": target, "bin": "certgate", "binary-ext": "", "archive-suffix": ".tar.gz", "repo": "REPO"}
        fill = lambda text: re.sub(r"\{\s*([a-z-]+)\s*\}", lambda found: values[found.group(1)], text)
        if fill(said["pkg-url"]).rsplit("/", 1)[-1] != archive.name or said["pkg-fmt"] != "tgz":
            fail(f"binstall looks for {fill(said['pkg-url'])}, and there is {archive.name}")
        with tarfile.open(archive) as held:
            if fill(said["bin-dir"]) not in held.getnames():
                fail(f"binstall looks for {fill(said['bin-dir'])} in {archive.name}")
    print(f"binstall finds {len(archives)} archives")


def main():
    root, out, *programs = map(Path, sys.argv[1:])
    version = re.search(r'^version = "(.*)"$', (root / "Cargo.toml").read_text(), re.M).group(1)
    sizes(out, programs)
    for program in programs:
        needs(program)
        paths(root, program)
    for file in sorted(out.glob("*.cdx.json")):
        paths(root, file)
        bill(root, file, file.name.removeprefix(f"certgate-{version}-").removesuffix(".cdx.json"))
    licences(root, out, version)
    binstall(root, out, version)


main()
