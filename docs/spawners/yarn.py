# NOT RUN BY US: written from yarnspawner's source; try it before you rely on it. YarnSpawner 0.4 fails with JupyterHub 5.1
# and later by its own issue 24: see there for patches.
# /etc/multijhub/hub.d/20-yarn.py: every server is a YARN application of its user.
import socket

import yarnspawner  # noqa: F401  (brings the address where an application tells the hub its port)

c.JupyterHub.spawner_class = "yarnspawner.YarnSpawner"
c.Spawner.hub_connect_url = f"http://{socket.getfqdn()}:911"
c.YarnSpawner.principal = "jupyterhub/edge.example.org"
c.YarnSpawner.keytab = "/etc/security/keytabs/jupyterhub.keytab"
c.YarnSpawner.queue = "default"
c.YarnSpawner.mem_limit = "4 G"
c.YarnSpawner.cpu_limit = 1
c.YarnSpawner.start_timeout = 600
# The environment on the workers must hold the servers' extension folder, at the same path as here.
c.YarnSpawner.prologue = "source /opt/jupyterhub/bin/activate"
