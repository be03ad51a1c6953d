# shellcheck shell=bash
# Redis and the router beside a lab, both as the router's account. Sourced by scripts/quickstart.

CONFIG=$LAB_DIR/config.yaml

free_port() { # FROM: the first port from there on which nobody listens
  local port
  for port in $(seq "$1" $(($1 + 50))); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  die "no free port from $1 on"
}

# On loopback every user of this machine could reach it: hence the password, which only the router's account can read.
start_redis() {
  local folder=$LAB_DIR/redis port
  live_pid "$LAB_DIR/redis.pid" >/dev/null && return
  port=$(free_port 16379)
  install -d -m 700 -o "$LAB_ROUTER_UID" -g "$LAB_ROUTER_UID" "$folder"
  cat >"$folder/redis.conf" <<CONFIG
bind 127.0.0.1
port $port
requirepass $(openssl rand -hex 24)
dir $folder
save ""
maxmemory 64mb
CONFIG
  secure "$folder/redis.conf"
  setsid "$REPO/scripts/lab" as-router redis-server "$folder/redis.conf" </dev/null >"$LAB_DIR/redis.log" 2>&1 &
  remember "$LAB_DIR/redis.pid" $!
}

secure() {
  chown "$LAB_ROUTER_UID:$LAB_ROUTER_UID" "$1"
  chmod 600 "$1"
}

redis_url() {
  awk '$1 == "port" { port = $2 } $1 == "requirepass" { password = $2 }
    END { print "redis://:" password "@127.0.0.1:" port "/0" }' "$LAB_DIR/redis/redis.conf"
}

write_config() {
  local port
  stop_process "$LAB_DIR/router.pid"
  port=$(free_port "${QUICKSTART_PORT:-8000}")
  if [[ $port -ne ${QUICKSTART_PORT:-8000} ]]; then say "port ${QUICKSTART_PORT:-8000} is taken; using $port"; fi
  cat >"$CONFIG" <<YAML
hosts_file: $LAB_DIR/hosts
state_dir: $LAB_DIR/router/state
listen: { host: 127.0.0.1, port: $port }
lobby: [node1]
admin: { users: [carol] }
home: { path: "$LAB_DIR/home/{user}" }
ssh:
  key_file: $LAB_KEY
  known_hosts: [$LAB_KNOWN_HOSTS]
hub:
  jupyterhub: $LAB_JUPYTERHUB
  proxy_command: [$LAB_PROXY]
  admin_users: [carol]
cache: { url: "$(redis_url)" }
YAML
  secure "$CONFIG"
}

router_url() { awk '/^listen:/ { sub(/,/, "", $4); print "http://" $4 ":" $6 }' "$CONFIG"; }

start_router() {
  local log=$LAB_DIR/router/router.log tries
  setsid "$REPO/scripts/multijhub" serve </dev/null >>"$log" 2>&1 &
  remember "$LAB_DIR/router.pid" $!
  for tries in {1..300}; do
    answers_ready "$(router_url)" && return
    live_pid "$LAB_DIR/router.pid" >/dev/null || break
    sleep 0.2
  done
  tail -n 20 "$log" >&2
  die "the router is not ready after $tries tries; its log is $log"
}

answers_ready() { # URL; curl may not be there
  local place=${1#http://} line=""
  {
    exec 3<>"/dev/tcp/${place%:*}/${place#*:}"
    printf 'GET /readyz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$place" >&3
    read -r -t 5 line <&3
    exec 3>&-
  } 2>/dev/null && [[ $line == *" 200 "* ]]
}
