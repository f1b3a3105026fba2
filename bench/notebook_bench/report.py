"""Writing what was measured as a page."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from notebook_bench.listing import Listed
from notebook_bench.making import LIMIT, Made
from notebook_bench.showing import LIMIT_MS as PAGE_LIMIT_MS

__all__ = ("Run", "Shown", "written")


@dataclass(frozen=True)
class Shown:
    """When a page was seen, in ms."""

    backend: str
    what: str
    p50_ms: float
    p95_ms: float


@dataclass
class Run:
    """All that was measured on one database, in one run.

    Attributes
    ----------
    backend : `str`
        The database.
    n_campaigns : `int`
        How many campaigns there were.
    machine : `str`
        Where.
    at : `str`
        When.
    minutes : `float`
        How long it took.
    """

    backend: str
    n_campaigns: int
    machine: str
    at: str
    minutes: float = 0.0
    lists: list[Listed] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)

    def keep(self, folder: Path) -> None:
        """Keep it until the same database is measured again."""
        _kept_at(folder, self.backend).write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def kept(cls, folder: Path, backend: str) -> Run | None:
        """Give what was kept of a database, if anything was."""
        path = _kept_at(folder, backend)
        if not path.exists():
            return None
        told = json.loads(path.read_text())
        for name, kind in (("lists", Listed), ("made", Made), ("shown", Shown)):
            told[name] = [kind(**each) for each in told[name]]
        return cls(**told)


def _kept_at(folder: Path, backend: str) -> Path:
    return folder / f"bench-notebook-{backend}.json"


def written(runs: Sequence[Run]) -> str:
    """Give the page.

    Parameters
    ----------
    runs : sequence of `Run`
        What was measured.
    """
    lists = [each for run in runs for each in run.lists]
    made = [each for run in runs for each in run.made]
    shown = [each for run in runs for each in run.shown]
    lines = [
        "# How fast campaigns are found and made",
        "",
        "Written by `make bench-notebook`; the figures of each database are from one run, on a shared machine:",
        "",
        *(f"- {run.backend}: {run.n_campaigns:,} campaigns, {run.at}, {run.minutes:.0f} minutes; {run.machine}" for run in runs),
        "",
        "There are ten submissions and thirty events of each campaign. The server is a process of its own; one client asks it",
        "over HTTP for ten campaigns at a time. *Kept* says whether p95 is within the limit.",
        "",
        "## Lists",
        "",
        "| database | list | page | finds | p50 | p95 | limit | kept |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {each.backend} | {each.what} | {each.page} | {each.n_found:,} | {each.p50_ms:.1f} ms | {each.p95_ms:.1f} ms "
            f"| {each.limit_ms:.0f} ms | {_kept(most=each.limit_ms, is_=each.p95_ms)} |"
            for each in lists
        ),
        "",
        "*Saved query* is two requests, as the command makes them: one for the query, one for what it finds. *Fifty, counted* is",
        "the list as its page asks for it: fifty campaigns of a saved query, as HTML, with the count of all, to 10,000; it is a",
        "part of what is seen in the browser, and held against the same limit.",
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
        "Both make the same number of campaigns in turn, pair by pair, since a shared machine is not always as fast. *Ours* and",
        "*bare* are the medians over all pairs. *Ratio* is the median of the ratios of each pair, and so is not the quotient of",
        "the two; *least – most* are the smallest and the largest ratio of a pair. *Kept* holds the ratio, and not the least,",
        "against the limit.",
        "",
        "| database | clients | pairs | ours | bare | ratio | least – most | limit | kept |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {each.backend} | {each.n_clients} | {len(each.ours)} | {statistics.median(each.ours):.0f} /s "
            f"| {statistics.median(each.bare):.0f} /s | {each.ratio:.2f} "
            f"| {each.ratios[0]:.2f} – {each.ratios[-1]:.2f} | at least {LIMIT} "
            f"| {_kept(most=each.ratio, is_=LIMIT)} |"
            for each in made
        ),
        "",
    ]
    return "\n".join(lines)


def _kept(*, is_: float, most: float) -> str:
    return "yes" if is_ <= most else "no"
