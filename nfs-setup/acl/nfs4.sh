# shellcheck shell=sh disable=SC2154
# NFSv4 ACLs (NFSv4 mounts, where setfacl has no say): nfs4_getfacl and nfs4_setfacl.
# The group is written as a number: names need an id mapping that sec=sys does without.

# Sets list: the entries of a directory, one a line; and who: our group as a server may write it.
nfs4_look() {
  list=$(nfs4_getfacl "$1" 2>/dev/null | grep -v '^#')
  who="($gid|$group@[^:]*)"
}

# nfs4_has PATTERN: an entry of the list. Flag i: for what will be made in the directory.
nfs4_has() { printf '%s\n' "$list" | grep -Eq "$1"; }

nfs4_may_pass() { nfs4_look "$1" && nfs4_has "^A:g:$who:[^:]*x"; }
nfs4_may_read() { nfs4_look "$1" && nfs4_has "^A:g:$who:r[^:]*x" && nfs4_has "^A:[a-z]*i[a-z]*:$who:r"; }

nfs4_pass() { run nfs4_setfacl -a "A:g:$gid:x" "$1"; }

nfs4_read() {
  nfs4_has "^A:g:$who:r[^:]*x" || run nfs4_setfacl -a "A:g:$gid:rx" "$1" || return
  ! nfs4_has "^A:[a-z]*i[a-z]*:$who:r" || return 0
  # The owner comes first: with the group alone, the server makes a list for new files that locks the owner out.
  nfs4_has '^A:[a-z]*i[a-z]*:OWNER@:' || run nfs4_setfacl -a A:fdi:OWNER@:rwaDxtTnNcCy "$1" || return
  run nfs4_setfacl -a "A:fdig:$gid:r" "$1"
}

# Writes the list back without the group, and without entries for new files if they name nobody else.
nfs4_revoke() {
  nfs4_look "$1"
  nfs4_has ":$who:" || return 0
  list=$(printf '%s\n' "$list" | grep -Ev ":$who:")
  nfs4_has '^[AD]:[a-z]*i[a-z]*:([^:@]+|[^:@]+@[^:]+):' || list=$(printf '%s\n' "$list" | grep -Ev '^[AD]:[a-z]*i')
  run nfs4_setfacl -s "$(printf '%s' "$list" | tr '\n' ',')" "$1"
}
