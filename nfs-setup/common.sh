# shellcheck shell=sh
# Read by server, client, grant and check: messages, options, and `run`, which every change goes through.

dry_run='' changed=''

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

# The comment at the head of the script is its --help.
usage() { sed -n '2,/^[^#]/{/^# shellcheck/d;s/^# \{0,1\}//p;}' "$0"; }

misused() { say "$*"; say "${0##*/} --help explains"; exit 2; }

# words WORD...: as a shell takes them, so that what is printed can be pasted.
words() {
  space=''
  for word; do
    case $word in
      '' | *[!A-Za-z0-9_./:,=@%+-]*) printf "%s'%s'" "$space" "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")" ;;
      *) printf '%s%s' "$space" "$word" ;;
    esac
    space=' '
  done
}

# run COMMAND...: prints the command; runs it unless this is a dry run. Become: what makes this shell another user's.
become=''
run() {
  # shellcheck disable=SC2086
  words $become "$@"
  echo
  [ -n "$dry_run" ] || "$@"
}

need_root() { [ -n "$dry_run" ] || [ "$(id -u)" -eq 0 ] || die "run this as root (--dry-run needs no root)"; }

# gid_of GROUP: GROUP is a name or a number.
gid_of() {
  case $1 in
    '' | *[!0-9]*) gid_of_name "$1" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

gid_of_name() { getent group "$1" | cut -d: -f3; }

# undoable UNDO COMMAND...: runs COMMAND and writes down UNDO, one line of shell, for --undo.
undoable() {
  undo=$1
  shift
  run "$@" && remember "$undo"
}

journal=/var/lib/multijhub-nfs-setup/${0##*/}.undo

# shellcheck disable=SC2034 # whoever asks: server
remember() { changed=yes; [ -n "$dry_run" ] || { mkdir -p "${journal%/*}" && printf '%s\n' "$1" >>"$journal"; }; }

# undo_all: what this script has changed on this machine, the latest first.
undo_all() {
  [ -s "$journal" ] || { say "nothing to undo"; return; }
  tac "$journal" | while read -r line; do
    printf '%s\n' "$line"
    [ -n "$dry_run" ] || sh -c "$line" </dev/null || say "failed: $line"
  done
  [ -n "$dry_run" ] || rm -f "$journal"
}

# write_line UNDO LINE MODE FILE: MODE is > or >>; printed as the command it amounts to.
write_line() {
  printf 'echo %s %s %s\n' "$(words "$2")" "$3" "$4"
  [ -n "$dry_run" ] || case $3 in
    '>') printf '%s\n' "$2" >"$4" ;;
    '>>') printf '%s\n' "$2" >>"$4" ;;
  esac || return
  remember "$1"
}

# needs COMMAND DEBIAN-PACKAGE RHEL-PACKAGE: installs what is missing. Packages stay after --undo.
needs() {
  PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null && return
  # shellcheck disable=SC1090,SC1091
  case $(. "${OS_RELEASE:-/etc/os-release}" && echo "$ID ${ID_LIKE-}") in
    *debian* | *ubuntu*) run apt-get install -y --no-install-recommends "$2" ;;
    *rhel* | *fedora* | *centos*) run dnf install -y "$3" ;;
    *) die "$1 is missing; install it by this system's means" ;;
  esac
}

has_systemd() { [ -d /run/systemd/system ]; }

# router_group GROUP GID: the same number on every machine; '' takes a free one.
router_group() {
  known=$(gid_of_name "$1")
  case $known in
    '') undoable "groupdel $1" groupadd --system ${2:+--gid "$2"} "$1" ;;
    "${2:-$known}") ;;
    *) die "group $1 has number $known here, not $2: file systems know numbers only" ;;
  esac
}

# router_account NAME UID GROUP: the account the router runs as; its first group is GROUP.
router_account() {
  known=$(getent passwd "$1" | cut -d: -f3)
  case $known in
    '') undoable "userdel $1" useradd --system ${2:+--uid "$2"} --gid "$3" --no-create-home \
      --home-dir /var/lib/multijhub --shell /usr/sbin/nologin "$1" ;;
    "${2:-$known}") in_group "$1" "$3" || undoable "gpasswd --delete $1 $3" usermod --append --groups "$3" "$1" ;;
    *) die "account $1 has number $known here, not $2: file systems know numbers only" ;;
  esac
}

in_group() { id -nG "$1" | tr ' ' '\n' | grep -qxF -- "$2"; }
