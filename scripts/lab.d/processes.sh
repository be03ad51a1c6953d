# shellcheck shell=bash
# Processes known by a pid file. Sourced by scripts/lab and scripts/quickstart.
# A file holds pid and start time: by the time it is read, the pid alone may be another process.

remember() { # FILE PID
  echo "$2 $(started_at "$2")" >"$1"
}

# In clock ticks since the host booted; fails when there is no such process.
started_at() {
  local stat
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086  # the words of stat are a letter and numbers
  set -- $stat
  [[ $1 != Z ]] || return 1   # dead, and nobody has asked yet
  echo "${20}"
}

# The pid in the file; fails when that process is gone.
live_pid() { # FILE
  local pid started
  read -r pid started 2>/dev/null <"$1" || return 1
  [[ $(started_at "$pid") == "$started" ]] || return 1
  echo "$pid"
}

# Asks it to end; after 15 s it is killed.
stop_process() { # FILE
  local pid tries
  pid=$(live_pid "$1") || return 0
  kill -TERM "$pid"
  for tries in {1..170}; do
    live_pid "$1" >/dev/null || break
    [[ $tries -ne 150 ]] || { say "process $pid ($(<"/proc/$pid/comm")) does not stop; killing it"; kill -KILL "$pid"; }
    sleep 0.1
  done
  rm -f "$1"
}
