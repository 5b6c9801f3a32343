#!/bin/sh
# The same by a Slurm array, CHUNK repositories (fifty) to a task, and waits for it: slurm.sh LIST FOLDER [OPTION]…
#
# Each task writes FOLDER/N.jsonl, and continues it where it was killed or is requeued. The records are `cat FOLDER/*.jsonl`.
set -eu
list=$(realpath "$1") folder=$2
shift 2
mkdir -p "$folder"
folder=$(realpath "$folder")
chunk=${CHUNK:-50}
tasks=$((($(wc -l <"$list") + chunk - 1) / chunk))
here=$(dirname "$(realpath "$0")")
# At most TASKS of them at once, so that a file server is not overrun.
exec sbatch --wait --parsable --job-name=certgate-audit --array="1-$tasks%${TASKS:-200}" --requeue --open-mode=append \
	--output="$folder/%a.log" --export="ALL,CHUNK=$chunk,LIST=$list,FOLDER=$folder" "$here/task.sh" "$@"
