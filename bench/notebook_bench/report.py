"""Writing what was measured as a page."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from notebook_bench.listing import LIMIT_MS, Listed
from notebook_bench.making import LIMIT, Made
from notebook_bench.showing import LIMIT_MS as PAGE_LIMIT_MS

__all__ = ("Shown", "written")


@dataclass(frozen=True)
class Shown:
    """When a page was seen, in ms."""

    backend: str
    what: str
    p50_ms: float
    p95_ms: float


def written(
    lists: Sequence[Listed], made: Sequence[Made], shown: Sequence[Shown], *, n_campaigns: int, machine: str, minutes: float
) -> str:
    """Give the page.

    Parameters
    ----------
    lists, made, shown : sequence
        What was measured.
    n_campaigns : `int`
        How many campaigns there were.
    machine : `str`
        Where.
    minutes : `float`
        How long it took.
    """
    lines = [
        "# How fast campaigns are found and made",
        "",
        f"Written by `make bench-notebook`, on {machine}, in {minutes:.0f} minutes.",
        f"All figures are from one run; the machine is shared. There are {n_campaigns:,} campaigns, ten submissions and thirty",
        "events of each. The server is a process of its own; one client asks it over HTTP for ten campaigns at a time.",
        "",
        "## Lists",
        "",
        "| database | list | page | finds | p50 | p95 | limit | kept |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {each.backend} | {each.what} | {each.page} | {each.n_found:,} | {each.p50_ms:.1f} ms | {each.p95_ms:.1f} ms "
            f"| {LIMIT_MS:.0f} ms | {_kept(most=LIMIT_MS, is_=each.p95_ms)} |"
            for each in lists
        ),
        "",
        "## The page in Chromium, until the list is painted",
        "",
        "| database | list | p50 | p95 | limit | kept |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {each.backend} | {each.what} | {each.p50_ms:.0f} ms | {each.p95_ms:.0f} ms | {PAGE_LIMIT_MS:.0f} ms "
            f"| {_kept(most=PAGE_LIMIT_MS, is_=each.p95_ms)} |"
            for each in shown
        ),
        "",
        "## Making campaigns, against a handler that only makes the same inserts",
        "",
        "| database | clients | ours | bare | ratio | least – most | limit | kept |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {each.backend} | {each.n_clients} | {statistics.median(each.ours):.0f} /s "
            f"| {statistics.median(each.bare):.0f} /s | {statistics.median(each.ratios):.2f} "
            f"| {each.ratios[0]:.2f} – {each.ratios[-1]:.2f} | at least {LIMIT} "
            f"| {_kept(most=statistics.median(each.ratios), is_=LIMIT)} |"
            for each in made
        ),
        "",
    ]
    return "\n".join(lines)


def _kept(*, is_: float, most: float) -> str:
    return "yes" if is_ <= most else "no"
