#!/bin/sh
# Audits the repositories of LIST one after the other, a process each: loop.sh LIST OUT [OPTION]…
set -eu
list=$1 out=$2
shift 2
: >"$out"
while IFS= read -r repository; do
	# 2 says that a record is not complete; the record says why.
	"${CERTGATE:-certgate}" audit --jsonl --no-time "$@" "$repository" >>"$out" 2>/dev/null || [ $? -eq 2 ]
done <"$list"
