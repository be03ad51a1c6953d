from __future__ import annotations

import subprocess
import sys
import unittest

from multijhub_hub.record_extension import JUPYTER_CONFIG, with_record

OURS = str(JUPYTER_CONFIG)


class RecordExtensionTest(unittest.TestCase):
    def test_is_added_to_what_the_site_chose(self) -> None:
        self.assertEqual(with_record(None), OURS)
        self.assertEqual(with_record("/etc/site:/opt/site"), f"{OURS}:/etc/site:/opt/site")
        self.assertEqual(with_record(lambda spawner: f"/etc/{spawner}")("alice"), f"{OURS}:/etc/alice")

    def test_lies_where_the_configuration_makes_it_importable(self) -> None:
        program = f"exec(open('{OURS}/jupyter_config.py').read(), {{'__file__': '{OURS}/jupyter_config.py'}})"
        subprocess.run([sys.executable, "-c", f"{program}; import multijhub_record"], check=True, cwd="/")
