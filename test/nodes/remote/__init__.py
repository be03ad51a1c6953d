"""Fast tests of what runs on a node: `python3 -m unittest discover -s test/nodes/remote -t test/nodes`."""

import sys
from pathlib import Path

REMOTE = Path(__file__).resolve().parents[3] / "src" / "nodes" / "remote"

sys.path[:0] = [str(REMOTE), str(REMOTE / "jupyter_config")]
