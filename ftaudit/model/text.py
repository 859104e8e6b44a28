"""Making text from outside fit to be shown: no secret, no control character, no endless line."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

_USER_INFO = re.compile(r"(?<=://)[^/?#\s]*@")
"""Up to the last ``@`` before the path, as URLs are read: a password may hold one."""
_SECRET_PARAMETER = re.compile(
    # no character is read twice from two starts: the text may be megabytes of a hostile page
    r"(?i)([?&;](?=[^?=&;#\s]*?(?:token|secret|password|passwd|key|sig|auth))[^?=&;#\s]*+=)[^&;#\s]+"
)


def mask(text: str) -> str:
    """*text* (a URL, or a line that holds some) with credentials and secret-looking parameters masked."""
    if "://" in text:
        text = _USER_INFO.sub("****@", text)
    return _SECRET_PARAMETER.sub(r"\1****", text) if "=" in text else text


def without_credentials(url: str) -> str:
    """*url* with its user name and password taken out: fit for a cache key and a report."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def printable(text: str) -> str:
    """*text* with control, bidirectional and other invisible characters written as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def short(text: str, limit: int = 80) -> str:
    """*text* on one line: printable, masked, at most *limit* characters, and without ``##``.

    CI services take commands out of logs, wherever in a line they stand: GitHub reads ``##[`` and Azure
    Pipelines ``##vso[`` (https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs).
    """
    plain = printable(mask(text)).replace("##", r"#\x23")
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def _escape(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
