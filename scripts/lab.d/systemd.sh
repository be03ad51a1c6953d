# shellcheck shell=bash
# A node whose PID 1 is systemd (LAB_INIT=systemd). Sourced by scripts/lab and by node-init.sh.

# Where the host has mounted cgroup v2, which systemd needs; fails if it has not.
cgroup_root() { awk '$3 == "cgroup2" { print $2; found = 1; exit } END { exit !found }' /proc/self/mounts; }

# The node's own branches of the host's control groups, one a hierarchy: it sees nothing above them. Version 1 is taken
# along where version 2 has no say over memory, so that limits are in force there as well.
cgroups_of() {
  local root
  root=$(cgroup_root) || return 0
  echo "$root/multijhub-$LAB_BRIDGE-$1"
  if grep -qw memory "$root/cgroup.controllers"; then return; fi
  awk -v name="multijhub-$LAB_BRIDGE-$1" '$3 == "cgroup" && $4 !~ /cpuset/ { print $2 "/" name }' /proc/self/mounts
}

join_cgroups() {
  local group
  for group in $(cgroups_of "$1"); do
    mkdir -p "$group"
    echo 0 >"$group/cgroup.procs"
  done
}

# Once nothing runs in them.
remove_cgroups() {
  local group
  for group in $(cgroups_of "$1"); do
    [[ ! -d $group ]] || find "$group" -depth -type d -exec rmdir {} +
  done
}

# The node starts sshd and what systemd cannot do without. Left out: what else the base has enabled or mounts, and
# what is for a machine's own kernel (sysctl, modules, audit), which here is the host's.
make_units() { # ROOT
  local units=$1/etc/systemd/system unit
  if [[ ! -e $units/lab.target ]]; then rm -rf "$units"; fi   # of the base; those of the node stay
  mkdir -p "$units"
  : >"$1/etc/fstab"
  for unit in "$1"/usr/lib/systemd/system/{sysinit,local-fs,sockets,timers}.target.wants/*; do
    case ${unit##*/} in
      systemd-journald.* | systemd-journald-dev-log.socket | \*) ;;
      *) ln -sf /dev/null "$units/${unit##*/}" ;;
    esac
  done
  cat >"$units/lab.target" <<UNIT
[Unit]
Description=A node of the lab
Requires=basic.target
Wants=lab-sshd.service
After=basic.target
AllowIsolate=yes
UNIT
  cat >"$units/lab-sshd.service" <<UNIT
[Service]
ExecStart=/usr/sbin/sshd -D -e -f /run/sshd/config
KillMode=process
LimitNOFILE=65536
Restart=always
RestartSec=200ms
UNIT
}

# Takes the place of the shell that calls it, in the node's root.
become_systemd() {
  exec env -i PATH="$NODE_PATH" container=multijhub-lab LANG=C.UTF-8 unshare --cgroup \
    /bin/bash -euo pipefail -c "$(declare -f show_cgroups); show_cgroups
    exec /lib/systemd/systemd --unit=lab.target --log-target=console --show-status=no"
}

# As a machine would at its boot: version 2 alone, or beside version 1 where the node has branches of that.
show_cgroups() {
  local id controllers folder
  if ! grep -q ':memory:' /proc/self/cgroup; then
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    return
  fi
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  while IFS=: read -r id controllers _; do
    case $controllers in
      *cpuset*) continue ;;
      '') folder=unified ;;
      name=*) folder=${controllers#name=} ;;
      *) folder=$controllers ;;
    esac
    mkdir "/sys/fs/cgroup/$folder"
    if [[ $id == 0 ]]; then mount -t cgroup2 cgroup2 "/sys/fs/cgroup/$folder"
    elif [[ $controllers == name=* ]]; then mount -t cgroup -o "none,$controllers" cgroup "/sys/fs/cgroup/$folder"
    else mount -t cgroup -o "$controllers" cgroup "/sys/fs/cgroup/$folder"; fi
  done </proc/self/cgroup
}
