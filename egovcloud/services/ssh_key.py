"""Public keys of one's own."""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from sqlalchemy import select

from egovcloud.domain.errors import Conflict, Invalid, NotFound
from egovcloud.services import rules
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, Page, page
from egovcloud.store.models import SshKey

RSA_BITS = 2048
KINDS = ("ssh-ed25519", "ecdsa-sha2-", "ssh-rsa")

LISTING: Listing[SshKey] = Listing(SshKey, permission="ssh_key:read", sorts={"name": SshKey.name})


def page_own(house: House, actor: Actor, query: ListQuery) -> Page[SshKey]:
    """One page of the caller's own keys."""
    own = Listing(SshKey, permission="ssh_key:read", sorts=LISTING.sorts, where=lambda: SshKey.user_id == actor.user_id)
    with house.read() as session:
        return page(session, actor, own, query)


def create(house: House, actor: Actor, name: str, public_key: str) -> SshKey:
    """Register a key; its comment is dropped, because whoever made the line chose it."""
    name = rules.name(name)
    line, fingerprint = canonical(public_key)
    with house.write(actor, "ssh_key.create", "ssh_key") as unit:
        unit.about("ssh_key", None, name, fingerprint=fingerprint)
        again = select(SshKey.id).where(SshKey.user_id == actor.user_id, SshKey.name == name)
        if unit.session.scalar(again):
            raise Conflict("ssh_key.exists", field="name", name=name)
        key = SshKey(
            user_id=actor.user_id,
            name=name,
            public_key=line,
            fingerprint=fingerprint,
            created_at=unit.now,
            updated_at=unit.now,
        )
        unit.session.add(key)
        unit.session.flush()
        unit.about("ssh_key", key)
        return key


def delete(house: House, actor: Actor, ssh_key_id: str) -> None:
    """Forget a key; machines that were made with it keep it."""
    with house.write(actor, "ssh_key.delete", "ssh_key") as unit:
        key = unit.session.get(SshKey, ssh_key_id)
        if key is None or key.user_id != actor.user_id:
            raise NotFound("thing.absent", noun="ssh_keys", id=ssh_key_id)
        unit.about("ssh_key", key)
        unit.session.delete(key)
        unit.session.flush()


def canonical(text: str) -> tuple[str, str]:
    """``type base64`` of one OpenSSH public key and its SHA-256 fingerprint; ``Invalid`` for anything else."""
    problem = Invalid("ssh_key.malformed", field="public_key")
    parts = text.strip().split(None, 2)
    if len(parts) < 2 or "\n" in text.strip() or not parts[0].startswith(KINDS):
        raise problem
    line = f"{parts[0]} {parts[1]}"
    try:
        key = load_ssh_public_key(line.encode())
        blob = base64.b64decode(parts[1], validate=True)
    except (ValueError, UnsupportedAlgorithm):
        raise problem from None
    strong = isinstance(key, ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey) or (
        isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_BITS
    )
    if not strong:
        raise problem
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return line, f"SHA256:{digest}"
