"""Passwords at rest."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher

from egovcloud.store.passwords import Passwords, one_time_password


class Counting(PasswordHasher):
    """Knows how many hashes ran at once."""

    running = most = 0
    guard = threading.Lock()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self.guard:
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            return super().hash(password, salt=salt)
        finally:
            with self.guard:
                self.running -= 1


CHEAP = Passwords(2, time_cost=1, memory_kib=8)


def test_only_the_right_password_verifies() -> None:
    encoded = CHEAP.hash("correct horse")
    assert encoded.startswith("$argon2id$")
    assert CHEAP.verify(encoded, "correct horse")
    assert not CHEAP.verify(encoded, "correct horsE")
    assert not CHEAP.verify(None, "correct horse")
    assert not CHEAP.verify("-", "correct horse")
    assert CHEAP.hash("correct horse") != encoded


def test_defaults_are_rfc_9106_and_older_hashes_are_outdated() -> None:
    encoded = Passwords().hash("x")
    assert "m=65536,t=3" in encoded
    assert Passwords().outdated(CHEAP.hash("x"))
    assert not Passwords().outdated(encoded)


def test_parallel_hashes_are_bounded() -> None:
    counting = Counting(time_cost=1, memory_cost=8, parallelism=1)
    passwords = Passwords(2)
    passwords._hasher = counting
    threads = [threading.Thread(target=passwords.hash, args=("x",)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= counting.most <= 2


def test_one_time_passwords_are_long_and_never_the_same() -> None:
    made = {one_time_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(password) == 16 for password in made)
