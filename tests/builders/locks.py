"""Small locks of every format, and their readings, in one line each."""

from __future__ import annotations

from ftaudit.model.project import Origin, Pin, Problem, Reading
from ftaudit.sources.locks import pdm_lock, pipfile_lock, poetry_lock, pylock, uv_lock
from tests.builders.documents import document

INDEX = "https://index.example/simple"


def uv(packages: str = "", head: str = "", /, name: str = "uv.lock", **beside: str) -> Reading:
    text = f'version = 1\nrevision = 5\nrequires-python = ">=3.11"\n{head}\n{packages}'
    return uv_lock.FORMAT.read(document(name, text, **beside))


def uv_package(name: str, version: str = "1.0", source: str = f'registry = "{INDEX}"', more: str = "") -> str:
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ {source} }}\n{more}\n'


def poetry(packages: str = "", version: str = "2.1", more: str = "", /, **beside: str) -> Reading:
    metadata = (
        f'[metadata]\nlock-version = "{version}"\npython-versions = ">=3.11"\ncontent-hash = "0"\n{more}'
    )
    return poetry_lock.FORMAT.read(document("poetry.lock", f"{packages}\n{metadata}", **beside))


def poetry_package(name: str, version: str = "1.0", more: str = "") -> str:
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\noptional = false\n{more}\n'


def pdm(packages: str = "", metadata: str = "", /, version: str = "4.5.1", **beside: str) -> Reading:
    text = f'[metadata]\nlock_version = "{version}"\n{metadata}\n{packages}'
    return pdm_lock.FORMAT.read(document("pdm.lock", text, **beside))


def pipfile(text: str, /, **beside: str) -> Reading:
    return pipfile_lock.FORMAT.read(document("Pipfile.lock", text, **beside))


def pylock_(packages: str = "", head: str = 'created-by = "x"', /, version: str = "1.0") -> Reading:
    text = f'lock-version = "{version}"\n{head}\n{packages}'
    return pylock.FORMAT.read(document("pylock.toml", text))


def only(reading: Reading) -> Pin:
    (pin,) = reading.pins
    return pin


def named(reading: Reading, name: str) -> Pin:
    (pin,) = (pin for pin in reading.pins if pin.name == name)
    return pin


def ways(pin: Pin) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The groups and extras of each origin."""
    return [(origin.groups, origin.extras) for origin in pin.origins]


def origin(pin: Pin) -> Origin:
    (found,) = pin.origins
    return found


def problem(reading: Reading) -> Problem:
    (found,) = reading.problems
    return found
