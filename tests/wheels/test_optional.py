"""Whether a package's own source can do without an extension module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from ftaudit.model.binary import Declaration, SharedObject
from ftaudit.wheels.optional import MAX_BYTES, MAX_FILES, MAX_PARSED, optional, sources_to_read, told
from tests.builders.modules import file

MODULE = "pkg._fast"
TRY = "try:\n    {}\nexcept {}:\n    {}\n"


def guarded(statement: str, kind: str = "ImportError", then: str = "pass") -> str:
    return TRY.format(statement, kind, then)


def is_optional(text: str, path: str = "pkg/__init__.py") -> bool:
    return optional({MODULE}, {path: text.encode()}) == {MODULE}


IMPORTS = [
    "import pkg._fast",
    "import os, pkg._fast as fast",
    "from pkg import _fast",
    "from pkg import other, _fast as fast",
    "from pkg._fast import speed",
    "from pkg._fast import *",
    "from . import _fast",
    "from ._fast import speed",
    "import importlib; m = importlib.import_module('pkg._fast')",
    "m = import_module('._fast', __package__)",
    "m = import_module('._fast', 'pkg')",
    "m = __import__('pkg._fast')",
]


@pytest.mark.parametrize("statement", IMPORTS)
def test_an_import_counts_however_it_is_written(statement: str) -> None:
    assert is_optional(guarded(statement))
    assert not is_optional(statement)


@pytest.mark.parametrize(
    ("statement", "path"),
    [
        ("from .. import _fast", "pkg/sub/core.py"),
        ("from .._fast import speed", "pkg/sub/__init__.py"),
        ("from ... import _fast", "pkg/sub/deep/core.py"),
        ("from . import _fast", "pkg/core.py"),
        ("m = import_module('.._fast', __package__)", "pkg/sub/core.py"),
    ],
)
def test_relative_imports_start_at_the_file(statement: str, path: str) -> None:
    assert is_optional(guarded(statement), path)
    assert not is_optional(statement, path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "import pkg",
        "from . import other\nname = '_fast'",
        "from .sub import _fast",
        "from .... import _fast",
        "import pkg._faster",
        "import other._fast",
        "m = import_module(name + '_fast')",
        "m = load('pkg._fast')",
    ],
)
def test_nothing_is_known_where_nothing_imports_it(text: str) -> None:
    assert not is_optional(guarded(text or "pass"))


@pytest.mark.parametrize(
    "kind",
    [
        "ImportError",
        "ModuleNotFoundError",
        "Exception",
        "BaseException",
        "(AttributeError, ImportError)",
        "builtins.ImportError",
        "ImportError as error",
        "",
    ],
)
def test_these_handlers_let_an_import_fail(kind: str) -> None:
    assert is_optional(f"try:\n    from . import _fast\nexcept {kind}:\n    _fast = None\n")


@pytest.mark.parametrize(
    "text",
    [
        guarded("from . import _fast", "AttributeError"),
        guarded("from . import _fast", "(KeyError, ValueError)"),
        guarded("from . import _fast", "errors[0]"),
        guarded("from . import _fast", then="raise"),
        guarded("from . import _fast", "ImportError as e", "raise RuntimeError('build it') from e"),
        guarded("from . import _fast", then="if x: raise Hint\n    else: raise"),
        "try:\n    import x\nexcept ImportError:\n    from . import _fast\n",
        "try:\n    import x\nexcept ImportError:\n    pass\nelse:\n    from . import _fast\n",
        "try:\n    import x\nexcept ImportError:\n    pass\nfinally:\n    from . import _fast\n",
        "try:\n    from . import _fast\nfinally:\n    pass\n",
        "with suppress(KeyError):\n    from . import _fast\n",
        "with open('_fast'):\n    from . import _fast\n",
        "if sys.platform == 'linux':\n    from . import _fast\n",
        "if not TYPE_CHECKING:\n    from . import _fast\n",
        "if TYPE_CHECKING:\n    pass\nelse:\n    from . import _fast\n",
        "class C:\n    from . import _fast\n",
        "def f(m=__import__('pkg._fast')): ...\n",
        "@__import__('pkg._fast').wrap\ndef f(): ...\n",
        "f = lambda m=__import__('pkg._fast'): m\n",
    ],
)
def test_these_imports_must_succeed(text: str) -> None:
    assert not is_optional(text)


@pytest.mark.parametrize(
    "text",
    [
        guarded("from . import _fast", then="if REQUIRED: raise"),
        guarded("from . import _fast", then="if REQUIRED: raise\n    else: _fast = None"),
        guarded("if FAST:\n        from . import _fast"),
        "with suppress(ImportError):\n    from . import _fast\n",
        "with contextlib.suppress(KeyError, ModuleNotFoundError):\n    from . import _fast\n",
        "try:\n    def f():\n        from . import _fast\nexcept ImportError: ...\n",
        "def f():\n    try:\n        from . import _fast\n    except ImportError: ...\n",
        "class C:\n    with suppress(ImportError):\n        from . import _fast\n",
        "if TYPE_CHECKING:\n    from . import _fast\n" + guarded("from . import _fast"),
    ],
)
def test_these_imports_may_fail(text: str) -> None:
    assert is_optional(text)


LATE = [
    "def f():\n    from . import _fast\n",
    "async def f():\n    from . import _fast\n",
    "class C:\n    def f(self):\n        from . import _fast\n",
    "f = lambda: __import__('pkg._fast')\n",
]


@pytest.mark.parametrize("text", LATE)
def test_late_imports_are_no_guard_but_do_no_harm_beside_one(text: str) -> None:
    assert not is_optional(text)
    assert is_optional(text + guarded("from . import _fast"))
    assert not is_optional(text + guarded("from . import _fast") + "from . import _fast\n")


def test_an_import_for_type_checkers_only_is_none() -> None:
    assert not is_optional("if TYPE_CHECKING:\n    from . import _fast\n")


CAUGHT = guarded("from . import _fast").encode()


def test_one_import_that_must_succeed_is_enough() -> None:
    assert optional({MODULE}, {"pkg/__init__.py": CAUGHT, "pkg/core.py": CAUGHT}) == {MODULE}
    assert not optional({MODULE}, {"pkg/__init__.py": CAUGHT, "pkg/core.py": b"from . import _fast\n"})


def test_a_file_that_cannot_be_parsed_counts_where_it_has_the_name() -> None:
    assert optional({MODULE}, {"pkg/__init__.py": CAUGHT, "pkg/template.py": b"{% broken _faster"})
    assert not optional({MODULE}, {"pkg/__init__.py": CAUGHT, "pkg/template.py": b"{% broken _fast"})


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pkg/ext/core.py", "from . import util\n"),
        ("pkg/ext/sub/core.py", "from .. import util\n"),
        ("pkg/core.py", "from .ext import util\n"),
        ("pkg/core.py", "from pkg.ext.util import speed\n"),
        ("pkg/sub/core.py", "from ..ext import (\n    a,\n    util,\n)\n"),
        ("other/core.py", "import pkg.ext.util\n"),
    ],
)
def test_an_import_is_seen_wherever_it_stands(path: str, text: str) -> None:
    name, caught = "pkg.ext.util", guarded("from .ext import util").encode()
    assert optional({name}, {"pkg/__init__.py": caught}) == {name}
    assert not optional({name}, {"pkg/__init__.py": caught, path: text.encode()})


def test_a_file_that_names_another_package_is_not_parsed() -> None:
    name, caught = "pkg.ext.util", guarded("from .ext import util").encode()
    broken = b"from . import util {%"
    assert optional({name}, {"pkg/__init__.py": caught, "pkg/core.py": broken}) == {name}
    assert not optional({name}, {"pkg/__init__.py": caught, "pkg/ext/core.py": broken})
    assert not optional({name}, {"pkg/__init__.py": caught, "pkg/core.py": broken + b" ext"})


def test_only_so_much_is_parsed() -> None:
    padded = CAUGHT + b"#" * (MAX_PARSED - len(CAUGHT))
    assert optional({MODULE}, {"pkg/__init__.py": padded}) == {MODULE}
    assert not optional({MODULE}, {"pkg/__init__.py": padded + b"#"})


def test_each_module_is_answered_for_itself() -> None:
    text = guarded("from . import _a") + "from . import _b\n" + guarded("from . import _c")
    found = optional(["pkg._a", "pkg._b", "pkg._c", "pkg._d"], {"pkg/__init__.py": text.encode()})
    assert found == {"pkg._a", "pkg._c"}


def test_a_name_that_is_no_text_is_not_found() -> None:
    assert optional(["pkg.\udcff", MODULE], {"pkg/__init__.py": CAUGHT}) == {MODULE}


def test_no_modules_no_answers() -> None:
    assert optional((), {"pkg/__init__.py": CAUGHT}) == frozenset()


@pytest.mark.parametrize(
    "bomb",
    [
        "(" * 9_000 + ")" * 9_000,
        "-" * 50_000 + "1",
        "1" + "+1" * 50_000,
        "a" + ".a" * 50_000,
        guarded("x", then="if x: raise\n" + "    elif x: raise\n" * 5_000),
        "\0",
    ],
    ids=["nested", "unary", "sum", "attributes", "branches", "nul"],
)
def test_hostile_files_are_survived(bomb: str) -> None:
    """Some parsers read some of them; what is said holds either way."""
    assert not is_optional(f"{CAUGHT.decode()}{bomb}\nfrom . import _fast\n")


def test_what_the_compiler_warns_of_is_not_said() -> None:
    assert is_optional(CAUGHT.decode() + "x = '\\d'\n")


def test_a_module_outside_any_package_may_be_imported_by_all() -> None:
    assert optional({"_fast"}, {"pkg/__init__.py": guarded("import _fast").encode()})
    assert not optional({"_fast"}, {"pkg/__init__.py": guarded("from . import _fast").encode()})


MEMBERS = {
    "pkg/__init__.py": 10,
    "pkg/sub/core.py": 10,
    "pkg/_fast.cpython-314t-x86_64-linux-gnu.so": 9_999_999,
    "pkg/tests/test_fast.py": 10,
    "pkg/test_core.py": 10,
    "pkg/conftest.py": 10,
    "other/__init__.py": 10,
    "pkgx/__init__.py": 10,
    "top.py": 10,
}


def test_the_same_top_level_package_is_read() -> None:
    found = sources_to_read("pkg/sub/_fast.abi3.so", MEMBERS)
    assert found == ["pkg/__init__.py", "pkg/sub/core.py"]


def test_for_a_module_outside_any_package_the_whole_wheel_is_read() -> None:
    found = sources_to_read("_fast.abi3.so", MEMBERS)
    assert found == ["other/__init__.py", "pkg/__init__.py", "pkg/sub/core.py", "pkgx/__init__.py", "top.py"]


def test_too_many_files_are_not_read() -> None:
    fit = {f"pkg/m{number}.py": 1 for number in range(MAX_FILES)}
    assert len(sources_to_read("pkg/_fast.so", fit)) == MAX_FILES
    assert sources_to_read("pkg/_fast.so", {**fit, "pkg/more.py": 1}) == []


def test_too_large_files_are_not_read() -> None:
    assert sources_to_read("pkg/_fast.so", {"pkg/a.py": MAX_BYTES - 1, "pkg/b.py": 1}) != []
    assert sources_to_read("pkg/_fast.so", {"pkg/a.py": MAX_BYTES, "pkg/b.py": 1}) == []


# -- of the modules of a wheel --

FAST, SLOW = "pkg/_fast.cpython-314t-x86_64-linux-gnu.so", "pkg/_slow.abi3.so"


@dataclass
class Code:
    """The source files of a wheel, and which of them were asked for."""

    files: dict[str, bytes]
    read: list[str] = field(default_factory=list)

    def told(self, *modules: SharedObject) -> list[bool]:
        found = told(modules, self._sizes, self._read)
        assert [replace(one, optional=False) for one in found] == list(modules)
        return [one.optional for one in found]

    def _sizes(self) -> dict[str, int]:
        return {path: len(content) for path, content in self.files.items()}

    def _read(self, paths: Sequence[str]) -> dict[str, bytes]:
        self.read += paths
        return {path: self.files[path] for path in paths}


GUARDED = guarded("from . import _fast, _slow").encode()
OFF = (Declaration.NOT_USED, Declaration.SINGLE_PHASE_NOT_USED, Declaration.NOT_A_MODULE)


@pytest.mark.parametrize("declaration", Declaration)
def test_only_modules_that_may_enable_the_gil_are_looked_for(declaration: Declaration) -> None:
    code = Code({"pkg/__init__.py": GUARDED})
    doubtful = declaration not in OFF
    assert code.told(file(FAST, declaration), file(SLOW, Declaration.NOT_USED)) == [doubtful, False]
    assert code.read == ["pkg/__init__.py"] * doubtful


def test_one_doubtful_declaration_of_several_is_enough() -> None:
    code = Code({"pkg/__init__.py": GUARDED})
    assert code.told(file(FAST, Declaration.NOT_USED, Declaration.USED)) == [True]


def test_what_was_not_read_is_doubtful_and_a_library_is_not() -> None:
    code = Code({"pkg/__init__.py": GUARDED})
    assert code.told(file(FAST, problem="broken")) == [True]
    assert code.told(file(FAST)) == [False]


def test_a_package_that_needs_its_module_says_so() -> None:
    code = Code({"pkg/__init__.py": b"from . import _fast\n" + guarded("from . import _slow").encode()})
    assert code.told(file(FAST, Declaration.USED), file(SLOW, Declaration.USED)) == [False, True]


def test_a_package_that_cannot_be_read_says_nothing() -> None:
    code = Code({"pkg/__init__.py": GUARDED})
    assert [one.optional for one in told((file(FAST, Declaration.USED),), code._sizes, lambda _: {})] == [
        False
    ]


def test_each_package_is_read_once() -> None:
    code = Code({"pkg/__init__.py": GUARDED, "other/__init__.py": guarded("from . import _fast").encode()})
    modules = [file(path, Declaration.USED) for path in (FAST, SLOW, "other/_fast.so")]
    assert code.told(*modules) == [True, True, True]
    assert code.read == ["pkg/__init__.py", "other/__init__.py"]


def test_all_packages_of_a_wheel_share_one_limit() -> None:
    small = guarded("from . import _fast").encode()
    padding = b"#" * (MAX_BYTES - 2 * len(small) + 1)
    modules = [file("a/_fast.so", Declaration.USED), file("b/_fast.so", Declaration.USED)]
    assert Code({"a/__init__.py": small, "b/__init__.py": small, "b/a.py": padding[:-1]}).told(*modules) == [
        True,
        True,
    ]
    assert Code({"a/__init__.py": small, "b/__init__.py": small, "b/a.py": padding}).told(*modules) == [
        True,
        False,
    ]
