#!/usr/bin/env bash
# PID 1 of a lab node, inside fresh net, mount, uts, ipc and pid namespaces.
# Builds the node's root out of overlays, then is its init: keeps sshd running and reaps orphans
# (or hands that over to systemd).
# Whoever kills it pulls the plug of the node: its processes, network and mounts are gone with it.
set -euo pipefail
# shellcheck source=scripts/lab.d/settings.sh
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
# shellcheck source=scripts/lab.d/processes.sh
source "$(dirname "${BASH_SOURCE[0]}")/processes.sh"
# shellcheck source=scripts/lab.d/systemd.sh
source "$(dirname "${BASH_SOURCE[0]}")/systemd.sh"

# Nothing below may ever run in the host's own namespaces.
[[ $$ -eq 1 ]] || die "node-init.sh is only for PID 1 of a node"

readonly node=$1
address=$(address_of "$node")
here=$(node_dir "$node")
disk=$here/disk   # the node's local disk: survives a crash, goes with `lab down`
root=$disk/root
readonly NODE_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# /proc is still the host's here, so this is the pid by which the host can kill the node.
announce_pid() {
  local pid
  read -r pid _ </proc/self/stat
  remember "$here/pid.new" "$pid"
  mv "$here/pid.new" "$here/pid"
}

# One top-level folder of the base with the node's own changes on top.
# Only these, never /: an upper layer below its own lower one is refused by the kernel (ELOOP).
overlay() {
  local name=$1 tries
  mkdir -p "$root/$name" "$disk/$name/changes" "$disk/$name/work"
  # After a crash the former mount may take a moment to go.
  for tries in {1..100}; do
    mount -t overlay "$node" "$root/$name" \
      -o "lowerdir=$LAB_BASE/$name,upperdir=$disk/$name/changes,workdir=$disk/$name/work" && return
    sleep 0.02
  done
  die "no overlay for /$name after $tries tries; is $LAB_DIR on a local file system such as ext4 or xfs?"
}

make_root() {
  mkdir -p "$root"
  mount --bind "$root" "$root"
  mkdir -p "$root"/{dev,proc,sys,run,tmp,opt,srv,mnt,former} "$root$LAB_HOME"
  mkdir -p "$root"/var/{lib,log,cache,spool,tmp} "$root/root"
  chmod 1777 "$root/var/tmp"
  chmod 700 "$root/root"
  ln -sfn /run "$root/var/run"
  local name
  for name in bin sbin lib lib32 lib64 libx32; do
    if [[ -L $LAB_BASE/$name ]]; then cp -Pf "$LAB_BASE/$name" "$root/$name"
    elif [[ -d $LAB_BASE/$name ]]; then overlay "$name"; fi
  done
  overlay usr
  overlay etc
}

make_devices() {
  mount -t tmpfs -o mode=755 dev "$root/dev"
  local name major minor
  while read -r name major minor; do
    mknod -m 666 "$root/dev/$name" c "$major" "$minor"
  done <<<$'null 1 3\nzero 1 5\nfull 1 7\nrandom 1 8\nurandom 1 9\ntty 5 0'
  mkdir "$root"/dev/{pts,shm}
  mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
}

make_mounts() {
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t tmpfs -o mode=755 run "$root/run"
  mount -t tmpfs -o mode=1777 tmp "$root/tmp"
  mkdir -p "$root"/run/{sshd,lock,lab/figures}
  mount --bind "$LAB_DIR/home" "$root$LAB_HOME"
  mount --bind "$here/figures" "$root/run/lab/figures"
  show_read_only "$LAB_ENVIRONMENTS" /opt/jupyterhub
  show_read_only "$REPO/node_modules" /opt/node_modules
}

# The checkout may be below a closed folder such as /root: what every user of a node
# must be able to run is shown where everybody can reach it.
show_read_only() {
  [[ -d $1 ]] || return 0
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  mount -o remount,bind,ro "$root$2"
}

# node may be installed anywhere (nvm, volta); all but /usr is out of sight here.
show_node_js() {
  [[ $LAB_BASE == / ]] || return 0
  local binary
  binary=$(readlink -f "$(command -v node)") || return 0
  case $binary in /usr/*) return 0 ;; esac
  : >"$root/usr/local/bin/node"
  mount --bind "$binary" "$root/usr/local/bin/node"
}

# A reboot is known by a new boot id; load figures are the lab's own once they have been set.
make_figures() {
  cat /proc/sys/kernel/random/uuid >"$root/run/lab/boot_id"
  mount --bind "$root/run/lab/boot_id" "$root/proc/sys/kernel/random/boot_id"
  local name
  for name in loadavg meminfo; do
    if [[ -e $here/figures/$name ]]; then mount --bind "$here/figures/$name" "$root/proc/$name"; fi
  done
}

# The lab's accounts replace whatever the base has under these names and uids.
add_account() { # NAME UID HASH HOME
  local etc=$root/etc file
  for file in passwd group shadow; do
    awk -F: -v name="$1" -v uid="$2" -v by_id="$([[ $file == shadow ]] || echo 1)" \
      '$1 != name && !(by_id && $3 == uid)' "$etc/$file" >"$etc/$file.new"
    cat "$etc/$file.new" >"$etc/$file"   # keeps owner and mode
    rm "$etc/$file.new"
  done
  echo "$1:x:$2:$2::$4:/bin/bash" >>"$etc/passwd"
  echo "$1:x:$2:" >>"$etc/group"
  echo "$1:$3:19000:0:99999:7:::" >>"$etc/shadow"
}

# The group of the router's account, which runs outside of the nodes: homes are opened to it.
add_group() { # NAME GID
  awk -F: -v name="$1" -v gid="$2" '$1 != name && $3 != gid' "$root/etc/group" >"$root/etc/group.new"
  echo "$1:x:$2:" >>"$root/etc/group.new"
  cat "$root/etc/group.new" >"$root/etc/group"
  rm "$root/etc/group.new"
}

make_accounts() {
  local name uid hash
  while IFS=: read -r name uid hash; do
    add_account "$name" "$uid" "$hash" "$LAB_HOME/$name"
  done <"$LAB_DIR/users"
  name=${LAB_OPERATOR%:*} uid=${LAB_OPERATOR#*:}
  add_account "$name" "$uid" '*' "/var/lib/$name"
  add_group multijhub "$LAB_ROUTER_UID"
  install -d -o "$uid" -g "$uid" -m 700 "$root/var/lib/$name"
  allow_key "$root/root" 0
  allow_key "$root/var/lib/$name" "$uid"
  mkdir -p "$root/etc/sudoers.d"
  echo "$name ALL=(ALL:ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/lab"
  chmod 440 "$root/etc/sudoers.d/lab"
}

# Only when there is none: an administrator of the node may have narrowed the key.
allow_key() {
  [[ ! -e $1/.ssh/authorized_keys ]] || return 0
  install -d -o "$2" -g "$2" -m 700 "$1/.ssh"
  install -o "$2" -g "$2" -m 600 "$LAB_KEY.pub" "$1/.ssh/authorized_keys"
}

make_identity() {
  local number
  echo "$node" >"$root/etc/hostname"
  hostname "$node"
  tr -d - </proc/sys/kernel/random/uuid >"$here/machine-id.new"
  [[ -s $here/machine-id ]] || mv "$here/machine-id.new" "$here/machine-id"
  rm -f "$here/machine-id.new" "$root"/etc/{hosts,resolv.conf,machine-id} "$root"/etc/ssh/ssh_host_*
  cp "$here/machine-id" "$root/etc/machine-id"
  echo "# a lab has no way out, hence no name servers" >"$root/etc/resolv.conf"
  {
    echo "127.0.0.1 localhost"
    for number in $(seq "$LAB_NODES"); do echo "$(address_of "$number") node$number"; done
    echo "$LAB_NET.1 router"
  } >"$root/etc/hosts"
}

make_sshd() {
  install -m 600 "$here/ssh_host_ed25519_key" "$root/run/sshd/host_key"
  cat >"$root/run/sshd/config" <<CONFIG
ListenAddress $address
HostKey /run/sshd/host_key
PidFile /run/sshd/pid
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
MaxStartups 100
ClientAliveInterval 15
Subsystem sftp internal-sftp
CONFIG
}

# The host puts the network card into this namespace; without one within 30 s the node gives up.
join_network() {
  local tries
  for tries in {1..3000}; do
    if [[ -e /sys/class/net/eth0 ]] || ip link show eth0 >/dev/null 2>&1; then
      ip link set lo up
      ip address add "$address/24" dev eth0
      ip link set eth0 up
      return
    fi
    sleep 0.01
  done
  die "no network card for $node after $tries tries"
}

mount --make-rprivate /
announce_pid
make_root
make_devices
make_mounts
show_node_js
make_figures
make_identity
make_accounts
make_sshd
if [[ $LAB_INIT == systemd ]]; then
  make_units "$root"
  join_cgroups "$node"
fi
join_network
cd "$root"
pivot_root . former
cd /
umount -l /former
rmdir /former
ulimit -n 65536 2>/dev/null || true   # sshd needs a descriptor for each forwarded channel

if [[ $LAB_INIT == systemd ]]; then become_systemd; fi
# A new shell, so that no path and no variable of the host stays in the node.
exec env -i PATH="$NODE_PATH" HOME=/root LANG=C.UTF-8 \
  /bin/bash -c 'while :; do /usr/sbin/sshd -D -e -f /run/sshd/config; sleep 0.2; done'
