# shellcheck shell=bash
# The files a lab starts from and the files it offers to its users. Sourced by scripts/lab.

make_files() {
  mkdir -p "$LAB_DIR"/{home,nodes,ssh,router} "$LAB_ENVIRONMENTS"
  : >"$LAB_DIR/.multijhub-lab"   # `lab down` removes no folder without it
  chmod 755 "$LAB_DIR" "$LAB_DIR/home" "$LAB_DIR/ssh"
  chmod 711 "$LAB_DIR/nodes"
  write_settings
  write_users
  write_homes
  if [[ ! -f $LAB_KEY ]]; then ssh-keygen -q -t ed25519 -N '' -C multijhub-lab -f "$LAB_KEY"; fi
}

# Some file systems, such as a container's own overlay, can hold no overlay's changes: then memory does.
make_disks() {
  [[ -z $(nodes) ]] || return 0
  local probe=$LAB_DIR/nodes/.probe
  mkdir -p "$probe"/{changes,work,merged}
  if ! unshare --mount mount -t overlay probe "$probe/merged" \
    -o "lowerdir=$LAB_BASE/etc,upperdir=$probe/changes,workdir=$probe/work" 2>/dev/null; then
    say "the file system of $LAB_DIR cannot hold the nodes' disks; they are kept in memory"
    mount -t tmpfs -o mode=711 lab "$LAB_DIR/nodes"
  fi
  rm -rf "$probe"
}

write_settings() {
  local name
  for name in LAB_NODES LAB_NET LAB_BRIDGE LAB_HOME LAB_BASE LAB_INIT LAB_ROUTER_UID LAB_ENVIRONMENTS LAB_JUPYTERHUB LAB_PROXY; do
    # shellcheck disable=SC2016  # meant for whoever sources the file
    printf '%s=${%s:-%q}\n' "$name" "$name" "${!name}"
  done >"$LAB_DIR/settings"
}

# name:uid:hash, from which each node gets its /etc/passwd and /etc/shadow.
write_users() {
  [[ ! -s $LAB_DIR/users ]] || return 0
  local user name
  for user in "${LAB_USERS[@]}"; do
    name=${user%:*}
    echo "$user:$(openssl passwd -6 "$name-pw")"
  done >"$LAB_DIR/users.new"
  chmod 600 "$LAB_DIR/users.new"
  mv "$LAB_DIR/users.new" "$LAB_DIR/users"
}

write_homes() {
  local user name uid
  for user in "${LAB_USERS[@]}"; do
    name=${user%:*} uid=${user#*:}
    [[ -d $LAB_DIR/home/$name ]] || install -d -m 700 -o "$uid" -g "$uid" "$LAB_DIR/home/$name"
  done
}

# What the router and tests read. The key belongs to the router's account, and to nobody else.
write_offers() {
  local node number
  for node in $(nodes); do
    echo "$node,$(address_of "$node") $(cut -d' ' -f1,2 "$(node_dir "$node")/ssh_host_ed25519_key.pub")"
  done >"$LAB_KNOWN_HOSTS"
  for number in $(seq "$LAB_NODES"); do
    echo "node$number address=$(address_of "$number") user=root"
  done >"$LAB_DIR/hosts"
  write_env >"$LAB_DIR/lab.env"
  chmod 644 "$LAB_KNOWN_HOSTS" "$LAB_DIR"/{hosts,lab.env}
  chmod 600 "$LAB_KEY"
  chown "$LAB_ROUTER_UID:$LAB_ROUTER_UID" "$LAB_KEY" "$LAB_KNOWN_HOSTS" "$LAB_DIR/router"
  chmod 700 "$LAB_DIR/router"
}

write_env() {
  local name user
  for name in LAB_DIR LAB_NODES LAB_NET LAB_BRIDGE LAB_HOME LAB_BASE LAB_INIT LAB_KEY LAB_KNOWN_HOSTS LAB_ROUTER_UID LAB_JUPYTERHUB LAB_PROXY; do
    printf '%s=%q\n' "$name" "${!name}"
  done
  for user in "${LAB_USERS[@]}"; do
    name=${user%:*}
    echo "LAB_PASSWORD_$name=$name-pw"
  done
}
