# /etc/multijhub/hub.d/20-systemd.py: every server is a systemd unit of its own, with limits that the kernel enforces.
# JupyterHub's environment needs `pip install jupyterhub-systemdspawner`; systemd must be the node's PID 1.
c.JupyterHub.spawner_class = "systemdspawner.SystemdSpawner"

# Of a server with all its kernels and terminals. What goes beyond the memory is killed: a kernel, not the server.
c.SystemdSpawner.mem_limit = "8G"
c.SystemdSpawner.cpu_limit = 4.0

# Nobody becomes root from a server, by sudo for instance. Set it to False where users may.
c.SystemdSpawner.disable_user_sudo = True

# Output of servers: journalctl -u jupyter-USER-singleuser
