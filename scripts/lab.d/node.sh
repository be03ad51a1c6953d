# shellcheck shell=bash
# Boots, crashes and loads one node. Sourced by scripts/lab.

# The host's pid of the node's init; fails when the node is down.
node_pid() { live_pid "$(node_dir "$1")/pid"; }

answers() { # ADDRESS SECONDS
  timeout "$2" bash -c "exec 3<>/dev/tcp/$1/22" 2>/dev/null
}

# Polls until the command succeeds; fails after 15 s.
await() {
  local deadline=$((SECONDS + 15))
  until "$@"; do
    [[ $SECONDS -lt $deadline ]] || return 1
    sleep 0.02
  done
}

prepare_node() {
  local here
  here=$(node_dir "$1")
  mkdir -p "$here"/{disk,figures}
  if [[ ! -f $here/ssh_host_ed25519_key ]]; then
    ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$here/ssh_host_ed25519_key"
  fi
}

# Returns when the node's sshd answers.
start_node() {
  local node=$1 here veth pid
  here=$(node_dir "$node")
  node_pid "$node" >/dev/null && return
  rm -f "$here/pid"
  # The lock of scripts/lab (descriptor 9) must not live on in the node.
  setsid unshare --net --mount --uts --ipc --pid --fork --kill-child=SIGKILL \
    bash "$REPO/scripts/lab.d/node-init.sh" "$node" </dev/null >"$here/console.log" 2>&1 9>&- &
  await node_pid "$node" >/dev/null || fail_node "$node"
  pid=$(node_pid "$node") || fail_node "$node"
  veth=$(veth_of "$node")
  ip link delete "$veth" 2>/dev/null || true
  ip link add "$veth" type veth peer name eth0 address "$(mac_of "$node")" netns "$pid"
  ip link set "$veth" master "$LAB_BRIDGE" up
  # Short tries: the first packet is lost while the card comes up, and TCP would repeat it after 1 s.
  await answers "$(address_of "$node")" 0.2 || fail_node "$node"
}

veth_of() { echo "${LAB_BRIDGE}v${1#node}"; }

fail_node() {
  crash_node "$1"
  say "$1 did not come up. Its console said:"
  tail -n 20 "$(node_dir "$1")/console.log" >&2
  exit 1
}

# A power cut: nothing on the node gets a word in.
crash_node() {
  local pid
  if pid=$(node_pid "$1"); then
    kill -KILL "$pid"
    while [[ -e /proc/$pid ]]; do sleep 0.01; done
    rm -f "$(node_dir "$1")/pid"
  fi
  remove_cgroups "$1"
}

# From the host, not over ssh: a session of a stopped sshd would never end.
signal_sshd() { # NODE SIGNAL
  local pid
  pid=$(node_pid "$1") || die "$1 is down"
  nsenter -t "$pid" -p -m pkill "-$2" '^sshd'
}

# What the node's /proc shows from now on, also after a reboot.
# The files keep their length and are overwritten in one write, so no reader sees half a change.
load_node() { # NODE LOAD1 TOTAL_MB AVAILABLE_MB
  local node=$1 here pid name
  here=$(node_dir "$node")/figures
  awk -v load1="$2" 'BEGIN { s = sprintf("%.2f", load1); printf "%-60s\n", s " " s " " s " 1/100 4242" }' |
    overwrite "$here/loadavg"
  awk -v total=$(($3 * 1024)) -v available=$(($4 * 1024)) '
    /^MemTotal:/ { $2 = total }
    /^MemFree:|^MemAvailable:/ { $2 = available }
    { printf "%-16s%14s kB\n", $1, $2 }' /proc/meminfo | overwrite "$here/meminfo"
  pid=$(node_pid "$node") || return 0
  for name in loadavg meminfo; do
    nsenter -t "$pid" -m -p sh -c "grep -q ' /proc/$name ' /proc/self/mountinfo ||
      mount --bind /run/lab/figures/$name /proc/$name"
  done
}

overwrite() { dd of="$1" bs=64K iflag=fullblock conv=notrunc status=none; }

status_lines() { # name address state pid
  local node pid
  for node in $(nodes); do
    if ! pid=$(node_pid "$node"); then echo "$node $(address_of "$node") down -"
    elif answers "$(address_of "$node")" 2; then echo "$node $(address_of "$node") up $pid"
    else echo "$node $(address_of "$node") silent $pid"; fi
  done
}

# Every node this lab has, running or not, in order.
nodes() {
  local dir
  for dir in "$LAB_DIR"/nodes/node*; do
    if [[ -d $dir ]]; then basename "$dir"; fi
  done | sort -V
}
