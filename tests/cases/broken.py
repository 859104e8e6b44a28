"""Broken inputs of every format: what is written into a folder, what is named, and the words of the error."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.builders.images import Member, docker_save, f, image, installed, layer, oci
from tests.builders.samples import SAMPLES
from tests.builders.wheels import wheel, zipped
from tests.builders.zips import member
from tests.builders.zips import zipped as lying


@dataclass(frozen=True)
class Broken:
    """The file ``name`` with ``content`` is no input: the one error has ``words`` and place."""

    what: str
    name: str
    content: str | bytes
    words: str

    def __str__(self) -> str:
        return f"{self.name}-{self.what}"


def sample(name: str) -> str:
    """The text of the sample document *name*."""
    (text,) = [one.text for one in SAMPLES if one.name == name]
    return text


def cut(name: str, end: str, words: str) -> Broken:
    """The sample *name* up to the first *end*."""
    return Broken("truncated", name, sample(name).partition(end)[0] + end, words)


def changed(name: str, old: str, new: str, words: str) -> Broken:
    """The sample *name* with *new* in the place of *old*."""
    text = sample(name)
    assert old in text, old
    return Broken(f"{old.strip()} is {new.strip()}"[:60], name, text.replace(old, new, 1), words)


def _top(name: str, content: str, words: str) -> Broken:
    return Broken(f"is {content.strip()}", name, content, words)


_SITE = "usr/lib/python3.14/site-packages"
_IMAGE = image(layer(*installed(_SITE, "x")))
_SAVED = docker_save(_IMAGE)
_OCI = oci(_IMAGE)
_APP = zipped({one.name: one.content for one in installed("site-packages", "x")})


def _manifest(value: object, *more: Member) -> bytes:
    return layer(f("manifest.json", json.dumps(value)), *more)


def _pex(info: object, *, text: str | None = None) -> bytes:
    return zipped({"PEX-INFO": json.dumps(info) if text is None else text, ".deps/x-1-py3-none-any.whl": b""})


TRUNCATED = (
    cut("pixi.lock", "purls: [", "line 26: invalid YAML"),
    cut("conda-lock.yml", "version: 3.14.5\n", "package[0]: platform is missing"),
    cut("environment.yml", "[version='>=1", "dependencies[1]"),
    cut("conda-linux-64.lock", "a-1.0-pyhd8ed1ab_0.tar", "line 4: must be a conda archive"),
    cut("pex.lock.json", '"requires_python": ">=3.9"', "line 9, column 27: invalid JSON"),
    cut("inspect.json", '"requested": true', "line 6, column 18: invalid JSON"),
    cut("report.json", '"requested": tr', "line 4, column 14: invalid JSON"),
    cut("bom.json", '"scope": "opt', "line 5, column"),
    cut("bom.xml", "<scope>optional</sco", "line 6: invalid XML"),
    cut("pyproject.toml", 'dependencies = ["a[x]>=1', "line 6: invalid TOML"),
    cut("tool.py", "# ]\n", "no metadata found"),
    Broken("truncated", "app.pex", _APP[: len(_APP) // 2], "not a zip archive, or a broken one"),
    Broken("truncated in a member", "image.tar", _SAVED[: len(_SAVED) // 2], "cut short"),
    Broken("truncated in a member", "oci.tar", _OCI[: len(_OCI) // 2], "cut short"),
    Broken("truncated", "x-1-py3-none-any.whl", wheel()[1][:100], "not a zip archive"),
)

WRONG_TYPE = (
    _top("pixi.lock", "- 1\n", "top level: must be a mapping"),
    _top("conda-lock.yml", "text\n", "top level: must be a mapping"),
    _top("environment.yml", "[]\n", "top level: must be a mapping"),
    _top("conda-linux-64.lock", "{}\n", "@EXPLICIT is missing"),
    _top("pex.lock.json", "[]\n", "top level: must be an object"),
    _top("bom.json", "null\n", "top level: must be an object"),
    _top("bom.xml", "<html></html>", "line 1"),
    _top("pyproject.toml", "1\n", "line 1: invalid TOML"),
    _top("tool.py", "# /// script\n# 1\n# ///\n", "line 2: invalid TOML"),
    changed("pixi.lock", "purls: []", "purls: 1", "packages[0].purls: must be an array"),
    changed("pixi.lock", "version: 7", "version: [7]", "version: must be an integer"),
    changed("pixi.lock", "- __glibc >=2.17", "- {a: 1}", "packages[0].depends[0]: must be a string"),
    changed("conda-lock.yml", "name: python\n", "name: 3\n", "package[0].name: must be a string"),
    changed("conda-lock.yml", "dependencies: {}", "dependencies: []", "package[1].dependencies: must be a"),
    changed("environment.yml", "- pip\n", "- 7\n", "dependencies[3]: must be"),
    changed("environment.yml", "- c==1.0", "- {c: 1}", "must be a string"),
    changed(
        "pex.lock.json", '"version": "1.0"', '"version": 1.0', "locked_requirements[0].version: must be a"
    ),
    changed(
        "pex.lock.json", '"requires_dists": []', '"requires_dists": {}', "requires_dists: must be an array"
    ),
    changed("inspect.json", '"name": "b"', '"name": null', "installed[1].metadata.name: must be a string"),
    changed("inspect.json", '"requested": true', '"requested": "no"', "installed[0].requested: must be"),
    changed(
        "report.json", '"requested_extras": ["x"]', '"requested_extras": "x"', "requested_extras: must be"
    ),
    changed("report.json", '"metadata": {"name": "b", "version": "2"}', '"metadata": 2', "metadata: must be"),
    changed(
        "bom.json", '"version": "1.0", "bom-ref"', '"version": 1.0, "bom-ref"', "components[0].version: must"
    ),
    changed("bom.json", '"dependsOn": ["b"]', '"dependsOn": "b"', "dependsOn: must be an array"),
    changed("bom.xml", "schema/bom/1.6", "schema/bom/9.9", "unsupported version of CycloneDX"),
    changed(
        "pyproject.toml", '["a[x]>=1; os_name == \'nt\'", "b==1.0"]', '"a"', "project.dependencies: must be"
    ),
    changed("pyproject.toml", 'test = ["c"]', "test = [1]", "dependency-groups.test[0]: must be"),
    changed("tool.py", '"b==1.0"', "1.0", "dependencies[1]: must be a string"),
    Broken("PEX-INFO is a list", "app.pex", _pex([]), "app.pex!/PEX-INFO: top level: must be an object"),
    Broken("PEX-INFO is text", "app.pex", _pex(0, text="no"), "PEX-INFO: line 1, column 1: invalid JSON"),
    Broken("a key of PEX-INFO", "app.pex", _pex({"distributions": []}), "distributions: must be"),
    Broken("manifest is a table", "image.tar", _manifest({}), "manifest.json: top level: must be an array"),
    Broken("Config is a number", "image.tar", _manifest([{"Config": 1}]), "[0].Config: must be a string"),
    Broken("Layers is text", "image.tar", docker_save(_IMAGE, Layers="x"), "[0].Layers: must be an array"),
    Broken(
        "the index is a list", "oci.tar", layer(f("oci-layout"), f("index.json", "[]")), "must be an object"
    ),
    Broken("no image", "image.tar", layer(f("x", "y")), "neither manifest.json nor index.json"),
)

NAMES = (
    Broken("a member above", "app.pex", lying(member("../x", b"")), "leads out of the archive"),
    Broken("a member at the root", "app.pex", lying(member("/etc/x", b"")), "leads out of the archive"),
    Broken(
        "a layer above",
        "image.tar",
        docker_save(_IMAGE, Layers=["../../etc/passwd"]),
        "is not in the archive",
    ),
    Broken(
        "a digest that is a path",
        "oci.tar",
        oci(entries=[{"digest": "sha256:../../etc/passwd", "size": 1}]),
        "not a SHA-256 or SHA-512 digest",
    ),
)

BROKEN = (*TRUNCATED, *WRONG_TYPE, *NAMES)

MANY = docker_save(_IMAGE, _IMAGE)

OVER: tuple[tuple[str, str | bytes, str, int, str], ...] = (
    ("pixi.lock", "", "DEPTH", 2, "nested more than 2 levels deep"),
    ("pixi.lock", "", "NODES", 10, "more than 10 values"),
    ("pixi.lock", "", "LABELS", 0, "more than 0 environments"),
    ("pixi.lock", "", "NAME", 5, "longer than 5 characters"),
    ("conda-lock.yml", "", "GROUPS", 1, "more than 1 categories"),
    ("conda-lock.yml", "", "DEPTH", 1, "nested more than 1 levels deep"),
    ("environment.yml", "", "ENVIRONMENT_FILE", 99, "larger than 0 MB"),
    ("environment.yml", "", "SPECIFIER", 5, "longer than 5 characters"),
    ("conda-linux-64.lock", "", "NAME", 5, "longer than 5 characters"),
    ("pex.lock.json", "", "RESOLVES", 0, "more than 0"),
    ("pex.lock.json", "", "DEPTH", 3, "nested more than 3 levels deep"),
    ("inspect.json", "", "DEPTH", 2, "nested more than 2 levels deep"),
    ("report.json", "", "DEPTH", 2, "nested more than 2 levels deep"),
    ("bom.json", "", "DEPTH", 2, "nested more than 2 levels deep"),
    ("bom.xml", "", "DEPTH", 2, "nested more than 2 levels deep"),
    ("bom.xml", "", "NODES", 9, "more than 9 elements and attributes"),
    ("bom.xml", "", "LINE", 40, "longer than 40 characters"),
    ("pyproject.toml", "", "GROUPS", 1, "more than 1 dependency groups"),
    ("pyproject.toml", "", "PROJECT_REQUIREMENTS", 2, "more than 2 requirements"),
    ("pyproject.toml", "", "DEPTH", 1, "nested more than 1 levels deep"),
    ("tool.py", "", "PROJECT_REQUIREMENTS", 1, "more than 1 requirements"),
    ("tool.py", "", "SCRIPT_HEAD", 9, "in its first 0 MB"),
    ("app.pex", _APP, "ARCHIVE_MEMBERS", 2, "more than 2 members"),
    ("app.pex", _APP, "ZIPAPP_DIRECTORY", 9, "a directory larger than 0 MB"),
    ("app.pex", _APP, "MEMBER_PATH", 9, "more than 9 characters"),
    ("app.pex", _pex({}), "FILE", 1, "larger than 0 MB"),
    ("image.tar", _SAVED, "LAYERS", 0, "an image of more than 0 layers"),
    ("image.tar", MANY, "IMAGES", 1, "more than 1 images"),
    ("image.tar", _SAVED, "IMAGE_DOCUMENT", 9, "larger than 0 MB"),
    ("image.tar", _SAVED, "TREE_ENTRIES", 1, "more than 1 files"),
    ("image.tar", _SAVED, "ARCHIVE_MEMBERS", 1, "more than 1 members"),
    ("oci.tar", _OCI, "IMAGE_DOCUMENT", 9, "larger than 0 MB"),
    ("x-1-py3-none-any.whl", wheel()[1], "WHEEL", 9, "at most 0 GB"),
    ("x-1-py3-none-any.whl", wheel()[1], "ZIP_DIRECTORY", 9, "larger than 0 MB"),
    ("x-1-py3-none-any.whl", wheel()[1], "METADATA", 9, "larger than 0 MB"),
)
"""An input (the sample, where no content is given), a limit and what it is set to, the words of the error."""

_LINES = 50_000
REAL = (
    Broken("a line", "conda-linux-64.lock", f"@EXPLICIT\n# {'x' * 2**20}\n", "line 2: a line longer than"),
    Broken("depth", "pixi.lock", "version: 6\nenvironments: " + "[" * _LINES, "line 2: nested more than 50"),
    Broken("depth", "pex.lock.json", "[" * _LINES, "nested more than 50 levels deep"),
    Broken("depth", "pyproject.toml", f"x = {'[' * _LINES}{']' * _LINES}", "nested more than 50 levels deep"),
    Broken("depth", "bom.xml", "<bom>" + "<a>" * _LINES, "nested more than 50 levels deep"),
    Broken("a text", "bom.xml", f"<bom>{'x' * 2**20}</bom>", "longer than 1048576 characters"),
    Broken("a directory", "app.pex", lying(member("x"), size=33 * 2**20), "larger than 32 MB"),
    Broken(
        "a header", "image.tar", docker_save(_IMAGE, extra=(f("x" * 2**20),)), "a header larger than 1 MB"
    ),
)
"""Over limits as they are, one for each decoder at least."""
