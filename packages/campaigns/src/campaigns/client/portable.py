"""The part of the client that takes campaigns from server to server."""

from __future__ import annotations

from typing import IO, Any

from campaigns.client.connection import Connection

__all__ = ("PortableClient",)


class PortableClient(Connection):
    """Exported campaigns, as one caller sees them."""

    def export(self, ref: str, target: IO[bytes], *, crate: bool = False) -> None:
        """Write a campaign with everything that belongs to it into a file.

        Parameters
        ----------
        ref : `str`
            The campaign.
        target : file object
            Where to, in binary.
        crate : `bool`, optional
            Whether as a Workflow Run RO-Crate, for people and other programs, in place of the file that `bring` reads.
        """
        self.receive(f"campaigns/{ref}/{'crate' if crate else 'export'}", target)

    def bring(self, source: IO[bytes], *, rename: str | None = None, reason: str | None = None) -> dict[str, Any]:
        """Bring in a campaign that another server exported, as a record.

        Parameters
        ----------
        source : file object
            The file, in binary.
        rename : `str`, optional
            Its short name here, in place of its own.
        reason : `str`, optional
            Why it is brought here.

        Returns
        -------
        campaign : `dict`
            The campaign.
        """
        answer: dict[str, Any] = self.send_file("campaigns/import", source, rename=rename, reason=reason)
        return answer
