"""From a container image to the environments in it: first its tree, by headers alone, then their files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ftaudit.errors import InputError, NothingToAuditError
from ftaudit.model.project import Problem, Severity
from ftaudit.model.text import printable
from ftaudit.sources.archives.big_file import Part, open_regular, size_of
from ftaudit.sources.archives.found_sites import (
    LOOKED_FOR,
    PACKAGES,
    Environment,
    document_of,
    environments,
    find_sites,
)
from ftaudit.sources.archives.image_layers import GZIP, ZSTD, inflate, layer
from ftaudit.sources.archives.image_manifest import Image, listed
from ftaudit.sources.archives.image_store import Checked, Store, TarStore, folder_store
from ftaudit.sources.archives.image_tree import File, Folder, ImageTree, Link
from ftaudit.sources.archives.rooted_tree import RootedTree
from ftaudit.sources.archives.unpack import Unpacked, needed, needed_name
from ftaudit.sources.base import Document, Held
from ftaudit.sources.reading.platforms import known_platform
from ftaudit.sources.scratch import Scratch

Place = tuple[str, ...]


def held(document: Document, scratch: Scratch) -> Held:
    """The environments of every image that *document* holds.

    One broken image of several is a problem, and the others are read. Raises `InputError` where none can be
    read, `NothingToAuditError` where none has an environment.
    """
    with _opened(document, scratch) as store:
        found = listed(store)
        documents: list[Document] = []
        problems = [_absent(document, platform) for platform in found.absent]
        errors: list[InputError] = []
        for image in found.images:
            shown = _shown(document, image, found.images)
            try:
                inside = _Environments(store, image, document.path).documents(scratch, shown)
            except InputError as error:
                errors.append(error)
                problems.append(_broken(shown, error))
                continue
            documents += inside
            if not inside:
                problems.append(_empty(shown))
    if errors and not documents:
        raise errors[0]
    if not documents:
        raise NothingToAuditError(
            f"{document.path}: no Python environment in the image", advice=f"ftaudit {LOOKED_FOR}"
        )
    return Held(documents=tuple(documents), problems=tuple(problems))


@contextmanager
def _opened(document: Document, scratch: Scratch) -> Iterator[Store]:
    if document.folder:
        with folder_store(document) as store:
            yield store
        return
    with open_regular(document) as file:
        start = file.read(len(ZSTD))
        if not start.startswith((GZIP, ZSTD)):
            yield TarStore(file, document.path)
            return
        # its parts are read in turns, which a compressed file does not allow
        unpacked = Unpacked(scratch, document.path)
        source = Checked(Part(file, 0, size_of(file)), None)
        unpacked.write([("image.tar",)], inflate(start, source, document.path, "").copy)
        with (unpacked.root / "image.tar").open("rb") as whole:
            yield TarStore(whole, document.path)


@dataclass(frozen=True, slots=True)
class _Environments:
    """The environments of one *image* of *store*, the input *path*."""

    store: Store
    image: Image
    path: str

    def documents(self, scratch: Scratch, shown: str) -> tuple[Document, ...]:
        """A document for each environment; what is read of it lies in *scratch*."""
        tree = self._tree()
        found = environments(find_sites(tree.root, lambda folder, place: _listing(tree, folder, place)))
        if not found:
            return ()
        unpacked = Unpacked(scratch, self.path)
        self._unpack(tree, found, unpacked)
        rooted, platform = RootedTree(unpacked.root), _platform(tree, self.image)
        return tuple(
            document_of(
                environment,
                rooted,
                shown=shown,
                also_folder=lambda place: isinstance(tree.find(place.split("/")), Folder),
                platform=platform,
                python_gil=self.image.python_gil,
            )
            for environment in found
        )

    def _tree(self) -> ImageTree:
        tree = ImageTree(self.path)
        for number, name in enumerate(self.image.layers):
            with layer(self.store, name) as members:
                for index, entry in enumerate(members):
                    tree.add(number, index, entry)
        return tree

    def _unpack(self, tree: ImageTree, found: Sequence[Environment], unpacked: Unpacked) -> None:
        """Writes what is read of *found* to *unpacked*, going once through each layer that has some of it."""
        wanted: dict[int, dict[int, list[Place]]] = defaultdict(lambda: defaultdict(list))
        for environment in found:
            for site in environment.sites:
                unpacked.folder(site.split("/"))
                for place, file in _needed(tree, tuple(site.split("/")), unpacked):
                    wanted[file.source][file.index].append(place)
            config = (*filter(None, environment.prefix.split("/")), "pyvenv.cfg")
            found_config = tree.find(config)
            if isinstance(found_config, File):
                wanted[found_config.source][found_config.index].append(config)
        for number, members in wanted.items():
            self._copy(self.image.layers[number], members, unpacked)

    def _copy(self, name: str, wanted: Mapping[int, Sequence[Place]], unpacked: Unpacked) -> None:
        with layer(self.store, name) as members:
            for index, _ in enumerate(members):
                if index in wanted:
                    unpacked.write(wanted[index], members.copy)


def _needed(tree: ImageTree, site: Place, unpacked: Unpacked) -> Iterator[tuple[Place, File]]:
    """The files that are read of the folder of packages *site*; those of which the name counts are made."""
    folder = tree.find(site)
    if not isinstance(folder, Folder):
        return
    for below, node in tree.walk(folder, site):
        if isinstance(node, File) and needed(below):
            yield (*site, *below), node
        elif needed_name(below):
            unpacked.folder((*site, *below))


def _listing(tree: ImageTree, folder: Folder, place: str) -> dict[str, Folder | None]:
    """The names in *folder* with the folders among them; of links only one that is named for packages, and
    leads to some that are not found by themselves."""
    found: dict[str, Folder | None] = {}
    for name, node in folder.children.items():
        if isinstance(node, Link) and name in PACKAGES and node.target.rpartition("/")[2] not in PACKAGES:
            target = tree.find((*place.split("/"), name))
            holds = isinstance(target, Folder) and any(
                each.endswith(".dist-info") for each in target.children
            )
            found[name] = target if isinstance(target, Folder) and holds else None
        else:
            found[name] = node if isinstance(node, Folder) else None
    return found


def _platform(tree: ImageTree, image: Image) -> str | None:
    """Our name of the image's platform; the musl loader in it tells what its configuration does not."""
    folder = tree.find(("lib",))
    musl = isinstance(folder, Folder) and any(name.startswith("ld-musl-") for name in folder.children)
    return known_platform(f"musl{image.platform}" if musl else image.platform)


def _shown(document: Document, image: Image, images: Sequence[Image]) -> str:
    if len(images) == 1:
        return f"{document.path}!"
    several = [other.platform for other in images if other.tag == image.tag]
    words = [image.tag, image.platform.replace("_", "/") if len(several) > 1 or not image.tag else ""]
    number = "" if len(set(several)) == len(several) else f"#{images.index(image) + 1}"
    return f"{document.path}[{' '.join(filter(None, (*words, number)))}]!"


def _absent(document: Document, platform: str) -> Problem:
    message = f"the image for {printable(platform)} is listed and not in the archive: not read"
    return Problem(input=document.path, rule="unreadable-input", message=message, severity=Severity.WARNING)


def _broken(shown: str, error: InputError) -> Problem:
    return Problem(input=shown, rule="unreadable-input", message=str(error), severity=Severity.ERROR)


def _empty(shown: str) -> Problem:
    message = "no Python environment in this image"
    return Problem(input=shown, rule="unreadable-input", message=message, severity=Severity.WARNING)
