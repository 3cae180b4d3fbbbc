"""Secrets at rest: sealed with AES-256-GCM under a key that lives outside of the database."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from egovcloud.domain.errors import Permanent

_VERSION = b"\x01"


class Cipher:
    """Seals and opens small secrets. ``purpose`` is bound to the ciphertext: a value can't be moved elsewhere."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("the secret key must have 32 bytes")
        self._aead = AESGCM(key)

    @classmethod
    def from_file(cls, path: Path) -> Cipher:
        """The key in ``path``; a first start makes one, readable by its owner alone."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(os.urandom(32))
        return cls(path.read_bytes())

    def seal(self, text: str, purpose: str) -> bytes:
        """Ciphertext of ``text``; every call gives another one."""
        nonce = os.urandom(12)
        return _VERSION + nonce + self._aead.encrypt(nonce, text.encode(), purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> str:
        """The text; ``Permanent`` when the key or the purpose is another one."""
        try:
            return self._aead.decrypt(sealed[1:13], sealed[13:], purpose.encode()).decode()
        except InvalidTag:
            raise Permanent("secret.unreadable", purpose=purpose) from None
