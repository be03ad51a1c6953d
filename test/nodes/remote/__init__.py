"""Fast tests of what runs on a node: `python3 -m unittest discover -s test/nodes/remote -t test/nodes`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "src" / "nodes" / "remote"))
