#!/bin/sh
# Starts munge, a controller and nodes on the loopback device, everything below DIRECTORY, to try the array without a cluster:
#   slurm-start.sh DIRECTORY NODES PORT     (PORT: the controller's; the nodes take those that follow)
# Then: SLURM_CONF=DIRECTORY/slurm.conf sbatch …, and slurm-stop.sh DIRECTORY. As root; Debian: slurmctld slurmd slurm-client munge.
set -eu
mkdir -p "$1"
at=$(realpath "$1") nodes=$2 port=$3
PATH=$PATH:/usr/sbin
for folder in munge state spool log; do
	mkdir -p "$at/$folder"
done
chmod 700 "$at/munge"
(umask 077 && head -c 64 /dev/urandom >"$at/munge/key")
munged --force --key-file="$at/munge/key" --socket="$at/munge/socket" --pid-file="$at/munge/pid" --log-file="$at/munge/log" \
	--seed-file="$at/munge/seed"
host=$(hostname)
# No cgroups, no accounting, one processor a node, several nodes on one machine.
cat >"$at/slurm.conf" <<END
ClusterName=fleet
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$at/munge/socket
CredType=cred/munge
StateSaveLocation=$at/state
SlurmdSpoolDir=$at/spool/%n
SlurmctldPidFile=$at/slurmctld.pid
SlurmdPidFile=$at/slurmd-%n.pid
SlurmctldLogFile=$at/log/slurmctld
SlurmdLogFile=$at/log/slurmd-%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MaxArraySize=20001
MaxJobCount=20001
NodeName=n[1-$nodes] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + nodes))] CPUs=1 State=UNKNOWN
PartitionName=all Nodes=n[1-$nodes] Default=YES State=UP MaxTime=INFINITE
END
slurmctld -c -f "$at/slurm.conf"
n=1
while [ "$n" -le "$nodes" ]; do
	slurmd -c -N "n$n" -f "$at/slurm.conf"
	n=$((n + 1))
done
tries=0
until [ "$(SLURM_CONF=$at/slurm.conf sinfo --noheader --format='%D' --states=idle 2>/dev/null)" = "$nodes" ]; do
	tries=$((tries + 1))
	if [ "$tries" -gt 150 ]; then
		echo "the nodes do not come up; see $at/log" >&2
		exit 1
	fi
	sleep 0.2
done
