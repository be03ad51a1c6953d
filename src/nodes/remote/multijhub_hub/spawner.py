"""The site's spawner with what must hold for every server."""

from __future__ import annotations

from jupyterhub.spawner import LocalProcessSpawner

from .batch_job import BatchJobMixin
from .claims import ClaimMixin
from .readoption import ReadoptionMixin
from .remembered import RememberedMixin
from .server_process import ServerMixin
from .server_unit import UnitMixin


def guarded(site: type) -> type:
    """Servers of any spawner start by permit and claim, and are taken back; processes of this machine are known by more,
    units and jobs are asked for with more patience."""
    kinds = [ServerMixin] if issubclass(site, LocalProcessSpawner) else []
    kinds += [BatchJobMixin] if hasattr(site, "query_job_status") else []
    kinds += [UnitMixin] if hasattr(site, "unit_name_template") else []
    mixins = [ClaimMixin, RememberedMixin, ReadoptionMixin, *kinds]
    wanted = tuple(mixin for mixin in mixins if not issubclass(site, mixin))
    return type(f"Multi{site.__name__}", (*wanted, site), {"__module__": __name__}) if wanted else site
