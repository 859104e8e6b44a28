"""The guards of conftest.py, each shown to refuse and to let pass."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import FREE_THREADED, NetworkRefusedError, is_local
from tests.shared import ROOT, VARIABLE, find_shared

ELSEWHERE = "192.0.2.1"  # RFC 5737: reserved for documentation
RunTests = Callable[[str, dict[str, str]], str]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", b"localhost", "", None])
def test_loopback_is_local(host: object) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", [ELSEWHERE, "index.example", b"index.example", "::2", "localhost.example"])
def test_all_else_is_not(host: object) -> None:
    assert not is_local(host)


def test_connections_to_other_machines_are_refused() -> None:
    with socket.socket() as plain, pytest.raises(NetworkRefusedError, match=ELSEWHERE):
        plain.connect((ELSEWHERE, 443))
    with socket.socket() as plain, pytest.raises(NetworkRefusedError, match=ELSEWHERE):
        plain.connect_ex((ELSEWHERE, 443))
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams, pytest.raises(NetworkRefusedError):
        datagrams.sendto(b"", (ELSEWHERE, 53))
    with pytest.raises(NetworkRefusedError, match="marked `online`"):
        socket.create_connection((ELSEWHERE, 443))


def test_names_of_other_machines_are_not_looked_up() -> None:
    with pytest.raises(NetworkRefusedError, match=r"index\.example"):
        socket.getaddrinfo("index.example", 443)


def test_loopback_connections_work() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with socket.create_connection(address) as client, server.accept()[0] as accepted:
            client.sendall(b"x")
            assert accepted.recv(1) == b"x"


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no sockets in the file system here")
def test_sockets_in_the_file_system_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the length of such an address is limited to about 100 bytes
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("socket")
        server.listen()
        client.connect("socket")


def test_the_user_has_no_configuration() -> None:
    assert list(Path.home().iterdir()) == []
    assert [name for name in os.environ if name.startswith("PIP_")] == ["PIP_CONFIG_FILE"]
    assert not [name for name in os.environ if name.lower().endswith("_proxy") or name.startswith("UV_")]


def test_shared_comes_from_the_variable_first(tmp_path: Path) -> None:
    (beside := tmp_path / "shared").mkdir()
    (named := tmp_path / "named").mkdir()
    root = tmp_path / "checkout"
    assert find_shared(str(named), root) == named
    assert find_shared(None, root) == beside
    assert find_shared(str(tmp_path / "absent"), root) is None
    assert find_shared(None, tmp_path / "a" / "b") is None


@pytest.fixture
def run_tests(tmp_path: Path) -> RunTests:
    """Runs a test module under this conftest in a process of its own; gives what it printed."""

    def run(module: str, variables: dict[str, str]) -> str:
        (tests := tmp_path / "tests").mkdir(exist_ok=True)
        for name in ("__init__.py", "conftest.py", "shared.py"):
            shutil.copy(ROOT / "tests" / name, tests / name)
        (tests / "test_it.py").write_text(module)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
        ended = subprocess.run(
            [*command, "--rootdir=.", "tests"],
            cwd=tmp_path,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return ended.stdout + ended.stderr

    return run


def test_a_run_tells_what_it_skipped(run_tests: RunTests) -> None:
    ended = run_tests("def test_one(shared): pass\ndef test_two(): pass", {VARIABLE: "absent"})
    assert "1 tests skipped for want of FTAUDIT_SHARED" in ended
    ended = run_tests("def test_one(shared): pass", {VARIABLE: "."})
    assert "0 tests skipped for want of FTAUDIT_SHARED" in ended


@pytest.mark.skipif(not FREE_THREADED, reason="only a free-threaded interpreter can enable its GIL")
def test_a_run_with_the_gil_fails(run_tests: RunTests) -> None:
    module = "def test_one(): pass"
    assert "GIL off at the end" in run_tests(module, {})
    assert "the GIL was enabled at the end" in run_tests(module, {"PYTHON_GIL": "1"})
