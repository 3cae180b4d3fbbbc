"""Public keys of one's own."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.centre import Centre


def line(key: ed25519.Ed25519PublicKey | rsa.RSAPublicKey) -> str:
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def test_a_key_is_kept_without_its_comment(centre: Centre) -> None:
    caller = centre.signed_in("member")
    key = line(ed25519.Ed25519PrivateKey.generate().public_key())
    made = caller.post("/ssh-keys", {"name": "办公电脑", "public_key": f"  {key} $(reboot)@host\n"})
    body = caller.ok(made, 201)
    assert body["public_key"] == key
    assert body["fingerprint"].startswith("SHA256:")
    again = caller.post("/ssh-keys", {"name": "办公电脑", "public_key": key})
    assert caller.ok(again, 409)["code"] == "ssh_key.exists"
    other = centre.signed_in("member")
    assert other.ok(other.get("/ssh-keys"))["items"] == []
    assert other.delete(f"/ssh-keys/{body['id']}").status_code == 404
    assert caller.delete(f"/ssh-keys/{body['id']}").status_code == 204
    assert caller.ok(caller.get("/ssh-keys"))["items"] == []


@pytest.mark.parametrize("weak", ["ssh-ed25519 AAAA", "hello", "ssh-rsa", "two\nlines here", "RSA1024", "DSA", "é é"])
def test_anything_else_is_refused(centre: Centre, weak: str) -> None:
    made = {
        "RSA1024": lambda: line(rsa.generate_private_key(65537, 1024).public_key()),
        "DSA": lambda: (
            dsa.generate_private_key(1024).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        ),
    }.get(weak, lambda: weak)()
    caller = centre.signed_in("member")
    refused = caller.ok(caller.post("/ssh-keys", {"name": "k", "public_key": made}), 422)
    assert (refused["code"], refused["field"]) == ("ssh_key.malformed", "public_key")
