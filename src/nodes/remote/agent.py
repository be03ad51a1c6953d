#!/usr/bin/env python3
"""Entry of the node agent: `multijhub-agent VERB`, one line of JSON in, lines of JSON out (see multijhub_agent)."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from multijhub_agent.command_line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
