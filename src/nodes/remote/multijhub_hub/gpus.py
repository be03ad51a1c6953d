"""GPUs that the router gives to servers: told to each server by its environment, and never to two of one hub."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar
from weakref import WeakSet

from traitlets import Dict, List, Unicode
from traitlets.config import LoggingConfigurable

from .gpu_grant import VARIABLES, Grant

# By this the node's agent knows again who has which: multijhub_agent.single_user_servers reads it.
GIVEN = "MULTIJHUB_GPUS"


class GpuMixin(LoggingConfigurable):
    """Put before the site's spawner by `guarded`. What the user's options say has no part in it."""

    gpus = List(Unicode())
    gpu_environment = Dict()
    _spawners: ClassVar[WeakSet[GpuMixin]] = WeakSet()

    def take_gpus(self, grant: Grant | None) -> list[str]:
        """Those of them that other servers of this hub have: then none is taken. Two routers may have given one device
        to two servers in the same moment; here it is decided."""
        if grant is None:
            return []
        taken = sorted(set(grant.ids) & set(_held(self._others())))
        if not taken:
            self.gpus = list(grant.ids)
            self.gpu_environment = {VARIABLES[grant.kind]: ",".join(grant.ids)}
            self._spawners.add(self)
        return taken

    def get_env(self) -> dict[str, str]:
        given = {GIVEN: ",".join(self.gpus)} if self.gpus else {}
        return {**super().get_env(), **self.gpu_environment, **given}

    def get_state(self) -> dict[str, Any]:
        state = super().get_state()
        return {**state, "gpus": self.gpus} if self.gpus else state

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.gpus = state.get("gpus", [])
        if self.gpus:
            self._spawners.add(self)

    def clear_state(self) -> None:
        super().clear_state()
        self.gpus, self.gpu_environment = [], {}

    def _others(self) -> Iterable[GpuMixin]:
        return (spawner for spawner in list(self._spawners) if spawner is not self)


def _held(spawners: Iterable[GpuMixin]) -> Iterable[str]:
    return (name for spawner in spawners for name in spawner.gpus)
