"""What holds for every test: no network, no user configuration, the GIL off where it can be."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.shared import SHARED, VARIABLE

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
USER_SETTINGS = ("PIP_", "UV_", "XDG_", "FTAUDIT_", "POETRY_", "PDM_", "PIPENV_", "CONDA_", "GITHUB_")
USER_VARIABLES = frozenset(
    {
        "all_proxy",
        "ci",
        "clicolor",
        "clicolor_force",
        "columns",
        "curl_ca_bundle",
        "force_color",
        "http_proxy",
        "https_proxy",
        "lines",
        "netrc",
        "no_color",
        "no_proxy",
        "py_colors",
        "requests_ca_bundle",
        "ssl_cert_dir",
        "ssl_cert_file",
        "virtual_env",
    }
)
_gil_enabled_by: list[str] = []
_online = False


class NetworkRefusedError(RuntimeError):
    """Not an OSError: the program's own handling of network failures must not hide it."""


# -- sockets --


def is_local(host: object) -> bool:
    """Whether *host* (a name or an address, or None for "any") stays on this machine."""
    if isinstance(host, bytes | bytearray):
        host = host.decode("ascii", "replace")
    if host is None or host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_far(host: object) -> None:
    if not _online and not is_local(host):
        raise NetworkRefusedError(
            f"a test tried to reach {host!r}: refused, except for loopback, unless it is marked `online`"
        )


def _guarded_call(call: Callable[..., Any]) -> Callable[..., Any]:
    """*call* of ``(socket, …, address)``, refused for addresses of other machines."""

    def guarded(self: socket.socket, *args: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_far(args[-1][0])
        return call(self, *args)

    return guarded


def _guarded_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: object, *args: Any, **named: Any) -> Any:
        _refuse_far(host)
        return lookup(host, *args, **named)

    return guarded


def _guarded_create(create: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(address: tuple[str, int], *args: Any, **named: Any) -> Any:
        _refuse_far(address[0])
        return create(address, *args, **named)

    return guarded


def pytest_configure() -> None:
    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, _guarded_call(getattr(socket.socket, name)))
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, _guarded_lookup(getattr(socket, name)))
    socket.create_connection = _guarded_create(socket.create_connection)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    global _online
    _online = item.get_closest_marker("online") is not None
    try:
        return (yield)
    finally:
        _online = False


# -- the user's configuration --


@pytest.fixture(autouse=True)
def _no_user_configuration(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A home that is empty, and none of the user's settings; online tests keep proxies and certificates."""
    if request.node.get_closest_marker("online"):
        return
    for name in os.environ:
        if name != VARIABLE and (name.startswith(USER_SETTINGS) or name.lower() in USER_VARIABLES):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CONFIG_DIRS"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)  # pip then reads no file at all, not even /etc/pip.conf


# -- the shared corpus --


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the shared corpus; the test is skipped where there is none."""
    if SHARED is None:
        pytest.skip(f"{VARIABLE} names no folder, and there is no ../shared beside the checkout")
    return SHARED


# -- the end of the session --


def _gil_enabled() -> bool:
    return FREE_THREADED and bool(sys._is_gil_enabled())  # type: ignore[attr-defined, unused-ignore]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """pytest-xdist: what a worker found, seen by the process that reports."""
    if getattr(node, "workeroutput", {}).get("gil_enabled"):
        _gil_enabled_by.append(str(node.gateway.id))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["gil_enabled"] = _gil_enabled()
        return
    if _gil_enabled():
        _gil_enabled_by.append("this process")
    if _gil_enabled_by:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    count = sum(isinstance(r.longrepr, tuple) and f"Skipped: {VARIABLE}" in r.longrepr[2] for r in skipped)
    terminalreporter.write_line(f"{count} tests skipped for want of {VARIABLE}")
    if _gil_enabled_by:
        terminalreporter.write_line(
            f"the GIL was enabled at the end, in {', '.join(_gil_enabled_by)}", red=True
        )
    elif FREE_THREADED:
        terminalreporter.write_line("GIL off at the end")
