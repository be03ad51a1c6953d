# shellcheck shell=bash
# Slurm on a lab that is up: node1 takes jobs, the others run them. Sourced by scripts/lab.

readonly SLURM_LOGS=/var/log/slurm

slurm_up() {
  local command node controller daemons
  for command in munged slurmctld slurmd sbatch; do
    command -v "$command" >/dev/null || die "$command is missing. Run scripts/install-deps --slurm"
  done
  [[ $(nodes | wc -l) -gt 1 ]] || die "Slurm takes two nodes: one takes jobs, the other runs them"
  [[ -s $LAB_DIR/munge.key ]] || (umask 077 && head -c 1024 /dev/urandom >"$LAB_DIR/munge.key")
  controller=$(nodes | head -n 1)
  for node in $(nodes); do
    daemons="munged slurmd"
    if [[ $node == "$controller" ]]; then daemons="munged slurmctld"; fi
    start_slurm "$node" "$daemons"
  done
  await slurm_is_up "$controller" || die "Slurm has no node that works: see $SLURM_LOGS on the nodes"
}

# What runs already stays; what a crash ended is started again.
start_slurm() { # NODE DAEMONS
  local pid
  pid=$(node_pid "$1") || die "$1 is not up"
  slurm_conf | on_node "$pid" 'mkdir -p /etc/slurm /etc/munge && cat >/etc/slurm/slurm.conf'
  # Of no use here, but slurmd 22.05 starts only where it finds control groups, or is told of version 1.
  on_node "$pid" 'cat >/etc/slurm/cgroup.conf' <<<'CgroupPlugin=cgroup/v1'
  on_node "$pid" 'umask 077 && cat >/etc/munge/munge.key' <"$LAB_DIR/munge.key"
  on_node "$pid" "$(declare -f run_slurm); SLURM_LOGS=$SLURM_LOGS; run_slurm $2" </dev/null 9>&- || die "Slurm did not start on $1: see $SLURM_LOGS there"
}

on_node() { # PID SCRIPT
  nsenter -t "$1" -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 bash -euo pipefail -c "$2"
}

# On the node.
run_slurm() {
  local daemon
  mkdir -p /run/munge /var/lib/munge /var/lib/slurm/{ctld,d} "$SLURM_LOGS"
  chown root:root /etc/munge /etc/munge/munge.key   # as the account that runs it here
  chmod 755 /run/munge
  chmod 700 /var/lib/munge
  for daemon in "$@"; do
    if pgrep -x "$daemon" >/dev/null; then continue; fi
    case $daemon in
      munged) munged --log-file="$SLURM_LOGS/munged.log" --force ;;
      *) "$daemon" ;;
    esac
  done
}

slurm_conf() {
  local controller machines
  controller=$(nodes | head -n 1)
  machines=$(nodes | tail -n +2 | paste -sd,)
  cat <<CONF
ClusterName=lab
SlurmctldHost=$controller
SlurmUser=root
AuthType=auth/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
JobAcctGatherParams=OverMemoryKill
KillWait=5
ReturnToService=2
StateSaveLocation=/var/lib/slurm/ctld
SlurmdSpoolDir=/var/lib/slurm/d
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile=$SLURM_LOGS/slurmctld.log
SlurmdLogFile=$SLURM_LOGS/slurmd.log
NodeName=$machines CPUs=2 RealMemory=4000
PartitionName=lab Nodes=$machines Default=YES DefMemPerCPU=1000 MaxTime=INFINITE State=UP
CONF
}

slurm_is_up() { # CONTROLLER
  on_node "$(node_pid "$1")" 'sinfo -h -o %t' 2>/dev/null | grep -qxE 'idle|mix|alloc'
}
