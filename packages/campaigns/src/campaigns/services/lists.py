"""The lists of data IDs that a definition names as sets: read of its data specification, for the site to make the sets of them.

No transaction is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from campaigns.domain.dataidsets import named_sets
from campaigns.domain.definition import Definition
from campaigns.domain.errors import CampaignError, Fault
from campaigns.domain.specifications import NamedList, ResolvedSpec, SpecError, SpecRole
from campaigns.gateways.git import GitGateway
from campaigns.services.repositories import DataIdFile, loaded, set_name_of
from campaigns.services.sentsets import counted_data_ids
from campaigns.services.specifications import Resolution, resolve

__all__ = ("resolve_for_start", "set_names", "with_places")


def resolve_for_start(git: GitGateway, definition: Definition) -> Resolution:
    """Find the commits of a definition's specifications, and read the lists that it names as sets; see `resolve`."""
    found = resolve(git, definition)
    data = next((one for one in found.specs if one.role is SpecRole.DATA), None)
    wanted = {one.reference for one in named_sets(definition) if "@" not in one.reference}
    if found.faults or data is None or not wanted:
        return found
    lists: list[NamedList] = []
    faults: list[Fault] = []
    try:
        paths = git.files(data.repository, data.commit, data.path, suffix=".json")
    except SpecError as error:
        return replace(found, faults=(error.as_fault("data_spec.path"),))
    for name, path in set_names(path for path, _ in paths).items():
        if name in wanted:
            try:
                lists.append(_read(git, data, name, path))
            except CampaignError as error:
                faults.extend(_in_file(error, path))
    return replace(found, faults=tuple(faults), lists=tuple(lists))


def set_names(paths: Iterable[str]) -> dict[str, str]:
    """Give the names of sets that are made of files, and the file of each; a file that is called exactly so goes first."""
    listed = list(paths)
    alike = {set_name_of(path): path for path in reversed(listed)}
    exact = {path.removesuffix(".json"): path for path in listed}
    return {name: exact.get(name, path) for name, path in alike.items()}


def with_places(files: Sequence[DataIdFile], definition: Definition) -> tuple[DataIdFile, ...]:
    """Give files with the places in a definition that name them as sets."""
    paths = set_names(one.path for one in files)
    places: dict[str, list[str]] = {}
    for one in named_sets(definition):
        if one.reference in paths:
            places.setdefault(paths[one.reference], []).append(one.where)
    return tuple(replace(one, named_in=tuple(places.get(one.path, ()))) for one in files)


def _read(git: GitGateway, data: ResolvedSpec, name: str, path: str) -> NamedList:
    content = git.read(data.repository, data.commit, path)
    counted_data_ids(loaded(content, path))
    found = asdict(data)
    del found["role"]
    return NamedList(**{**found, "name": name, "path": path, "text": content.decode("utf-8-sig")})


def _in_file(error: CampaignError, path: str) -> list[Fault]:
    """Tell what is wrong with a file by its name."""
    return [
        fault
        if fault.where and fault.where.startswith(path)
        else replace(fault, where=", ".join(filter(None, (path, fault.where))))
        for fault in error.as_faults()
    ]
