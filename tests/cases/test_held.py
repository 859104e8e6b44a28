"""Hostile texts around the inputs: names of files and folders, and of what is in images and environments."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders.command import uv_lock
from tests.builders.environments import install, venv
from tests.builders.images import docker_save, f, image, installed, layer, oci
from tests.builders.wheels import wheel, zipped
from tests.cases.following import collected, followed
from tests.cases.words import HOSTILE

SITE = "usr/lib/python3.14/site-packages"
LOCK = uv_lock("a==1.0")

Make = Callable[[Path, str], str]
"""Writes what holds a text into a folder; gives the path to name."""


def of_image(folder: Path, content: bytes) -> str:
    (folder / "image.tar").write_bytes(content)
    return "image.tar"


def of_app(folder: Path, members: dict[str, bytes | str]) -> str:
    (folder / "app.pex").write_bytes(zipped(members))
    return "app.pex"


def package(site: str, name: str = "x", version: str = "1.0") -> dict[str, bytes | str]:
    return {one.name: one.content for one in installed(site, name, version)}


def file_name(folder: Path, text: str) -> str:
    (folder / f"{text}uv.lock").write_text(LOCK)
    return f"{text}uv.lock"


def folder_name(folder: Path, text: str) -> str:
    (folder / text / "deep").mkdir(parents=True)
    (folder / text / "deep" / "uv.lock").write_text(LOCK)
    return "."


def folders_beside(folder: Path, text: str) -> str:
    (folder / "uv.lock").write_text(LOCK)
    (folder / f"{text}-requirements.txt").write_text("b==1.0\n")
    return "."


def passed_over(folder: Path, text: str) -> str:
    venv(folder / text)
    (folder / f".{text}").mkdir()
    (folder / "one").mkdir()
    (folder / "one" / "uv.lock").write_text(LOCK)
    return "."


def broken_file_name(folder: Path, text: str) -> str:
    (folder / f"{text}pixi.lock").write_text("version: 99")
    return f"{text}pixi.lock"


def site_of_environment(folder: Path, text: str) -> str:
    install(venv(folder / text), "x")
    return text


def version_of_environment(folder: Path, text: str) -> str:
    install(venv(folder / "env", version=text), "x")
    return "env"


def installed_from(folder: Path, text: str) -> str:
    site = venv(folder / "env")
    vcs = {"vcs": "git", "commit_id": text}
    install(site, "x", direct_url={"url": f"https://user:secret@git.example/{text}", "vcs_info": vcs})
    install(site, "y", direct_url={"url": f"file:///{text}", "dir_info": {"editable": True}})
    return "env"


def metadata_of_environment(folder: Path, text: str) -> str:
    site = venv(folder / "env")
    install(site, "x", text=f"Metadata-Version: 2.4\nName: x\nVersion: {text}\nRequires-Dist: {text}\n\n")
    install(site, "y", requires=[f"z; os_name == '{text}'"], installer=text)
    install(site, "z", text=f"Metadata-Version: 2.4\nName: {text}\nVersion: 1\n\n")
    return "env"


def wheel_name(folder: Path, text: str) -> str:
    (folder / "wheels").mkdir()
    for name in (f"{text}-1-py3-none-any.whl", wheel()[0]):
        (folder / "wheels" / name).write_bytes(wheel()[1])
    return "wheels"


NAMED: dict[str, Make] = {
    "file": file_name,
    "folder": folder_name,
    "beside": folders_beside,
    "passed over": passed_over,
    "broken file": broken_file_name,
    "environment": site_of_environment,
    "wheel": wheel_name,
    "folder of an image": lambda to, text: of_image(
        to, docker_save(image(layer(*installed(f"opt/{text}/lib/python3.14/site-packages", "x"))))
    ),
    "package of an image": lambda to, text: of_image(
        to, docker_save(image(layer(*installed(SITE, "x"), f(f"{SITE}/{text}.dist-info/METADATA", text))))
    ),
    "package of an application": lambda to, text: of_app(
        to, {**package("site-packages"), f"site-packages/{text}-1.dist-info/METADATA": f"Name: {text}\n\n"}
    ),
    "folder of an application": lambda to, text: of_app(to, package(f"{text}/site-packages")),
    "wheel of an application": lambda to, text: of_app(
        to, {f".deps/{text}-1-py3-none-any.whl": b"", f".deps/{wheel()[0]}": wheel()[1]}
    ),
}
"""Where the text is the name of a file or a folder."""

TOLD: dict[str, Make] = {
    "path": lambda to, text: f"{text}.lock",
    "version of an environment": version_of_environment,
    "origin of what is installed": installed_from,
    "metadata of what is installed": metadata_of_environment,
    "tag of an image": lambda to, text: of_image(
        to, docker_save(image(layer(*installed(SITE, "x")), tag=text), image(layer(), tag=text + "2"))
    ),
    "name of an OCI image": lambda to, text: of_image(
        to, oci(image(layer(*installed(SITE, "x")), tag=text), image(layer(f("x")), tag=f"{text}2"))
    ),
    "platform of an image": lambda to, text: of_image(
        to, docker_save(image(layer(*installed(SITE, "x")), architecture=text, system=text))
    ),
    "PYTHON_GIL of an image": lambda to, text: of_image(
        to, docker_save(image(layer(*installed(SITE, "x")), env=[f"PYTHON_GIL={text}"]))
    ),
    "layer of an image": lambda to, text: of_image(
        to, docker_save(image(layer(*installed(SITE, "x"))), Layers=[text])
    ),
    "member of an application": lambda to, text: of_app(to, {**package("site-packages"), text[:9000]: b""}),
    "PEX-INFO": lambda to, text: of_app(
        to,
        {
            "PEX-INFO": json.dumps({"distributions": {text: "0"}, "interpreter_constraints": [text]}),
            **{f".deps/x.whl{name}": content for name, content in package("").items()},
        },
    ),
}
"""Where it is anything."""


@pytest.mark.parametrize("what", NAMED)
def test_what_is_named_so_is_shown_cleanly(what: str, tmp_path: Path) -> None:
    for name, text in HOSTILE.items():
        if name == "credentials":  # no file can have the name of a URL
            continue
        (tmp_path / name).mkdir()
        found = collected(NAMED[what](tmp_path / name, text.replace("/", "\\")[:100]), folder=tmp_path / name)
        assert found.readings or found.errors
        assert followed(found) == []


@pytest.mark.parametrize("what", TOLD)
def test_what_says_so_is_shown_cleanly(what: str, tmp_path: Path) -> None:
    for name, text in HOSTILE.items():
        (tmp_path / name).mkdir()
        found = collected(TOLD[what](tmp_path / name, text), folder=tmp_path / name)
        assert found.readings or found.errors
        assert followed(found) == []


def test_the_value_of_python_gil_is_shown_cleanly(tmp_path: Path) -> None:
    install(venv(tmp_path / "env"), "x")
    for text in HOSTILE.values():
        found = collected("env", folder=tmp_path, python_gil=text)
        assert found.readings
        assert followed(found) == []
