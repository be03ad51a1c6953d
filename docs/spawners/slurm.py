# /etc/multijhub/hub.d/20-slurm.py: every server is a Slurm job, submitted by this node, which runs on another one.
# JupyterHub's environment needs `pip install batchspawner`, here and on the compute nodes.
import socket
import sys

import batchspawner  # noqa: F401  (brings the address where a job tells the hub its port)

c.JupyterHub.spawner_class = "batchspawner.SlurmSpawner"

# Jobs call the hub here. It then listens on every address of this node: open the port to the compute nodes alone.
c.Spawner.hub_connect_url = f"http://{socket.getfqdn()}:911"

# A job has the PATH of its user's login. The same environment is at the same place on the compute nodes.
c.SlurmSpawner.batchspawner_singleuser_cmd = f"{sys.prefix}/bin/batchspawner-singleuser"
c.Spawner.cmd = [f"{sys.prefix}/bin/jupyterhub-singleuser"]

# How long a job may wait in the queue, and then take until its server calls the hub.
c.SlurmSpawner.start_timeout = 24 * 3600
c.BatchJobMixin.launch_timeout = 120

# What a job asks for.
c.SlurmSpawner.req_partition = ""
c.SlurmSpawner.req_nprocs = "1"
c.SlurmSpawner.req_memory = "1G"
c.SlurmSpawner.req_runtime = "8:00:00"

# The hub is root: it needs no sudo to act for a user.
c.SlurmSpawner.exec_prefix = "runuser -u {username} --"

# What is asked of Slurm: state, why it waits, machine. A suspended or requeued job is none that has ended.
c.SlurmSpawner.batch_query_cmd = "squeue -h -j {job_id} -o '%T|%r|%B'"
c.SlurmSpawner.state_pending_re = r"^(?:PENDING|CONFIGURING|REQUEUE|RESV_DEL_HOLD|SPECIAL_EXIT)"
c.SlurmSpawner.state_running_re = r"^(?:RUNNING|COMPLETING|SUSPENDED|STOPPED|STAGE_OUT|SIGNALING)"
c.SlurmSpawner.state_exechost_re = r"\|([\w.-]+)$"
c.BatchJobMixin.reason_re = r"^[A-Z_]+\|(?!None\|)([^|]+)\|"
