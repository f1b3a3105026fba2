"""Records of two instruments: the same numbers and names in both, groups of several exposures, days that begin anew."""

from __future__ import annotations

from typing import Any

INSTRUMENTS = ("CamA", "CamB")
DAYS = (20260101, 20260102)
N_SEQUENCE = 6
EXPOSURES: list[dict[str, Any]] = [
    {
        "instrument": instrument,
        "id": day * 100 + sequence,
        "day_obs": day,
        "seq_num": sequence,
        "obs_id": f"{day}_{sequence:03d}",
        "group": f"{day}-{(sequence + 1) // 2}",
        "physical_filter": f"{instrument}-r",
        "observation_type": "science" if sequence % 3 else "dark",
        "exposure_time": 30.0,
    }
    for instrument in INSTRUMENTS
    for day in DAYS
    for sequence in range(1, N_SEQUENCE + 1)
]
DETECTORS: list[dict[str, Any]] = [
    {
        "instrument": instrument,
        "id": 4 * raft + place,
        "raft": f"R{raft:02d}",
        "name_in_raft": f"S{place}",
        "full_name": f"R{raft:02d}_S{place}",
        "purpose": "SCIENCE",
    }
    for instrument in INSTRUMENTS
    for raft in range(3)
    for place in range(4)
]
CAMERAS: dict[str, list[dict[str, Any]]] = {
    "instrument": [
        {
            "name": instrument,
            "visit_max": 10**12,
            "exposure_max": 10**12,
            "detector_max": 100,
            "visit_system": 0,
            "class_name": f"none.{instrument}",
        }
        for instrument in INSTRUMENTS
    ],
    "day_obs": [{"instrument": instrument, "id": day} for instrument in INSTRUMENTS for day in DAYS],
    "physical_filter": [{"instrument": instrument, "name": f"{instrument}-r", "band": "r"} for instrument in INSTRUMENTS],
    "detector": DETECTORS,
    "group": [
        {"instrument": instrument, "name": name}
        for instrument in INSTRUMENTS
        for name in sorted({exposure["group"] for exposure in EXPOSURES})
    ],
    "exposure": EXPOSURES,
    # A visit is a group, and has the number of its first exposure.
    "visit": [
        {
            **{key: exposure[key] for key in ("instrument", "id", "day_obs", "seq_num", "physical_filter")},
            "name": exposure["group"],
        }
        for exposure in EXPOSURES
        if exposure["seq_num"] % 2
    ],
}
