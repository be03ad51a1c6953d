"""Writes a runtime record by the means of the server extension, as whoever runs it.

Usage: write-record.py REPOSITORY NODE USER DIRECTORY
"""

import os
import sys
import time

repository, node, user, directory = sys.argv[1:]
sys.path.insert(0, f"{repository}/src/nodes/remote/jupyter_config")

from multijhub_record.activity import Activity, Counts  # noqa: E402
from multijhub_record.identity import HubServer, Process  # noqa: E402
from multijhub_record.process_tree import Use  # noqa: E402
from multijhub_record.record import document, encode, file_name  # noqa: E402
from multijhub_record.record_file import RecordFile  # noqa: E402

PID = 4711
now_ms = int(time.time() * 1000)
server = HubServer(node, user, "", f"/n/{node}/user/{user}/")
process = Process(node, PID, 98765, "23b9c0b2-2274-4e8c-8def-713702ebab07", now_ms)
activity = Activity(Counts(1, 0, 0, 0, 1), now_ms, marks=())
words = document(server, process, 41234, activity, Use(1 << 27, 2.5), {}, now_ms)
os.umask(0o077)
RecordFile(directory, file_name(node, PID)).write(encode(words))
