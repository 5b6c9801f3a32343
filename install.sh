#!/bin/sh
# Installs certgate, from a release or built here, and shows it at work: in a repository, or in its demo.
set -eu

usage() {
	cat <<'USAGE'
usage: sh install.sh [--prefix DIR] [--release FROM [--sha256 HEX]] [--debug] [REPOSITORY]
       sh install.sh --remove [--prefix DIR]

Installs the program as DIR/bin/certgate: that of a release, where this script is in one or --release
names one; otherwise what cargo builds of the source beside it. It says which.

  REPOSITORY      set certgate up in this git repository (certgate init; certgate install where it
                  already has a policy) and judge it once; without it, certgate demo runs
  --prefix DIR    where to install (default: ~/.local)
  --release FROM  take the release from this directory or https address, which has SHA256SUMS and
                  the archives that it lists; an archive with another digest is not installed
  --sha256 HEX    the archive must have this digest, too
  --debug         build faster, run slower
  --remove        remove what this installed as DIR/bin/certgate
  --help          this text

Needs git 2.31, and to build Rust 1.88 and a C compiler, and says what is missing. Run again, it updates.
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
release=
digest=
remove=
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
	--release)
		[ -n "${2-}" ] || wrong '--release needs a directory or an address'
		release=$2
		shift
		;;
	--release=?*) release=${1#--release=} ;;
	--sha256)
		[ $# -ge 2 ] || wrong '--sha256 needs a digest'
		digest=$2
		shift
		;;
	--sha256=*) digest=${1#--sha256=} ;;
	--debug) profile=--debug ;;
	--remove) remove=1 ;;
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
if [ -z "$prefix" ]; then
	[ -n "${HOME-}" ] || wrong 'HOME is not set: give --prefix'
	prefix=$HOME/.local
fi

case $prefix in
/*) ;;
*) prefix=$PWD/$prefix ;;
esac
certgate=$prefix/bin/certgate

if [ -n "$remove" ]; then
	[ -z "$repository$release$digest$profile" ] || wrong '--remove goes with --prefix only'
	if ! [ -f "$certgate" ]; then
		complain "there is no $certgate"
		exit 1
	fi
	rm -- "$certgate"
	# The directory, where nothing else is in it.
	rmdir -- "$prefix/bin" 2>/dev/null || :
	say "removed $certgate"
	say 'Hooks that call it stop with a message: certgate uninstall, before this, removes them.'
	exit 0
fi

# Where the program comes from.

# Beside this script: a release, one that was unpacked, or the source.
unpacked=
if [ -z "$release" ]; then
	if [ -f "$here/SHA256SUMS" ]; then
		release=$here
	elif [ -f "$here/certgate" ] && [ -x "$here/certgate" ] && ! [ -f "$here/Cargo.toml" ]; then
		unpacked=$here
	elif ! [ -f "$here/Cargo.toml" ]; then
		complain "neither a release nor the source of certgate is in $here"
		complain '    run install.sh from a clone or an unpacked release, or name a release: --release DIR'
		exit 1
	fi
fi
if [ -n "$digest" ]; then
	[ -n "$release" ] || wrong '--sha256 is about the archive of a release: give --release'
	case $digest in
	*[!0-9a-f]*) wrong '--sha256 needs 64 hexadecimal digits' ;;
	esac
	[ "${#digest}" = 64 ] || wrong '--sha256 needs 64 hexadecimal digits'
fi
[ -z "$profile" ] || [ -z "$release$unpacked" ] || wrong '--debug is about building, and a release is taken: run install.sh from a clone'
case $release in
https://* | '') ;;
http://*) [ -n "$digest" ] || wrong 'an address without https needs --sha256' ;;
*://*) wrong "the release must be a directory or an address with https, not $release" ;;
*)
	if ! [ -f "$release/SHA256SUMS" ]; then
		complain "there is no release in $release: it has no SHA256SUMS"
		exit 1
	fi
	release=$(CDPATH='' cd -- "$release" && pwd)
	;;
esac

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

if [ -z "$release$unpacked" ]; then
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
fi

[ "$missing" = 0 ] || exit 1

if [ -n "$repository" ]; then
	if ! reason=$(git -C "$repository" rev-parse --git-dir 2>&1); then
		complain "$repository is not a git repository that can be used"
		complain "    git says: $reason"
		exit 1
	fi
fi

# Get and install.

# The SHA-256 of a file.
sha256() {
	if command -v sha256sum >/dev/null 2>&1; then
		sum=$(sha256sum <"$1")
	elif command -v shasum >/dev/null 2>&1; then
		sum=$(shasum -a 256 <"$1")
	else
		complain 'missing: sha256sum or shasum, to check what is installed'
		exit 1
	fi
	printf '%s\n' "${sum%% *}"
}

# The file $1 of the release, as $2.
get() {
	case $release in
	*://*)
		if command -v curl >/dev/null 2>&1; then
			curl --fail --silent --show-error --location --proto-redir '=https' --retry 3 --output "$2" -- "${release%/}/$1"
		elif command -v wget >/dev/null 2>&1; then
			wget -q -O "$2" -- "${release%/}/$1"
		else
			complain 'missing: curl or wget, to fetch the release'
			exit 1
		fi
		;;
	*) cp -- "$release/$1" "$2" ;;
	esac || {
		complain "cannot get $1 from $release"
		exit 1
	}
}

# The targets whose programs run here, the best first.
targets() {
	case $(uname -s)/$(uname -m) in
	Linux/x86_64 | Linux/amd64) machine=x86_64-unknown-linux ;;
	Linux/aarch64 | Linux/arm64) machine=aarch64-unknown-linux ;;
	Darwin/x86_64) machine=x86_64-apple-darwin ;;
	Darwin/arm64) machine=aarch64-apple-darwin ;;
	*) return 0 ;;
	esac
	case $machine in
	*-darwin) say "$machine" ;;
	*)
		if libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) && at_least "${libc#glibc }" 2 17; then
			say "$machine-gnu"
		fi
		say "$machine-musl"
		;;
	esac
}

mkdir -p -- "$prefix/bin"
if [ -n "$release" ]; then
	scratch=$(mktemp -d)
	trap 'rm -rf -- "$scratch"' EXIT
	trap 'exit 1' HUP INT TERM
	get SHA256SUMS "$scratch/SHA256SUMS"
	archive=
	for target in $(targets); do
		while read -r listed file; do
			file=${file#\*}
			case $file in
			*[!A-Za-z0-9._+-]*) continue ;;
			certgate-[0-9]*-"$target".tar.gz) ;;
			*) continue ;;
			esac
			if [ -n "$archive" ]; then
				complain "the release in $release has more than one archive for $target: $archive, $file"
				exit 1
			fi
			archive=$file
			sum=$listed
		done <"$scratch/SHA256SUMS"
		[ -z "$archive" ] || break
	done
	if [ -z "$archive" ]; then
		complain "the release in $release has no archive for $(uname -s) on $(uname -m)"
		complain '    build it: run install.sh from a clone, without --release'
		exit 1
	fi
	get "$archive" "$scratch/archive.tar.gz"
	found=$(sha256 "$scratch/archive.tar.gz")
	for wanted in "$sum" ${digest:+"$digest"}; do
		if [ "$found" != "$wanted" ]; then
			complain "$archive is not what was released, and is not installed"
			complain "    its SHA-256 is $found, and should be $wanted"
			exit 1
		fi
	done
	mkdir "$scratch/archive"
	tar -xzf "$scratch/archive.tar.gz" -C "$scratch/archive" --no-same-owner
	program=$scratch/archive/${archive%.tar.gz}/certgate
	from="$archive of the release in $release (SHA-256 $found)"
elif [ -n "$unpacked" ]; then
	program=$unpacked/certgate
	from="the unpacked release in $unpacked"
else
	say "building certgate with $("$cargo" --version); the first time takes a few minutes"
	(cd "$here" && "$cargo" install --path . --bin certgate --locked --force --no-track --quiet --root "$prefix" $profile)
	program=
	from="built from the source in $here"
fi
if [ -n "$program" ]; then
	if ! "$program" --version >/dev/null; then
		complain "the program does not run here; it is from $from"
		exit 1
	fi
	# Under another name first: what runs keeps its file, and there is never half of one.
	cp -- "$program" "$certgate.new"
	chmod 755 "$certgate.new"
	mv -f -- "$certgate.new" "$certgate"
fi
if [ -n "$release" ]; then
	rm -rf -- "$scratch"
	trap - EXIT HUP INT TERM
fi
say "installed $("$certgate" --version) as $certgate"
say "    from: $from"
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
