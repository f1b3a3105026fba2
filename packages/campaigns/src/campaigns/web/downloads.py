"""Lists of campaigns as files: CSV, JSON Lines in one JSON list, and Atom for those who follow a query."""

from __future__ import annotations

import csv
import datetime
import io
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from campaigns.domain.campaign import CampaignListing
from campaigns.web.views.listing import waits_in_words
from campaigns.wire.campaigns import CampaignSummary

__all__ = ("atom_feed", "csv_lines", "json_lines", "rows_as_csv")

_ATOM: Final = "http://www.w3.org/2005/Atom"

_CELLS: Final[dict[str, Callable[[CampaignListing], Any]]] = {
    "state": lambda listing: listing.status.value,
    "campaign": lambda listing: listing.name,
    "kind": lambda listing: listing.kind.value,
    "waits": waits_in_words,
    "operators": lambda listing: " ".join(listing.operators),
    "labels": lambda listing: " ".join(listing.labels),
    "submissions": lambda listing: listing.n_submissions,
    "created": lambda listing: _moment(listing.created_us),
    "updated": lambda listing: _moment(listing.updated_us),
    "started": lambda listing: _moment(listing.started_us),
    "ended": lambda listing: _moment(listing.ended_us),
}
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(listings: Iterable[CampaignListing], columns: Iterable[str]) -> Iterator[str]:
    """Give a list as CSV, with a head.

    Parameters
    ----------
    listings : iterable of `CampaignListing`
        The campaigns.
    columns : iterable of `str`
        What is wanted of each; ``quanta`` becomes four columns, and the title comes behind the name.
    """
    heads: list[str] = []
    for name in columns:
        heads += {"quanta": ["expected", "succeeded", "failed", "blocked"], "campaign": ["campaign", "title"]}.get(name, [name])
    yield _line(heads)
    for listing in listings:
        yield _line([_cell(listing, head) for head in heads])


def rows_as_csv(dimensions: Iterable[str], rows: Iterable[dict[str, Any]]) -> str:
    """Give the data IDs of a set as CSV, with a head."""
    heads = [*dimensions, "reason"]
    return "".join([_line(heads), *(_line([_harmless(row.get(head)) for head in heads]) for row in rows)])


def json_lines(listings: Iterable[CampaignListing]) -> Iterator[str]:
    """Give a list as one JSON list, a campaign a line, with all that the interface gives."""
    before = "[\n"
    for listing in listings:
        yield before + CampaignSummary.of_listing(listing).model_dump_json()
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def atom_feed(listings: Iterable[CampaignListing], *, title: str, uuid: str, base: str, now_us: int) -> str:
    """Give a list as an Atom feed, an entry for each campaign as it last changed.

    Parameters
    ----------
    listings : iterable of `CampaignListing`
        The campaigns, what changed last first.
    title : `str`
        The feed's name.
    uuid : `str`
        What tells it from others.
    base : `str`
        The address of this server, without a slash at its end.
    now_us : `int`
        The time, for a feed without entries.

    Notes
    -----
    The form is that of RFC 4287.
    """
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed")
    listed = list(listings)
    _add(feed, "id", f"urn:uuid:{uuid}")
    _add(feed, "title", title)
    _add(feed, "updated", _moment(listed[0].updated_us if listed else now_us) or "")
    _add(feed, "link", rel="alternate", href=f"{base}/queries/{uuid}")
    for listing in listed:
        entry = ET.SubElement(feed, f"{{{_ATOM}}}entry")
        # Each change is an entry of its own, so that readers show it as news.
        _add(entry, "id", f"urn:uuid:{listing.uuid}#{listing.updated_us}")
        _add(entry, "title", f"{listing.id} {listing.name}: {listing.status.value.replace('_', ' ')}")
        _add(entry, "updated", _moment(listing.updated_us) or "")
        _add(entry, "link", rel="alternate", href=f"{base}/campaigns/{listing.id}")
        _add(ET.SubElement(entry, f"{{{_ATOM}}}author"), "name", listing.lead)
        told = (listing.title, waits_in_words(listing), listing.status_reason)
        _add(entry, "summary", " · ".join(part for part in told if part))
    return ET.tostring(feed, encoding="unicode", xml_declaration=True)


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> None:
    element = ET.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    # XML has no way to write most control characters.
    element.text = None if text is None else "".join(letter if letter.isprintable() else " " for letter in text)


def _cell(listing: CampaignListing, head: str) -> Any:
    if head in ("expected", "succeeded", "failed", "blocked"):
        return getattr(listing.quanta, head)
    value = _CELLS[head](listing) if head in _CELLS else getattr(listing, head)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _harmless(value)


def _harmless(value: Any) -> Any:
    # A spreadsheet would take such text for a formula.
    return f"'{value}" if isinstance(value, str) and value.startswith(_DANGEROUS) else value


def _line(cells: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _moment(at_us: int | None) -> str | None:
    if at_us is None:
        return None
    try:
        moment = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(microseconds=at_us)
    except OverflowError:
        moment = datetime.datetime(9999 if at_us > 0 else 1, 1, 1, tzinfo=datetime.UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
