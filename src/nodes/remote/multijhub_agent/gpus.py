"""The node's GPUs, as their makers' own tools tell. These may hang with the driver: nobody here waits for them."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import threading
import time
from typing import Any, Callable

Gpu = dict[str, Any]

EVERY_S = 4.0
DEADLINE_S = 10.0
# Longer than one slow answer and the pause after it.
FORGOTTEN_S = 30.0
MIB = 1 << 20
FOUND_IN = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/rocm/bin"

NVIDIA = ["--query-gpu=index,uuid,name,memory.total,memory.used,utilization.gpu", "--format=csv,noheader,nounits"]
AMD = ["--showproductname", "--showmeminfo", "vram", "--showuse", "--json"]


class GpuWatch:
    """Asks in a thread of its own, again and again; whoever asks here gets the last answer, at once."""

    def __init__(self, path: str = FOUND_IN) -> None:
        self._read = _reader(path)
        self._last: tuple[float, list[Gpu]] | None = None
        if self._read:
            threading.Thread(target=self._watch, daemon=True).start()

    def seen(self) -> list[Gpu] | None:
        """None: there is no tool that knows, or it has been silent for so long that nothing is known."""
        if self._last is None or time.monotonic() - self._last[0] > FORGOTTEN_S:
            return None
        return self._last[1]

    def _watch(self) -> None:
        assert self._read
        while True:
            try:
                self._last = (time.monotonic(), self._read())
            except (OSError, ValueError, subprocess.SubprocessError):
                pass  # the driver is away or being replaced: the last answer is forgotten in time
            time.sleep(EVERY_S)


def _reader(path: str) -> Callable[[], list[Gpu]] | None:
    nvidia, amd = shutil.which("nvidia-smi", path=path), shutil.which("rocm-smi", path=path)
    if nvidia:
        return lambda: parse_nvidia(_output([nvidia, *NVIDIA]))
    if amd:
        return lambda: parse_amd(_output([amd, *AMD]))
    return None


def _output(command: list[str]) -> str:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=DEADLINE_S
    )
    if done.returncode != 0:
        raise ValueError(f"{command[0]} ended with {done.returncode}")
    return done.stdout.decode("utf-8", "replace")


def parse_nvidia(text: str) -> list[Gpu]:
    """One line a device; memory in MiB. What a device does not tell is "[N/A]" or "[Not Supported]"."""
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()) if row]
    return [
        {
            "kind": "nvidia",
            "id": uuid,
            "index": int(index),
            "name": name,
            "memoryTotalBytes": (_number(total) or 0) * MIB,
            "memoryUsedBytes": (_number(used) or 0) * MIB,
            "use": _share(_number(use)),
        }
        for index, uuid, name, total, used, use in rows
    ]


def parse_amd(text: str) -> list[Gpu]:
    """An object a card, "card0" and so on; every value is text. Cards are named by their number, as ROCm does."""
    cards = {int(name[4:]): card for name, card in json.loads(text).items() if name[:4] == "card" and name[4:].isdigit()}
    return [
        {
            "kind": "amd",
            "id": str(index),
            "index": index,
            "name": str(card.get("Card Series") or card.get("Card series") or "AMD GPU"),
            "memoryTotalBytes": _number(card.get("VRAM Total Memory (B)")) or 0,
            "memoryUsedBytes": _number(card.get("VRAM Total Used Memory (B)")) or 0,
            "use": _share(_number(card.get("GPU use (%)"))),
        }
        for index, card in sorted(cards.items())
    ]


def _number(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isdigit() else None


def _share(percent: int | None) -> float | None:
    return None if percent is None else min(percent, 100) / 100
