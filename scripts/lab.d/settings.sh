# shellcheck shell=bash disable=SC2034
# What a lab is made of. Sourced by every script of the lab; each value may be set from outside.

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

# Everything the lab writes on the host is below this folder, and goes with `lab down`.
LAB_DIR=${LAB_DIR:-$REPO/.cache/lab}
# A running lab remembers what it was made with, so that `lab down` needs no variables again.
# shellcheck source=/dev/null
if [[ -r $LAB_DIR/settings ]]; then source "$LAB_DIR/settings"; fi

LAB_NODES=${LAB_NODES:-3}
LAB_NET=${LAB_NET:-10.77.0}        # first three numbers of the lab's own /24
LAB_BRIDGE=${LAB_BRIDGE:-mjhlab0}
LAB_HOME=${LAB_HOME:-/home}        # where the nodes mount the shared home
LAB_BASE=${LAB_BASE:-/}            # whose /usr and /etc the nodes see: the host's, or a folder with Debian in it
LAB_INIT=${LAB_INIT:-bash}         # the nodes' PID 1: bash, or systemd
LAB_ROUTER_UID=${LAB_ROUTER_UID:-2100}
LAB_ENVIRONMENTS=${LAB_ENVIRONMENTS:-$REPO/.cache/jupyterhub}  # shown on the nodes as /opt/jupyterhub
LAB_JUPYTERHUB=${LAB_JUPYTERHUB:-/opt/jupyterhub/stable/bin/jupyterhub}          # as the nodes see them
LAB_PROXY=${LAB_PROXY:-/opt/node_modules/.bin/configurable-http-proxy}

LAB_USERS=(alice:2001 bob:2002 carol:2003)
LAB_OPERATOR=ops:2050              # may only do things by sudo, for sites where root may not log in

LAB_KEY=$LAB_DIR/ssh/id_ed25519
LAB_KNOWN_HOSTS=$LAB_DIR/ssh/known_hosts

export LAB_DIR LAB_NODES LAB_NET LAB_BRIDGE LAB_HOME LAB_BASE LAB_INIT LAB_ROUTER_UID LAB_ENVIRONMENTS LAB_JUPYTERHUB LAB_PROXY

say() { echo "lab: $*" >&2; }
die() { say "$*"; exit 1; }

address_of() { echo "$LAB_NET.$((10 + ${1#node}))"; }
node_dir() { echo "$LAB_DIR/nodes/$1"; }

# Fixed, as on real cards: whoever knew a node before a crash finds it again at once.
mac_of() { printf '02:6d:6a:%02x:%02x:%02x\n' "$(cut -d. -f2 <<<"$LAB_NET")" "${LAB_NET##*.}" "${1#node}"; }
