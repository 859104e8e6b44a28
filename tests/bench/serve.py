"""A loopback index for the benchmark, in a process of its own: pages of a realistic size, with latency.

It answers from memory, keeps connections open, and holds every answer back for the latency, so that what is
measured is the client. ``/asked`` lists the paths that were asked for.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys

LATENCY = 0.040
PYTHONS = ("cp39", "cp310", "cp311", "cp312", "cp313", "cp313t", "cp314", "cp314t", "cp315", "cp315t")
PLATFORMS = (
    "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "manylinux_2_17_aarch64.manylinux2014_aarch64",
    "musllinux_1_2_x86_64",
    "macosx_11_0_arm64",
    "win_amd64",
)
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
    return "79.0" if number == 0 else "5.0" if number % 3 else "11.0"


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
        digest = hashlib.sha256(file.encode()).hexdigest()
        entries.append(
            {
                "core-metadata": {"sha256": hashlib.sha256(_metadata(name, _version(file))).hexdigest()},
                "filename": file,
                "hashes": {"sha256": digest},
                "requires-python": ">=3.9",
                "size": 123456,
                "upload-time": "2026-01-01T00:00:00.000000Z",
                "url": f"/files/{digest[:2]}/{digest[2:4]}/{digest[4:]}/{file}",
                "yanked": False,
            }
        )
    return json.dumps({"meta": {"api-version": "1.4"}, "name": name, "files": entries}).encode()


def _version(file: str) -> str:
    return file.removesuffix(".tar.gz").split("-")[1]


def _metadata(name: str, version: str) -> bytes:
    return METADATA.format(name=name, version=version, padding="A long description. " * 200).encode()


async def serve(count: int) -> None:
    pages = {f"/simple/{name}/": page(number, name) for number, name in enumerate(names(count))}
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readline():
                while (await reader.readline()) not in (b"\r\n", b""):
                    pass
                path = request.split(b" ")[1].decode()
                await asyncio.sleep(LATENCY)
                kind, body = "application/vnd.pypi.simple.v1+json", pages.get(path)
                if path == "/asked":
                    body = json.dumps(asked).encode()
                asked.append(path)
                if body is None and path.endswith(".metadata"):
                    file = path.rpartition("/")[2].removesuffix(".metadata")
                    kind = "text/plain"
                    body = _metadata(file.split("-")[0].replace("_", "-"), _version(file))
                status = "200 OK" if body is not None else "404 Not Found"
                head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nCache-Control: max-age=600\r\n"
                writer.write(head.encode() + f"Content-Length: {len(body or b'')}\r\n\r\n".encode())
                writer.write(body or b"")
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
