"""CycloneDX: what a component is, its package URL, the graph; JSON and XML say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftaudit.errors import FtauditError, InputError
from ftaudit.model.project import Choices, ListedFile, Pin, Problem, Reading, Severity, Source, SourceKind
from ftaudit.sources.registry import choose
from ftaudit.sources.sbom.cyclonedx import FORMAT
from ftaudit.sources.selection import Selection, chosen
from tests.builders.documents import document, document_at
from tests.builders.expected import named_on_their_lines, read_both
from tests.builders.json_attacks import bears, with_wrong_types
from tests.builders.locks import named, only, origin, problem

REAL = (
    "CycloneDX__bom-examples/bom.json",
    "generated/uv/uv.cdx.json",
    "generated/sbom/env.cdx.json",
    "generated/sbom/env.cdx.xml",
    "generated/sbom/reqs.cdx.json",
)
UV = {"tools": [{"vendor": "v", "name": "uv", "version": "0.9"}]}
SHA = "0a" * 32


def bom(*components: object, version: str = "1.6", **more: object) -> str:
    head = {"bomFormat": "CycloneDX", "specVersion": version}
    return json.dumps({**head, "components": components, **more}, indent=1)


def xml(components: str = "", more: str = "", version: str = "1.6") -> str:
    return (
        f'<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/{version}">\n'
        f"<components>\n{components}\n</components>\n{more}\n</bom>\n"
    )


def part(purl: str | None = "pkg:pypi/a@1.0", /, **more: object) -> dict[str, object]:
    """A component; ``bom_ref`` is its bom-ref."""
    found = {key.replace("_", "-"): value for key, value in more.items()}
    return {"type": "library", "name": "x", **({} if purl is None else {"purl": purl}), **found}


def read(text: str | bytes, name: str = "bom.json") -> Reading:
    return FORMAT.read(document(name, text))


def one(purl: str | None, /, **more: object) -> Reading:
    return read(bom(part(purl, **more)))


def rules(reading: Reading) -> list[str]:
    return [found.rule for found in reading.problems]


# -- what it is --


@pytest.mark.parametrize(
    ("name", "content", "score"),
    [
        ("x", bom(), 2),
        ("x", '\ufeff\n{"components": [],\n "bomFormat" : "CycloneDX"}', 2),
        ("x", xml(), 2),
        ("bom.json", "{}", 1),
        ("app.cdx.xml", "", 1),
        ("x.json", '{"bomFormat": "other"}', 0),
        ("x.xml", "<project/>", 0),
        ("requirements.txt", "a==1.0  # bomFormat CycloneDX", 0),
        ("x.json", '{"spdxVersion": "SPDX-2.3"}', 1),
        ("x.spdx", "SPDXVersion: SPDX-2.3\n", 1),
    ],
)
def test_it_is_known_by_its_content_and_then_by_its_name(name: str, content: str, score: int) -> None:
    assert FORMAT.score(document(name, content)) == score


def test_utf_16_is_recognised_and_read_in_xml() -> None:
    content = xml("<component type='library'><name>a</name><purl>pkg:pypi/a@1</purl></component>").encode(
        "utf-16"
    )
    assert choose(document("x", content)) == FORMAT
    assert only(read(content)).name == "a"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.spdx.json", '{"spdxVersion": "SPDX-2.3", "packages": []}'),
        ("x.spdx", "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n"),
        ("x.json", '{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}'),
        ("x.rdf", '<rdf:RDF xmlns:rdf="urn:r" xmlns:s="http://spdx.org/rdf/terms#"/>'),
    ],
)
def test_spdx_is_not_read_and_said_so(name: str, text: str) -> None:
    found = choose(document(name, text))
    assert found == FORMAT
    with pytest.raises(InputError, match=f"^{name}: SPDX, which ftaudit does not read$") as caught:
        found.read(document(name, text))
    assert caught.value.advice == "make an SBOM in CycloneDX format"


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_every_version_from_1_2_to_1_7_is_read(version: str) -> None:
    component = "<component type='library'><name>a</name><purl>pkg:pypi/a@1.0</purl></component>"
    for reading in (read(bom(part(), version=version)), read(xml(component, version=version))):
        assert only(reading).version == "1.0"
        assert reading.problems == ()
        assert not reading.closed
        assert (reading.roots, reading.made_for, reading.choices) == (None, None, None)


@pytest.mark.parametrize("version", ["1.0", "1.1", "2.0", "0.9", "1", "", "1.6.1", "1.x", "١.٦"])
def test_other_versions_are_refused(version: str) -> None:
    for text in (bom(version=version), xml(version=version)):
        with pytest.raises(InputError, match="specVersion: unsupported version of CycloneDX"):
            read(text)


def test_a_newer_minor_version_is_read_with_a_warning() -> None:
    found = problem(read(bom(part(), version="1.8")))
    assert (found.rule, found.severity) == ("newer-format-version", Severity.WARNING)
    assert found.message == "specVersion: 1.8 is newer than what ftaudit knows (1.7)"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("bom.json", "", "the file is empty"),
        ("bom.xml", "", "the file is empty"),
        ("bom.json", "[]", "top level: must be an object"),
        ("bom.json", '{"specVersion": "1.6"}', "bomFormat: must be CycloneDX"),
        ("bom.json", '{"bomFormat": "CycloneDX"}', "specVersion is missing"),
        ("bom.json", '{"bomFormat": "CycloneDX", "specVersion": 1.6}', "specVersion: must be a string"),
        ("bom.json", bom()[:-3], "invalid JSON"),
        ("bom.json", '{"bomFormat": "CycloneDX", "bomFormat": "CycloneDX"}', "duplicate key bomFormat"),
        (
            "bom.json",
            bom(part(version=1)),
            r"components\[0\].version: must be a string",
        ),
        ("bom.json", bom(part(scope=[])), r"components\[0\].scope: must be a string"),
        ("bom.json", bom(dependencies=[{"dependsOn": []}]), r"dependencies\[0\]: ref is missing"),
        ("bom.xml", "<bom/>", "line 1: the root element is no CycloneDX bom"),
        ("bom.xml", "x", "line 1: invalid XML"),
        ("bom.xml", xml()[:-8], "invalid XML"),
        ("bom.xml", xml(more="<components/>"), "line 6: a second element components"),
        ("bom.xml", xml(more="<dependencies><dependency/></dependencies>"), "ref is missing"),
        (
            "bom.xml",
            xml("<component><name>a</name>\n<purl>pkg:npm/b@1</purl>\n<purl>pkg:pypi/a@1</purl></component>"),
            "line 6: a second element purl",
        ),
    ],
)
def test_what_is_refused(name: str, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(text, name)


def test_json_on_one_long_line_is_read() -> None:
    assert only(read(json.dumps(json.loads(bom(part(description="x" * 2_000_000)))))).name == "a"


# -- a component --


@pytest.mark.parametrize(
    ("purl", "name", "version"),
    [
        ("pkg:pypi/NumPy@2.5.5", "numpy", "2.5.5"),
        ("pkg:pypi/a_b.c@1.0%2Bcu128", "a-b-c", "1.0+cu128"),
        ("PKG:PyPI/a@1!2.0", "a", "1!2.0"),
    ],
)
def test_the_name_is_normalised_and_the_version_is_the_text(purl: str, name: str, version: str) -> None:
    pin = only(one(purl))
    assert (pin.name, pin.version, pin.source) == (name, version, Source(kind=SourceKind.INDEX))


@pytest.mark.parametrize(
    ("qualifiers", "source"),
    [
        ("", Source(kind=SourceKind.INDEX)),
        (
            "?vcs_url=git%2Bhttps://u:p@git.example/a%40abc",
            Source(kind=SourceKind.GIT, location="git+https://git.example/a@abc"),
        ),
        (
            "?download_url=git+ssh://git.example/a",
            Source(kind=SourceKind.GIT, location="git+ssh://git.example/a"),
        ),
        (
            "?download_url=https%3A%2F%2Fu:p%40files.example%2Fa.whl",
            Source(kind=SourceKind.URL, location="https://files.example/a.whl"),
        ),
        ("?download_url=file:///a.whl", Source(kind=SourceKind.PATH, location="file:///a.whl")),
        (
            "?repository_url=https://index.example/simple",
            Source(kind=SourceKind.INDEX, location="https://index.example/simple"),
        ),
        ("?extension=x", Source(kind=SourceKind.INDEX)),
    ],
)
def test_every_kind_of_source(qualifiers: str, source: Source) -> None:
    reading = one(f"pkg:pypi/a@1{qualifiers}")
    assert only(reading).source == source
    assert reading.problems == ()


@pytest.mark.parametrize(
    ("purl", "words"),
    [
        ("pkg:pypi/..%2f..%2fetc@1", 'invalid package name "../../etc"'),
        ("pkg:pypi/a%1b%5B2J@1", r'invalid package name "a\x1b[2J"'),
        ("pkg:pypi/a%E2%80%AEb@1", r'invalid package name "a\u202eb"'),
        ("pkg:pypi/%3Cscript%3E@1", 'invalid package name "<script>"'),
        ("pkg:pypi/%0A::error::x@1", r'invalid package name "\x0a::error::x"'),
        ("pkg:pypi/" + "a" * 300 + "@1", "invalid package name"),
        ("pkg:pypi/group/a@1", "a Python package has no namespace"),
        ("pkg:pypi/a%ff@1", "is not UTF-8"),
        ("numpy==1.0", "is no package URL"),
        ("", "is no package URL"),
        ("pkg:pypi/a@1?vcs_url=https://u@[", "not a URL"),
        ("pkg:pypi/a@1?file_name=..%2Fa.whl", 'must be a file name, not "../a.whl"'),
        ("pkg:pypi/a@1?file_name=a%1b.whl", "must be a file name"),
    ],
)
def test_a_package_url_that_cannot_be_used_is_a_problem(purl: str, words: str) -> None:
    reading = read(bom(part("pkg:pypi/b@1"), part(purl)))
    assert only(reading).name == "b"
    found = problem(reading)
    assert (found.rule, found.severity) == ("invalid-package-url", Severity.INCOMPLETE)
    assert found.message.startswith("components[1].purl")
    assert words in found.message
    assert found.message.isprintable()
    assert found.line is not None


def test_a_component_without_a_version_is_kept_and_not_known() -> None:
    reading = one("pkg:pypi/a")
    assert (only(reading).version, only(reading).source) == ("", Source(kind=SourceKind.UNKNOWN))
    assert problem(reading).rule == "component-without-version"
    assert problem(reading).message == "components[0].purl: a has no version"


@pytest.mark.parametrize(("purl", "stated"), [("pkg:pypi/a", "1.0"), ("pkg:pypi/a@1.0", "1.0.0")])
def test_the_component_may_state_the_version(purl: str, stated: str) -> None:
    reading = one(purl, version=stated)
    assert (only(reading).version, reading.problems) == ("1.0", ())


@pytest.mark.parametrize("stated", ["2.0", "x", "9" * 5000])
def test_a_version_that_is_contradicted_is_not_known(stated: str) -> None:
    reading = one("pkg:pypi/a@1.0", version=stated)
    assert (only(reading).version, only(reading).source.kind) == ("1.0", SourceKind.UNKNOWN)
    assert problem(reading).rule == "invalid-package-url"
    assert "a 1.0, and the component's version is" in problem(reading).message


def test_a_version_that_does_not_parse_is_kept() -> None:
    reading = one("pkg:pypi/a@%3E%3D1%1b")
    assert only(reading).version == r">=1\x1b"
    assert rules(reading) == ["invalid-version"]


def test_components_are_found_at_any_depth_and_in_the_subject() -> None:
    inner = part("pkg:pypi/c@3")
    middle = part(None, type="application", components=[part("pkg:pypi/b@2", components=[inner])])
    metadata = {"component": {"type": "application", "name": "x", "components": [part("pkg:pypi/d@4")]}}
    reading = read(bom(part(), middle, metadata=metadata))
    assert [pin.name for pin in reading.pins] == ["a", "b", "c", "d"]
    assert reading.problems == ()


def test_components_that_are_nested_too_deep_are_refused() -> None:
    deepest = part()
    for _ in range(30):
        deepest = part(components=[deepest])
    with pytest.raises(InputError, match="nested more than 50 levels deep"):
        read(bom(deepest))
    open_, close = "<component><components>", "</components></component>"
    with pytest.raises(InputError, match="line 4: nested more than 50 levels deep"):
        read(xml(open_ * 30 + close * 30))


def test_with_packages_of_conda_the_picture_is_not_whole() -> None:
    found = problem(read(bom(part("pkg:npm/a@1"), part("pkg:conda/numpy@2"))))
    assert (found.rule, found.severity) == ("other-ecosystems", Severity.INCOMPLETE)


def test_other_ecosystems_are_counted_in_one_note() -> None:
    parts = [part(f"pkg:{kind}/a@{n}") for n, kind in enumerate(["npm", "deb", "npm", "generic", "gem"])]
    found = problem(read(bom(*parts)))
    assert (found.rule, found.severity) == ("other-ecosystems", Severity.NOTE)
    assert found.message == "5 components of other ecosystems, not judged: npm 2, deb 1, generic 1, gem 1"
    many = [part(f"pkg:k{n}/a@1") for n in range(7)]
    assert problem(read(bom(*many))).message.endswith("k4 1 and 2 more")
    assert problem(one("pkg:npm/a@1")).message == "1 component of other ecosystems, not judged: npm 1"


def test_libraries_without_a_package_url_are_told() -> None:
    parts = [part(None, name="a\x1b"), part(None, type="framework", name="b"), {"name": "c"}]
    others = [part(None, type=kind) for kind in ("application", "container", "operating-system", "file")]
    found = problem(read(bom(*parts, *others)))
    assert (found.rule, found.severity) == ("component-without-package-url", Severity.INCOMPLETE)
    assert found.message == r"3 components without a package URL, not judged: a\x1b, b, c"


def test_files_are_listed_and_hashes_without_a_file_are_kept() -> None:
    sha, md5 = {"alg": "SHA-256", "content": SHA.upper()}, {"alg": "MD5", "content": "00"}
    references = [
        {"type": "distribution", "url": "https://u:p@files.example/a-1-py3-none-any.whl", "hashes": [sha]},
        {"type": "distribution", "url": "https://files.example/a-1.tar.gz?x=1#y"},
        {"type": "distribution", "url": "https://index.example/simple/a/", "hashes": [sha, md5]},
        {"type": "vcs", "url": "https://git.example/a.zip"},
    ]
    pin = only(one("pkg:pypi/a@1?file_name=a-1-cp314-cp314t-win_amd64.whl", externalReferences=references))
    assert pin.files == (
        ListedFile(name="a-1-cp314-cp314t-win_amd64.whl"),
        ListedFile(name="a-1-py3-none-any.whl", url="https://files.example/a-1-py3-none-any.whl", sha256=SHA),
        ListedFile(name="a-1.tar.gz", url="https://files.example/a-1.tar.gz?x=1#y"),
    )
    assert pin.hashes == {SHA}


def test_the_hash_of_a_component_is_that_of_the_file_it_names() -> None:
    hashes = [{"alg": "SHA-256", "content": SHA}, {"alg": "SHA-1", "content": "00"}]
    assert only(one("pkg:pypi/a@1?file_name=a.whl", hashes=hashes)).files[0].sha256 == SHA
    pin = only(one("pkg:pypi/a@1", hashes=hashes))
    assert (pin.files, pin.hashes) == ((), frozenset())


def test_a_listed_file_whose_name_is_a_path_is_refused() -> None:
    reference = {"type": "distribution", "url": "https://files.example/..%2Fa.whl"}
    with pytest.raises(InputError, match=r"externalReferences\[0\].url: must be a file name"):
        one("pkg:pypi/a@1", externalReferences=[reference])


def test_a_scope_is_a_group_that_can_be_chosen() -> None:
    scopes = {"a": None, "b": "required", "c": "optional", "d": "excluded"}
    parts = [part(f"pkg:pypi/{n}@1", **({"scope": s} if s else {})) for n, s in scopes.items()]
    reading = read(bom(*parts))
    assert [origin(pin).groups for pin in reading.pins] == [(), (), ("optional",), ("excluded",)]
    both = ("optional", "excluded")
    expected = Choices(groups=both, default_groups=both, dev_groups=("excluded",), main="required")
    assert reading.choices == expected
    (left,) = chosen([reading], Selection(no_dev=True))
    assert [pin.name for pin in left.pins] == ["a", "b", "c"]
    (left,) = chosen([reading], Selection(only=("required",)))
    assert [pin.name for pin in left.pins] == ["a", "b"]


def test_properties_give_markers_and_extras() -> None:
    properties = [
        {"name": "uv:package:marker", "value": "os_name == 'nt'"},
        {"name": "cdx:python:package:required-extra", "value": "Fast_x"},
        {"name": "other"},
    ]
    pin = only(one("pkg:pypi/a@1", properties=properties))
    assert (origin(pin).marker, pin.extras) == ("os_name == 'nt'", ("fast-x",))


def test_a_marker_that_does_not_parse_is_a_problem() -> None:
    reading = one("pkg:pypi/a@1", properties=[{"name": "uv:package:marker", "value": "os_name"}])
    assert origin(only(reading)).marker is None
    assert rules(reading) == ["invalid-marker"]


def test_a_pin_at_several_places_is_one_with_all_of_them() -> None:
    reading = read(bom(part(bom_ref="1"), part("pkg:pypi/A@1.0", bom_ref="2"), part("pkg:pypi/a@2")))
    first, second = reading.pins
    assert (first.version, [place.line for place in first.origins]) == ("1.0", [8, 14])
    assert (second.version, [place.line for place in second.origins]) == ("2", [20])


def test_a_name_with_too_many_versions_is_refused() -> None:
    with pytest.raises(InputError, match="a is pinned more than 100 times"):
        read(bom(*(part(f"pkg:pypi/a@{n}") for n in range(101))))


# -- the graph --


def graph(**edges: str) -> list[dict[str, object]]:
    return [{"ref": ref, "dependsOn": ends.split()} for ref, ends in edges.items()]


def edges(pin: Pin) -> list[tuple[str, str | None]] | None:
    return None if pin.dependencies is None else [(edge.name, edge.version) for edge in pin.dependencies]


def test_dependencies_are_edges_with_a_version_where_it_tells_pins_apart() -> None:
    parts = [part(f"pkg:pypi/{n}@{v}", bom_ref=n + v) for n, v in ("a1", "b1", "b2", "c1", "d1")]
    reading = read(bom(*parts, dependencies=graph(a1="b2 c1 c1 a1 gone", b1="", c1="b1")))
    assert [edges(pin) for pin in reading.pins] == [[("b", "2"), ("c", None)], [], None, [("b", "1")], None]
    assert reading.roots is None
    assert reading.problems == ()


def test_roots_are_what_the_subject_needs_by_way_of_what_is_no_package() -> None:
    subject = {"component": {"type": "container", "name": "x", "bom-ref": "x"}}
    lock = part(None, type="application", bom_ref="lock")
    parts = [part(f"pkg:pypi/{n}@1", bom_ref=n) for n in "abc"]
    found = read(bom(lock, *parts, metadata=subject, dependencies=graph(x="lock a", lock="b x", a="c")))
    assert found.roots is not None
    assert [edge.name for edge in found.roots] == ["b", "a"]
    assert [origin(pin).direct for pin in found.pins] == [True, True, False]


@pytest.mark.parametrize("dependencies", [(), graph(x=""), graph(a="")])
def test_without_edges_of_the_subject_nothing_is_known_of_roots(dependencies: object) -> None:
    subject = {"component": {"type": "application", "name": "x", "bom-ref": "x"}}
    reading = read(bom(part(bom_ref="a"), metadata=subject, dependencies=dependencies))
    assert reading.roots is None
    assert origin(only(reading)).direct is None


def test_a_subject_with_a_package_url_is_the_project_itself() -> None:
    subject = part("pkg:pypi/My_App@0.1", type="application", bom_ref="app")
    again = part("pkg:pypi/My_App@0.1", bom_ref="app")
    parts = [again, part("pkg:pypi/a@1.0", bom_ref="a")]
    reading = read(bom(*parts, metadata={"component": subject}, dependencies=graph(app="a")))
    app = named(reading, "my-app")
    assert (app.local, app.version, edges(app)) == (True, "0.1", [("a", None)])
    assert origin(named(reading, "a")).direct is True
    assert len(reading.pins) == 2


def test_another_component_under_the_reference_of_the_subject_is_not_lost() -> None:
    reading = read(bom(part(bom_ref="x"), metadata={"component": part("pkg:npm/x@1", bom_ref="x")}))
    assert only(reading).name == "a"


@pytest.mark.parametrize(
    ("purl", "expected"),
    [("pkg:npm/x@1", []), ("pkg:pypi/..%2f@1", ["invalid-package-url"]), ("x", ["invalid-package-url"])],
)
def test_a_subject_that_is_no_package_of_ours(purl: str, expected: list[str]) -> None:
    reading = read(bom(part(), metadata={"component": part(purl)}))
    assert only(reading).name == "a"
    assert rules(reading) == expected


def test_what_uv_exports_is_all_python() -> None:
    members = [
        part(None, name="app", version="1", properties=[{"name": "uv:workspace:path", "value": "libs/app"}]),
        part(None, name="local", version="2"),
        part("pkg:generic/b@1?download_url=git%2Bhttps://git.example/b", name="b"),
        part("pkg:npm/c@1", name="c"),
    ]
    reading = read(bom(*members, metadata=UV))
    assert {pin.name: pin.source for pin in reading.pins} == {
        "app": Source(kind=SourceKind.WORKSPACE, location="libs/app"),
        "local": Source(kind=SourceKind.PATH),
        "b": Source(kind=SourceKind.GIT, location="git+https://git.example/b"),
    }
    assert rules(reading) == ["other-ecosystems"]
    assert rules(read(bom(*members))) == ["other-ecosystems", "component-without-package-url"]


@pytest.mark.parametrize("tools", [[{"name": "uv"}], {"components": [{"name": "uv"}]}])
def test_the_tool_stands_in_a_list_or_in_an_object(tools: object) -> None:
    assert only(read(bom(part(None, name="local"), metadata={"tools": tools}))).name == "local"


# -- XML --


def test_xml_says_the_same_as_json() -> None:
    sha = {"alg": "SHA-256", "content": SHA}
    reference = {"type": "distribution", "url": "https://files.example/a-1.0.tar.gz", "hashes": [sha]}
    properties = [{"name": "uv:package:marker", "value": "os_name == 'nt'"}]
    nested = part("pkg:pypi/b@2", bom_ref="b", scope="optional")
    first = part(
        "pkg:pypi/a@1.0?file_name=a.whl",
        bom_ref="a",
        version="1.0",
        hashes=[sha],
        properties=properties,
        externalReferences=[reference],
        components=[nested],
    )
    local = part(None, name="local")
    metadata = {**UV, "component": {"type": "application", "name": "x", "bom-ref": "x"}}
    theirs = read(bom(first, local, metadata=metadata, dependencies=graph(x="a", a="b", b="")))
    component = f"""
      <component type="library" bom-ref="a"><name>x</name><version>1.0</version>
        <hashes><hash alg="SHA-256">{SHA}</hash></hashes>
        <purl> pkg:pypi/a@1.0?file_name=a.whl </purl>
        <externalReferences><reference type="distribution"><url>https://files.example/a-1.0.tar.gz</url>
          <hashes><hash alg="SHA-256">{SHA}</hash></hashes></reference></externalReferences>
        <properties><property name="uv:package:marker">os_name == 'nt'</property></properties>
        <components><component type="library" bom-ref="b"><name>x</name><scope>optional</scope>
          <purl>pkg:pypi/b@2</purl></component></components>
        <e:purl xmlns:e="urn:e">pkg:pypi/evil@1</e:purl>
      </component>
      <component type="library"><name>local</name></component>"""
    more = """
      <metadata><tools><tool><name>uv</name></tool></tools>
        <component type="application" bom-ref="x"><name>x</name></component></metadata>
      <dependencies><dependency ref="x"><dependency ref="a"><dependency ref="b"/></dependency></dependency>
        <dependency ref="b"/></dependencies>"""
    assert same(read(xml(component, more), "bom.xml"), theirs)


def same(one: Reading, other: Reading) -> bool:
    """Whether both have the same pins and the same roots; the lines differ."""
    return pins(one) == pins(other) and one.roots == other.roots and one.choices == other.choices


def pins(reading: Reading) -> list[tuple[object, ...]]:
    return sorted(
        (p.key, p.files, p.dependencies, p.extras, [(o.groups, o.marker, o.direct) for o in p.origins])
        for p in reading.pins
    )


def test_an_xml_pin_has_the_line_of_its_component() -> None:
    component = "<component type='library'>\n<name>a</name>\n<purl>pkg:pypi/a@1</purl></component>"
    assert origin(only(read(xml(f"\n{component}")))).line == 5


@pytest.mark.parametrize("file", ["27_billion_laughs/bom.xml", "28_xxe/bom.xml"])
def test_a_doctype_is_refused(shared: Path, file: str) -> None:
    found = document_at(shared / "corpus/bad" / file)
    assert choose(found) == FORMAT
    with pytest.raises(InputError, match=r"^bom\.xml: line 2: a DOCTYPE"):
        FORMAT.read(found)


# -- real ones --


@pytest.mark.parametrize("file", REAL)
def test_real_files_give_what_is_expected(shared: Path, file: str) -> None:
    reading, expected = read_both(shared, file)
    assert sorted((p.name, p.version) for p in reading.pins) == [(n, v) for n, v, _ in expected["packages"]]
    # The subject of what uv exports is no pin; its edges are the roots.
    count = sum(len(pin.dependencies or ()) for pin in reading.pins) + len(reading.roots or ())
    assert expected["edges"] in (None, count)
    assert rules(reading) == (["other-ecosystems"] if "bom-examples" in file else [])
    assert not reading.closed
    if file.endswith(".json"):
        assert named_on_their_lines(reading, (shared / "corpus/locks" / file).read_text(encoding="utf-8"))


def test_the_same_environment_in_json_and_xml(shared: Path) -> None:
    ours, theirs = (read_both(shared, f"generated/sbom/env.cdx.{kind}")[0] for kind in ("json", "xml"))
    assert len(ours.pins) == 27
    assert same(ours, theirs)


def test_what_uv_exports(shared: Path) -> None:
    reading, _ = read_both(shared, "generated/uv/uv.cdx.json")
    assert reading.roots is not None
    assert {edge.version for edge in reading.roots if edge.name == "numpy"} == {"2.4.6", "2.5.5"}
    (old, new) = (pin for pin in reading.pins if pin.name == "numpy")
    assert origin(old).marker == "python_full_version < '3.12'"
    assert "numpy-2.5.5-cp314-cp314t-win_amd64.whl" in {file.name for file in new.files}
    assert all(file.sha256 for pin in reading.pins for file in pin.files)


def test_requirements_of_cyclonedx_py_have_hashes(shared: Path) -> None:
    reading, _ = read_both(shared, "generated/sbom/reqs.cdx.json")
    assert all(pin.hashes and not pin.files for pin in reading.pins)
    assert named(reading, "psycopg").extras == ("binary",)


def test_the_bad_package_urls_of_the_corpus(shared: Path) -> None:
    reading = FORMAT.read(document_at(shared / "corpus/bad/63_bad_purl/bom.json"))
    assert [(pin.name, pin.version) for pin in reading.pins] == [("numpy", "2.5.5"), ("nover", "")]
    told = [(found.rule, found.message) for found in reading.problems]
    assert told == [
        ("invalid-package-url", 'components[0].purl: invalid package name "../../etc"'),
        ("component-without-version", "components[2].purl: nover has no version"),
        ("other-ecosystems", "1 component of other ecosystems, not judged: npm 1"),
    ]


# -- hostile ones --

WHOLE = bom(
    part(
        "pkg:pypi/a@1?file_name=a.whl",
        bom_ref="a",
        version="1",
        scope="optional",
        hashes=[{"alg": "SHA-256", "content": SHA}],
        properties=[{"name": "uv:package:marker", "value": "os_name == 'nt'"}],
        externalReferences=[{"type": "distribution", "url": "https://files.example/a.whl", "hashes": []}],
        components=[part("pkg:pypi/b@2", bom_ref="b")],
    ),
    metadata={**UV, "component": part("pkg:pypi/app@1", bom_ref="app")},
    dependencies=graph(app="a", a="b"),
)


def test_a_wrong_type_anywhere_is_one_line() -> None:
    outcomes = [bears(FORMAT, text) for text in with_wrong_types(WHOLE)]
    assert bears(FORMAT, WHOLE)
    assert {True, False} == set(outcomes)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(purl=st.text(max_size=30), name=st.text(max_size=10), version=st.text(max_size=10))
def test_any_texts_are_told_in_words_that_can_be_shown(purl: str, name: str, version: str) -> None:
    parts = [part(text, name=name, version=version) for text in (purl, f"pkg:pypi/{purl}", None)]
    try:
        reading = read(bom(*parts, metadata=UV))
        told = [found.message for found in reading.problems]
        told += [text for pin in reading.pins for text in (pin.version, pin.source.location)]
    except FtauditError as error:
        told = [error.message]
    assert all(text.isprintable() for text in told)


def test_a_problem_is_one_of_the_input() -> None:
    found = problem(one("pkg:pypi/a"))
    assert found == Problem(
        input="bom.json",
        rule="component-without-version",
        message="components[0].purl: a has no version",
        line=8,
    )
