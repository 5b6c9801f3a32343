#!/usr/bin/env bash
# A change to one of certgate's own hot paths, measured for its certificate: this commit against the one that it is compared with, in turn.
#
#     benches/own.sh COMPONENT BASE [RUNS]        (hooks, scanning or ledger, as .certgate/policy.yaml has them; 12 blocks)
#
# Builds both commits in one folder with one command, and has `certgate measure` run what the component is about on a generated repository. The
# runs are then in certgate-measure/, for `certgate certify COMPONENT --baseline … --candidate …`. PROGRAM (target/release/certgate) measures;
# BUILT (target/own/built) keeps programs by their trees, so that none is built twice.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
component=${1:?the component: hooks, scanning or ledger}
base=$(git -C "$root" rev-parse "${2:?the commit to compare with}^{commit}")
runs=${3:-12}
program=$(realpath "${PROGRAM:-$root/target/release/certgate}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=bench GIT_AUTHOR_EMAIL=bench@example.org
export GIT_COMMITTER_NAME=bench GIT_COMMITTER_EMAIL=bench@example.org
export SCENE=$scratch/scene BUILD=$scratch/build WORK=$scratch/work
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target/own} BUILT=${BUILT:-$root/target/own/built}

commit() { git -C "$SCENE" add --all && git -C "$SCENE" commit --quiet --message "$1"; }

# policy RULES: one component, which blocks on main and warns elsewhere
policy() {
	mkdir -p "$SCENE/.certgate"
	cat >"$SCENE/.certgate/policy.yaml" <<-END
		version: 1
		enforce:
		  - { branches: [main], pre-commit: block }
		  - { branches: ["**"], pre-commit: warn }
		components:
		  - id: lexer
		    match: { $1 }
	END
}

# sources COUNT WORD: files of sixty lines with that word
sources() {
	local file
	for file in $(seq "$1"); do
		mkdir -p "$SCENE/src/$((file % 40))"
		seq "$file" $((file + 60)) | sed "s/.*/    let $2 = &;/" >"$SCENE/src/$((file % 40))/f$file.rs"
	done
}

git init --quiet --initial-branch main "$SCENE"
mkdir -p "$SCENE/src/lex"
echo 'fn scan() -> u32 { 1 }' >"$SCENE/src/lex/scan.rs"
case $component in
hooks)
	# A gated file is staged on a branch where the gate warns, among a few hundred others.
	policy 'paths: ["src/lex/**"]'
	sources 400 a
	commit Begin
	git -C "$SCENE" switch --quiet --create work
	echo 'fn scan() -> u32 { 2 }' >"$SCENE/src/lex/scan.rs"
	git -C "$SCENE" add --all
	times=20 work='hook pre-commit'
	;;
scanning)
	# The lines of 3,000 files are held against sixty patterns, none of which they match.
	policy "content: [$(seq 60 | sed "s/.*/'\\\\bcall_&\\\\w*\\\\('/" | paste -sd,)]"
	sources 3000 a
	commit Begin
	git -C "$SCENE" switch --quiet --create work
	sources 3000 b
	commit Change
	git -C "$SCENE" gc --quiet
	times=4 work='check --base main'
	;;
ledger)
	# A thousand certificates, read without what is kept of them.
	policy 'paths: ["src/lex/**"]'
	commit Begin
	echo 'fn scan() -> u32 { 2 }' >"$SCENE/src/lex/scan.rs"
	git -C "$SCENE" add --all
	(cd "$SCENE" && "$program" certify lexer --staged --status ADVISORY_ONLY --agent bench --rationale 'It is only counted.' >/dev/null)
	first=$(ls "$SCENE"/certificates/*.md)
	for at in $(seq -w 1000); do
		sed "s/^\*\*Certificate ID\*\*: .*/**Certificate ID**: BENCH-$at/" "$first" >"$SCENE/certificates/count_lexer_20250101_00$at.md"
	done
	commit Certificates
	git -C "$SCENE" switch --quiet --create work
	echo 'one line' >"$SCENE/README.md"
	commit Change
	times=4 work='check --base main'
	;;
*)
	echo "error: there is no component $component: hooks, scanning or ledger" >&2
	exit 2
	;;
esac

cat >"$scratch/prepare" <<'END'
set -eu
tree=$(git rev-parse 'HEAD^{tree}')
if [ ! -x "$BUILT/$tree" ]; then
	git -C "$BUILD" checkout --quiet --detach "$(git rev-parse HEAD)"
	cargo build --locked --quiet --release --bin certgate --manifest-path "$BUILD/Cargo.toml"
	mkdir -p "$BUILT"
	cp "$CARGO_TARGET_DIR/release/certgate" "$BUILT/$tree"
fi
mkdir -p target
cp "$BUILT/$tree" target/measured
END
# Exit codes above 1 are no verdicts.
cat >"$WORK" <<END
program=\$PWD/target/measured
cd "\$SCENE"
n=0
while [ \$n -lt $times ]; do
	[ $component != ledger ] || rm -rf .git/certgate
	"\$program" $work >/dev/null 2>&1 || [ \$? = 1 ] || exit 1
	n=\$((n + 1))
done
END
git -C "$root" worktree add --quiet --detach "$BUILD" HEAD
trap 'git -C "$root" worktree remove --force "$BUILD"; rm -rf "$scratch"' EXIT
cd "$root"
"$program" measure --base "$base" --threshold 5% --runs "$runs" --prepare "sh '$scratch/prepare'" --run "sh \"\$WORK\" # $component"
