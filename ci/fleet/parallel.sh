#!/bin/sh
# The same by GNU parallel, fifty repositories to a process, as many processes as there are processors: parallel.sh LIST OUT [OPTION]…
set -eu
list=$1 out=$2
shift 2
# Its exit code is the number of jobs that failed: here those with a record that is not complete.
parallel --will-cite --jobs "${JOBS:-100%}" --pipe --max-args 50 \
	"${CERTGATE:-certgate} audit --jsonl --no-time $* - 2>/dev/null || test \$? -eq 2" <"$list" >"$out"
