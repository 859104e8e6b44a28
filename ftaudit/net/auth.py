"""Who is asked as whom: credentials by origin, from the configuration, netrc and the keyring.

Credentials live only here and in the request that needs them. They are bound to an origin (scheme, host and
port), so that a redirect to another one never carries them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ftaudit.concurrency import Once
from ftaudit.model.text import without_credentials

Origin = tuple[str, str, int | None]
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name (or a token) and a password, neither percent-encoded."""

    user: str
    password: str = field(repr=False)


def origin(url: str) -> Origin:
    """Scheme, host and port of *url*; raises ValueError where it has none that make sense."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)


def is_address(url: str) -> bool:
    """Whether *url* can be taken apart and sent: a lock, a page or a user may have written anything."""
    try:
        origin(url)
        url.encode()
    except ValueError:
        return False
    return True


def split_credentials(url: str) -> tuple[str, Credentials | None]:
    """*url* without its user information, and the credentials that were in it."""
    parts = urlsplit(url)
    if not parts.username and not parts.password:
        return without_credentials(url), None
    return without_credentials(url), Credentials(unquote(parts.username or ""), unquote(parts.password or ""))


@dataclass(slots=True, kw_only=True)
class Keys:
    """The credentials of a run. ``configured`` are those of index URLs and of the tools' variables.

    The ``default`` entry of netrc is not used: it would be sent to any host that a lock or a redirect names.
    What netrc and the keyring hold goes over plain http only to this machine and to the ``trusted`` origins,
    which the user named.
    """

    configured: Mapping[Origin, Credentials] = field(default_factory=dict, repr=False)
    netrc: Netrc | None = None
    trusted: frozenset[Origin] = frozenset()
    _keyring: Once[Origin, Credentials | None] = field(default_factory=Once, repr=False)

    def known(self, url: str) -> Credentials | None:
        """What is sent at once, before the server asks."""
        own = self.configured.get(origin(url))
        if own is not None and own.password:
            return own
        if self.netrc is None or not self._may_tell(url):
            return own
        return self.netrc.of(urlsplit(url).hostname or "") or own

    def from_keyring(self, url: str) -> Credentials | None:
        """What the keyring has for *url*, asked once for each origin; None without a keyring installed.

        Only a server that answered is asked for, never offline. A backend that prompts blocks until it is
        answered: nothing here can end it.
        """
        if not self._may_tell(url):
            return None
        return self._keyring.get(origin(url), lambda: _ask_keyring(url, self.configured.get(origin(url))))

    def hint(self, url: str) -> str:
        """Why credentials that the user may count on were not used for *url*, or nothing."""
        if not self._may_tell(url):
            return "over plain http, passwords of netrc and keyring go only to an index that you configured"
        return self.netrc.broken if self.netrc else ""

    def _may_tell(self, url: str) -> bool:
        scheme, host, _ = at = origin(url)
        return scheme == "https" or at in self.trusted or _is_loopback(host)


@dataclass(frozen=True)
class Netrc:
    """A netrc file, read when a host first needs it."""

    path: Path

    @classmethod
    def find(cls, environ: Mapping[str, str], home: Path) -> Netrc | None:
        """The file that ``NETRC`` names, or the one in *home*."""
        named = environ.get("NETRC")
        candidates = [Path(named)] if named else [home / ".netrc", home / "_netrc"]
        return next((cls(path) for path in candidates if path.is_file()), None)

    def of(self, host: str) -> Credentials | None:
        return self._read[0].get(host.lower())

    @property
    def broken(self) -> str:
        """What is wrong with the file, or nothing."""
        return self._read[1]

    @cached_property
    def _read(self) -> tuple[dict[str, Credentials], str]:
        import netrc  # only where a host is asked that the configuration has no credentials for

        try:
            hosts = netrc.netrc(str(self.path)).hosts
        except netrc.NetrcParseError as error:  # its own text may repeat a password
            return {}, f"{self.path.name} is not readable at line {error.lineno}"
        except (OSError, UnicodeDecodeError) as error:
            return {}, f"{self.path.name} is not readable: {type(error).__name__}"
        return {
            host.lower(): Credentials(login or account or "", password or "")
            for host, (login, account, password) in hosts.items()
            if host != "default"
        }, ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _ask_keyring(url: str, configured: Credentials | None) -> Credentials | None:
    try:
        # optional: the extra "keyring"
        import keyring  # type: ignore[import-not-found, unused-ignore]
        from keyring.errors import KeyringError  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    user = configured.user if configured else None
    for service in (url, urlsplit(url).netloc):  # the names under which pip and uv store them
        try:
            found = keyring.get_credential(service, user)
        except KeyringError:  # a locked or missing backend is "no credentials", as for pip
            return None
        if found is not None:
            return Credentials(found.username or "", found.password or "")
    return None
