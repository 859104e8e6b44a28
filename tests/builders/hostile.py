"""Everything that can be asked of an image, for files that lie; and such files, made of good ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from ftaudit.binaries.image import BadBinaryError, Buffer, Image
from ftaudit.binaries.registry import load

TEXT, DATA, TABLES = 0x1000, 0x2000, 0x3000
WORDS = (0, 0x10, 0x400, TEXT, DATA, DATA + 8, DATA + 16, DATA + 64, TABLES, TABLES + 64, 1 << 63, -8)


def survives(data: Buffer) -> bool:
    """Ask everything of the images of *data*; whether none of it was refused. Other exceptions get out."""
    try:
        images = load(data)
    except BadBinaryError:
        return False
    return False not in [answered(image) for image in images]


def answered(image: Image) -> bool:
    """Ask everything of *image*; whether none of it was refused."""
    questions: list[Callable[[], object]] = [
        lambda: image.python_imports(),
        lambda: image.imports("PyModuleDef_Init"),
        lambda: image.export("PyInit_x"),
        lambda: [image.function_size(address) for address in image.hooks.values()],
        lambda: list(image.pointers_to(DATA + 0x40)),
        *(lambda address=address: image.word(address) for address in WORDS),
        *(lambda address=address: image.stub(address) for address in WORDS),
        *(lambda address=address: image.cstring(address) for address in WORDS),
    ]
    return False not in [_asked(question) for question in questions]


def _asked(question: Callable[[], object]) -> bool:
    try:
        question()
    except BadBinaryError:
        return False
    return True


def truncations(data: bytes) -> Iterator[bytes]:
    """Cut at every second byte of the headers and the tables, and at each page."""
    filled = {place for place in range(0, len(data), 2) if any(data[place : place + 16])}
    return (data[:place] for place in sorted(filled | set(range(0, len(data), TEXT))))


def flips(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """One to three bytes of headers and tables changed, *count* times."""
    chance = random.Random(seed)  # noqa: S311 - the same each time
    filled = [place for place in range(len(data)) if any(data[max(place - 8, 0) : place + 8])]
    for _ in range(count):
        broken = bytearray(data)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            place = chance.choice(filled)
            broken[place] = chance.choice((broken[place] ^ 1 << chance.randrange(8), 0xFF, 0x80, 0, 0x7F))
        yield bytes(broken)
