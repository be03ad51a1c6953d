"""The hub's side: configuration in three stages, sign-in by ticket, what keeps servers alive.

All but what imports `jupyterhub` itself also runs without it: the agent and the tests use those parts.
"""
