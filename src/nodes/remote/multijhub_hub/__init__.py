"""The hub's side: configuration in three stages, sign-in by ticket, what keeps servers alive.

`database`, `fragments`, `housekeeping`, `node_settings`, `next_path` and `ticket` need no JupyterHub.
"""
