# NOT RUN BY US: written from batchspawner's source and PBS Pro's manuals; try it before you rely on it.
# /etc/multijhub/hub.d/20-pbs.py: every server is a job of PBS Pro or OpenPBS. What is said in slurm.py holds here.
import socket
import sys

import batchspawner  # noqa: F401

c.JupyterHub.spawner_class = "batchspawner.PBSSpawner"
c.Spawner.hub_connect_url = f"http://{socket.getfqdn()}:911"
c.PBSSpawner.batchspawner_singleuser_cmd = f"{sys.prefix}/bin/batchspawner-singleuser"
c.Spawner.cmd = [f"{sys.prefix}/bin/jupyterhub-singleuser"]
c.PBSSpawner.start_timeout = 24 * 3600
c.PBSSpawner.exec_prefix = "runuser -u {username} --"

c.PBSSpawner.req_queue = "workq"
c.PBSSpawner.req_nprocs = "1"
c.PBSSpawner.req_memory = "1gb"
c.PBSSpawner.req_runtime = "8:00:00"

# Held, waiting, moved, begun and suspended jobs have not ended.
c.PBSSpawner.state_pending_re = r"job_state = [QHWTM]"
c.PBSSpawner.state_running_re = r"job_state = [RSUBE]"
c.PBSSpawner.state_exechost_re = r"exec_host = ([\w.-]+)/"
c.BatchJobMixin.reason_re = r"comment = (.+)"
