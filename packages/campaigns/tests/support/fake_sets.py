"""A registry of DataId sets in a dictionary, for agents that carry out nothing."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

__all__ = ("FakeSets", "no_such_set")

GOVERNORS = ("instrument", "skymap")


def no_such_set(reference: str, where: str) -> dict[str, str]:
    """Give the fault of a set that is not there."""
    message = f"There is no DataId set {reference}."
    return {"code": "unknown_set", "message": message, "where": where, "remedy": "`butler query-dataid-sets REPO` lists them."}


class FakeSets:
    """Sets by name, each a list of versions."""

    def __init__(self) -> None:
        self._sets: dict[str, list[dict[str, Any]]] = {}
        self._rows: dict[str, dict[str, Any]] = {}
        self.outputs: list[dict[str, Any]] = []
        self.graphs: dict[str, Any] = {}
        self.steps: list[dict[str, Any]] = []

    def carry_out(self, payload: dict[str, Any], *, mark: str, now_us: int) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """Carry out an order; give the report that ends it, and the file of data IDs to be brought before, if there is one."""
        match payload["kind"]:
            case "preflight":
                return self._preflight(payload, mark=mark, now_us=now_us), None
            case "list_sets":
                told = [one for versions in self._sets.values() for one in versions]
                return _done({"sets": told, "n_sets": len(told)}), None
            case "upload_set" if payload["listed"] is not None:
                found = self._of_list(payload["listed"], make=True, mark=mark, now_us=now_us)
                return _done(found), self._rows[f"{found['set']['name']}@{found['set']['version']}"]
            case "upload_set":
                made = self.make(payload["name"], payload["data_ids"], source=f"{payload['source']} ({mark})", now_us=now_us)
                return _done({"set": made}), self._rows[f"{made['name']}@{made['version']}"]
            case "show_set":
                one = self._sets[payload["name"]][payload["version"] - 1]
                return _done({"set": one}), self._rows[f"{one['name']}@{one['version']}"]
            case "find_outputs":
                return _done({"outputs": self.outputs, **self.graphs}), None
        return _done({}), None

    def make(self, name: str, data_ids: Any, *, source: str = "", now_us: int = 0) -> dict[str, Any]:
        """Make the next version of a set."""
        constants = data_ids.get("constants", {}) if isinstance(data_ids, dict) else {}
        listed = [{**constants, **one} for one in (data_ids["data_ids"] if isinstance(data_ids, dict) else data_ids)]
        dimensions = [key for key in listed[0] if key != "reason"]
        reasons = list(dict.fromkeys(one["reason"] for one in listed if one.get("reason")))
        rows = [
            [*(one[key] for key in dimensions), reasons.index(one["reason"]) if one.get("reason") else None] for one in listed
        ]
        versions = self._sets.setdefault(name, [])
        counted = Counter(one.get("reason") or "" for one in listed).most_common(20)
        made = {
            "name": name,
            "version": len(versions) + 1,
            "digest": hashlib.sha256(json.dumps([row[:-1] for row in rows]).encode()).hexdigest(),
            "dimensions": dimensions,
            "rows": len(rows),
            "pending": 0,
            "owner": "campaigns",
            "description": "",
            "source": source,
            "created": datetime.fromtimestamp(now_us / 1_000_000, UTC).isoformat(),
            "access": "everyone",
            "reasons": [{"reason": reason, "rows": number} for reason, number in counted],
            "n_reasons": len({one.get("reason") for one in listed}),
        }
        versions.append(made)
        self._rows[f"{name}@{made['version']}"] = {"dimensions": dimensions, "reasons": reasons, "rows": rows}
        return made

    def find(self, reference: str) -> dict[str, Any] | None:
        """Give a version of a set, or the newest."""
        name, _, version = reference.partition("@")
        versions = self._sets.get(name, [])
        found = [one for one in versions if not version or one["version"] == int(version)]
        return found[-1] if found else None

    def _preflight(self, payload: dict[str, Any], *, mark: str, now_us: int) -> dict[str, Any]:
        listed = {one["name"]: one for one in payload["lists"]}
        named = [one for one in payload["sets"] if one["reference"] not in listed]
        faults = [no_such_set(one["reference"], one["where"]) for one in named if self.find(one["reference"]) is None]
        if faults:
            return {"kind": "failed", "faults": faults}
        fits = [
            {
                "reference": one["reference"],
                "role": one["role"],
                "step": step["name"],
                "outcome": "translated",
                "detail": "exposure → visit by the rule any",
                "tasks": {"isr": "applied", "makeVisit": "translated"},
            }
            for step in payload["steps"]
            for one in payload["sets"]
            if one["step"] in (None, step["name"])
        ]
        told = {"make": payload["make_sets"], "mark": mark, "now_us": now_us}
        sets = [{"reference": one["reference"], "set": self.find(one["reference"])} for one in named]
        sets += [self._of_list(one, **told) for one in listed.values()]
        return _done({"steps": self.steps, "sets": sets, "fits": fits})

    def _of_list(self, listed: dict[str, Any], *, make: bool, mark: str, now_us: int) -> dict[str, Any]:
        """Find the set of a list, or make it."""
        data_ids = json.loads(listed["text"])
        before = self._sets.get(listed["name"], [])
        digest = FakeSets().make("x", data_ids)["digest"]
        found = next((one for one in reversed(before) if one["digest"] == digest), None)
        differs = f"{listed['name']}@{len(before)}" if before and found is None else ""
        told = {"path": listed["path"], "rows": len(data_ids), "digest": digest}
        made = make and found is None
        if made:
            found = self.make(listed["name"], data_ids, source=f"{listed['source']} ({mark})", now_us=now_us)
        return {"reference": listed["name"], "set": found, "list": told, "differs": differs, "made": made}


def _done(result: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "done", "result": result}
