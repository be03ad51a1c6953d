"""JupyterHub's configuration on a node: our defaults, the site's /etc/multijhub/hub.d/*.py, what must hold."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from multijhub_hub import fragments, node_settings
from multijhub_hub.defaults import apply_defaults
from multijhub_hub.enforcement import enforce
from multijhub_hub.housekeeping import keep_house_regularly

c = get_config()  # noqa: F821  (JupyterHub puts it here)
places = node_settings.places_from_environment()
settings = node_settings.load_settings(places)

apply_defaults(c, settings, places)
fragments.run(places.fragments, {"c": c, "get_config": get_config, "node": settings.node})  # noqa: F821
enforce(c, settings, places)

if node_settings.is_started_by_agent():
    places.server_logs.mkdir(mode=0o700, exist_ok=True)
    c.RememberedMixin.database_changed = keep_house_regularly(places)
