#!/usr/bin/env bash
# certgate measured by certgate: its own `hook pre-commit` against the same made a tenth slower by a patch, and against itself.
#
#     benches/measure.sh [RUNS [HOOKS [PROGRAM]]]       (as many blocks as the pilot says, of 20 hooks each; target/release/certgate)
#
# Works in a scratch clone of this repository. Both commits are built by `--prepare` in one folder with one command, by PROFILE
# (release; `dev` builds faster, and runs slower on both sides). A program is built once for each tree: for A against A both sides run copies
# of one program. PROGRAM is what measures. It prints the tables of `certgate measure` and ends with 1 unless
# the slower one is REGRESSED and the same one is not.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
runs=${1:-0}
hooks=${2:-20}
certgate=$(realpath "${3:-$root/target/release/certgate}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=bench GIT_AUTHOR_EMAIL=bench@example.org
export GIT_COMMITTER_NAME=bench GIT_COMMITTER_EMAIL=bench@example.org

git clone --quiet "$root" "$scratch/certgate"
cd "$scratch/certgate"
git checkout --quiet -B before
git commit --quiet --allow-empty --message 'Change nothing'
git branch same
git commit --quiet --allow-empty --message 'Begin to be slower'
# A tenth of what the whole of main took, on top.
patch --quiet --strip=1 <<'END'
--- a/src/main.rs
+++ b/src/main.rs
@@ -3,5 +3,9 @@
 use std::process::ExitCode;
 
 fn main() -> ExitCode {
-    certgate::cli::main()
+    let began = std::time::Instant::now();
+    let code = certgate::cli::main();
+    let all = began.elapsed().mul_f64(1.1);
+    while began.elapsed() < all {}
+    code
 }
END
git commit --quiet --all --message 'Make everything a tenth slower'
git branch slower
git checkout --quiet before
git branch base before~1

# What the hook is asked: a gated file is staged on a branch where the gate warns, among a few hundred others.
scene=$scratch/scene
git init --quiet --initial-branch main "$scene"
mkdir -p "$scene/.certgate" "$scene/src/lex"
cat >"$scene/.certgate/policy.yaml" <<'END'
version: 1
enforce:
  - { branches: [main], pre-commit: block }
  - { branches: ["**"], pre-commit: warn }
components:
  - id: lexer
    match: { paths: ["src/lex/**"] }
END
for file in $(seq 400); do echo "fn f$file() {}" >"$scene/src/f$file.rs"; done
echo 'fn scan() -> u32 { 1 }' >"$scene/src/lex/scan.rs"
git -C "$scene" add --all
git -C "$scene" commit --quiet --message Begin
git -C "$scene" switch --quiet --create work
echo 'fn scan() -> u32 { 2 }' >"$scene/src/lex/scan.rs"
git -C "$scene" add --all

build=$scratch/build
git worktree add --quiet --detach "$build" before
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$scratch/target} BUILD=$build SCENE=$scene HOOKS=$hooks
export PROFILE=${PROFILE:-release} BUILT=${BUILT:-$scratch/built}
mkdir -p "$BUILT"
cat >"$scratch/prepare" <<'END'
set -eu
tree=$(git rev-parse 'HEAD^{tree}')
if [ ! -x "$BUILT/$tree" ]; then
	git -C "$BUILD" checkout --quiet --detach "$(git rev-parse HEAD)"
	cargo build --locked --quiet --profile "$PROFILE" --bin certgate --manifest-path "$BUILD/Cargo.toml"
	folder=$PROFILE
	[ "$folder" != dev ] || folder=debug
	cp "$CARGO_TARGET_DIR/$folder/certgate" "$BUILT/$tree"
fi
mkdir -p target && cp "$BUILT/$tree" target/measured
END
cat >"$scratch/run" <<'END'
program=$PWD/target/measured
cd "$SCENE"
n=0
while [ $n -lt $HOOKS ]; do
	"$program" hook pre-commit 2>/dev/null || exit 1
	n=$((n + 1))
done
END

measure() {
	"$certgate" measure --base base --head "$1" --threshold 5% --prepare "sh $scratch/prepare" --run "sh $scratch/run" "${@:2}"
}
if ((runs == 0)); then
	pilot=$(measure slower --pilot --runs 8) || true
	echo "$pilot"
	runs=$(sed -n 's/^certgate measure --runs \([0-9]*\) .*/\1/p' <<<"$pilot")
	runs=${runs:-20}
fi
echo "$runs blocks of $hooks hooks, profile $PROFILE; $(uname -sm), $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg)"
echo "A against a tenth slower:"
code=0
measure slower --runs "$runs" --output "$scratch/slower" || code=$?
echo "A against A:"
same=0
measure same --runs "$runs" --output "$scratch/same" || same=$?
echo "a tenth slower: exit $code; the same: exit $same"
((code == 1 && same != 1))
