"""Conda's specs: names, versions as PEP 440 has them, builds, and the interpreter that is asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from ftaudit.model.project import FoundInterpreter
from ftaudit.sources import limits
from ftaudit.sources.conda.conda_spec import Spec, interpreter, parse


@pytest.mark.parametrize(
    ("text", "name", "specifier", "build"),
    [
        ("numpy", "numpy", "", ""),
        ("NumPy", "numpy", "", ""),
        ("_libgcc_mutex", "_libgcc_mutex", "", ""),
        ("numpy=1.2", "numpy", "==1.2.*", ""),
        ("numpy =1.2", "numpy", "==1.2.*", ""),
        ("numpy = 1.2", "numpy", "==1.2.*", ""),
        ("numpy=1.2.*", "numpy", "==1.2.*", ""),
        ("numpy 1.2*", "numpy", "==1.2.*", ""),
        ("numpy==1.2", "numpy", "==1.2", ""),
        ("numpy 1.2", "numpy", "==1.2", ""),
        ("numpy=1.2=py_0", "numpy", "==1.2", "py_0"),
        ("numpy==1.2=py_0", "numpy", "==1.2", "py_0"),
        ("numpy 1.2.* py_0", "numpy", "==1.2.*", "py_0"),
        ("numpy=*=*openblas", "numpy", "", "*openblas"),
        ("numpy  >=1.2 ,  <2", "numpy", "<2,>=1.2", ""),
        ("numpy>=1.2,<2  # why", "numpy", "<2,>=1.2", ""),
        ("numpy!=1.2.*", "numpy", "!=1.2.*", ""),
        ("numpy~=1.2", "numpy", "~=1.2", ""),
        ("forge::numpy", "numpy", "", ""),
        ("forge/linux-64::numpy=1", "numpy", "==1.*", ""),
        ("https://conda.example/forge::numpy>1", "numpy", ">1", ""),
        ("forge::numpy[version='>=1,<2', build=py*]", "numpy", "<2,>=1", "py*"),
        ('numpy[version="1.2"]', "numpy", "==1.2", ""),
        ("numpy[build_number=3]", "numpy", "", ""),
        ("[name=numpy]", "numpy", "", ""),
        ("numpy=1.2|1.3", "numpy", "", ""),
        ("numpy>=1.2.*", "numpy", "", ""),
        ("openssl=1.1.1w", "openssl", "", ""),
        ("numpy=" + "9" * 400, "numpy", "", ""),
        ("", "", "", ""),
    ],
)
def test_a_spec(text: str, name: str, specifier: str, build: str) -> None:
    assert parse(text) == Spec(name=name, specifier=specifier, build=build)


@pytest.mark.parametrize(
    ("specs", "python", "free_threaded"),
    [
        (["python=3.14=*_cp314t"], "3.14t", True),
        (["python 3.14.* *_cp314t"], "3.14t", True),
        (["python[version='3.14.*',build='*_cp314t']"], "3.14t", True),
        (["python=3.14.5=ha91e2d8_0_cp314t"], "3.14t", True),
        (["python_abi=*=*_cp314t"], "3.14t", True),
        (["python>=3.14,<3.15", "python-freethreading"], "3.14t", True),
        (["python-freethreading"], None, True),
        (["python=3.14=*_cp314"], "3.14", False),
        (["python=3.14", "python-gil"], "3.14", False),
        (["python=3.12"], "3.12", False),
        (["python=3.14"], "3.14", None),
        (["python=3.14", "python-gil", "python-freethreading"], "3.14", None),
        (["python=3.12", "python-freethreading"], "3.12", None),
    ],
)
def test_the_interpreter_that_is_asked_for(
    specs: list[str], python: str | None, free_threaded: bool | None
) -> None:
    assert interpreter(map(parse, specs)) == FoundInterpreter(python=python, free_threaded=free_threaded)


@pytest.mark.parametrize(
    "specs",
    [
        [],
        ["numpy=3.14"],
        ["python"],
        ["python>=3.10"],
        ["python-dateutil=3.14"],
        ["python=3.13=*_cp314t"],
        ["python=3.13", "python_abi=3.14"],
        ["python=3.14=*_cp314t", *(f"python!=3.13.{patch}" for patch in range(limits.INTERPRETER_SPECS))],
    ],
)
def test_what_does_not_tell_the_interpreter(specs: list[str]) -> None:
    assert interpreter(map(parse, specs)) is None


@given(st.text(alphabet="a1.=<>!~,|*[]'\": _t#", max_size=60))
def test_any_text_gives_a_valid_specifier_or_none(text: str) -> None:
    spec = parse(text)
    assert str(SpecifierSet(spec.specifier)) == spec.specifier
    assert spec.name == spec.name.lower()
