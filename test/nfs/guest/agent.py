"""Runs commands for the tests, many at a time: a line of JSON in for each, a line of JSON out when it has ended.

{"id": 1, "words": ["ls"], "input": "", "timeoutS": 30}  ->  {"id": 1, "code": 0, "out": "", "err": "", "ms": 12}
The code is null if the command had to be killed at its deadline.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time

answering = threading.Lock()


def answer(line):
    with answering:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def run(order):
    began = time.monotonic()
    # A session of its own, so that the deadline ends its children too; output in files, so that no daemon holds a pipe open.
    with open(f"/run/{order['id']}.out", "w+b") as out, open(f"/run/{order['id']}.err", "w+b") as err:
        process = subprocess.Popen(
            order["words"], stdin=subprocess.PIPE, stdout=out, stderr=err, cwd="/", start_new_session=True
        )
        try:
            process.communicate(order.get("input", "").encode(), order["timeoutS"])
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = None
        elapsed = round((time.monotonic() - began) * 1000)
        out.seek(0)
        err.seek(0)
        answer({"id": order["id"], "code": code, "out": text(out), "err": text(err), "ms": elapsed})


def text(stream):
    return stream.read().decode(errors="replace")


def guarded(order):
    try:
        run(order)
    except OSError as problem:
        answer({"id": order["id"], "code": 127, "out": "", "err": str(problem), "ms": 0})


answer({"ready": True})
for line in sys.stdin:
    threading.Thread(target=guarded, args=(json.loads(line),)).start()
