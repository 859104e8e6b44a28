"""An interpreter that the user names as a file: started isolated, asked where its packages lie, and no more.

ftaudit never looks for one. The packages are then read from their files, as in any environment.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ftaudit.errors import InputError
from ftaudit.model.project import FoundInterpreter, MadeFor, Pin, Problem, Reading
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.base import Document, Format
from ftaudit.sources.installed.dist_info import read_site
from ftaudit.sources.reading.platforms import platform_name
from ftaudit.sources.tree import DiskTree

DEADLINE_SECONDS = 30.0

_NAME = "interpreter"
_FILE_NAME = re.compile(r"(?:python|pypy)w?(?:\d+(?:\.\d+)?t?)?(?:\.exe)?", re.IGNORECASE)
_POLL_SECONDS = 0.05
_KEPT_VARIABLES = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Without the first, Python does not start on Windows; the others say where a shared libpython lies."""

# Not -S: `site` is what puts site-packages on the path. It must run on every Python 3.
_SCRIPT = """
import json, sys, sysconfig
print("ftaudit:" + json.dumps({
    "implementation": sys.implementation.name,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "platform": sysconfig.get_platform(),
    "musl": "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE")),
    "paths": [path for path in sys.path if path],
}))
"""


def read(document: Document) -> Reading:
    """What is installed for the interpreter *document*; raises `InputError` where it answers as none."""
    said = _ask(document)
    paths = said.get("paths")
    if said.get("implementation") != "cpython" or not isinstance(paths, list):
        raise InputError(document.path, f"not CPython but {short(str(said.get('implementation')), 40)}")
    pins: list[Pin] = []
    problems: list[Problem] = []
    for folder in dict.fromkeys(os.path.realpath(path) for path in paths if isinstance(path, str)):
        if Path(folder).is_dir():
            tree = DiskTree(Path(folder))
            site = read_site(tree, "", input_path=document.path, shown=Path(folder).as_posix())
            pins += site.pins
            problems += site.problems
    listing = "\n".join(sorted(f"{pin.name} {pin.version}" for pin in pins))
    interpreter = _interpreter(said, document.python_gil)
    return Reading(
        input=document.path,
        format=_NAME,
        sha256=hashlib.sha256(listing.encode()).hexdigest(),
        pins=tuple(pins),
        made_for=MadeFor(python=interpreter.python, platform=_platform(said)),
        problems=tuple(problems),
        interpreter=interpreter,
    )


def _interpreter(said: Mapping[str, object], python_gil: str | None) -> FoundInterpreter:
    version, free_threaded = str(said.get("version")), said.get("free_threaded") is True
    feature = ".".join(version.split(".")[:2])
    return FoundInterpreter(
        python=short(f"{feature}{'t' if free_threaded else ''}", 20),
        version=short(version, 20),
        free_threaded=free_threaded,
        python_gil=python_gil,
    )


def _platform(said: Mapping[str, object]) -> str:
    platform = str(said.get("platform")).replace("-", "_").replace(".", "_")
    return platform_name(platform.replace("linux", "musllinux") if said.get("musl") is True else platform)


def _ask(document: Document) -> Mapping[str, object]:
    refusal = InputError(document.path, "not a Python interpreter that can be started")
    if document.on_disk is None:
        raise refusal
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(  # noqa: S603 - the user names this file to have it started
                [document.on_disk, "-I", "-c", _SCRIPT],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
                start_new_session=True,
            )
        except OSError as error:
            raise refusal from error
        try:
            _wait(process, output.fileno(), document.path)
        finally:
            _end(process)
        output.seek(0)
        answer = output.read(limits.INTERPRETER_ANSWER)
    line = next((line for line in answer.splitlines() if line.startswith(b"ftaudit:")), None)
    if process.returncode != 0 or line is None:
        raise refusal
    try:
        said: object = json.loads(line.removeprefix(b"ftaudit:"))
    except (ValueError, RecursionError) as error:
        raise refusal from error
    if not isinstance(said, dict):
        raise refusal
    return said


def _wait(process: subprocess.Popen[bytes], output: int, path: str) -> None:
    """Until *process* ends; raises `InputError` when it takes too long or says too much."""
    for _ in range(int(DEADLINE_SECONDS / _POLL_SECONDS)):
        try:
            process.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if os.fstat(output).st_size <= limits.INTERPRETER_ANSWER:
                continue
            most = f"{limits.INTERPRETER_ANSWER // limits.MB} MB"
            raise InputError(path, f"it answered more than an interpreter would: {most}") from None
        return
    raise InputError(path, f"it did not answer within {DEADLINE_SECONDS:.0f} seconds")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends *process* and, where there are process groups, what it started."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()


def _score(document: Document) -> int:
    """By its name, and by being executable: its content says nothing that a script could not say."""
    path = document.on_disk
    named = path is not None and _FILE_NAME.fullmatch(document.name)
    return 2 if named and Path(str(path)).is_file() and os.access(str(path), os.X_OK) else 0


FORMAT = Format(
    name=_NAME,
    about="a Python interpreter that you name as a file: it is started to ask for its paths",
    file_names=("python", "python3*", "python.exe"),
    score=_score,
    read=read,
)
