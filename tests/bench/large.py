"""Documents of every format, as large as one likes, each growing in one direction.

None of them is broken: what has to be shown is that the time grows with the size, whatever it is that there
is much of. The names of the shapes say what that is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

MANY = 200
"""Of what an entry has many of."""
LONG = 200_000
"""Characters of what is long in it."""
DEEP = 40

PACKAGES, EDGES, FILES, STRINGS, GROUPS, MARKERS, VERSIONS, DEPTH = SHAPES = (
    "packages",
    "edges",
    "files",
    "strings",
    "groups",
    "markers",
    "versions",
    "depth",
)
"""Many small packages; many edges, files, long strings, groups (or environments), distinct markers, versions
of one name, or levels in each."""

Entry = Callable[[str, int], str]


@dataclass(frozen=True)
class Large:
    """How documents of one format are made: ``entry`` gives the text of package number *n* of a shape,
    empty where the format has nothing of the kind."""

    name: str
    head: str
    entry: Entry
    tail: str = ""
    between: str = "\n"

    def text(self, shape: str, size: int) -> str:
        """A document of about *size* bytes."""
        found: list[str] = []
        length = 0
        while length < size:
            entry = self.entry(shape, len(found))
            found.append(entry)
            length += len(entry)
        return self.head + self.between.join(found) + self.tail

    @property
    def shapes(self) -> Iterator[str]:
        return (shape for shape in SHAPES if self.entry(shape, 0))


def name(shape: str, n: int) -> str:
    return f"p{n // 90}" if shape == VERSIONS else f"p{n}"


def version(shape: str, n: int) -> str:
    return f"1.{n % 90}" if shape == VERSIONS else "1.0"


def needed(shape: str, n: int) -> list[str]:
    """The names of what package *n* needs."""
    count = MANY if shape == EDGES else 1 if shape in (MARKERS, PACKAGES) else 0
    return [f"p{(n * 7 + each) % max(n, 1)}" for each in range(count)]


def marker(shape: str, n: int) -> str:
    return f"python_version < '3.{n}' and os_name == 'x{n}'" if shape == MARKERS else ""


def names(of: str, n: int) -> str:
    """The inside of an array of names."""
    return ", ".join(f'"{of}{n % 4}-{each}"' for each in range(MANY))


def files(shape: str, n: int) -> list[str]:
    if shape == STRINGS:
        return [f"{'x' * LONG}/p{n}-1.0-py3-none-any.whl"]
    return [f"p{n}-1.0-{each}-py3-none-any.whl" for each in range(MANY if shape == FILES else 1)]


def deep(shape: str) -> str:
    return "[" * DEEP + "]" * DEEP if shape == DEPTH else "[]"


def required(shape: str, n: int) -> list[str]:
    """PEP 508 texts."""
    end = f"; {marker(shape, n)}" if shape == MARKERS else ""
    return [f"{each}>=1{end}" for each in needed(shape, n)]


def uv(shape: str, n: int) -> str:
    tail = f', marker = "{marker(shape, n)}"' if shape == MARKERS else ""
    edges = ", ".join(f'{{ name = "{each}"{tail} }}' for each in needed(shape, n))
    if shape == VERSIONS:
        edges = ""
    wheels = ", ".join(
        f'{{ url = "https://files.example/{each}", hash = "sha256:0" }}' for each in files(shape, n)
    )
    text = f"""[[package]]
name = "{name(shape, n)}"
version = "{version(shape, n)}"
source = {{ registry = "https://index.example/simple" }}
dependencies = [{edges}]
wheels = [{wheels}]
x = {deep(shape)}
"""
    if shape != GROUPS:
        return text
    groups = "\n".join(f'g{n}-{each} = [{{ name = "m{n}" }}]' for each in range(MANY))
    return f"""[[package]]
name = "m{n}"
source = {{ editable = "m{n}" }}
[package.dev-dependencies]
{groups}
"""


def poetry(shape: str, n: int) -> str:
    tail = f', markers = "{marker(shape, n)}"' if shape == MARKERS else ""
    edges = "\n".join(f'{each} = {{ version = "*"{tail} }}' for each in dict.fromkeys(needed(shape, n)))
    listed = ", ".join(f'{{file = "{each}", hash = "sha256:0"}}' for each in files(shape, n))
    if shape == STRINGS:
        listed = f'{{file = "p{n}-1.0.tar.gz", hash = "sha256:{"x" * LONG}"}}'
    groups = names("g", n) if shape == GROUPS else '"main"'
    return f"""[[package]]
name = "{name(shape, n)}"
version = "{version(shape, n)}"
optional = false
python-versions = "*"
groups = [{groups}]
files = [{listed}]
x = {deep(shape)}
[package.dependencies]
{edges}
"""


def pdm(shape: str, n: int) -> str:
    key = "url" if shape == STRINGS else "file"
    listed = ", ".join(f'{{{key} = "{each}", hash = "sha256:0"}}' for each in files(shape, n))
    groups = names("g", n) if shape == GROUPS else '"default"'
    return f"""[[package]]
name = "{name(shape, n)}"
version = "{version(shape, n)}"
groups = [{groups}]
dependencies = {json.dumps(required(shape, n))}
files = [{listed}]
x = {deep(shape)}
"""


def pylock(shape: str, n: int) -> str:
    edges = ", ".join(f'{{ name = "{each}" }}' for each in needed(shape, n))
    wheels = ", ".join(
        f'{{ url = "https://files.example/{each}", hashes = {{ sha256 = "{"0" * 64}" }} }}'
        for each in files(shape, n)
    )
    said = marker(shape, n)
    if shape == GROUPS:
        said = " or ".join(f"'g{n}-{each}' in dependency_groups" for each in range(MANY))
    held = f'marker = "{said}"' if said else ""
    return f"""[[packages]]
name = "{name(shape, n)}"
version = "{version(shape, n)}"
{held}
dependencies = [{edges}]
wheels = [{wheels}]
[packages.tool.x]
x = {deep(shape)}
"""


def pipfile(shape: str, n: int) -> str:
    if shape in (EDGES, VERSIONS):
        return ""
    hashes = ", ".join(f'"sha256:{each:064x}"' for each in range(MANY if shape == FILES else 1))
    said = f', "markers": "{marker(shape, n)}"' if shape == MARKERS else ""
    index = f', "index": "{"x" * LONG}"' if shape == STRINGS else ""
    pin = f'"p{n}": {{"version": "==1.0", "hashes": [{hashes}]{said}{index}, "x": {deep(shape)}}}'
    return pin if shape != GROUPS else f'"p{n}": {{"version": "==1.0"}}}}, "g{n}": {{{pin}'


def requirements(shape: str, n: int) -> str:
    if shape in (GROUPS, DEPTH, STRINGS):
        return ""
    end = f" ; {marker(shape, n)}" if shape == MARKERS else ""
    hashes = " \\\n".join(f"    --hash=sha256:{each:064x}" for each in range(MANY if shape == FILES else 1))
    via = "\n".join(f"    #   {each}" for each in needed(shape, n))
    return f"{name(shape, n)}=={version(shape, n)}{end} \\\n{hashes}\n    # via\n{via}"


def explicit(shape: str, n: int) -> str:
    if shape not in (PACKAGES, VERSIONS):
        return ""
    return f"https://conda.example/forge/linux-64/{name(shape, n)}-{version(shape, n)}-py314h_0.conda"


def conda_lock(shape: str, n: int) -> str:
    edges = "\n".join(f"    {each}: '>=1'" for each in dict.fromkeys(needed(shape, n)))
    groups = f"\n  categories: [{names('g', n)}]" if shape == GROUPS else ""
    long = f"\n  x: {'x' * LONG}" if shape == STRINGS else f"\n  x: {deep(shape)}"
    if shape in (FILES, MARKERS):
        return ""
    at = f"{name(shape, n)}-{version(shape, n)}-py314h_0.conda"
    return f"""- name: {name(shape, n)}
  version: '{version(shape, n)}'
  manager: conda
  platform: linux-64
  dependencies:{chr(10) + edges if edges else " {}"}
  url: https://conda.example/forge/linux-64/{at}
  hash:
    sha256: '0'
  optional: false{groups}{long}"""


def pixi(shape: str, n: int) -> str:
    """Where the lock says that an environment holds the package: of many, one for each platform."""
    if shape in (FILES, MARKERS):
        return ""
    at = f"https://conda.example/forge/linux-64/{name(shape, n)}-{version(shape, n)}-py314h_0.conda"
    if shape == GROUPS:
        return "\n".join(f"      platform-{n}-{each}:\n      - conda: {at}" for each in range(MANY))
    return f"      - conda: {at}"


def pixi_packages(shape: str, n: int) -> str:
    edges = "\n".join(f"  - {each} >=1" for each in needed(shape, n))
    long = f"\n  x: {'x' * LONG}" if shape == STRINGS else f"\n  x: {deep(shape)}"
    at = f"https://conda.example/forge/linux-64/{name(shape, n)}-{version(shape, n)}-py314h_0.conda"
    return f"- conda: {at}\n  sha256: '0'\n  depends:{chr(10) + edges if edges else ' []'}{long}"


class LargePixi(Large):
    """The packages stand there once as what the environment holds, and once with what they are."""

    def text(self, shape: str, size: int) -> str:
        held = ["      linux-64: []" if shape == GROUPS else "      linux-64:"]
        listed: list[str] = []
        length = 0
        while length < size:
            held.append(self.entry(shape, len(listed)))
            listed.append(pixi_packages(shape, len(listed)))
            length += len(held[-1]) + len(listed[-1])
        return "\n".join([self.head, *held, "packages:", *listed, ""])


def environment(shape: str, n: int) -> str:
    if shape == PACKAGES:
        return f"- p{n}=1.0=py314h_0"
    return f"- pip:\n{chr(10).join(f'  - p{each}==1.{n}' for each in range(MANY))}" if shape == GROUPS else ""


def pex(shape: str, n: int) -> str:
    if shape == GROUPS:
        return ""
    artifacts = [
        {"algorithm": "sha256", "hash": "0" * 64, "url": f"https://files.example/{each}"}
        for each in files(shape, n)
    ]
    return json.dumps(
        {
            "artifacts": artifacts,
            "project_name": name(shape, n),
            "requires_dists": required(shape, n),
            "requires_python": ">=3.9",
            "version": version(shape, n),
            "x": json.loads(deep(shape)),
        }
    )


def metadata(shape: str, n: int) -> dict[str, object]:
    return {
        "name": name(shape, n),
        "version": version(shape, n),
        "requires_dist": required(shape, n),
        "requires_python": ">=3.9",
        "classifier": [f"Topic :: {each}" for each in range(MANY)] if shape == GROUPS else [],
        "description": "x" * LONG if shape == STRINGS else "",
        "x": json.loads(deep(shape)),
    }


def inspect(shape: str, n: int) -> str:
    if shape in (FILES, VERSIONS):
        return ""
    at = f"/env/lib/python3.14t/site-packages/p{n}-1.0.dist-info"
    return json.dumps(
        {"metadata": metadata(shape, n), "metadata_location": at, "installer": "pip", "requested": True}
    )


def report(shape: str, n: int) -> str:
    if shape in (FILES, VERSIONS):
        return ""
    at = {"url": f"https://files.example/p{n}-1.0-py3-none-any.whl", "archive_info": {"hashes": {}}}
    return json.dumps(
        {"download_info": at, "is_direct": False, "requested": True, "metadata": metadata(shape, n)}
    )


def component(shape: str, n: int) -> dict[str, Any]:
    """A component's object; deep ones are nested in each other."""
    made: dict[str, Any] = {
        "type": "library",
        "name": name(shape, n),
        "version": version(shape, n),
        "bom-ref": f"r{n}",
        "purl": f"pkg:pypi/{name(shape, n)}@{version(shape, n)}",
    }
    if shape in (FILES, STRINGS):
        made["externalReferences"] = [
            {"type": "distribution", "url": f"https://files.example/{each}"} for each in files(shape, n)
        ]
    if shape == GROUPS:
        made["properties"] = [{"name": f"g{each}", "value": "x"} for each in range(MANY)]
    if shape == MARKERS:
        made["properties"] = [{"name": "uv:package:marker", "value": marker(shape, n)}]
    inner = made
    for each in range(DEEP // 3 if shape == DEPTH else 0):
        below = component(PACKAGES, n) | {"bom-ref": f"r{n}-{each}", "purl": f"pkg:pypi/p{n}-{each}@1"}
        inner["components"] = [below]
        inner = below
    return made


def cyclonedx(shape: str, n: int) -> str:
    return json.dumps(component(shape, n))


def cyclonedx_edges(shape: str, n: int) -> str:
    ends = [f"r{each[1:]}" for each in needed(shape, n)]
    return json.dumps({"ref": f"r{n}", "dependsOn": ends})


class LargeBom(Large):
    """The components and, behind them all, what each needs."""

    def text(self, shape: str, size: int) -> str:
        found: list[str] = []
        edges: list[str] = []
        length = 0
        while length < size:
            found.append(self.entry(shape, len(found)))
            edges.append(self.edges(shape, len(edges)))
            length += len(found[-1]) + len(edges[-1])
        return self.head + self.between.join(found) + self.middle + self.between.join(edges) + self.tail

    middle = '],\n"dependencies": ['

    def edges(self, shape: str, n: int) -> str:
        return cyclonedx_edges(shape, n)


class LargeXml(LargeBom):
    """The same in XML."""

    middle = "</components><dependencies>"

    def edges(self, shape: str, n: int) -> str:
        ends = "".join(f'<dependency ref="r{each[1:]}"/>' for each in needed(shape, n))
        return f'<dependency ref="r{n}">{ends}</dependency>'


def xml(shape: str, n: int) -> str:
    return _xml(component(shape, n))


def _xml(made: dict[str, Any]) -> str:
    within = "".join(f"<{key}>{made[key]}</{key}>" for key in ("name", "version", "purl"))
    references = "".join(
        f"<reference type='distribution'><url>{each['url']}</url></reference>"
        for each in made.get("externalReferences", ())
    )
    properties = "".join(
        f'<property name="{each["name"]}">{each["value"].replace("<", "&lt;")}</property>'
        for each in made.get("properties", ())
    )
    within += f"<externalReferences>{references}</externalReferences>" if references else ""
    within += f"<properties>{properties}</properties>" if properties else ""
    if "components" in made:
        within += f"<components>{''.join(map(_xml, made['components']))}</components>"
    return f'<component type="library" bom-ref="{made["bom-ref"]}">{within}</component>'


def declared(shape: str, n: int) -> str:
    if shape == GROUPS:
        return f"g{n} = [{names('p', n)}]"
    return f"g{n} = {json.dumps(required(EDGES, n))}" if shape == EDGES else ""


def script(shape: str, n: int) -> str:
    return f'#   "p{n}>=1",' if shape == PACKAGES else ""


_PIP = '{"version": "1", "pip_version": "26.3", '
_ENVIRONMENT = '],\n"environment": {}}'
_BOM = '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": ['
_BOM_XML = '<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components>'

LARGE = (
    Large("uv.lock", 'version = 1\nrequires-python = ">=3.11"\n', uv),
    Large("pylock.toml", 'lock-version = "1.0"\ncreated-by = "x"\n', pylock),
    Large("poetry.lock", '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.11"\n', poetry),
    Large("pdm.lock", '[metadata]\ngroups = ["default"]\nlock_version = "4.5.0"\n', pdm),
    Large("Pipfile.lock", '{"_meta": {"pipfile-spec": 6}, "default": {', pipfile, "}}", ",\n"),
    Large("requirements.txt", "", requirements, "\n"),
    LargePixi(
        "pixi.lock",
        "version: 6\nenvironments:\n  default:\n    channels: []\n    packages:",
        pixi,
    ),
    Large("conda-lock.yml", "version: 1\nmetadata: {}\npackage:\n", conda_lock, "\n"),
    Large("conda-linux-64.lock", "@EXPLICIT\n", explicit, "\n"),
    Large("environment.yml", "channels: []\ndependencies:\n", environment, "\n"),
    Large(
        "pex.lock.json",
        '{"pex_version": "2.105.2", "style": "universal", "requirements": ["p0"], "requires_python": [],\n'
        '"locked_resolves": [{"locked_requirements": [',
        pex,
        "]}]}",
        ",\n",
    ),
    Large("inspect.json", _PIP + '"installed": [', inspect, _ENVIRONMENT, ",\n"),
    Large("report.json", _PIP + '"install": [', report, _ENVIRONMENT, ",\n"),
    LargeBom("bom.json", _BOM, cyclonedx, "]}", ",\n"),
    LargeXml("bom.xml", _BOM_XML, xml, "</dependencies></bom>"),
    Large("pyproject.toml", '[project]\nname = "app"\n[dependency-groups]\n', declared, "\n"),
    Large("tool.py", "# /// script\n# dependencies = [\n", script, "\n# ]\n# ///\n"),
)
