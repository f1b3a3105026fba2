"""What a client does with notes, links, operators, sign-offs and teams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from campaigns.client.connection import Connection

__all__ = ("NotebookClient",)


class NotebookClient(Connection):
    """The part of a client that is about what people write, and about people; see `CampaignClient`."""

    # ---- notes -----------------------------------------------------------------------------------------------------

    def notes(self, ref: str) -> list[dict[str, Any]]:
        """List a campaign's notes as they stand, newest first."""
        return list(self.items(f"campaigns/{ref}/notes"))

    def mentions(self) -> Iterator[dict[str, Any]]:
        """List the notes that name who asks, of all campaigns, the last written first, one at a time."""
        return self.items("mentions")

    def note(
        self,
        ref: str,
        body: str,
        *,
        kind: str = "observation",
        submission: str | None = None,
        step: str | None = None,
        set_reference: str | None = None,
    ) -> dict[str, Any]:
        """Write a note on a campaign, or on one of its submissions, steps or sets, in the state that it is in."""
        document = {"body": body, "kind": kind, "submission": submission, "step": step, "set": set_reference}
        answer: dict[str, Any] = self.create(f"campaigns/{ref}/notes", document)
        return answer

    def edit_note(self, ref: str, note: str, body: str, *, parent: str | None = None, kind: str | None = None) -> dict[str, Any]:
        """Write a new version of a note.

        Parameters
        ----------
        ref, note : `str`
            The campaign, and the note.
        body : `str`
            The whole new text.
        parent : `str`, optional
            The version that the change was made to; by default the newest, whatever it says.
        kind : `str`, optional
            What sort of remark, if that changes too.

        Raises
        ------
        CampaignError
            With the code ``edit_conflict``, if somebody else has edited it since.
        """
        seen = parent or self.get(f"campaigns/{ref}/notes/{note}/versions")["items"][-1]["uuid"]
        document = {"body": body, "parent": seen, "kind": kind}
        answer: dict[str, Any] = self.create(f"campaigns/{ref}/notes/{note}/versions", document)
        return answer

    def withdraw_note(self, ref: str, note: str, *, reason: str) -> dict[str, Any]:
        """Withdraw a note; it stays on record."""
        answer: dict[str, Any] = self.post(f"campaigns/{ref}/notes/{note}/withdraw", {"reason": reason})
        return answer

    def attach(self, ref: str, note: str, files: Mapping[str, bytes]) -> dict[str, Any]:
        """Attach files to a note, by their names. Sent again, the same file changes nothing."""
        answer: dict[str, Any] = self.send_form(f"campaigns/{ref}/notes/{note}/files", files)
        return answer

    def set_notebook(self, ref: str, *, is_open: bool, reason: str) -> dict[str, Any]:
        """Open the notebook of a campaign that has ended, or close it again."""
        answer: dict[str, Any] = self.post(f"campaigns/{ref}/notebook", {"open": is_open, "reason": reason})
        return answer

    # ---- links -----------------------------------------------------------------------------------------------------

    def links(self, ref: str) -> list[dict[str, Any]]:
        """List a campaign's links, its own first, then those of its submissions."""
        return list(self.items(f"campaigns/{ref}/links"))

    def add_link(self, ref: str, url: str, *, title: str, kind: str = "other", submission: str | None = None) -> dict[str, Any]:
        """Add a link to a campaign, or to one of its submissions."""
        document = {"url": url, "title": title, "kind": kind, "submission": submission}
        answer: dict[str, Any] = self.create(f"campaigns/{ref}/links", document)
        return answer

    def remove_link(self, ref: str, link: str, *, reason: str) -> dict[str, Any]:
        """Take away a link that was added; it stays on record."""
        answer: dict[str, Any] = self.post(f"campaigns/{ref}/links/{link}/remove", {"reason": reason})
        return answer

    def check_links(self, ref: str) -> list[dict[str, Any]]:
        """Have the service look whether a campaign's links lead anywhere."""
        answer: dict[str, Any] = self.request("POST", f"campaigns/{ref}/links/check", again=True, wait_s=60.0)
        return list(answer["items"])

    # ---- operators and sign-offs -----------------------------------------------------------------------------------

    def operators(self, ref: str, *, at_us: int | None = None) -> list[dict[str, Any]]:
        """List who operated a submission, and when, oldest first; with a time, only who did then."""
        return list(self.items(f"submissions/{ref}/operators", at=at_us))

    def assign(self, ref: str, operator: str, *, reason: str) -> dict[str, Any]:
        """Make somebody an operator of a submission, beside those who are."""
        answer: dict[str, Any] = self.create(f"submissions/{ref}/operators", {"operator": operator, "reason": reason})
        return answer

    def unassign(self, ref: str, operator: str, *, reason: str) -> list[dict[str, Any]]:
        """Make somebody no operator of a submission any more; gives its whole history."""
        answer: dict[str, Any] = self.post(f"submissions/{ref}/operators/{operator}/remove", {"reason": reason})
        return list(answer["items"])

    def sign_offs(self, ref: str) -> list[dict[str, Any]]:
        """List the sign-offs of a campaign's definition, newest first."""
        return list(self.items(f"campaigns/{ref}/sign-off"))

    def sign_off(self, ref: str, *, revision: int, comment: str) -> dict[str, Any]:
        """Sign the newest revision of a campaign's definition off."""
        answer: dict[str, Any] = self.create(f"campaigns/{ref}/sign-off", {"revision": revision, "comment": comment})
        return answer

    def undo_sign_off(self, ref: str, *, reason: str) -> list[dict[str, Any]]:
        """Take the sign-off of a campaign back; gives all there were."""
        answer: dict[str, Any] = self.post(f"campaigns/{ref}/sign-off/undo", {"reason": reason})
        return list(answer["items"])

    # ---- teams -----------------------------------------------------------------------------------------------------

    def teams(self) -> list[dict[str, Any]]:
        """List the teams by name, with their members."""
        return list(self.items("teams"))

    def create_team(self, name: str, *, description: str = "") -> dict[str, Any]:
        """Make a team, without members."""
        answer: dict[str, Any] = self.create("teams", {"name": name, "description": description})
        return answer

    def add_member(self, team: str, user: str) -> dict[str, Any]:
        """Add a user to a team."""
        answer: dict[str, Any] = self.post(f"teams/{team}/members", {"user": user})
        return answer

    def remove_member(self, team: str, user: str) -> dict[str, Any]:
        """Take a user out of a team."""
        answer: dict[str, Any] = self.delete(f"teams/{team}/members/{user}")
        return answer
