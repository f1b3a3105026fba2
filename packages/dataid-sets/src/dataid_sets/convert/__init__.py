"""Turning what people know data by (observation names, days and numbers, names of detectors, headers) into data IDs."""

from __future__ import annotations

__all__ = ("Conversion", "KeyConversion", "convert", "convert_headers")

from ._conversion import convert
from ._facade import KeyConversion
from ._problems import Conversion
from ._translation import convert_headers
