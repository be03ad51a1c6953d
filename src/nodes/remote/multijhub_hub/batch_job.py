"""Users' servers as jobs of a batch system, by any spawner of batchspawner."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

from traitlets import Bool, Float, Unicode
from traitlets.config import LoggingConfigurable

LOOK_S = 1.0
REPEAT_S = 5.0  # below what a router waits for a sign of life


class JobEnded(Exception):
    """The job is over before its server has called home. The hub shows `jupyterhub_message`."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.jupyterhub_message = words


class BatchJobMixin(LoggingConfigurable):
    """Put before the site's class by `guarded`, if that submits jobs. Nothing of batchspawner is imported for it."""

    over_re = Unicode(
        r"(?i)invalid job id|unknown job|job has finished|is not found",
        config=True,
        help="What a failed query says of a job that is over. Any other failure says nothing of the job.",
    )
    reason_re = Unicode(config=True, help="Finds in the answer to a query, as its first group, why a job waits.")
    launch_timeout = Float(120.0, config=True, help="Seconds from the job's start until its server has called home.")
    failed_query = Unicode()
    is_starting = Bool(False)

    async def run_command(self, *words: Any, **options: Any) -> str:
        self.failed_query = ""
        try:
            return await super().run_command(*words, **options)
        except RuntimeError as failure:
            self.failed_query = str(failure) or "it ended without a word"
            raise

    async def query_job_status(self) -> Any:
        """Only the batch system's own word ends a job: one that cannot be asked for is taken to go on."""
        status = await super().query_job_status()
        if status.name == "NOTFOUND" and self.failed_query and not re.search(self.over_re, self.failed_query):
            self.log.warning("%s: job %s cannot be asked for: %s", self._log_name, self.job_id, self.failed_query)
            return type(status).UNKNOWN
        return status

    async def poll(self) -> int | None:
        """A job that was submitted, but not connected when its hub was restarted, can reach nobody any more."""
        if self.is_starting and self.is_of_former_hub and self.job_id:
            self.log.warning("%s: job %s lost its hub while it started", self._log_name, self.job_id)
            await self.cancel_batch_job()
            self.clear_state()
            return 1
        return await super().poll()

    async def submit_batch_script(self) -> Any:
        """A job is noted as soon as there is one: a hub that is killed a moment later leaves none behind."""
        self.is_starting = True
        job = await super().submit_batch_script()
        self.orm_spawner.state = self.get_state()
        self.user.db.commit()
        return job

    async def start(self) -> Any:
        starting = asyncio.ensure_future(super().start())
        try:
            await self._watch(starting)
            return await starting
        finally:
            starting.cancel()
            self.is_starting = False

    async def stop(self, now: bool = False) -> None:
        if self.job_id:
            await super().stop(now)

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """`queued` tells the router that waiting is no sign of trouble."""
        shown, shown_at, now = "", 0.0, asyncio.get_running_loop().time
        while True:
            is_queued = bool(self.job_id) and not self.state_isrunning()
            words = self._describe(is_queued)
            if words != shown or now() - shown_at > REPEAT_S:
                shown, shown_at = words, now()
                yield {"message": words, "queued": is_queued}
            await asyncio.sleep(LOOK_S)

    def get_state(self) -> dict[str, Any]:
        state = super().get_state()
        return {**state, "is_starting": True} if self.is_starting else state

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.is_starting = state.get("is_starting", False)

    async def _watch(self, starting: asyncio.Future[Any]) -> None:
        """While a job waits for its server to call home, batchspawner no longer asks whether there still is a job."""
        loop, began = asyncio.get_running_loop(), None
        while not (await asyncio.wait({starting}, timeout=LOOK_S))[0]:
            if not self.job_id or not (began or self.state_isrunning()):
                continue
            began = began or loop.time()
            status = await self.query_job_status()
            if status.name == "NOTFOUND" and not starting.done():
                raise JobEnded(f"job {self.job_id} ended before the server was up; its output says why")
            if loop.time() - began > self.launch_timeout:
                raise JobEnded(f"job {self.job_id} runs, but its server was not up in {self.launch_timeout:g} s")

    def _describe(self, is_queued: bool) -> str:
        if not self.job_id:
            return "Submitting a job"
        if not is_queued:
            return f"Job {self.job_id} runs on {self.state_gethost() or 'its node'}; waiting for the server"
        reason = re.search(self.reason_re, self.job_status) if self.reason_re else None
        why = f": {reason.group(1)}" if reason else ""
        return f"Job {self.job_id} waits in the queue{why}"
