"""Turning alternate keys into data IDs, against the bare joins that must be done for it in any case."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from lsst.daf.butler import ddl

from dataid_sets._internals import Inside
from dataid_sets._loading import bulk_insert
from dataid_sets_bench.loads import opened
from dataid_sets_bench.measuring import Measured, ratios, rounds
from dataid_sets_bench.registry import INSTRUMENT, N_DETECTORS, Registry

_LIMIT = 1.5


def measure_keys(registry: Registry, *, n_rows: int, n_rounds: int) -> Iterator[Measured]:
    """Measure the conversion of so many pairs of ``obs_id`` and ``full_name``."""
    sets = opened(registry)
    inside = sets._inside
    with inside.reading() as connection:
        exposures = connection.execute(_records(inside, "exposure", "obs_id")).all()[: -(-n_rows // N_DETECTORS) * 2]
        detectors = connection.execute(_records(inside, "detector", "full_name")).all()
    picked = np.random.default_rng(3).choice(len(exposures) * N_DETECTORS, n_rows, replace=False)
    obs_ids = [exposures[number][1] for number in (picked // N_DETECTORS).tolist()]
    names = [detectors[number][1] for number in (picked % N_DETECTORS).tolist()]
    keys = pa.table({"obs_id": obs_ids, "full_name": names})
    truth = sum(exposures[number][0] for number in (picked // N_DETECTORS).tolist())

    def ours() -> None:
        made = sets.convert(keys, to=["exposure", "detector"], constants={"instrument": INSTRUMENT})
        _require(int(made.table.arrow.column("exposure").to_numpy().sum()), truth)

    ways = {
        "ours": ours,
        "bare Arrow join": lambda: _require(_arrow_join(inside, keys), truth),
        "bare server join": lambda: _require(_server_join(inside, keys), truth),
    }
    took = rounds(ways, n=n_rounds)
    faster = [min(pair) for pair in zip(took["bare Arrow join"], took["bare server join"], strict=True)]
    yield Measured(
        "Alternate keys, against the faster bare join",
        registry.backend,
        f"{n_rows / 1e6:g} million pairs of obs_id and full_name",
        ratios(took["ours"], faster),
        limit=_LIMIT,
        seconds=took,
    )


def _records(inside: Inside, name: str, field: str) -> sa.Select:
    source, columns = inside.element_columns(inside.universe[name], {field})
    return sa.select(columns[name], columns[field]).select_from(source).where(columns["instrument"] == INSTRUMENT)


def _require(found: int, truth: int) -> None:
    if found != truth:
        raise RuntimeError("the conversion went wrong")


def _arrow_join(inside: Inside, keys: pa.Table) -> int:
    """Fetch the records and join them here; the rows come out in their order."""
    joined = keys.append_column("row", pa.array(np.arange(len(keys))))
    with inside.reading() as connection:
        for name, field in (("exposure", "obs_id"), ("detector", "full_name")):
            ids, values = zip(*connection.execute(_records(inside, name, field)).all(), strict=True)
            joined = joined.join(pa.table({name: ids, field: values}), field)
    return int(joined.sort_by("row").column("exposure").to_numpy().sum())


def _server_join(inside: Inside, keys: pa.Table) -> int:
    """Load the keys into a temporary table, join there, and fetch the rows."""
    fields = [ddl.FieldSpec("row", sa.BigInteger), *(ddl.FieldSpec(name, sa.String, length=64) for name in keys.column_names)]
    with inside.working() as connection, inside.temporary_table(ddl.TableSpec(fields=fields)) as given:
        bulk_insert(connection, given, keys.add_column(0, "row", pa.array(np.arange(len(keys)))))
        if inside.is_postgresql:
            inside.analyze(given)
        exposure, detector = (_records(inside, *each).subquery() for each in (("exposure", "obs_id"), ("detector", "full_name")))
        joined = given.outerjoin(exposure, exposure.c[1] == given.c.obs_id).outerjoin(
            detector, detector.c[1] == given.c.full_name
        )
        rows = connection.execute(sa.select(given.c.row, exposure.c[0], detector.c[0]).select_from(joined)).all()
    return sum(row[1] for row in rows)
