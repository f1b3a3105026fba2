"""Lists: the first page and the ten-thousandth, with a filter, an order and a text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import httpx

from notebook_bench.serving import milliseconds, percentile
from notebook_bench.showing import LIMIT_MS as PAGE_LIMIT_MS

__all__ = ("Listed", "measure_lists")

LIMIT_MS = 50.0
PAGE = 10
PAGE_OF_FIFTY = 50
"""How many the pages show."""
DEEP = 10_000
"""The number of the page that is deep in the list."""

LISTS = {
    "all, newest first": ("", "-id"),
    "all, by what changed last": ("", "-updated"),
    "all, by title": ("", "title"),
    "filter and text in many": (
        'kind in (integration, release, development, other) or "coadd"'.replace("release", "data_release"),
        "-updated",
    ),
    "filter, order and common text": ('status = completed and created > 2022 and "coadd"', "title"),
    "filter, order and rare text": ('status = completed and "dm-29999"', "-created"),
    "text that nothing has": ('"no such word"', "-id"),
    "failed quanta, most first": ("failed > 0", "-failed"),
    "reason with a rare text": ("reason ~ dm-29999", "-id"),
    "operator and label": ("operator = ann1 and label = sky", "-updated"),
}


SAVED = ("all, by what changed last", "filter, order and common text", "operator and label")
"""Those that are also asked for by a saved query, and as a page asks."""


@dataclass(frozen=True)
class Listed:
    """One measurement."""

    backend: str
    what: str
    page: str
    n_found: int
    p50_ms: float
    p95_ms: float
    limit_ms: float = LIMIT_MS


def measure_lists(client: httpx.Client, backend: str, *, n: int) -> Iterator[Listed]:
    """Ask for each list, its first page and one deep in it: the ten-thousandth, or the last where there are fewer."""
    for what, (wanted, sort) in LISTS.items():
        n_found = int(_get(client, filter=wanted, sort=sort, limit=1, count=True)["count"])
        yield _listed(client, backend, what, "first", n_found, n, filter=wanted, sort=sort)
        deep = min(DEEP, n_found // PAGE)
        # Walking to a deep place takes longer than all that is measured; a cursor tells the place, whatever the pages' size.
        place = {"cursor": _cursor_of(client, wanted, sort, (deep - 1) * PAGE)} if deep > 1 else {}
        if place:
            yield _listed(client, backend, what, f"page {deep:,}", n_found, n, filter=wanted, sort=sort, **place)
        if what in SAVED:
            yield from _saved(client, backend, what, n_found, n, place=place, number=(deep - 1) * PAGE)


def _saved(
    client: httpx.Client, backend: str, what: str, n_found: int, n: int, *, place: dict[str, str], number: int
) -> Iterator[Listed]:
    """Read a list by a saved query, as the command does: the query, then what it finds; and as its page, with the count."""
    wanted, sort = LISTS[what]
    kept = client.post("/api/v1/queries", json={"name": what, "filter": wanted, "sort": sort})
    kept.raise_for_status()
    uuid = kept.json()["uuid"]

    def by_query(**place: object) -> None:
        query = client.get(f"/api/v1/queries/{uuid}").raise_for_status().json()
        _get(client, filter=query["filter"], sort=query["sort"], limit=PAGE, **place)

    def as_page(**place: object) -> None:
        client.get("/campaigns", params={"query": uuid, "block": "live", **place}).raise_for_status()

    by_command = (f"saved query: {what}", by_query, PAGE, LIMIT_MS)
    # What a page asks for is a part of what is seen in the browser.
    by_page = (f"fifty, counted: {what}", as_page, PAGE_OF_FIFTY, PAGE_LIMIT_MS)
    for how, act, size, limit in (by_command, by_page):
        yield _timed(backend, how, "first", n_found, milliseconds(act, n), limit)
        if place:
            deep = partial(act, **place)
            yield _timed(backend, how, f"page {number // size + 1:,}", n_found, milliseconds(deep, n), limit)


def _listed(client: httpx.Client, backend: str, what: str, page: str, n_found: int, n: int, **params: str) -> Listed:
    return _timed(backend, what, page, n_found, milliseconds(lambda: _get(client, **params, limit=PAGE), n))


def _timed(backend: str, what: str, page: str, n_found: int, took: list[float], limit: float = LIMIT_MS) -> Listed:
    return Listed(backend, what, page, n_found, percentile(took, 50), percentile(took, 95), limit)


def _cursor_of(client: httpx.Client, wanted: str, sort: str, place: int) -> str:
    """Walk to a place in the list."""
    cursor: dict[str, str] = {}
    while place:
        step = min(place, 500)
        cursor = {"cursor": _get(client, filter=wanted, sort=sort, limit=step, **cursor)["next"]}
        place -= step
    return cursor["cursor"]


def _get(client: httpx.Client, **params: object) -> dict:
    answer = client.get("/api/v1/campaigns", params=params)
    answer.raise_for_status()
    return answer.json()
