"""How the network is reached: certificates, proxies, time-outs. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetOptions:
    """``cert`` is a bundle of certificate authorities, ``client_cert`` one file with key and certificate.

    ``trusted_hosts`` (``host`` or ``host:port``) are not verified. ``proxy`` is for everything; ``proxies``
    are those of the environment, by scheme, with ``no`` listing the hosts that need none. Times are seconds:
    ``read_seconds`` is how long a server may be silent, ``request_seconds`` how long one answer may take.
    """

    offline: bool = False
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = field(default=None, repr=False)
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    trusted_hosts: tuple[str, ...] = ()
    connect_seconds: float = 10.0
    read_seconds: float = 20.0
    request_seconds: float = 120.0
    attempts: int = 4
    backoff_seconds: float = 0.25
    longest_wait_seconds: float = 60.0

    def verify(self, url: str) -> bool | str:
        """The ``verify`` of requests for *url*."""
        parts = urlsplit(url)
        if {parts.hostname, f"{parts.hostname}:{parts.port}"} & set(self.trusted_hosts):
            return False
        return self.cert or True

    def proxies_for(self, url: str) -> dict[str, str]:
        """The proxies of requests for *url*; empty for a direct connection."""
        if self.proxy:
            return {"http": self.proxy, "https": self.proxy}
        if not self.proxies:
            return {}
        # slow to import, and rarely needed
        from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

        parts = urlsplit(url)
        if proxy_bypass_environment(parts.netloc.rpartition("@")[2], dict(self.proxies)):
            return {}
        proxy = self.proxies.get(parts.scheme) or self.proxies.get("all")
        return {parts.scheme: proxy} if proxy else {}


def environment_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """``http_proxy`` and its kin by scheme; the name in lower case wins, as everywhere else."""
    found = {}
    for name, value in sorted(environ.items(), key=lambda item: item[0].islower()):
        scheme, _, proxy = name.lower().rpartition("_")
        if proxy == "proxy" and scheme in {"http", "https", "all", "no"}:
            found[scheme] = value
    return {scheme: value for scheme, value in found.items() if value}


def environment_bundle(environ: Mapping[str, str]) -> str | None:
    """The bundle of certificate authorities that the environment names, or None."""
    return next((environ[name] for name in _BUNDLE_VARIABLES if environ.get(name)), None)
