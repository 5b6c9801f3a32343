#!/bin/sh
# Stops what slurm-start.sh started below DIRECTORY.
set -eu
at=$(realpath "$1")
SLURM_CONF=$at/slurm.conf
export SLURM_CONF
# What still runs would outlive its node.
tries=0
while [ -n "$(timeout 5 squeue --noheader 2>/dev/null)" ] && [ "$tries" -lt 50 ]; do
	timeout 5 squeue --noheader --format=%A 2>/dev/null | sort -u | xargs -r timeout 5 scancel 2>/dev/null || :
	tries=$((tries + 1))
	sleep 0.2
done
for file in "$at"/slurmd-*.pid "$at/slurmctld.pid" "$at/munge/pid"; do
	[ -s "$file" ] || continue
	pid=$(cat "$file")
	kill "$pid" 2>/dev/null || continue
	tries=0
	while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 50 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	kill -9 "$pid" 2>/dev/null || :
done
