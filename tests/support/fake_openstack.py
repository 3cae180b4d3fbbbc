"""A cloud that speaks just enough of Keystone and Nova to be logged in to, and then says what it is told."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from egovcloud.drivers.openstack import CloudConfig

JSON = {"Content-Type": "application/json"}
HYPERVISOR = {
    "hypervisor_hostname": "node.one",
    "service": {"host": "one", "disabled_reason": None},
    "state": "up",
    "status": "enabled",
    "vcpus": 8,
    "memory_mb": 16384,
    "hypervisor_type": "QEMU",
    "hypervisor_version": 7002000,
    "cpu_info": {"model": "EPYC"},
}
# Path → type, and what the service says of its versions.
OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "volume": ("block-storage", {"path": "v3", "version": {"id": "v3.0", "version": "3.71", "min_version": "3.0"}}),
    "network": ("network", {"path": "v2.0", "version": {"id": "v2.0"}}),
    "image": ("image", {"path": "v2", "version": {"id": "v2.15"}}),
}
Answer = tuple[int, Mapping[str, str], bytes]


class FakeCloud:
    """``answers`` (path → answers in turn) come before what it would say by itself; ``seen`` are the requests."""

    def __init__(self, certificate: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.newest = "2.96"
        self.region = "north"
        self.whole = False  # whether the catalogue has more than Nova
        handler = type("Handler", (_Handler,), {"cloud": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        if certificate is not None:
            self._server.socket = certificate.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def paths(self, method: str = "GET") -> list[str]:
        return [path for seen, path, _ in self.seen if seen == method]

    def config(self, directory: Path, **options: Any) -> CloudConfig:
        """The way in, by password."""
        auth = {"auth_url": f"{self.url}/v3", "username": "centre", "project_name": "centre"}
        domains = {"user_domain_id": "default", "project_domain_id": "default"}
        files = {
            "clouds": {"fake": {"auth": {**auth, **domains}, "region_name": self.region}},
            "secure": {"fake": {"auth": {"password": "hidden"}}},
        }
        for name, clouds in files.items():
            (directory / f"{name}.yaml").write_text(yaml.safe_dump({"clouds": clouds}))
        places = {"clouds_file": str(directory / "clouds.yaml"), "secure_file": str(directory / "secure.yaml")}
        return CloudConfig("fake", **places, **options)

    def answer(self, path: str) -> Answer:
        """What a healthy cloud would say."""
        version = {"id": "v2.1", "status": "CURRENT", "version": self.newest, "min_version": "2.1"}
        link = [{"rel": "self", "href": f"{self.url}/compute/v2.1/"}]
        if path.startswith("/compute/v2.1/os-hypervisors"):
            return 200, JSON, json.dumps({"hypervisors": [HYPERVISOR]}).encode()
        if path.startswith("/compute"):
            return 200, JSON, json.dumps({"versions": [{**version, "links": link}]}).encode()
        for service, (_, ids) in OTHERS.items():
            if path.startswith(f"/{service}"):
                told = {"status": "CURRENT", "links": [{"rel": "self", "href": f"{self.url}/{service}/{ids['path']}/"}]}
                return 200, JSON, json.dumps({"versions": [{**told, **ids["version"]}]}).encode()
        v3 = {"id": "v3.14", "status": "stable", "links": [{"rel": "self", "href": f"{self.url}/v3/"}]}
        return 200, JSON, json.dumps({"version": v3}).encode()

    def token(self) -> tuple[int, Mapping[str, str], bytes]:
        endpoint = {
            "interface": "public",
            "region": self.region,
            "region_id": self.region,
            "url": f"{self.url}/compute",
        }
        body = {
            "methods": ["password"],
            "expires_at": (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
            "issued_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
            "user": {"id": "u", "name": "centre", "domain": {"id": "default", "name": "Default"}},
            "project": {"id": "p", "name": "centre", "domain": {"id": "default", "name": "Default"}},
            "roles": [],
            "catalog": [
                {"type": "compute", "name": "nova", "id": "1", "endpoints": [endpoint]},
                *(
                    {
                        "type": type_,
                        "name": service,
                        "id": service,
                        "endpoints": [{**endpoint, "url": f"{self.url}/{service}"}],
                    }
                    for service, (type_, _) in OTHERS.items()
                    if self.whole
                ),
            ],
        }
        return 201, {**JSON, "X-Subject-Token": f"token-{len(self.seen)}"}, json.dumps({"token": body}).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cloud: FakeCloud

    def _serve(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.cloud.seen.append((self.command, self.path, dict(self.headers.items())))
        waiting = next(
            (left for start, left in self.cloud.answers.items() if self.path.startswith(start) and left), None
        )
        if waiting:
            status, headers, body = waiting.pop(0)
        elif self.path == "/v3/auth/tokens":
            status, headers, body = self.cloud.token()
        else:
            status, headers, body = self.cloud.answer(self.path)
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def log_message(self, *_words: Any) -> None:
        """Silent: the tests look at ``seen``."""


def expired(directory: Path) -> ssl.SSLContext:
    """A certificate of yesterday."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now - timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = directory / "certificate.pem"
    file.write_bytes(made.public_bytes(pem) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@contextmanager
def fake_cloud(certificate: ssl.SSLContext | None = None) -> Iterator[FakeCloud]:
    cloud = FakeCloud(certificate)
    try:
        yield cloud
    finally:
        cloud.close()
