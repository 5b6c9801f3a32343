#!/bin/sh
# Builds certgate, installs it, and shows it at work: in a repository, or in its demo.
set -eu

usage() {
	cat <<'USAGE'
usage: sh install.sh [--prefix DIR] [--debug] [REPOSITORY]

Builds certgate with cargo and installs the program as DIR/bin/certgate.

  REPOSITORY      set certgate up in this git repository (certgate init; certgate install where it
                  already has a policy) and judge it once; without it, certgate demo runs
  --prefix DIR    where to install (default: ~/.local)
  --debug         build faster, run slower
  --help          this text

Needs git 2.31, Rust 1.88 and a C compiler, and says what is missing. Run again, it updates.
Exit status: that of the demo, or of setting up the repository; 1 where something is missing.
USAGE
}

say() { printf '%s\n' "$*"; }
complain() { printf 'install.sh: %s\n' "$*" >&2; }
wrong() {
	complain "$1"
	usage >&2
	exit 2
}

prefix=
repository=
profile=
while [ $# -gt 0 ]; do
	case $1 in
	--help | -h)
		usage
		exit 0
		;;
	--prefix)
		[ $# -ge 2 ] || wrong '--prefix needs a directory'
		prefix=$2
		shift
		;;
	--prefix=*) prefix=${1#--prefix=} ;;
	--debug) profile=--debug ;;
	-*) wrong "unknown option $1" ;;
	*)
		[ -z "$repository" ] || wrong 'more than one repository'
		[ -n "$1" ] || wrong 'the name of the repository is empty'
		repository=$1
		;;
	esac
	shift
done

case $0 in
*/*) here=${0%/*} ;;
*) here=. ;;
esac
here=$(CDPATH='' cd -- "$here" && pwd)
if ! [ -f "$here/Cargo.toml" ]; then
	complain "the source of certgate is not in $here: run install.sh from its clone"
	exit 1
fi
if [ -z "$prefix" ]; then
	[ -n "${HOME-}" ] || wrong 'HOME is not set: give --prefix'
	prefix=$HOME/.local
fi

# What is missing: all of it at once.

missing=0
lack() {
	missing=1
	complain "missing: $1"
	complain "    get it: $2"
}

# True where the version $1 (1.2.3, perhaps with more after it) is at least $2.$3.
at_least() {
	major=${1%%.*}
	minor=${1#*.}
	minor=${minor%%[!0-9]*}
	[ "$major" -gt "$2" ] || { [ "$major" -eq "$2" ] && [ "$minor" -ge "$3" ]; }
}

get_git='apt-get install git | dnf install git | apk add git | brew install git'
get_cc='apt-get install build-essential | dnf install gcc | apk add build-base | xcode-select --install'
get_rust='rustup, from rust-lang.org/tools/install'

if version=$(git --version 2>/dev/null); then
	version=${version#git version }
	at_least "$version" 2 31 || lack "git 2.31 or later (this is $version)" "$get_git"
else
	lack git "$get_git"
fi

cargo=$(command -v cargo) || cargo=
if [ -z "$cargo" ] && [ -x "${CARGO_HOME:-${HOME-}/.cargo}/bin/cargo" ]; then
	cargo=${CARGO_HOME:-$HOME/.cargo}/bin/cargo
	PATH=${cargo%/*}:$PATH
	export PATH
fi
if [ -z "$cargo" ]; then
	lack 'cargo and rustc 1.88 or later' "$get_rust"
else
	# rustup looks for its toolchains below HOME, which need not be the home that it was installed in.
	if [ -z "${RUSTUP_HOME-}" ] && ! (cd / && "$cargo" --version) >/dev/null 2>&1; then
		beside=${cargo%/*}/../../.rustup
		if [ -d "$beside" ]; then
			RUSTUP_HOME=$(CDPATH='' cd -- "$beside" && pwd)
			export RUSTUP_HOME
		fi
	fi
	if version=$(cd "$here" && "$cargo" --version 2>&1); then
		version=${version#cargo }
		at_least "$version" 1 88 || lack "Rust 1.88 or later (this is ${version%% *})" 'rustup update stable'
	else
		lack 'a Rust toolchain that works' 'rustup default stable'
		complain "    cargo says: $version"
	fi
fi

# libgit2 is compiled from source.
compiler=
for candidate in "${CC-}" cc gcc clang; do
	if [ -n "$candidate" ] && command -v "${candidate%% *}" >/dev/null 2>&1; then
		compiler=$candidate
		break
	fi
done
[ -n "$compiler" ] || lack 'a C compiler' "$get_cc"

[ "$missing" = 0 ] || exit 1

if [ -n "$repository" ]; then
	if ! reason=$(git -C "$repository" rev-parse --git-dir 2>&1); then
		complain "$repository is not a git repository that can be used"
		complain "    git says: $reason"
		exit 1
	fi
fi

# Build and install.

case $prefix in
/*) ;;
*) prefix=$PWD/$prefix ;;
esac
mkdir -p -- "$prefix/bin"
say "building certgate with $("$cargo" --version); the first time takes a few minutes"
(cd "$here" && "$cargo" install --path . --bin certgate --locked --force --no-track --quiet --root "$prefix" $profile)
certgate=$prefix/bin/certgate
say "installed $("$certgate" --version) as $certgate"
case :$PATH: in
*":$prefix/bin:"*) ;;
*)
	say "note: $prefix/bin is not on PATH; for this shell and, in its profile, for later ones:"
	say "    export PATH=\"$prefix/bin:\$PATH\""
	;;
esac

# Show it.

if [ -z "$repository" ]; then
	say
	exec "$certgate" demo
fi

cd -- "$repository"
top=$(git rev-parse --show-toplevel 2>/dev/null) || top=.
say
if [ -e "$top/.certgate/policy.yaml" ]; then
	"$certgate" install
else
	"$certgate" init
fi
say
say "\$ certgate check"
code=0
"$certgate" check || code=$?
case $code in
0) ;;
1) say 'the first check blocks: above is what lacks a certificate. The hooks are installed.' ;;
2) say 'the first check had nothing that it could judge: above is why. The hooks are installed.' ;;
*) exit "$code" ;;
esac
