"""Why a mirror gave nothing usable, as one plain sentence."""

from __future__ import annotations

import ssl
from http import HTTPStatus
from http.client import RemoteDisconnected
from socket import gaierror
from typing import Any
from urllib.error import HTTPError, URLError

from tutor.i18n import t
from tutor.safe import one_line

KINDS: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLCertVerificationError, "certificate"),
    (ssl.SSLError, "secure"),
    (gaierror, "unknown"),
    (TimeoutError, "silent"),
    (RemoteDisconnected, "silent"),
    (OSError, "unreachable"),
)
"""The messages for errors on the way to a mirror; of those that fit, the first."""


class RefusalError(Exception):
    """What a mirror sent, or did not send, cannot be used."""

    def __init__(self, kind: str, *, again: bool = False, **values: Any) -> None:
        """Describe a refusal by the message `data.mirror.KIND` and the values in it.

        `again` tells whether asking the same mirror once more may help.
        """
        super().__init__(kind)
        self.kind = kind
        self.again = again
        self.values = values

    def __str__(self) -> str:
        """Return the sentence in the language in use."""
        return t(f"data.mirror.{self.kind}", **self.values)


def unanswered(error: Exception) -> RefusalError:
    """Return the refusal that an error before the first byte of a file amounts to."""
    if isinstance(error, HTTPError):
        error.close()
        if HTTPStatus.MULTIPLE_CHOICES <= error.code < HTTPStatus.BAD_REQUEST:
            return RefusalError("redirects")
        return RefusalError("status", code=error.code, reason=one_line(error.reason, 60))
    if isinstance(error, URLError):
        error = error.reason if isinstance(error.reason, Exception) else ValueError(error.reason)
    kind = next((kind for known, kind in KINDS if isinstance(error, known)), "garbled")
    words = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or error
    return RefusalError(kind, detail=one_line(words, 120))
