"""Where in an input a hostile hand could write: a place of a small document of every format, in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tests.builders.samples import SAMPLES

HERE = "HERE"
"""What stands for the hostile text."""


@dataclass(frozen=True)
class Place:
    """``old`` of the sample document ``name`` is replaced by ``new``, in which `HERE` is the text.

    ``refused`` are words of the error where no such text is accepted; where it is empty, what can be written
    in the format is read.
    """

    name: str
    what: str
    old: str
    new: str
    refused: str = ""

    def document(self, text: str) -> str:
        """The document with *text* at the place, written as the format would have it."""
        (sample,) = [one for one in SAMPLES if one.name == self.name]
        assert sample.text.count(self.old) >= 1, self.old
        return sample.text.replace(self.old, self.new.replace(HERE, _written(self.name, text)), 1)

    @property
    def beside(self) -> dict[str, str]:
        """The other files of the sample's folder."""
        (sample,) = [one for one in SAMPLES if one.name == self.name]
        return dict(sample.beside)


def _written(name: str, text: str) -> str:
    if name.endswith((".txt", "-64.lock")):
        return text
    return escape(text) if name.endswith(".xml") else json.dumps(text)[1:-1]


def _rows() -> Iterator[Place]:
    for name, rows in _PLACES.items():
        for row in rows:
            yield Place(name, *row)


_PLACES: dict[str, tuple[tuple[str, ...], ...]] = {
    "pixi.lock": (
        ("environment", "  default:", '  "HERE":'),
        ("channel", "- url: https://conda.example/forge/", '- url: "HERE"'),
        ("platform", "- name: p1", '- name: "HERE"'),
        ("subdir", "subdir: osx-arm64", 'subdir: "HERE"'),
        ("index", "- https://index.example/simple", '- "HERE"'),
        (
            "archive",
            "- conda: https://conda.example/forge/noarch/a-1.0-pyhd8ed1ab_0.conda",
            '- conda: "https://conda.example/forge/noarch/HERE"',
            "packages.linux-64[1].conda: refers to a package that the lock does not hold",
        ),
        ("purl", "- pkg:pypi/a@1.0", '- "pkg:pypi/HERE@1.0"'),
        ("dependency", "- python >=3.9", '- "HERE"'),
        ("name", "name: b", 'name: "HERE"', "packages[2].name: invalid package name"),
        ("version", "version: '1.0'", 'version: "HERE"'),
        ("requirement", "- a>=1 ; extra == 'x'", '- "HERE"'),
        (
            "python",
            "requires_python: '>=3.9'",
            'requires_python: "HERE"',
            "packages[2].requires_python: invalid version specifier",
        ),
    ),
    "conda-lock.yml": (
        (
            "name",
            "name: a",
            'name: "HERE"',
            "package[1].url: is the archive of a 1.0, which the entry is not",
        ),
        ("name of a wheel", "name: b", 'name: "HERE"', "package[2].name: invalid package name"),
        ("version", "version: '1.0'", 'version: "HERE"', "package[1].url: is the archive of a 1.0, which"),
        ("category", "category: dev", 'category: "HERE"'),
        ("platform", "platform: linux-64", 'platform: "HERE"', "package[0].platform: no platform of conda"),
        ("channel", "url: forge", 'url: "HERE"'),
        ("manager", "manager: pip", 'manager: "HERE"', "package[2].manager: must be conda or pip"),
        ("dependency", "a: '>=1'", '"HERE": ">=1"'),
        ("url", "url: https://files.example/b-1.0-py3-none-any.whl", 'url: "HERE"'),
        (
            "folder",
            "https://conda.example/forge/noarch/a",
            '"https://conda.example/HERE/noarch/a-1.0-0.conda" #',
        ),
        ("hash", "sha256: '0'", 'sha256: "HERE"'),
    ),
    "environment.yml": (
        ("name", "name: env", 'name: "HERE"'),
        ("channel", "- forge\n", '- "HERE"\n'),
        ("spec", "- b=1.2=h1_0", '- "HERE"'),
        ("channel of a spec", "- b=1.2=h1_0", '- "HERE::b=1.2"'),
        ("version of a spec", "- b=1.2=h1_0", '- "b=HERE"'),
        ("version of python", "- python=3.14=*_cp314t", '- "python=HERE"'),
        ("requirement", "- c==1.0", '- "HERE"'),
        ("version of a requirement", "- c==1.0", '- "c===HERE"'),
        ("include", "- -r requirements.txt", '- "-r HERE"'),
        ("prefix", "prefix: /opt/env", 'prefix: "HERE"'),
    ),
    "conda-linux-64.lock": (
        ("platform", "# platform: linux-64", "# platform: HERE"),
        ("folder", "https://user:secret@conda.example/forge/", "https://conda.example/HERE/"),
        ("archive", "a-1.0-pyhd8ed1ab_0.tar.bz2", "HERE.conda", "line 4: "),
        ("hash", "#0123456789abcdef0123456789abcdef", "#HERE"),
        ("line", "@EXPLICIT\n", "@EXPLICIT\nHERE\n", "line 3: "),
    ),
    "pex.lock.json": (
        (
            "name",
            '"project_name": "a"',
            '"project_name": "HERE"',
            "locked_requirements[0].project_name: invalid package name",
        ),
        ("version", '"version": "1.0"}', '"version": "HERE"}'),
        ("url", "https://files.example/a-1.0.tar.gz", "HERE"),
        ("file name", "a-1.0.tar.gz", "HERE"),
        ("version in a file name", "a-1.0-py3-none-any.whl", "a-HERE-py3-none-any.whl"),
        ("revision", "git+https://git.example/b@abc", "git+https://git.example/b@HERE"),
        ("requirement", "b>=1; os_name == 'nt'", "HERE"),
        ("marker in a requirement", "b>=1; os_name == 'nt'", "b>=1; os_name == 'HERE'"),
        ("marker", "os_name == 'posix'", "os_name == 'HERE'"),
        ("whole marker", "os_name == 'posix'", "HERE"),
        ("tag", "manylinux_2_36_x86_64", "HERE"),
        ("root", '"requirements": ["a[x]>=1"]', '"requirements": ["HERE"]'),
        ("style", "universal", "HERE"),
        ("version of pex", "2.105.2", "HERE"),
    ),
    "inspect.json": (
        ("name", '"name": "A"', '"name": "HERE"', "installed[0].metadata.name: invalid package name"),
        ("version", '"version": "1.0"', '"version": "HERE"'),
        ("requirement", "b>=1; extra == 'x'", "HERE"),
        ("folder", "/env/lib/python3.14t/site-packages/", "HERE"),
        ("url", "https://git.example/b", "HERE"),
        ("revision", '"commit_id": "abc"', '"commit_id": "HERE"'),
        ("system", '"sys_platform": "linux"', '"sys_platform": "HERE"'),
        ("machine", '"platform_machine": "x86_64"', '"platform_machine": "HERE"'),
        ("python", '"python_version": "3.14"', '"python_version": "HERE"'),
        ("interpreter", '"implementation_name": "cpython"', '"implementation_name": "HERE"'),
        ("whole version", '"python_full_version": "3.14.3"', '"python_full_version": "HERE"'),
    ),
    "report.json": (
        ("url", "https://files.example/a-1.0-cp314-cp314t-win_amd64.whl", "HERE"),
        ("file name", "a-1.0-cp314-cp314t-win_amd64.whl", "HERE"),
        ("version in a file name", "a-1.0-cp314-cp314t-win_amd64.whl", "a-HERE-cp314-cp314t-win_amd64.whl"),
        ("extra", '"requested_extras": ["x"]', '"requested_extras": ["HERE"]'),
        ("name", '"name": "a"', '"name": "HERE"', "install[0].metadata.name: invalid package name"),
        ("version", '"version": "1.0"', '"version": "HERE"'),
        ("system", '"sys_platform": "win32"', '"sys_platform": "HERE"'),
    ),
    "bom.json": (
        ("purl", "pkg:pypi/C_c@3%2Bcu1", "HERE"),
        ("version of a purl", "pkg:pypi/C_c@3%2Bcu1", "pkg:pypi/C_c@HERE"),
        ("ecosystem", "pkg:npm/left-pad@1", "pkg:HERE/left-pad@1"),
        ("name", '"name": "c"', '"name": "HERE"'),
        ("version", '"name": "A", "version": "1.0"', '"name": "A", "version": "HERE"'),
        ("file name", "file_name=a.whl", "file_name=HERE"),
        ("url", "https://files.example/a-1.0-py3-none-any.whl", "HERE"),
        ("marker", "os_name == 'nt'", "os_name == 'HERE'"),
        ("whole marker", "os_name == 'nt'", "HERE"),
        ("version in a file name", "a-1.0-py3-none-any.whl", "a-HERE-py3-none-any.whl"),
        ("repository", "git%2Bhttps%3A%2F%2Fgit.example%2Fb%40abc", "HERE"),
        ("reference", '"dependsOn": ["b"]', '"dependsOn": ["HERE"]'),
        ("own name", '"name": "app"', '"name": "HERE"'),
        ("component without a purl", '"purl": "pkg:npm/left-pad@1"', '"group": "HERE"'),
        (
            "version of the format",
            '"specVersion": "1.6"',
            '"specVersion": "HERE"',
            "specVersion: unsupported version",
        ),
    ),
    "bom.xml": (
        ("name", "<name>b</name>", "<name>HERE</name>"),
        ("version", "<version>1.0</version>", "<version>HERE</version>"),
        ("purl", "pkg:pypi/b@2", "HERE"),
        ("url", "https://files.example/a-1.0.tar.gz", "HERE"),
        ("own name", "<name>app</name>", "<name>HERE</name>"),
    ),
    "pyproject.toml": (
        ("name", 'name = "app"', 'name = "HERE"'),
        ("requirement", '"b==1.0"', '"HERE"', "dependencies[1]: invalid requirement"),
        ("version of a requirement", '"b==1.0"', '"b===HERE"'),
        ("marker", "os_name == 'nt'", "os_name == 'HERE'"),
        ("extra", 'x = ["b"]', '"HERE" = ["b"]'),
        ("group", 'test = ["c"]', 'test = ["c"]\n"HERE" = ["c"]'),
        (
            "included group",
            'include-group = "test"',
            'include-group = "HERE"',
            "dependency-groups.dev: includes ",
        ),
        ("python", '">=3.11"', '"HERE"', "requires-python: invalid version specifier"),
        ("name of a dependency", 'd = {version = "^1"', '"HERE" = {version = "^1"'),
        ("constraint of a dependency", 'd = {version = "^1"', 'd = {version = "HERE"'),
    ),
    "tool.py": (
        ("requirement", '"b==1.0"', '"HERE"', "dependencies[1]: invalid requirement"),
        ("python", '">=3.11"', '"HERE"', "requires-python: invalid version specifier"),
        ("table", "[tool.uv]", "[HERE]"),
    ),
    "uv.lock": (
        ("name", 'name = "a"\nversion', 'name = "HERE"\nversion', "package[1].name: invalid package name"),
        ("version", 'version = "1.0"', 'version = "HERE"'),
        ("group", "dev = [", '"HERE" = ['),
        ("extra", "[package.optional-dependencies]\nx =", '[package.optional-dependencies]\n"HERE" ='),
        ("index", "https://index.example/simple", "HERE"),
        ("file", "a-1.0-py3-none-any.whl", "HERE"),
        ("version in a file name", "a-1.0-py3-none-any.whl", "a-HERE-py3-none-any.whl"),
        ("marker", "os_name == 'nt'", "os_name == 'HERE'"),
        ("python", ">=3.11", "HERE", "requires-python: invalid version specifier"),
    ),
    "pylock.toml": (
        ("version in a file name", "a-1.0-cp313-cp313t-win_amd64.whl", "a-HERE-py3-none-any.whl"),
        ("version in an archive's name", 'name = "a-1.0.tar.gz"', 'name = "a-HERE.tar.gz"'),
        ("tool", 'created-by = "pip"', 'created-by = "HERE"'),
        (
            "version of the format",
            'lock-version = "1.0"',
            'lock-version = "1.HERE"',
            "lock-version: not a version",
        ),
        ("index", "https://index.example/simple", "HERE"),
        ("revision", 'commit-id = "abc"', 'commit-id = "HERE"'),
        ("group in a marker", "'dev' in dependency_groups", "'HERE' in dependency_groups"),
    ),
    "poetry.lock": (
        ("version in a file name", 'file = "a-1.0.tar.gz"', 'file = "a-HERE.tar.gz"'),
        ("group", 'groups = ["main", "dev"]', 'groups = ["main", "HERE"]'),
        ("repository", "https://git.example/a", "HERE"),
        ("revision", 'resolved_reference = "abc"', 'resolved_reference = "HERE"'),
        ("extra", '[extras]\nx = ["a"]', '[extras]\n"HERE" = ["a"]'),
    ),
    "pdm.lock": (
        ("group", 'groups = ["default"]\nmarker', 'groups = ["HERE"]\nmarker'),
        ("platform", "manylinux_2_28_x86_64", "HERE"),
        ("revision", 'revision = "abc"', 'revision = "HERE"'),
    ),
    "Pipfile.lock": (
        ("category", '"develop"', '"HERE"'),
        ("reference", '"ref": "abc"', '"ref": "HERE"'),
        ("extra", '"extras": ["x"]', '"extras": ["HERE"]'),
        ("python", '"python_version": "3.11"', '"python_version": "HERE"'),
    ),
    "requirements.txt": (
        ("line", "# made by hand", "HERE"),
        ("version", "a[x]==1.0 ;", "a[x]===HERE ;"),
        ("extra", "a[x]", "a[HERE]"),
        ("include", "-r other.txt", "-r HERE"),
        ("option", "-r other.txt", "--HERE"),
        ("index", "https://user:secret@index.example/simple", "HERE"),
        ("url", "https://files.example/c-1.0-py3-none-any.whl", "HERE"),
        ("version in a file name", "/c-1.0-py3-none-any.whl", "/c-HERE-py3-none-any.whl"),
        ("version in an archive's name", "/c-1.0-py3-none-any.whl", "/c-HERE.tar.gz"),
        ("repository", "git+https://git.example/d@abc", "git+https://git.example/HERE"),
        ("comment", "# via a", "# via HERE"),
    ),
}
"""By the sample's file name: what the place is, what stands there, what is put there."""

PLACES = tuple(_rows())
