"""Passwords at rest: argon2id (RFC 9106), never more hashes at once than the machine has memory for."""

from __future__ import annotations

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# Without look-alikes, so that a one-time password can be read out over the telephone.
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"


class Passwords:
    """Hashes and verifies. ``parallel`` bounds how many hashes run at once; each takes ``memory_kib``."""

    def __init__(self, parallel: int = 2, *, time_cost: int = 3, memory_kib: int = 65536) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._line = threading.BoundedSemaphore(parallel)
        self._nobody: str | None = None

    def hash(self, password: str) -> str:
        """The encoded hash, with its salt and its cost in it."""
        with self._line:
            return self._hasher.hash(password)

    def verify(self, encoded: str | None, password: str) -> bool:
        """Whether ``password`` is the one; for nobody (``None``) the same work is done and the answer is no."""
        target = encoded
        if target is None:
            if self._nobody is None:
                self._nobody = self.hash(secrets.token_urlsafe())
            target = self._nobody
        with self._line:
            try:
                return self._hasher.verify(target, password) and encoded is not None
            except (VerificationError, InvalidHashError):
                return False

    def outdated(self, encoded: str) -> bool:
        """Whether the hash was made at another cost than today's."""
        return self._hasher.check_needs_rehash(encoded)


def one_time_password() -> str:
    """Sixteen characters, some 92 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))
