"""Audits that ask the real index, and what is looked for in their reports (`tests/online/conftest.py`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

BOTH = ("3.14t", "3.15t")
Report = Mapping[str, Any]
Audit = Callable[..., tuple[int, Report]]
"""Audits texts, each in a file of the name that it is given as, and gives the exit status and the report."""


def rows(report: Report) -> dict[str, Any]:
    return {f"{package['name']} {package['version']}": package for package in report["packages"]}


def verdict(report: Report, pin: str, python: str) -> Any:
    (found,) = [one for one in rows(report)[pin]["verdicts"] if one["python"] == python]
    return found
