# shellcheck shell=sh disable=SC2034,SC2154
# One home, as the user who owns it. Read by grant together with common.sh and the file of its kind of lists.

# for_directories DO_PASS DO_READ: the one for each directory on the way, the other for the runtime directory.
for_directories() {
  for part in '' /.local /.local/share /.local/share/jupyter; do "$1" "$home$part" || return; done
  "$2" "$home/.local/share/jupyter/runtime"
}

problem() { say "$user: $*"; return 1; }

make_directory() {
  [ ! -L "$1" ] || problem "$1 is a symbolic link, which the router does not follow" || return
  [ -d "$1" ] || run mkdir -m 700 -- "$1"
}

give_pass() { "${kind}_may_pass" "$1" || "${kind}_pass" "$1"; }
give_read() { "${kind}_may_read" "$1" || "${kind}_read" "$1"; }
take() { [ ! -d "$1" ] || "${kind}_revoke" "$1"; }
check_pass() { "${kind}_may_pass" "$1" || problem "the group cannot pass through $1"; }
check_read() { "${kind}_may_read" "$1" || problem "the group cannot read $1"; }

act_on_home() { # ACTION
  case $1 in
    grant) for_directories make_directory make_directory && for_directories give_pass give_read ;;
    check) for_directories check_pass check_read && printf '%s: granted\n' "$user" ;;
    revoke) for_directories take take ;;
  esac
}
