"""Read by users' servers, which have this folder in JUPYTER_CONFIG_PATH: makes the extension beside it importable there.
Jupyter reads this file also when `--config` names another one. Kernels do not read it."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))
