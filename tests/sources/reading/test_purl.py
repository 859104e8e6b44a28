"""Package URLs: the parts, percent-decoding, what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftaudit.sources.reading.purl import PackageUrl, PurlError, parse_purl


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pkg:pypi/a@1.0", PackageUrl(type="pypi", name="a", version="1.0")),
        ("pkg:pypi/a", PackageUrl(type="pypi", name="a")),
        (" PKG:PyPI/A_b@1.0 ", PackageUrl(type="pypi", name="A_b", version="1.0")),
        ("pkg://pypi//a@1", PackageUrl(type="pypi", name="a", version="1")),
        ("pkg:pypi/a@1.0%2Bcu128", PackageUrl(type="pypi", name="a", version="1.0+cu128")),
        ("pkg:pypi/a@1.0+cu128", PackageUrl(type="pypi", name="a", version="1.0+cu128")),
        (
            "pkg:npm/%40angular/animation@12.3.1",
            PackageUrl(type="npm", namespace="@angular", name="animation", version="12.3.1"),
        ),
        ("pkg:npm/@angular/core", PackageUrl(type="npm", namespace="@angular", name="core")),
        ("pkg:golang/a.example/b//c", PackageUrl(type="golang", namespace="a.example/b", name="c")),
        (
            "pkg:pypi/a@1?File_Name=a-1.tar.gz&empty=&vcs_url=git%2Bhttps://g.example/a%40b#docs//x%2Fy",
            PackageUrl(
                type="pypi",
                name="a",
                version="1",
                qualifiers=(("file_name", "a-1.tar.gz"), ("vcs_url", "git+https://g.example/a@b")),
                subpath="docs/x/y",
            ),
        ),
        (
            "pkg:generic/a@1?download_url=https://files.example/a?b=1",
            PackageUrl(
                type="generic",
                name="a",
                version="1",
                qualifiers=(("download_url", "https://files.example/a?b=1"),),
            ),
        ),
    ],
)
def test_the_parts(text: str, expected: PackageUrl) -> None:
    assert parse_purl(text) == expected


@pytest.mark.parametrize(
    ("text", "decoded"),
    [("..%2f..%2fetc", "../../etc"), ("a%1b%5B2J", "a\x1b[2J"), ("%E2%80%AEa", "\u202ea"), ("a%zz", "a%zz")],
)
def test_a_name_may_hold_anything_once_it_is_decoded(text: str, decoded: str) -> None:
    assert parse_purl(f"pkg:pypi/{text}@1").name == decoded


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", '"" is no package URL'),
        ("a==1.0", '"a==1.0" is no package URL'),
        ("https://index.example/a", "is no package URL"),
        ("pkg:pypi", "is no package URL"),
        ("pkg:pypi/", "is no package URL"),
        ("pkg:pypi/@1", "is no package URL"),
        ("pkg:/a@1", "is no package URL"),
        ("pkg:1/a@1", "is no package URL"),
        ("pkg:a b/a@1", "is no package URL"),
        ("pkg:pypi/a%ff@1", '"a%ff" in a package URL is not UTF-8'),
        ("pkg:pypi/a@%ff", "is not UTF-8"),
        ("pkg:pypi/a?x y=1", '"x y" is no qualifier of a package URL'),
        ("pkg:pypi/a?=1", '"" is no qualifier'),
        ("pkg:pypi/a?b=1&B=2", "the qualifier b stands twice"),
        ("pkg:pypi\x1b[2J", r'"pkg:pypi\\x1b\[2J" is no package URL'),
    ],
)
def test_what_is_none(text: str, words: str) -> None:
    with pytest.raises(PurlError, match=words):
        parse_purl(text)


@given(st.text(alphabet="pkg:/@?#%&=ay21\x1b\u202e.", max_size=40).map("pkg:".__add__))
def test_any_text_is_one_or_is_refused_in_words_that_can_be_shown(text: str) -> None:
    try:
        found = parse_purl(text)
        told = ""
        assert found.type
        assert found.name
    except PurlError as error:
        told = str(error)
    assert told.isprintable()
    assert len(told) < 200
