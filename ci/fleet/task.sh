#!/bin/sh
# One task of the array: its part of LIST, into FOLDER/N.jsonl. Run it again, and it continues.
set -eu
n=$SLURM_ARRAY_TASK_ID
first=$(((n - 1) * CHUNK + 1))
records=$(cat "$FOLDER/$n.jsonl" 2>/dev/null | wc -l)
echo "task $n on ${SLURMD_NODENAME:-?}, restart ${SLURM_RESTART_COUNT:-0}: $records records are there"
sed -n "$first,$((first + CHUNK - 1))p" "$LIST" |
	"${CERTGATE:-certgate}" audit --jsonl --no-time --resume "$FOLDER/$n.jsonl" --output "$FOLDER/$n.jsonl" "$@" - || [ $? -eq 2 ]
: >"$FOLDER/$n.done"
