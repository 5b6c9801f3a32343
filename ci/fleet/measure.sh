#!/bin/sh
# Measures the three ways on COUNT generated repositories and says that they agree: measure.sh COUNT DIRECTORY [CERTGATE]
#
# Prints a table: seconds by the clock; per repository milliseconds by the clock, and of processor time, git's included (of Slurm's tasks nobody
# knows it here); the largest process in MiB; the digest of the sorted records. As root, with GNU parallel, Slurm and munge. The last row is
# what cloning the same repositories from this disk takes.
set -eu
count=$1 at=$2
CERTGATE=$(realpath "${3:-$(command -v certgate)}")
export CERTGATE
here=$(dirname "$(realpath "$0")")
mkdir -p "$at"
at=$(realpath "$at")
python3 "$here/generate.py" "$count" "$at/fleet"
list=$at/fleet/list

# Runs a command; prints its row.
row() {
	name=$1 records=$2
	shift 2
	python3 - "$at/usage" "$@" <<'END'
import resource, subprocess, sys, time
begun = time.monotonic()
code = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL).returncode
took = time.monotonic() - begun
used = resource.getrusage(resource.RUSAGE_CHILDREN)
open(sys.argv[1], "w").write(f"{took:.1f} {used.ru_utime + used.ru_stime:.1f} {used.ru_maxrss // 1024} {code}\n")
END
	read -r seconds processor memory code <"$at/usage"
	[ "$code" = 0 ] || echo "$name ended with $code" >&2
	digest=-
	[ "$records" = - ] || digest=$(sh -c "cat $records" | LC_ALL=C sort | sha256sum | cut -c1-16)
	each=$(awk "BEGIN { printf \"%.0f | %.0f\", $seconds * 1000 / $count, $processor * 1000 / $count }")
	case $name in Slurm*) each="${each%|*}| -" memory=- ;; esac
	echo "| $name | $seconds | $each | $memory | $digest |"
}

echo "| $count repositories | seconds | ms each | processor ms each | MiB | sorted records |"
echo "| --- | --- | --- | --- | --- | --- |"
row "plain loop, a process each" "$at/loop.jsonl" "$here/loop.sh" "$list" "$at/loop.jsonl"
row "GNU parallel, 50 to a process" "$at/parallel.jsonl" "$here/parallel.sh" "$list" "$at/parallel.jsonl"
"$here/slurm-start.sh" "$at/slurm" "${NODES:-2}" "${PORT:-16817}" >"$at/slurm.log" 2>&1
trap '"$here/slurm-stop.sh" "$at/slurm"' EXIT
SLURM_CONF=$at/slurm/slurm.conf
export SLURM_CONF
row "Slurm array, 50 to a task, ${NODES:-2} nodes" "$at/array/*.jsonl" "$here/slurm.sh" "$list" "$at/array"
row "one process, one job" "$at/one.jsonl" sh -c '"$CERTGATE" audit --jsonl --no-time --output "$2" - <"$1" 2>/dev/null || [ $? -eq 2 ]' sh "$list" "$at/one.jsonl"
row "one process, --jobs $(nproc)" "$at/jobs.jsonl" sh -c '"$CERTGATE" audit --jsonl --no-time --jobs "$(nproc)" --output "$2" - <"$1" 2>/dev/null || [ $? -eq 2 ]' sh "$list" "$at/jobs.jsonl"
row "the same again, --resume" - sh -c '"$CERTGATE" audit --jsonl --no-time --jobs "$(nproc)" --resume "$2" - <"$1" 2>/dev/null || [ $? -eq 2 ]' sh "$list" "$at/jobs.jsonl"
row "cloning them, one after the other" - sh -c 'mkdir "$2" && while IFS= read -r r; do git clone --quiet --bare --no-local "$r" "$2/${r##*/}" 2>/dev/null || :; done <"$1"' sh "$list" "$at/clones"
