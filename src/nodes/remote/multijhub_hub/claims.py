"""A server starts by the router's permit, and holds its user's place on the shared home while it runs."""

from __future__ import annotations

import asyncio
import html
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyterhub.utils import maybe_future
from tornado import web
from traitlets import Float, Instance, List, Unicode

from .claim_file import Claim
from .closing import is_closing
from .gpus import GpuMixin
from .server_process import boot_id
from .step_process import StepFailed, StepHung, run_step


class ClaimMixin(GpuMixin):
    """Put before the site's spawner by `guarded`, whatever that starts. JupyterHub takes no subclass that starts nothing."""

    claim_node = Unicode(config=True, help="The name of this node, as claims carry it.")
    home_group = Unicode(config=True, help="The group whose member the router is; none: nothing is granted.")
    home_deadline = Float(10.0, config=True, help="Seconds a home has to answer before a start is refused.")
    closing_sign = Unicode(config=True, help="While this file is there and young, no server is started.")
    claim_id = Unicode()
    home_notes = List(Unicode())
    is_home_ready = Instance(asyncio.Event, ())

    async def run_pre_spawn_hook(self) -> Any:
        """Ours comes before the site's: what that does may rely on the place being held."""
        permit = self.authenticator.permits.take(self.user.name, self.name)
        if self.closing_sign and is_closing(Path(self.closing_sign)):
            raise start_refused("START_NOT_PERMITTED", "the hub is about to be stopped", "<a href='/'>Try again</a>")
        if permit is None:
            raise start_refused(
                "START_NOT_PERMITTED", "servers are started from the entrance", "<a href='/'>Go to the entrance</a>"
            )
        if taken := self.take_gpus(permit.gpus):
            raise start_refused("GPU_TAKEN", f"another server has {', '.join(taken)} now", "<a href='/'>Try again</a>")
        await self.prepare_home(permit.supersedes)
        self.is_home_ready.set()
        return await maybe_future(super().run_pre_spawn_hook())

    async def run_post_stop_hook(self) -> Any:
        """After every stop, failed start and death that was noticed; ours comes after the site's."""
        try:
            return await maybe_future(super().run_post_stop_hook())
        finally:
            await self.leave_home()

    async def prepare_home(self, supersedes: str | None) -> None:
        now_ms = int(time.time() * 1000)
        claim = Claim(secrets.token_urlsafe(18), self.user.name, self.name, self.claim_node, boot_id(), now_ms)
        order = {"step": "prepare", "user": self.user.name, "claim": asdict(claim), "supersedes": supersedes}
        try:
            answer = await run_step({**order, "group": self.home_group or None}, self.home_deadline)
        except StepHung as hung:
            raise start_refused("HOME_UNREACHABLE", str(hung)) from hung
        except StepFailed as failure:
            return self.note_home(f"no place was claimed: {failure}")
        if answer["kind"] == "held":
            words = f"a server of yours holds its place on {answer['node']}"
            raise start_refused(f"CLAIMED_ELSEWHERE {answer['node']}", words, "<a href='/'>Go to it</a>")
        for note in answer["notes"]:
            self.note_home(note)
        self.claim_id = claim.id if answer["isClaimed"] else ""

    async def leave_home(self) -> None:
        claim_id, self.claim_id = self.claim_id, ""
        if not claim_id:
            return
        order = {"step": "leave", "user": self.user.name, "server": self.name, "claim": claim_id}
        try:
            answer = await run_step(order, self.home_deadline)
        except (StepHung, StepFailed) as failure:
            return self.log.warning("the claim of %s stays for its next start: %s", self._log_name, failure)
        if not answer["isRemoved"]:
            self.log.info("the claim of %s was not removed: %s", self._log_name, answer["note"])

    def note_home(self, note: str) -> None:
        """For the hub's log, and for whoever watches the start."""
        self.log.warning("%s: %s", self._log_name, note)
        self.home_notes = [*self.home_notes, note]

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        yield {"progress": 10, "message": "Looking at the home directory"}
        await self.is_home_ready.wait()
        for note in self.home_notes:
            yield {"message": f"Note: {note}"}
        async for event in super().progress():
            yield event

    def get_state(self) -> dict[str, Any]:
        state = super().get_state()
        return {**state, "claim_id": self.claim_id} if self.claim_id else state

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.claim_id = state.get("claim_id", "")

    def clear_state(self) -> None:
        """Before every start and after every stop; also as soon as a process has ended, when its claim still stands."""
        super().clear_state()
        self.home_notes, self.is_home_ready = [], asyncio.Event()


def start_refused(code: str, words: str, link: str = "") -> web.HTTPError:
    """The hub shows `jupyterhub_html_message` on its pages and sends `jupyterhub_message` to the router, which reads the
    code. No class of our own: the hub copies the error, by its arguments, to show it again."""
    refusal = web.HTTPError(409, f"{code}: {words}")
    refusal.jupyterhub_message = f"{code}: {words}"
    refusal.jupyterhub_html_message = f"{html.escape(words[:1].upper() + words[1:])}. {link}"
    return refusal
