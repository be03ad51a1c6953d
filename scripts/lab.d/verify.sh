# shellcheck shell=bash
# What must be so before a lab comes up, and after it has gone. Sourced by scripts/lab.

check_prerequisites() {
  local command absent=()
  for command in /usr/sbin/sshd ssh-keygen ip unshare setsid nsenter openssl awk setpriv; do
    command -v "$command" >/dev/null || absent+=("$command")
  done
  [[ ${#absent[@]} -eq 0 ]] || die "missing: ${absent[*]}. Run scripts/install-deps"
  [[ -d $LAB_BASE/usr && -d $LAB_BASE/etc ]] || die "LAB_BASE=$LAB_BASE holds no system"
  [[ $LAB_NODES =~ ^[1-9][0-9]?$ ]] || die "LAB_NODES=$LAB_NODES: 1 to 99, please"
  [[ ${#LAB_BRIDGE} -le 12 ]] || die "LAB_BRIDGE=$LAB_BRIDGE is longer than 12 letters"
  case $LAB_DIR in /usr/* | /etc/*) die "LAB_DIR=$LAB_DIR is below /usr or /etc, which the nodes share with the host; set another" ;; esac
  [[ $LAB_DIR != *[:,\ ]* ]] || die "LAB_DIR=$LAB_DIR: the kernel takes no space, comma or colon in an overlay's path; set another"
  case $LAB_INIT in
    bash) ;;
    systemd) can_run_systemd ;;
    *) die "LAB_INIT=$LAB_INIT: bash or systemd, please" ;;
  esac
  if ip link show "$LAB_BRIDGE" >/dev/null 2>&1; then own_bridge; else free_network; fi
}

can_run_systemd() {
  [[ -x $LAB_BASE/lib/systemd/systemd ]] || die "LAB_INIT=systemd, and $LAB_BASE holds no systemd. Run scripts/install-deps --systemd"
  [[ -w $(cgroup_root)/cgroup.procs ]] || die "LAB_INIT=systemd needs cgroup v2 mounted on this machine, and writable"
}

own_bridge() {
  ip link show "$LAB_BRIDGE" | grep -qF "alias multijhub lab $LAB_DIR" ||
    die "the bridge $LAB_BRIDGE belongs to something else. Set LAB_BRIDGE and LAB_NET to other values"
}

free_network() {
  local route
  route=$(ip -4 route show root "$LAB_NET.0/24")
  [[ -z $route ]] || die "$LAB_NET.0/24 is in use here ($route). Set LAB_NET and LAB_BRIDGE to other values"
}

# One line for each thing of the lab that is still on the host.
leftovers() {
  local link pid group
  while IFS=: read -r _ link _; do
    link=${link# }
    [[ ${link%@*} =~ ^${LAB_BRIDGE}(v[0-9]+)?$ ]] && echo "network device ${link%@*}"
  done < <(ip -o link)
  while IFS=/ read -r _ _ pid _; do
    echo "process $pid, which sees mounts of the lab: $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)"
  done < <(grep -slF "$LAB_DIR/" /proc/[0-9]*/mountinfo)
  for group in $(cgroups_of '*'); do
    [[ ! -d $group ]] || echo "control group $group"
  done
  [[ ! -e $LAB_DIR ]] || echo "folder $LAB_DIR"
}
