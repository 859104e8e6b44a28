"""Groups and extras that are chosen: what each tool would install, and what is said of the rest."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations
from pathlib import Path

import pytest
from packaging.pylock import Pylock
from packaging.utils import canonicalize_name

from ftaudit.errors import UsageError
from ftaudit.model.project import Choices, Origin, Pin, Reading, Severity, SourceKind
from ftaudit.sources.collect import collect
from ftaudit.sources.reading.table import load_toml
from ftaudit.sources.registry import formats
from ftaudit.sources.scratch import Scratch
from ftaudit.sources.selection import EVERYTHING, Selection, chosen
from tests.builders.documents import document_at
from tests.builders.locks import pdm, pipfile, poetry, poetry_package, pylock_, uv, uv_package
from tests.builders.values import edge, pin, reading

LOCKS = Path(__file__).parent.parent / "fixtures" / "locks"
DEV = Choices(groups=("dev", "docs"), extras=("gpu",), default_groups=("dev",), dev_groups=("dev",))
WORKSPACE = SourceKind.WORKSPACE


def of(name: str, *groups: str, extras: tuple[str, ...] = (), marker: str | None = None) -> Pin:
    """A pin that belongs to *groups* and *extras*."""
    place = Origin(input="lock", path="lock", line=1, groups=groups, extras=extras, marker=marker)
    return pin(name, origins=(place,))


def names(found: Reading) -> str:
    return " ".join(sorted(one.name for one in found.pins if not one.local))


def left(found: Reading, **options: object) -> Reading:
    (only,) = chosen([found], Selection(**options))  # type: ignore[arg-type]
    return only


def said(found: Reading, **options: object) -> str:
    note = left(found, **options).problems[-1]
    assert (note.rule, note.severity) == ("chosen-in-part", Severity.NOTE)
    return note.message


LABELLED = reading(
    of("m"), of("d", "dev"), of("o", "docs"), of("g", extras=("gpu",)), of("both", "dev", "docs"), choices=DEV
)


# -- the options --


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"groups": ("docs",)}, "both d m o"),
        ({"extras": ("GPU",)}, "both d g m"),
        ({"all_extras": True}, "both d g m"),
        ({"no_dev": True}, "m"),
        ({"no_dev": True, "groups": ("docs",)}, "both m o"),
        ({"no_dev": True, "groups": ("dev",)}, "m"),
        ({"only": ("docs",)}, "both o"),
        ({"only": ("main",)}, "m"),
        ({"only": ("gpu",)}, "g"),
        ({"only": ("main", "gpu")}, "g m"),
        ({"only": ("docs",), "exclude": ("docs",)}, ""),
        ({"exclude": ("dev",)}, "m"),
        ({"exclude": ("main",)}, "both d"),
        ({"groups": ("docs",), "exclude": ("docs",)}, "both d m"),
        ({"all_extras": True, "exclude": ("gpu",)}, "both d m"),
    ],
)
def test_what_the_options_take(options: dict[str, object], expected: str) -> None:
    assert names(left(LABELLED, **options)) == expected


def test_without_a_choice_everything_is_taken_as_it_is() -> None:
    assert chosen([LABELLED], EVERYTHING) == (LABELLED,)


@pytest.mark.parametrize(
    "other", [{"groups": ("a",)}, {"extras": ("a",)}, {"all_extras": True}, {"no_dev": True}]
)
def test_only_stands_alone(other: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="--only takes nothing but what it names"):
        Selection(only=("a",), **other)  # type: ignore[arg-type]
    assert Selection(only=("a",), exclude=("b",)).only == ("a",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": ("gpu",)}, "--group gpu: no input has such a group"),
        ({"extras": ("docs",)}, "--extra docs: no input has such an extra"),
        ({"only": ("ghost",)}, "--only ghost: no input has such a group or extra"),
        ({"exclude": ("\x1b[31m<b>::error::",)}, r"--exclude \x1b[31m<b>::error::: no input has"),
        ({"groups": ("",)}, "--group : no input has such a group"),
    ],
)
def test_an_unknown_name_is_an_error_that_lists_what_there_is(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        left(LABELLED, **options)
    assert message in caught.value.message
    assert caught.value.advice == "groups: dev, docs, main; extras: gpu"
    assert caught.value.exit_status == 2


def test_a_name_may_be_one_of_an_input_that_could_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text('version = 1\nrequires-python = ">=3.11"\n' + APP)
    (tmp_path / "poetry.lock").write_text(
        '[metadata]\nlock-version = "9"\npython-versions = "*"\n[[package]]'
    )
    with Scratch() as scratch:
        both = [tmp_path / "uv.lock", tmp_path / "poetry.lock"]
        found = collect(
            list(map(str, both)), cwd=tmp_path, scratch=scratch, selection=Selection(only=("ghost",))
        )
        assert [names(one) for one in found.readings] == [""]
        assert len(found.errors) == 1
        with pytest.raises(UsageError):
            collect([str(both[0])], cwd=tmp_path, scratch=scratch, selection=Selection(only=("ghost",)))


def test_an_input_takes_its_defaults_where_another_has_the_group() -> None:
    other = reading(of("x"), of("y", "lint"), choices=Choices(groups=("lint",)))
    found = chosen([LABELLED, other], Selection(groups=("lint",)))
    assert [names(one) for one in found] == ["both d m", "x y"]


def test_an_input_without_groups_is_taken_whole_and_says_so() -> None:
    found = chosen([LABELLED, reading(of("x"))], Selection(only=("docs",)))[1]
    assert names(found) == "x"
    assert [(p.rule, p.severity) for p in found.problems] == [("nothing-to-choose", Severity.NOTE)]


def test_a_group_and_an_extra_of_one_name_are_both_meant_by_only_and_exclude() -> None:
    twins = reading(
        of("m"),
        of("g", "x"),
        of("e", extras=("x",)),
        choices=Choices(groups=("x",), extras=("x",), dev_groups=("x",)),
    )
    assert names(left(twins, only=("x",))) == "e g"
    assert names(left(twins, groups=("x",))) == "g m"
    assert names(left(twins, extras=("x",))) == "e m"
    assert names(left(twins, groups=("x",), extras=("x",), exclude=("x",))) == "m"
    assert names(left(twins, extras=("x",), no_dev=True)) == "e m"


def test_a_group_with_the_name_of_main_is_the_group() -> None:
    found = reading(of("m"), of("g", "main"), choices=Choices(groups=("main",)))
    assert names(left(found, only=("main",))) == "g"
    assert names(left(found, exclude=("main",))) == "m"


def test_naming_a_group_takes_it_in_the_place_of_the_defaults_where_the_tool_does_so() -> None:
    choices = Choices(groups=("a", "b"), default_groups=("a",), main="default", exclusive=True)
    found = reading(of("x", "a"), of("y", "b"), choices=choices)
    assert names(left(found, groups=("b",))) == "y"
    assert said(found, groups=("b",)) == "audited: group b; left out: default (0 pins), group a (1 pin)"
    named = Choices(groups=("default", "b"), default_groups=("default",), main="default", exclusive=True)
    pixi = reading(of("x", "default"), of("y", "b"), choices=named)
    assert said(pixi, no_dev=True) == "audited: group default; left out: group b (1 pin)"
    assert names(left(pixi, groups=("default",))) == "x"
    assert names(left(found, no_dev=True)) == "x"


def test_what_a_format_with_labels_does_not_label_stays() -> None:
    found = reading(of("m", "main"), of("d", "dev"), of("u"), choices=DEV)
    assert names(left(found, only=("dev",))) == "d u"


def test_an_optional_pin_of_main_needs_its_extra() -> None:
    found = reading(of("m", "main"), of("g", "main", "docs", extras=("gpu",)), choices=DEV)
    assert names(left(found, no_dev=True)) == "m"
    assert names(left(found, extras=("gpu",))) == "g m"
    assert names(left(found, groups=("docs",))) == "g m"


def test_a_category_that_goes_by_both_names_adds_to_main() -> None:
    choices = Choices(groups=("gpu",), extras=("gpu",))
    found = reading(of("m", "main", "gpu", extras=("gpu",)), of("g", "gpu", extras=("gpu",)), choices=choices)
    assert names(left(found, no_dev=True)) == "m"
    assert names(left(found, extras=("gpu",))) == "g m"
    assert names(left(found, only=("main",))) == "m"


# -- what is said --


def test_the_note_says_what_is_audited_and_what_is_not() -> None:
    assert said(LABELLED, no_dev=True) == (
        "audited: main; left out: group dev (2 pins), group docs (2 pins), extra gpu (1 pin)"
    )
    assert said(LABELLED, groups=("docs",), all_extras=True) == (
        "audited: main, group dev, group docs, extra gpu; left out: nothing"
    )
    assert said(LABELLED, only=("gpu",)).startswith("audited: extra gpu; left out: main (1 pin), ")


def test_hostile_names_are_shown_escaped_and_few() -> None:
    groups = ("\x1b]0;x\x07", "\u202eabc", *(f"g{n}" for n in range(20)))
    message = said(reading(of("m"), choices=Choices(groups=groups)), no_dev=True)
    assert message.isprintable()
    assert message.endswith(" and 12 more")


def test_open_ends_of_what_is_left_out_are_not_told() -> None:
    text = (
        uv_package(
            "app",
            source='virtual = "."',
            more='[package.dev-dependencies]\ndev = [{name = "d"}, {name = "no"}]',
        )
        + uv_package("d", more='dependencies = [{name = "ghost"}]')
        + uv_package("m", more='dependencies = [{name = "spectre"}]')
    )
    assert [p.rule for p in uv(text).problems] == ["dependency-not-pinned"] * 3
    told = left(uv(text), no_dev=True).problems
    assert [p.message for p in told[:-1]] == ["m 1.0 needs spectre, which is not pinned"]


def test_a_choice_that_leaves_out_what_a_pin_needs_is_not_whole() -> None:
    a, b = of("a"), of("b", "dev")
    choices = Choices(groups=("dev",), default_groups=("dev",), dev_groups=("dev",))
    lock = reading(replace(a, dependencies=(edge("b"),)), b, choices=choices)
    assert [p.rule for p in left(lock, groups=("dev",)).problems] == ["chosen-in-part"]
    torn = left(lock, no_dev=True).problems
    assert [(p.rule, p.message) for p in torn[:-1]] == [
        ("dependency-not-pinned", "a 1.0 needs b, which is not pinned by what is chosen")
    ]
    extra = reading(replace(a, dependencies=(edge("b", extra="x"),)), b, choices=choices)
    assert [p.rule for p in left(extra, no_dev=True).problems] == ["chosen-in-part"]


def test_a_pin_is_direct_only_where_what_is_taken_asks_for_it() -> None:
    app = pin("app", kind=WORKSPACE, needs=[edge("a"), edge("b", group="dev")])
    pins = (app, pin("a", needs=[edge("b")], direct=True), pin("b", direct=True))
    found = reading(*pins, roots=(edge("a"), edge("b", group="dev")), choices=DEV)
    assert [o.direct for one in left(found, no_dev=True).pins for o in one.origins] == [None, True, False]
    assert [o.direct for one in left(found, groups=("docs",)).pins for o in one.origins] == [None, True, True]


# -- uv --

APP = (
    uv_package(
        "app",
        source='virtual = "."',
        more="""dependencies = [{name = "httpx"}]
[package.optional-dependencies]
all = [{name = "app", extra = ["fast"]}]
fast = [{name = "orjson"}]
[package.dev-dependencies]
dev = [{name = "httpx", extra = ["socks"]}, {name = "ruff"}]
docs = [{name = "idna"}]
[package.metadata]
provides-extras = ["all", "fast", "nil"]
[package.metadata.requires-dev]
none = []""",
    )
    + uv_package(
        "httpx",
        more="""dependencies = [{name = "idna"}]
[package.optional-dependencies]
socks = [{name = "socksio"}]""",
    )
    + "".join(map(uv_package, ("idna", "orjson", "ruff", "socksio")))
)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"no_dev": True}, "httpx idna"),
        ({"groups": ("docs",)}, "httpx idna ruff socksio"),
        ({"extras": ("all",)}, "httpx idna orjson ruff socksio"),
        ({"extras": ("nil",), "no_dev": True}, "httpx idna"),
        ({"only": ("dev",)}, "httpx idna ruff socksio"),
        ({"only": ("docs",)}, "idna"),
        ({"only": ("none",)}, ""),
        ({"all_extras": True, "exclude": ("all", "fast")}, "httpx idna ruff socksio"),
    ],
)
def test_uv(options: dict[str, object], expected: str) -> None:
    found = left(uv(APP), **options)
    assert names(found) == expected
    assert [p.rule for p in found.problems] == ["chosen-in-part"]


@pytest.mark.parametrize(
    ("lock", "project", "expected"),
    [
        ("", "", ("dev",)),
        ("", "[tool.uv]\ndefault-groups = ['docs']", ("docs",)),
        ("", "[tool.uv]\ndefault-groups = 'all'", ("none", "dev", "docs")),
        ("", "[tool.uv]\ndefault-groups = []", ()),
        ("default-groups = ['docs']", "", ("docs",)),
        ("default-groups = 'all'", "", ("none", "dev", "docs")),
        ("default-groups = []", "", ()),
    ],
)
def test_the_default_groups_of_uv(lock: str, project: str, expected: tuple[str, ...]) -> None:
    found = uv(APP.replace("source =", f"{lock}\nsource =", 1), pyproject_toml=project).choices
    assert found is not None
    assert (set(found.default_groups), found.dev_groups) == (set(expected), ("dev",))


def test_the_groups_of_a_workspace_without_a_project_are_the_manifest_s() -> None:
    manifest = (
        "[manifest]\ndefault-groups = ['docs']\n[manifest.dependency-groups]\ndev = [{name = 'a'}]\ndocs = []"
    )
    found = uv(uv_package("a"), manifest)
    assert found.choices == Choices(groups=("dev", "docs"), default_groups=("docs",), dev_groups=("dev",))
    assert names(left(found, no_dev=True)) == ""
    assert names(left(found, groups=("dev",))) == "a"


def test_what_a_member_asks_of_another_s_extras_stays() -> None:
    members = '[manifest]\nmembers = ["app", "lib"]'
    app = uv_package(
        "app", source='editable = "app"', more='dependencies = [{name = "lib", extra = ["gpu"]}]'
    )
    more = '[package.optional-dependencies]\ngpu = [{name = "cuda"}]\nweb = [{name = "flask"}]'
    lib = uv_package("lib", source='editable = "lib"', more=more)
    found = left(uv(app + lib + uv_package("cuda") + uv_package("flask"), members), no_dev=True)
    assert names(found) == "cuda"
    kept = [(one.name, e.name) for one in found.pins for e in one.dependencies or ()]
    assert kept == [("app", "lib"), ("lib", "cuda")]
    assert found.roots is not None
    assert [e.name for e in found.roots] == ["lib", "cuda"]


def test_the_lock_of_a_script_has_nothing_to_choose_from() -> None:
    assert uv(uv_package("a"), "[manifest]\nrequirements = [{name = 'a'}]", name="x.py.lock").choices is None


# -- poetry --

FORKED = 'groups = ["main", "dev"]\nmarkers = {main = "extra == \'fast\'"}'
POETRY = (
    poetry_package("click", more='groups = ["main"]')
    + poetry_package("packaging", more=FORKED)
    + '[[package]]\nname = "h2"\nversion = "1"\noptional = true\n'
    + 'groups = ["main"]\nmarkers = "extra == \'fast\'"\n'
    + poetry_package("sphinx", more='groups = ["docs"]')
)
EXTRAS = '[extras]\nfast = ["h2", "packaging"]'
OPTIONAL = "[tool.poetry.group.docs]\noptional = true\n[tool.poetry.group.dev]\n"


@pytest.mark.parametrize(
    ("options", "project", "expected"),
    [
        ({"no_dev": True}, "", "click"),
        ({"extras": ("fast",), "no_dev": True}, "", "click h2 packaging"),
        ({"exclude": ("docs",)}, "", "click packaging"),
        ({"groups": ("dev",)}, "", "click packaging sphinx"),
        ({"groups": ("dev",)}, OPTIONAL, "click packaging"),
        ({"groups": ("docs",)}, OPTIONAL, "click packaging sphinx"),
        ({"only": ("main",)}, OPTIONAL, "click"),
        ({"only": ("fast",)}, OPTIONAL, "h2 packaging"),
    ],
)
def test_poetry(options: dict[str, object], project: str, expected: str) -> None:
    beside = {"pyproject_toml": project} if project else {}
    lock = EXTRAS + "\n" + POETRY
    assert names(left(poetry(lock, **beside), **options)) == expected


def test_poetry_before_2_1_asks_the_project() -> None:
    lock = poetry_package("a") + poetry_package("b") + poetry_package("c")
    project = "[project]\nname='p'\ndependencies=['a']\n[dependency-groups]\ndev=['b', 'c']\nnone = []"
    found = poetry(lock, "2.0", pyproject_toml=project)
    assert names(left(found, no_dev=True)) == "a"
    assert names(left(found, only=("none",))) == ""
    assert poetry(lock, "2.0").choices is None


def test_a_category_of_main_may_be_needed_by_development() -> None:
    lock = (
        poetry_package("a", more='category = "main"')
        + poetry_package("b", more='category = "main"')
        + poetry_package("c", more='category = "dev"\n[package.dependencies]\nb = "*"')
    )
    assert names(left(poetry(lock, "1.1"), only=("dev",))) == "b c"
    assert names(left(poetry(lock, "1.1"), no_dev=True)) == "a b"


# -- pdm --

PDM = "".join(
    f'[[package]]\nname = "{name}"\nversion = "1.0"\n{more}\n'
    for name, more in (
        ("httpx", 'groups = ["default"]'),
        ("httpx", 'groups = ["dev"]\nextras = ["socks"]\ndependencies = ["socksio", "httpx==1.0"]'),
        ("socksio", 'groups = ["dev"]'),
        ("orjson", 'groups = ["fast"]'),
    )
)
PDM_GROUPS = 'groups = ["default", "dev", "fast"]'
PDM_PROJECT = (
    "[project]\nname='p'\ndependencies=['httpx']\noptional-dependencies.fast=['orjson']\n"
    "[dependency-groups]\ndev=['httpx[socks]']"
)


def test_pdm() -> None:
    found = pdm(PDM, PDM_GROUPS, pyproject_toml=PDM_PROJECT)
    production = left(found, no_dev=True)
    assert names(production) == "httpx"
    # The extra that only development asks for is not asked for any more: nothing is missing without it.
    assert [one.extras for one in production.pins] == [()]
    assert names(left(found, groups=("dev",))) == "httpx socksio"
    assert [one.extras for one in left(found, groups=("dev",)).pins] == [("socks",), ()]
    assert names(left(found, extras=("fast",), no_dev=True)) == "httpx orjson"
    assert names(left(found, only=("default",))) == "httpx"


def test_pdm_without_its_project_leaves_out_only_what_is_named() -> None:
    found = pdm(PDM, PDM_GROUPS)
    assert said(found, no_dev=True) == "audited: default, group dev, group fast; left out: nothing"
    assert names(left(found, exclude=("fast",))) == "httpx socksio"


def test_pdm_without_groups_on_its_packages_asks_the_project() -> None:
    lock = "\n".join(line for line in PDM.splitlines() if not line.startswith("groups"))
    found = pdm(lock, version="4.3", pyproject_toml=PDM_PROJECT)
    assert names(left(found, no_dev=True)) == "httpx"
    assert names(left(found, only=("fast",))) == "orjson"
    assert pdm(lock, version="4.3").choices is None


# -- pipenv --


def test_pipenv() -> None:
    found = pipfile(
        '{"_meta": {"pipfile-spec": 6}, "default": {"a": {"version": "==1"}}, '
        '"develop": {"a": {"version": "==1", "extras": ["x"]}, "b": {"version": "==1"}}, '
        '"typing": {"c": {"version": "==1"}}}'
    )
    assert names(left(found, no_dev=True)) == "a"
    assert [one.extras for one in left(found, no_dev=True).pins] == [()]
    assert [one.extras for one in left(found, groups=("develop",)).pins] == [("x",), ()]
    assert names(left(found, groups=("develop",))) == "a b"
    assert names(left(found, only=("typing",))) == "c"
    assert names(left(found, exclude=("default",), groups=("typing",))) == "c"


# -- pylock.toml: what packaging selects is what is taken --

MARKERS = {
    "always": "",
    "main": "'default' in dependency_groups",
    "dev": "'dev' in dependency_groups",
    "either": "'dev' in dependency_groups or 'gpu' in extras",
    "and": "'Dev' in dependency_groups and ('gpu' in extras or 'web' in extras)",
    "not": "'dev' not in dependency_groups",
    "here": "python_version >= '3' and 'web' in extras",
}
PYLOCK_HEAD = (
    'created-by = "x"\nextras = ["gpu", "web"]\n'
    'dependency-groups = ["default", "dev"]\ndefault-groups = ["default"]'
)
PYLOCK = "".join(
    f'[[packages]]\nname = "{name}"\nversion = "1.0"\n'
    + (f'marker = "{marker}"\n' if marker else "")
    + f'wheels = [{{url = "https://files.example/{name}-1.0-py3-none-any.whl", hashes = {{sha256 = "0"}}}}]\n'
    for name, marker in MARKERS.items()
)


def subsets(*texts: str) -> list[tuple[str, ...]]:
    return list(chain.from_iterable(combinations(texts, n) for n in range(len(texts) + 1)))


@pytest.mark.parametrize("groups", subsets("default", "dev"))
@pytest.mark.parametrize("extras", subsets("gpu", "web"))
def test_pylock(groups: tuple[str, ...], extras: tuple[str, ...]) -> None:
    text = f'lock-version = "1.0"\n{PYLOCK_HEAD}\n{PYLOCK}'
    lock = Pylock.from_dict(load_toml("pylock.toml", text.encode())[0].values)
    wanted = [str(package.name) for package, _ in lock.select(extras=extras, dependency_groups=groups)]
    found = pylock_(PYLOCK, PYLOCK_HEAD)
    taken = left(found, only=(*groups, *extras)) if groups or extras else left(found, exclude=("default",))
    assert names(taken) == " ".join(sorted(wanted))
    if "default" in groups:
        added = left(found, groups=groups, extras=extras)
        assert names(added) == names(taken)


def test_a_pylock_without_groups_and_extras_has_nothing_to_choose_from() -> None:
    assert pylock_('[[packages]]\nname = "a"\nversion = "1"\nmarker = "os_name == \'nt\'"').choices is None
    assert said(pylock_(PYLOCK, PYLOCK_HEAD), exclude=("dev",)).startswith(
        "audited: the project's own requirements, group default; left out: group dev "
    )


# -- one project, locked by every tool --

FAST, TEST, DOCS = {"orjson"}, {"iniconfig", "pluggy"}, {"markdown-it-py", "mdurl"}


@pytest.mark.parametrize("lock", ["uv.lock", "poetry.lock", "pdm.lock", "pylock.pdm.toml"])
@pytest.mark.parametrize(
    ("options", "without"),
    [
        ({"no_dev": True, "groups": ("test", "docs"), "all_extras": True}, None),
        ({"exclude": ("test", "docs")}, FAST | TEST | DOCS),
        ({"exclude": ("test",), "groups": ("docs",)}, FAST | TEST),
        ({"exclude": ("test", "docs"), "extras": ("fast",)}, TEST | DOCS),
        ({"groups": ("test", "docs"), "extras": ("fast",)}, set()),
    ],
)
def test_all_tools_leave_the_same(lock: str, options: dict[str, object], without: set[str] | None) -> None:
    document = document_at(LOCKS / lock)
    form = max(formats(), key=lambda one: one.score(document))
    found = form.read(document)
    taken = {canonicalize_name(name) for name in names(left(found, **options)).split()}
    every = {one.name for one in found.pins if not one.local}
    if without is None:  # poetry and pdm know all groups as development groups, uv and the standard only dev
        without = TEST | DOCS if lock in ("poetry.lock", "pdm.lock") else set()
    assert taken == every - without
