"""What is fuzzed: every reader of a document, on bytes. The first byte chooses the format.

What comes out is a `Reading` or an error of ours, in no time, and nothing in it that cannot be shown.
"""

from __future__ import annotations

import time

from ftaudit.errors import FtauditError
from ftaudit.model.project import Reading
from ftaudit.sources.registry import choose
from tests.builders.documents import document_beside
from tests.builders.samples import SAMPLES

MAX_SECONDS = 5.0
"""Of the processor, for one small input: a quadratic reader takes far longer than this."""


class FoundError(AssertionError):
    """What a reader must not do."""


def one_input(data: bytes) -> Reading | None:
    """Reads *data* as the format that its first byte chooses; raises `FoundError` for what must not be."""
    if not data:
        return None
    sample = SAMPLES[data[0] % len(SAMPLES)]
    handed = document_beside(sample.name, data[1:], dict(sample.beside))
    begun = time.process_time()
    reading, told = None, []
    try:
        form = choose(handed)
        reading = form.read(handed) if form else None
        told = [problem.message for problem in reading.problems] if reading else []
    except FtauditError as error:
        told = [error.message]
    if time.process_time() - begun > MAX_SECONDS:
        raise FoundError(f"{sample.format}: it took {time.process_time() - begun:.1f} s")
    texts = [*told, *(_shown(reading) if reading else ())]
    for text in texts:
        if not text.isprintable():
            raise FoundError(f"{sample.format}: {text!r} cannot be shown")
    return reading


def _shown(reading: Reading) -> list[str]:
    texts = []
    for pin in reading.pins:
        texts += [pin.name, pin.version, pin.source.location]
        texts += [file.name for file in pin.files]
        texts += [text for o in pin.origins for text in (*o.groups, *o.extras, o.marker or "")]
        texts += [text for record in pin.conda for text in (record.build, record.url)]
    return texts


def seeds() -> dict[str, bytes]:
    """The samples as inputs, by a name for the file."""
    return {
        f"{number:02}-{sample.name}": bytes([number]) + sample.text.encode()
        for number, sample in enumerate(SAMPLES)
    }
