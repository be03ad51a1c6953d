# shellcheck shell=bash disable=SC2034
# Debian 13 in a folder, with its own JupyterHub, as the nodes' root. Sourced by scripts/lab-jupyterhub.

DEBIAN13=${LAB_DEBIAN13:-$REPO/.cache/debian13}
DEBIAN_MIRROR=${LAB_DEBIAN_MIRROR:-}   # empty: debootstrap's own

# What a node needs, and what JupyterLab needs to run. Its package asks for 500 more, to build it anew.
DEBIAN13_PACKAGES=(
  systemd openssh-server sudo acl iproute2 procps login passwd ca-certificates python3-cryptography
  jupyterhub nodejs jupyter-core python3-jupyter-server python3-ipykernel python3-jupyterlab-server python3-notebook-shim python3-async-lru
)

take_debian13() {
  which=debian13 folder=$DEBIAN13 base=$DEBIAN13
  if [[ ! -s $folder/.versions ]]; then build_debian13; fi
  versions=$(<"$folder/.versions")
  command=/usr/bin/jupyterhub
  proxy=/usr/bin/configurable-http-proxy
}

build_debian13() {
  [[ $EUID -eq 0 ]] || die "run this as root: a Debian in a folder takes chroot and device files"
  command -v debootstrap >/dev/null || die "debootstrap is missing. Run scripts/install-deps --debian13"
  say "making $DEBIAN13, two minutes"
  mkdir -p "$(dirname "$DEBIAN13")"
  rm -rf --one-file-system "$DEBIAN13.new"
  # In namespaces of its own: what it mounts and starts is gone when it ends, however it ends.
  DEBIAN_FRONTEND=noninteractive unshare --mount --pid --fork --kill-child=SIGKILL --propagation private \
    bash -euo pipefail -c "$(declare -f fill_debian13 unpack_jupyterlab); $(declare -p DEBIAN13 DEBIAN_MIRROR DEBIAN13_PACKAGES); fill_debian13" \
    >"$DEBIAN13.log" 2>&1 9>&- || { tail -n 8 "$DEBIAN13.log" >&2; die "no Debian 13${DEBIAN_MIRROR:+ from $DEBIAN_MIRROR}; the whole story is in $DEBIAN13.log"; }
  mv "$DEBIAN13.new" "$DEBIAN13"
  rm -f "$DEBIAN13.log"
}

fill_debian13() {
  local root=$DEBIAN13.new
  mkdir -p "$root/etc/dpkg/dpkg.cfg.d" "$root/etc/apt/apt.conf.d" "$root/usr/sbin"
  printf '%s\n' force-unsafe-io 'path-exclude=/usr/share/doc/*' 'path-exclude=/usr/share/man/*' \
    'path-exclude=/usr/share/locale/*' >"$root/etc/dpkg/dpkg.cfg.d/lab"
  debootstrap --variant=minbase trixie "$root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"   # no package starts a service
  chmod 755 "$root/usr/sbin/policy-rc.d"
  apt-config dump | grep -E '^Acquire::(http|https)::' >"$root/etc/apt/apt.conf.d/90host" || true
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  mount -t proc proc "$root/proc"
  chroot "$root" apt-get -q update
  chroot "$root" apt-get -q -y --no-install-recommends install "${DEBIAN13_PACKAGES[@]}"
  unpack_jupyterlab "$root"
  rm -f "$root"/var/cache/apt/archives/*.deb "$root"/etc/ssh/ssh_host_*
  umount "$root/proc"
  chroot "$root" python3 -c 'from importlib.metadata import version as v; print(v("jupyterhub"), v("jupyterlab"))' >"$root/.versions"
}

unpack_jupyterlab() {
  chroot "$1" sh -c 'cd /tmp && apt-get -q download jupyterlab && dpkg --force-depends -i jupyterlab_*.deb && rm jupyterlab_*.deb'
}
