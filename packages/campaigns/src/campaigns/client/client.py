"""The client that scripts and the command line use: a connection, and names for what the service does."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from typing import Any

import httpx

from campaigns.client.deriving import Deriving
from campaigns.client.notebook import NotebookClient
from campaigns.client.portable import PortableClient
from campaigns.client.sets import SetsClient

__all__ = ("CampaignClient",)

DEFAULT_SERVER = "http://127.0.0.1:8080"


class CampaignClient(Deriving, NotebookClient, PortableClient, SetsClient):
    """The service, as one caller sees it.

    Parameters
    ----------
    server : `str`, optional
        Its address; by default what CAMPAIGN_SERVER says.
    token : `str`, optional
        The API token; by default what CAMPAIGN_TOKEN says.
    timeout_s : `float`, optional
        How long to wait for an answer, in seconds.
    transport : `httpx.BaseTransport`, optional
        How requests travel; for tests.

    Examples
    --------
    >>> with CampaignClient("https://campaigns.example.org", token) as client:
    ...     for campaign in client.items("campaigns"):
    ...         print(campaign["name"])
    """

    def __init__(
        self,
        server: str | None = None,
        token: str | None = None,
        *,
        timeout_s: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(
            server or os.environ.get("CAMPAIGN_SERVER") or DEFAULT_SERVER,
            token or os.environ.get("CAMPAIGN_TOKEN") or None,
            timeout_s=timeout_s,
            transport=transport,
        )

    # ---- campaigns -------------------------------------------------------------------------------------------------

    def define(self, definition: str | Mapping[str, Any], *, draft: bool = False, key: str | None = None) -> dict[str, Any]:
        """Make a campaign.

        Parameters
        ----------
        definition : `str` or mapping
            The text of a campaign file, or its document.
        draft : `bool`, optional
            Whether to leave it a draft though it is complete.
        key : `str`, optional
            The Idempotency-Key; by default made up for this call.

        Returns
        -------
        campaign : `dict`
            The campaign as it stands, with its ``definition``.

        Raises
        ------
        InvalidDefinition
            If it has mistakes; all of them are in ``faults``.
        """
        answer: dict[str, Any] = self.request(
            "POST",
            "campaigns",
            params={"draft": True} if draft else None,
            headers={"Idempotency-Key": key or str(uuid.uuid4())},
            again=True,
            **_body(definition),
        )
        return answer

    def define_from(
        self, repository: str, reference: str, *, path: str = "campaign.yaml", draft: bool = False, key: str | None = None
    ) -> dict[str, Any]:
        """Make a campaign from the campaign file in a repository, at a tag; see `define`."""
        answer: dict[str, Any] = self.request(
            "POST",
            "campaigns/from-repository",
            document={"repository": repository, "reference": reference, "path": path, "draft": draft},
            headers={"Idempotency-Key": key or str(uuid.uuid4())},
            again=True,
        )
        return answer

    def specifications(self, ref: str) -> list[dict[str, Any]]:
        """List what the specifications of a campaign's revisions were resolved to, newest revisions first."""
        items: list[dict[str, Any]] = self.get(f"campaigns/{ref}/specifications")["items"]
        return items

    def revise(self, ref: str, definition: str | Mapping[str, Any], *, revision: int, reason: str) -> dict[str, Any]:
        """Give a campaign that has not started, or is paused, a new definition, made from a revision that was read.

        Raises
        ------
        LostUpdate
            If there is a newer revision; ``differences`` has what both changed.
        """
        answer: dict[str, Any] = self.request(
            "POST",
            f"campaigns/{ref}/revisions",
            params={"reason": reason},
            headers={"If-Match": f'"{revision}"'},
            **_body(definition),
        )
        return answer

    def campaign(self, ref: str) -> dict[str, Any]:
        """Show a campaign, by local id, UUID or name."""
        answer: dict[str, Any] = self.get(f"campaigns/{ref}")
        return answer

    def act(self, ref: str, action: str, *, reason: str, wait_s: float = 25.0) -> dict[str, Any]:
        """Define, start, pause, resume, complete, fail or cancel a campaign.

        Parameters
        ----------
        ref : `str`
            The campaign.
        action : `str`
            What to do.
        reason : `str`
            Why.
        wait_s : `float`, optional
            For ``start``: how long to wait for what the site finds. A campaign that is still ``starting`` then starts by itself.

        Returns
        -------
        campaign : `dict`
            The campaign as it stands.
        """
        body: dict[str, Any] = {"action": action, "reason": reason}
        if action == "start":
            body["wait_s"] = wait_s
        answer: dict[str, Any] = self.request("POST", f"campaigns/{ref}/transitions", document=body, wait_s=wait_s)
        return answer

    def act_on_many(self, wanted: str, action: str, *, reason: str, expected: int) -> dict[str, Any]:
        """Move all campaigns that a filter finds.

        Parameters
        ----------
        wanted : `str`
            The filter.
        action : `str`
            What to do: define, pause, resume, complete, fail or cancel.
        reason : `str`
            Why.
        expected : `int`
            How many it found when you looked.

        Returns
        -------
        bulk : `dict`
            ``done``, the ids of those that were moved, and ``refused``, why the others were not.

        Raises
        ------
        Conflict
            If it finds another number by now; nothing is done then.
        """
        body = {"filter": wanted, "action": action, "reason": reason, "expected": expected}
        answer: dict[str, Any] = self.create("campaigns/bulk", body)
        return answer

    def preflight(self, ref: str, *, wait_s: float = 25.0, graphs: bool = True) -> dict[str, Any]:
        """Have the site look whether a campaign could run, and what would run; start nothing.

        Parameters
        ----------
        ref : `str`
            The campaign.
        wait_s : `float`, optional
            How long to wait for what the site finds.
        graphs : `bool`, optional
            Whether quantum graphs are built, where their inputs are there.

        Returns
        -------
        found : `dict`
            ``order``, ``status``, which is ``done`` where the site has answered, and ``result``.
        """
        params = {"wait_s": wait_s, "graphs": graphs}
        answer: dict[str, Any] = self.request("POST", f"campaigns/{ref}/preflight", params=params, again=True, wait_s=wait_s)
        return answer

    def start_next(self, ref: str, *, reason: str) -> dict[str, Any]:
        """Make the next submission that could be made if somebody says so."""
        answer: dict[str, Any] = self.create(f"campaigns/{ref}/next", {"reason": reason})
        return answer

    def adopt(self, name: str, *, title: str, reason: str, timeout_s: float = 300.0, **others: Any) -> dict[str, Any]:
        """Make a campaign of what ran, or runs, without the service; nothing of it is started.

        Parameters
        ----------
        name, title, reason : `str`
            What it is called, and why it is taken in.
        timeout_s : `float`, optional
            How long to wait for what the site finds.
        **others
            ``site``, ``butler`` and ``submit_dir`` or ``collections``; or ``steps`` for what runs where no agent is. Also
            ``stack``, ``kind``, ``lead``, ``ticket``, and ``commands``, which were typed.

        Returns
        -------
        campaign : `dict`
            The campaign.

        Raises
        ------
        OrderFailed
            If the site has found nothing that could be taken in; all reasons are in ``faults``.
        OrderPending
            If it has not answered in that time; the campaign is made once it has.
        """
        document = {"name": name, "title": title, "reason": reason}
        document |= {key: value for key, value in others.items() if value}
        answer: dict[str, Any] = self.create("campaigns/adopt", document)
        if answer["campaign"] is None:
            return self.campaign(self.wait_for_order(answer["order"]["id"], timeout_s=timeout_s)["result"]["campaign"])
        return self.campaign(answer["campaign"])

    # ---- submissions -----------------------------------------------------------------------------------------------

    def submissions(self, ref: str) -> list[dict[str, Any]]:
        """List a campaign's submissions, oldest first."""
        return list(self.items(f"campaigns/{ref}/submissions"))

    def graph(self, ref: str) -> dict[str, Any]:
        """Show what a submission's quantum graph was made from: flattened inputs, the runs it reads, universe and skymaps."""
        answer: dict[str, Any] = self.get(f"submissions/{ref}/graph")
        return answer

    def submission(self, ref: str) -> dict[str, Any]:
        """Show a submission with what was run and the three truths about it."""
        answer: dict[str, Any] = self.get(f"submissions/{ref}")
        return answer

    def decide(self, ref: str, decision: str, *, reason: str) -> dict[str, Any]:
        """Accept, reject or cancel a submission.

        Parameters
        ----------
        ref : `str`
            The submission.
        decision : `str`
            ``accept``, ``reject`` or ``cancel``.
        reason : `str`
            Why.

        Returns
        -------
        submission : `dict`
            The submission as it stands.
        """
        answer: dict[str, Any] = self.post(f"submissions/{ref}/{decision}", {"reason": reason})
        return answer

    def restart(self, ref: str, *, reason: str) -> dict[str, Any]:
        """Make a new attempt at a submission's group."""
        answer: dict[str, Any] = self.create(f"submissions/{ref}/restart", {"reason": reason})
        return answer

    def tell(
        self,
        ref: str,
        *,
        tasks: list[dict[str, Any]] | None = None,
        status: str | None = None,
        reason: str | None = None,
        message: str = "",
        commands: list[str] | None = None,
        confirmed: bool = False,
    ) -> dict[str, Any]:
        """Say how far a submission is, what was typed, or what became of it, that the service does not run.

        Parameters
        ----------
        ref : `str`
            A submission of an adopted campaign.
        tasks : `list` [`dict`], optional
            The newest counts of each task: ``label``, ``expected``, ``succeeded``, ``caveats``, ``failed``, ``blocked`` and
            ``unknown``.
        status : `str`, optional
            ``running``, ``succeeded``, ``partly_succeeded``, ``failed``, ``cancelled`` or ``lost_contact``.
        reason : `str`, optional
            Why; needed with ``status``, and with ``tasks`` of what has ended.
        message : `str`, optional
            What it is doing.
        commands : `list` [`str`], optional
            What was typed to run it: all of it, in place of what was told before.
        confirmed : `bool`, optional
            Whether it is meant although the counts say otherwise.

        Returns
        -------
        submission : `dict`
            The submission as it stands.
        """
        body = {
            "tasks": tasks, "status": status, "reason": reason, "message": message, "commands": commands, "confirmed": confirmed
        }  # fmt: skip
        answer: dict[str, Any] = self.post(f"submissions/{ref}/progress", body)
        return answer

    # ---- who one is ------------------------------------------------------------------------------------------------

    def me(self) -> dict[str, Any]:
        """Tell who the caller is: ``name``, ``full_name``, ``role``, ``site``."""
        answer: dict[str, Any] = self.get("users/me")
        return answer

    def create_token(
        self,
        name: str,
        *,
        user: str | None = None,
        role: str | None = None,
        site: str | None = None,
        expires_us: int | None = None,
    ) -> dict[str, Any]:
        """Make a token; the answer's ``token`` is shown this once."""
        document = {"name": name, "user": user, "role": role, "site": site, "expires_us": expires_us}
        answer: dict[str, Any] = self.post("tokens", {key: value for key, value in document.items() if value is not None})
        return answer

    @classmethod
    def sign_in(cls, server: str, name: str, password: str, *, token_name: str, expires_us: int | None = None) -> str:
        """Get a token for name and password.

        Parameters
        ----------
        server : `str`
            The server's address.
        name, password : `str`
            Whose token.
        token_name : `str`
            What the token is for.
        expires_us : `int`, optional
            When it ends, UTC microseconds.

        Returns
        -------
        token : `str`
            The token.

        Raises
        ------
        InvalidCredentials
            If name and password do not fit.
        """
        with cls(server) as client:
            # Whoever signs in has no token yet, or wants another.
            client._http.headers.pop("Authorization", None)
            # Cookies are for browsers, and these say where a request comes from.
            client._http.headers["Origin"] = client.server
            client.post("session", {"name": name, "password": password})
            token: str = client.create_token(token_name, expires_us=expires_us)["token"]
            client.delete("session")
            return token


def _body(definition: str | Mapping[str, Any]) -> dict[str, Any]:
    return {"text": definition} if isinstance(definition, str) else {"document": dict(definition)}
