"""A small document of every format that is handed content, with every kind of thing that its reader knows.

The hostile tests and the fuzzer change them; ``beside`` lies in the same folder.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """A document of the format ``format``, named ``name``. ``pins`` is how many its reader finds, ``beside``
    the texts of other files by their names."""

    format: str
    name: str
    text: str
    pins: int
    beside: tuple[tuple[str, str], ...] = ()


PROJECT = """
[project]
name = "app"
dependencies = ["a[x]>=1; os_name == 'nt'"]
[project.optional-dependencies]
x = ["b"]
[dependency-groups]
dev = ["b", {include-group = "test"}]
test = ["c"]
[tool.poetry.dependencies]
python = "^3.11"
a = {version = "^1", extras = ["x"], python = "<3.12", platform = "win32"}
[tool.poetry.group.docs.dependencies]
b = [{version = "1"}, "2"]
[[tool.poetry.source]]
name = "s"
url = "https://index.example/simple"
priority = "explicit"
[tool.pdm.dev-dependencies]
lint = ["b"]
[[tool.pdm.source]]
url = "https://index.example/simple"
[[tool.uv.index]]
url = "https://index.example/simple"
default = true
"""

_PROJECT = (("pyproject.toml", PROJECT),)

SAMPLES: tuple[Sample, ...] = (
    Sample(
        format="uv.lock",
        name="uv.lock",
        pins=2,
        beside=_PROJECT,
        text="""version = 1
revision = 5
requires-python = ">=3.11"
resolution-markers = ["os_name == 'nt'"]
supported-markers = ["os_name == 'nt'"]
[manifest]
members = ["app"]
requirements = [{ name = "a", specifier = ">=1" }]
[[package]]
name = "app"
source = { virtual = "." }
dependencies = [{ name = "a", extra = ["x"], marker = "os_name == 'nt'" }]
[package.optional-dependencies]
x = [{ name = "a", version = "1.0", source = { registry = "https://index.example/simple" } }]
[package.dev-dependencies]
dev = [{ name = "a" }]
[[package]]
name = "a"
version = "1.0"
source = { registry = "https://index.example/simple" }
resolution-markers = ["os_name == 'nt'"]
sdist = { url = "https://files.example/a-1.0.tar.gz", hash = "sha256:0", size = 1 }
wheels = [{ path = "a-1.0-py3-none-any.whl", upload-time = "2026-01-02T03:04:05Z" }]
""",
    ),
    Sample(
        format="pylock.toml",
        name="pylock.toml",
        pins=2,
        beside=_PROJECT,
        text="""lock-version = "1.0"
environments = ["os_name == 'nt'"]
requires-python = "==3.12.*"
created-by = "pip"
[[packages]]
name = "a"
version = "1.0"
marker = "'dev' in dependency_groups"
index = "https://index.example/simple"
dependencies = [{ name = "b", version = "1.0" }]
sdist = { name = "a-1.0.tar.gz", url = "https://files.example/a-1.0.tar.gz", hashes = { sha256 = "0" } }
wheels = [{ name = "a-1.0-cp313-cp313t-win_amd64.whl", path = "a.whl", upload-time = 2026-01-02T03:04:05Z }]
[packages.tool.pdm]
dependencies = ["b>=1"]
[[packages]]
name = "b"
vcs = { type = "git", url = "https://git.example/b", commit-id = "abc" }
""",
    ),
    Sample(
        format="poetry.lock",
        name="poetry.lock",
        pins=1,
        beside=_PROJECT,
        text="""[[package]]
name = "a"
version = "1.0"
optional = true
python-versions = ">=3.11"
groups = ["main", "dev"]
markers = {main = "os_name == 'nt'", dev = "extra == 'x'"}
files = [{file = "a-1.0.tar.gz", hash = "sha256:0"}]
[package.dependencies]
b = {version = "*", optional = true, markers = "extra == 'x'"}
c = [{version = ">=1", markers = "os_name == 'nt'"}]
[package.extras]
x = ["b (>=1)"]
[package.source]
type = "git"
url = "https://git.example/a"
resolved_reference = "abc"
[extras]
x = ["a"]
[metadata]
lock-version = "1.1"
python-versions = "^3.11"
[metadata.files]
a = [{file = "a-1.0.tar.gz", hash = "sha256:0"}]
""",
    ),
    Sample(
        format="pdm.lock",
        name="pdm.lock",
        pins=2,
        beside=_PROJECT,
        text="""[metadata]
groups = ["default"]
strategy = ["inherit_metadata"]
lock_version = "4.5.1"
[[metadata.targets]]
requires_python = "==3.12.*"
platform = "manylinux_2_28_x86_64"
[metadata.files]
"a 1.0" = [{url = "https://files.example/a.whl", hash = "sha256:0"}]
[[package]]
name = "a"
version = "1.0"
extras = ["x"]
requires_python = ">=3.8"
groups = ["default"]
marker = "os_name == 'nt'"
dependencies = ["b>=1; os_name == 'nt'"]
[[package]]
name = "b"
git = "https://git.example/b"
revision = "abc"
files = [{file = "b.whl", hash = "sha256:0"}]
""",
    ),
    Sample(
        format="Pipfile.lock",
        name="Pipfile.lock",
        pins=3,
        beside=_PROJECT,
        text="""{"_meta": {"pipfile-spec": 6, "requires": {"python_version": "3.11"},
"sources": [{"name": "s", "url": "https://index.example/simple", "verify_ssl": true}]},
"default": {"a": {"version": "==1.0", "index": "s", "markers": "os_name == 'nt'", "extras": ["x"]},
"b": {"git": "https://git.example/b", "ref": "abc"}, "c": {"file": "c.whl"}},
"develop": {"a": {"version": "==1.0", "hashes": ["sha256:0"]}}}
""",
    ),
    Sample(
        format="requirements.txt",
        name="requirements.txt",
        pins=3,
        text="""# made by hand
--index-url https://user:secret@index.example/simple
-r other.txt
a[x]==1.0 ; os_name == 'nt' \\
    --hash=sha256:0000000000000000000000000000000000000000000000000000000000000000
    # via
    #   -r x.in
    #   b
b>=2  # via a
c @ https://files.example/c-1.0-py3-none-any.whl
-e git+https://git.example/d@abc#egg=d
""",
    ),
    Sample(
        format="pixi.lock",
        name="pixi.lock",
        pins=3,
        text="""version: 7
platforms:
- name: linux-64
- name: p1
  subdir: osx-arm64
environments:
  default:
    channels:
    - url: https://conda.example/forge/
    indexes:
    - https://index.example/simple
    packages:
      linux-64:
      - conda: https://conda.example/forge/linux-64/python-3.14.5-h1_0_cp314t.conda
      - conda: https://conda.example/forge/noarch/a-1.0-pyhd8ed1ab_0.conda
      - pypi: https://files.example/b-1.0-py3-none-any.whl
      p1:
      - conda: https://conda.example/forge/noarch/a-1.0-pyhd8ed1ab_0.conda
packages:
- conda: https://conda.example/forge/linux-64/python-3.14.5-h1_0_cp314t.conda
  sha256: '0000000000000000000000000000000000000000000000000000000000000000'
  depends:
  - __glibc >=2.17
  - python_abi 3.14.* *_cp314t
  purls: []
- conda: https://conda.example/forge/noarch/a-1.0-pyhd8ed1ab_0.conda
  depends:
  - python >=3.9
  purls:
  - pkg:pypi/a@1.0
- pypi: https://files.example/b-1.0-py3-none-any.whl
  name: b
  version: '1.0'
  sha256: '0000000000000000000000000000000000000000000000000000000000000000'
  requires_dist:
  - a>=1 ; extra == 'x'
  requires_python: '>=3.9'
""",
    ),
    Sample(
        format="conda-lock.yml",
        name="conda-lock.yml",
        pins=3,
        text="""version: 1
metadata:
  content_hash:
    linux-64: '0'
  channels:
  - url: forge
    used_env_vars: []
  platforms:
  - linux-64
  - osx-64
  sources:
  - environment.yml
package:
- name: python
  version: 3.14.5
  manager: conda
  platform: linux-64
  dependencies:
    __glibc: '>=2.17'
    a: '>=1'
  url: https://conda.example/forge/linux-64/python-3.14.5-h1_0_cp314t.conda
  hash:
    md5: '0'
    sha256: '0'
  category: main
  optional: false
- name: a
  version: '1.0'
  manager: conda
  platform: osx-64
  dependencies: {}
  url: https://conda.example/forge/noarch/a-1.0-pyhd8ed1ab_0.conda
  hash:
    sha256: '0'
  category: dev
  optional: true
- name: b
  version: '1.0'
  manager: pip
  platform: linux-64
  dependencies:
    a: '>=1'
  url: https://files.example/b-1.0-py3-none-any.whl
  hash:
    sha256: '0'
  category: main
  optional: false
""",
    ),
    Sample(
        format="environment.yml",
        name="environment.yml",
        pins=1,
        text="""name: env
channels:
- forge
dependencies:
- python=3.14=*_cp314t
- forge::a[version='>=1',build=*_0]
- b=1.2=h1_0
- pip
- pip:
  - c==1.0
  - d>=2
  - -r requirements.txt
prefix: /opt/env
""",
    ),
    Sample(
        format="conda explicit",
        name="conda-linux-64.lock",
        pins=2,
        text="""# platform: linux-64
@EXPLICIT
https://conda.example/t/secret/forge/linux-64/python-3.14.5-h1_0_cp314t.conda#0123456789abcdef0123456789abcdef
https://user:secret@conda.example/forge/noarch/a-1.0-pyhd8ed1ab_0.tar.bz2
""",
    ),
    Sample(
        format="PEX lock",
        name="pex.lock.json",
        pins=2,
        text="""// This lockfile was autogenerated.
// --- BEGIN PANTS LOCKFILE METADATA ---
// {"version": 3}
// --- END PANTS LOCKFILE METADATA ---
{"allow_builds": true, "locked_resolves": [{"locked_requirements": [
{"artifacts": [{"algorithm": "sha256", "hash": "0", "url": "https://files.example/a-1.0-py3-none-any.whl"},
{"algorithm": "sha256", "hash": "0", "url": "https://files.example/a-1.0.tar.gz"}],
"project_name": "a", "requires_dists": ["b>=1; os_name == 'nt'", "c; extra == 'x'"],
"requires_python": ">=3.9", "version": "1.0"},
{"artifacts": [{"algorithm": "sha256", "hash": "0", "url": "git+https://git.example/b@abc"}],
"project_name": "b", "requires_dists": [], "requires_python": null, "version": "1.0"}],
"marker": "os_name == 'posix'", "platform_tag": ["cp311", "cp311", "manylinux_2_36_x86_64"]}],
"pex_version": "2.105.2", "requirements": ["a[x]>=1"], "requires_python": [">=3.11"], "style": "universal"}
""",
    ),
    Sample(
        format="pip inspect",
        name="inspect.json",
        pins=2,
        text="""{"version": "1", "pip_version": "26.3", "installed": [
{"metadata": {"name": "A", "version": "1.0",
"requires_dist": ["b>=1; extra == 'x'"],
"requires_python": ">=3.9", "classifier": ["Programming Language :: Python"]},
"metadata_location": "/env/lib/python3.14t/site-packages/a-1.0.dist-info", "installer": "pip",
"requested": true},
{"metadata": {"name": "b", "version": "2"}, "metadata_location": "/env/b.dist-info", "installer": "pip",
"requested": false,
"direct_url": {"url": "https://git.example/b", "vcs_info": {"vcs": "git", "commit_id": "abc"}}}],
"environment": {"python_version": "3.14", "python_full_version": "3.14.3", "sys_platform": "linux",
"platform_machine": "x86_64", "implementation_name": "cpython"}}
""",
    ),
    Sample(
        format="pip report",
        name="report.json",
        pins=2,
        text="""{"version": "1", "pip_version": "26.3", "install": [
{"download_info": {"url": "https://files.example/a-1.0-cp314-cp314t-win_amd64.whl",
"archive_info": {"hash": "sha256=0", "hashes": {"sha256": "0"}}}, "is_direct": false, "is_yanked": true,
"requested": true, "requested_extras": ["x"], "metadata": {"name": "a", "version": "1.0",
"requires_dist": ["b>=1"], "requires_python": ">=3.9"}},
{"download_info": {"url": "https://git.example/b", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
"is_direct": true, "requested": false, "metadata": {"name": "b", "version": "2"}}],
"environment": {"python_version": "3.14", "python_full_version": "3.14.3", "sys_platform": "win32",
"platform_machine": "AMD64", "implementation_name": "cpython"}}
""",
    ),
    Sample(
        format="CycloneDX",
        name="bom.json",
        pins=3,
        text="""{"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:0", "version": 1,
"metadata": {"component": {"type": "application", "name": "app", "bom-ref": "app"}},
"components": [{"type": "library", "name": "A", "version": "1.0", "bom-ref": "a",
"purl": "pkg:pypi/a@1.0?file_name=a.whl",
"hashes": [{"alg": "SHA-256", "content": "0"}], "scope": "optional",
"externalReferences": [{"type": "distribution", "url": "https://files.example/a-1.0-py3-none-any.whl",
"hashes": [{"alg": "SHA-256", "content": "0"}]}],
"properties": [{"name": "uv:package:marker", "value": "os_name == 'nt'"}],
"components": [{"type": "library", "name": "b", "version": "2",
"purl": "pkg:pypi/b@2?vcs_url=git%2Bhttps%3A%2F%2Fgit.example%2Fb%40abc", "bom-ref": "b"}]},
{"type": "library", "name": "c", "purl": "pkg:pypi/C_c@3%2Bcu1"},
{"type": "library", "name": "left-pad", "version": "1", "purl": "pkg:npm/left-pad@1"}],
"dependencies": [{"ref": "app", "dependsOn": ["a"]}, {"ref": "a", "dependsOn": ["b"]}]}
""",
    ),
    Sample(
        format="pyproject.toml",
        name="pyproject.toml",
        pins=0,
        text="""[project]
name = "app"
version = "1.0"
requires-python = ">=3.11"
dynamic = ["classifiers"]
dependencies = ["a[x]>=1; os_name == 'nt'", "b==1.0"]
[project.optional-dependencies]
x = ["b"]
[dependency-groups]
dev = ["b", {include-group = "test"}]
test = ["c"]
[tool.poetry.dependencies]
python = "^3.11"
d = {version = "^1", extras = ["x"], python = "<3.12", platform = "win32"}
[tool.uv]
dev-dependencies = ["e"]
""",
    ),
    Sample(
        format="PEP 723 script",
        name="tool.py",
        pins=0,
        text="""#!/usr/bin/env python
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "a[x]>=1; os_name == 'nt'",
#   "b==1.0",
# ]
# [tool.uv]
# exclude-newer = "2026-01-01T00:00:00Z"
# ///
print("never run")
""",
    ),
    Sample(
        format="CycloneDX",
        name="bom.xml",
        pins=2,
        text="""<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1">
  <metadata><component type="application" bom-ref="app"><name>app</name></component></metadata>
  <components>
    <component type="library" bom-ref="a">
      <name>A</name><version>1.0</version><scope>optional</scope>
      <hashes><hash alg="SHA-256">0</hash></hashes>
      <purl>pkg:pypi/a@1.0</purl>
      <externalReferences><reference type="distribution">
        <url>https://files.example/a-1.0.tar.gz</url>
      </reference></externalReferences>
      <components><component type="library"><name>b</name><purl>pkg:pypi/b@2</purl></component></components>
    </component>
    <component type="library"><name>left-pad</name><purl>pkg:npm/left-pad@1</purl></component>
  </components>
  <dependencies><dependency ref="app"><dependency ref="a"/></dependency></dependencies>
</bom>
""",
    ),
)
