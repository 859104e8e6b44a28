"""The public index's address comes from pip-audit, without importing it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ftaudit.errors import ConfigError
from ftaudit.index import default
from ftaudit.index.default import public_index


def test_the_constant_is_still_there() -> None:
    parts = urlsplit(public_index())
    assert (parts.scheme, parts.path.rstrip("/")) == ("https", "/simple")


def test_pip_audit_is_not_imported() -> None:
    code = (
        "import sys; from ftaudit.index.default import public_index; public_index();"
        "sys.exit(any(name.startswith(('pip_audit', 'requests')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("text", [None, "", "PYPI_URL = make()", "PYPI_URL = 3", "PYPI_URL = ("])
def test_without_the_constant_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    monkeypatch.setattr(default, "PACKAGE", "an_audit")
    monkeypatch.syspath_prepend(str(tmp_path))
    if text is not None:
        module = tmp_path / "an_audit" / default.MODULE
        module.parent.mkdir(parents=True)
        (tmp_path / "an_audit" / "__init__.py").write_text("raise SystemExit('imported')")
        module.write_text(text)
    with pytest.raises(ConfigError, match="not known") as failed:
        public_index()
    assert "--index-url" in failed.value.advice


def test_the_constant_is_found_in_a_package_that_looks_like_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(default, "PACKAGE", "an_audit_too")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = tmp_path / "an_audit_too" / default.MODULE
    module.parent.mkdir(parents=True)
    (tmp_path / "an_audit_too" / "__init__.py").write_text("raise SystemExit('imported')")
    module.write_text("import nothing_of_that_name\nPYPI_URL = 'https://index.example/simple'\n")
    assert public_index() == "https://index.example/simple"
