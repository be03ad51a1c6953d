# shellcheck shell=sh disable=SC2154
# POSIX ACLs (local file systems, NFSv3, CephFS, Lustre): getfacl and setfacl.

newline='
'

# Sets list: the entries of a directory, one a line. What the mask holds down has a remark behind it.
posix_look() { list=$newline$(getfacl -cpn -- "$1" 2>/dev/null)$newline; }

# posix_has ENTRY: in the list, word for word, and not held down.
posix_has() { case $list in *"$newline$1$newline"*) ;; *) return 1 ;; esac; }

posix_may_pass() { posix_look "$1" && posix_has "group:$gid:--x"; }
posix_may_read() { posix_look "$1" && posix_has "group:$gid:r-x" && posix_has "default:group:$gid:r--"; }

# Every entry that the mask holds down (after a chmod 700, say), written as what it is worth now:
# a new entry makes setfacl widen the mask, and without this others would get back what the owner took from them.
posix_held_down() {
  case $list in *'#effective:'*) ;; *) return ;; esac
  printf '%s' "$list" | awk -v own="^(default:|mask:|group:$gid:)" \
    '/#effective:/ && $1 !~ own { sub(/[^:]*$/, "", $1); sub(/.*#effective:/, "", $2); printf "%s%s,", $1, $2 }'
}

posix_pass() { run setfacl -m "$(posix_held_down)g:$gid:--x" -- "$1"; }

posix_read() {
  posix_has "group:$gid:r-x" || run setfacl -m "$(posix_held_down)g:$gid:r-x" -- "$1" || return
  # A default ACL must begin with something: as private as the directory.
  case $list in *"${newline}default:"*) base='' ;; *) base=d:u::rwx,d:g::---,d:o::---, ;; esac
  posix_has "default:group:$gid:r--" || run setfacl -m "${base}d:g:$gid:r--" -- "$1"
}

# Removes the group. Where nobody else is named, the lists go too and the plain mode is back.
posix_revoke() {
  posix_look "$1"
  case $list in *"group:$gid:"*) ;; *) return 0 ;; esac
  if printf '%s' "$list" | grep -v "group:$gid:" | grep -Eq '^(default:)?(user|group):[^:]'; then
    held=$(posix_held_down)
    run setfacl ${held:+-m "${held%,}"} -x "g:$gid,d:g:$gid" -- "$1"
  else
    run setfacl -b -- "$1"
  fi
}
