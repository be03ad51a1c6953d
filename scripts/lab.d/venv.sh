# shellcheck shell=bash disable=SC2034
# A private Python environment from PyPI which works at any path. Sourced by scripts/lab-jupyterhub.

take_venv() { # NAME PIP_ARGUMENTS..
  which=$1 folder=$LAB_ENVIRONMENTS/$1
  shift
  if [[ ! -s $folder/.versions ]]; then build_venv "$folder" "$@" || return; fi
  if [[ $which == stable && ! -e $folder/.spawners ]]; then add_spawners "$folder"; fi
  versions=$(<"$folder/.versions")
  command=/opt/jupyterhub/$which/bin/jupyterhub
  proxy=/opt/node_modules/.bin/configurable-http-proxy
}

# Built beside its place and moved there when complete, so a broken attempt never counts.
build_venv() {
  local folder=$1 new=$1.new python
  shift
  python=$(python_of_all) || { say "no Python 3.9 or later below /usr, the part of this machine that nodes see"; return 1; }
  say "making $folder with $python, half a minute"
  rm -rf "$new"
  umask 022
  empty_venv "$python" "$new" || { say "$python cannot make a venv; scripts/install-deps helps"; return 1; }
  pip_install "$python" "$new" "$@" jupyterlab >"$folder.log" 2>&1 ||
    { tail -n 5 "$folder.log" >&2; rm -rf "$new"; return 1; }
  make_movable "$new"
  versions_in "$new" >"$new/.versions" || return
  rm -rf "$folder" "$folder.log"
  mv "$new" "$folder"
}

# What docs/spawners.md speaks of. Without PyPI the rest goes on without it.
add_spawners() {
  if pip_install "$(python_of_all)" "$1" jupyterhub-systemdspawner batchspawner >"$1.log" 2>&1; then
    make_movable "$1"
    touch "$1/.spawners"
    rm -f "$1.log"
  else
    say "no spawners from PyPI (tail of $1.log): $(tail -n 1 "$1.log")"
  fi
}

# Nodes share only /usr with the host, and every user of a node must be able to run it: no pyenv, no conda.
python_of_all() {
  local candidate
  for candidate in /usr/bin/python3 /usr/local/bin/python3 $(type -ap python3); do
    [[ $(readlink -f "$candidate") == /usr/* ]] || continue
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 9))' || continue
    echo "$candidate"
    return
  done
  return 1
}

# Debian's python3 has venv, but without python3-venv it cannot put pip in.
empty_venv() {
  "$1" -m venv "$2" >/dev/null 2>&1 && return
  rm -rf "$2"
  "$1" -m pip --version >/dev/null 2>&1 && "$1" -m venv --without-pip "$2"
}

pip_install() { # PYTHON FOLDER ARGUMENTS..
  local python=$1 folder=$2 pip
  shift 2
  pip=("$python" -m pip --python "$folder/bin/python3")
  if "$folder/bin/python3" -m pip --version >/dev/null 2>&1; then pip=("$folder/bin/python3" -m pip); fi
  "${pip[@]}" install --quiet --disable-pip-version-check --no-input --retries 2 --timeout 15 "$@"
}

# Scripts look for python beside themselves instead of at the path where they were installed.
make_movable() {
  local file
  rm -f "$1"/bin/[Aa]ctivate*
  for file in "$1"/bin/*; do
    [[ -f $file && ! -L $file && $(head -n 1 "$file" | tr -d '\0') == '#!'*python* ]] || continue
    # shellcheck disable=SC2016  # for sh to expand, later
    sed -i '1c\
#!/bin/sh\
'\'\'\''exec'\'' "$(dirname -- "$(realpath -- "$0")")/python3" "$0" "$@"\
'\'' '\'\'\' "$file"
  done
  chmod -R a+rX "$1"
}

versions_in() {
  "$1/bin/python3" -c 'from importlib.metadata import version as v; print(v("jupyterhub"), v("jupyterlab"))'
}
