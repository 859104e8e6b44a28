"""A loopback index for the benchmark, in a process of its own: pages of a realistic size, with latency.

It answers from memory, keeps connections open, and holds every answer back for the latency, so that what is
measured is the client. ``/asked`` lists the paths that were asked for, with the ranges. The wheels that a
free-threaded interpreter on Linux would pick of the pinned versions are there, in parts too.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sys
from functools import cache

from tests.builders.extensions import GIL, NOT_USED, extension
from tests.builders.wheels import wheel

LATENCY = 0.040
PYTHONS = ("cp39", "cp310", "cp311", "cp312", "cp313", "cp313t", "cp314", "cp314t", "cp315", "cp315t")
PLATFORMS = (
    "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "manylinux_2_17_aarch64.manylinux2014_aarch64",
    "musllinux_1_2_x86_64",
    "macosx_11_0_arm64",
    "win_amd64",
)
SERVED = "manylinux_2_17_x86_64.manylinux2014_x86_64"
MODULE_BYTES = 300_000
"""Of a native wheel's one module, incompressible: about what `yarl` and `msgpack` have."""
METADATA = """\
Metadata-Version: 2.4
Name: {name}
Version: {version}
Requires-Python: >=3.9
Classifier: Programming Language :: Python :: Free Threading :: 2 - Beta

{padding}
"""


def names(count: int) -> list[str]:
    """The projects of the index; the first is the one with 4,000 files."""
    return [f"package-{number:04}" for number in range(count)]


def pinned(number: int) -> str:
    """The version that the benchmark's lock pins: the newest but one."""
    return "78.0" if number == 0 else "10.0" if number % 3 else "4.0"


def files(number: int, name: str) -> list[str]:
    """A third of the projects are compiled; of these a third has no free-threaded wheel."""
    stem = name.replace("-", "_")
    if number == 0:
        versions, pythons = 80, list(PYTHONS)
    elif number % 3 == 0:
        versions, pythons = 6, [p for p in PYTHONS if number % 9 or not p.endswith("t")]
    else:
        return [f"{stem}-{v}.0{end}" for v in range(12) for end in ("-py3-none-any.whl", ".tar.gz")]
    return [
        f"{stem}-{version}.0-{python.removesuffix('t')}-{python}-{platform}.whl"
        for version in range(6 if number else versions)
        for python in pythons
        for platform in PLATFORMS
    ] + [f"{stem}-{version}.0.tar.gz" for version in range(versions)]


def page(number: int, name: str) -> bytes:
    entries = []
    for file in files(number, name):
        body = content(file) if is_served(file, pinned(number)) else None
        digest = hashlib.sha256(body or file.encode()).hexdigest()
        entries.append(
            {
                "core-metadata": {"sha256": hashlib.sha256(_metadata(name, _version(file))).hexdigest()},
                "filename": file,
                "hashes": {"sha256": digest},
                "requires-python": ">=3.9",
                "size": len(body) if body else 123456,
                "upload-time": "2026-01-01T00:00:00.000000Z",
                "url": f"/files/{digest[:2]}/{digest[2:4]}/{digest[4:]}/{file}",
                "yanked": False,
            }
        )
    return json.dumps({"meta": {"api-version": "1.4"}, "name": name, "files": entries}).encode()


def is_served(file: str, version: str) -> bool:
    """Whether the wheel *file* can be had: those that free-threaded Linux picks of the pinned *version*."""
    python = file.split("-")[3:4]
    fits = file.endswith("-any.whl") or (
        file.endswith(f"{SERVED}.whl") and python in (["cp314t"], ["cp315t"])
    )
    return fits and _version(file) == version


@cache
def content(file: str) -> bytes:
    """The wheel called *file*: the same each time, without code that runs."""
    stem, version, *_, abi, _ = file.removesuffix(".whl").split("-")
    name = stem.replace("_", "-")
    members: dict[str, bytes | str] = {f"{stem}/__init__.py": f"# {name}\n" * 100}
    if abi != "none":
        noise = random.Random(file).randbytes(MODULE_BYTES)  # noqa: S311 - no secret
        ending = f"cpython-{abi.removeprefix('cp')}-x86_64-linux-gnu.so"
        members[f"{stem}/_native.{ending}"] = extension("_native", {GIL: NOT_USED}) + noise
    tag = "-".join(file.removesuffix(".whl").split("-")[2:])
    text = _metadata(name, version).decode()
    return wheel(name=name, version=version, tag=tag, files=members, metadata_text=text)[1]


def _version(file: str) -> str:
    return file.removesuffix(".tar.gz").split("-")[1]


def _metadata(name: str, version: str) -> bytes:
    return METADATA.format(name=name, version=version, padding="A long description. " * 200).encode()


def reply(path: str, wanted: str, pages: dict[str, bytes]) -> tuple[str, str, bytes]:
    """Status, further headers and body for *path*, of which the range *wanted* is asked for."""
    file = path.rpartition("/")[2]
    if path in pages:
        return "200 OK", "Content-Type: application/vnd.pypi.simple.v1+json\r\n", pages[path]
    if path.endswith(".metadata"):
        named = file.removesuffix(".metadata")
        text = _metadata(named.split("-")[0].replace("_", "-"), _version(named))
        return "200 OK", "Content-Type: text/plain\r\n", text
    if not file.endswith(".whl") or not is_served(file, _version(file)):
        return "404 Not Found", "", b""
    body = content(file)
    first, last = wanted.removeprefix("bytes=").split("-") if wanted else ("0", "")
    start = int(first) if first else max(0, len(body) - int(last))
    end = min(int(last) + 1, len(body)) if first and last else len(body)
    status = "206 Partial Content" if wanted else "200 OK"
    return status, f"Content-Range: bytes {start}-{end - 1}/{len(body)}\r\n", body[start:end]


async def serve(count: int) -> None:
    pages = {f"/simple/{name}/": page(number, name) for number, name in enumerate(names(count))}
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readline():
                wanted = ""
                while (line := await reader.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"range:"):
                        wanted = line.partition(b":")[2].strip().decode()
                path = request.split(b" ")[1].decode()
                await asyncio.sleep(LATENCY)
                if path == "/asked":
                    status, headers, body = "200 OK", "", json.dumps(asked).encode()
                else:
                    status, headers, body = reply(path, wanted, pages)
                asked.append(f"{path} {wanted}".strip())
                head = f"HTTP/1.1 {status}\r\n{headers}Cache-Control: max-age=600\r\n"
                writer.write(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode())
                writer.write(body)
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
