"""The way to the server: certificates, plain HTTP, tokens and where they come from, patience."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.cloud import TOKEN, Cloud, Reply, problem
from tests.unit.cli.conftest import Run, instance


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that is its own authority, with its key in the same file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "authority.pem"
    encoding = serialization.Encoding.PEM
    path.write_bytes(
        certificate.public_bytes(encoding)
        + key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def secure(authority: Path) -> Iterator[Cloud]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    made = Cloud(context)
    made.put("/instances", instance(101, "web-1"))
    yield made
    made.close()


def test_an_unknown_certificate_is_refused_and_the_token_stays_here(run: Run, secure: Cloud) -> None:
    result = run("instance", "list", "--url", secure.url)
    assert result.code == 10
    assert "--ca" in result.err
    assert secure.requests == []


def test_a_named_authority_is_believed(run: Run, secure: Cloud, authority: Path) -> None:
    assert run("instance", "list", "--url", secure.url, "--ca", str(authority)).code == 0
    assert run("instance", "list", "--url", secure.url, "--ca", str(authority) + ".no").code == 6


def test_plain_http_leaves_this_machine_only_when_that_is_allowed(run: Run) -> None:
    refused = run("instance", "list", "--url", "http://cloud.invalid:1")
    assert refused.code == 2
    assert "--allow-http" in refused.err
    assert run("instance", "list", "--url", "http://cloud.invalid:1", "--allow-http").code == 10


def test_addresses_that_mean_the_same(run: Run, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in (cloud.url + "/", cloud.url + "/api/v1", cloud.url + "/api/v1/"):
        monkeypatch.setenv("EGOV_URL", url)
        assert run("instance", "list").code == 0


def test_a_token_comes_from_a_flag_the_environment_or_a_file(
    run: Run, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "token"
    path.write_text("egov_from_file\n", encoding="utf-8")
    path.chmod(0o600)
    cloud.on("GET", "/instances", lambda seen: Reply(200, {"items": [], "next": None}))
    run("instance", "list", "--token-file", str(path))
    run("instance", "list")
    monkeypatch.delenv("EGOV_TOKEN")
    monkeypatch.setenv("EGOV_TOKEN_FILE", str(path))
    run("instance", "list")
    monkeypatch.delenv("EGOV_TOKEN_FILE")
    config = tmp_path / "config" / "egovcloud" / "egovctl.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'token_file = "{path}"\nlang = "zh"\noutput = "csv"\n', encoding="utf-8")
    assert run("instance", "list").out.startswith("name,state")
    sent = [seen.headers["Authorization"] for seen in cloud.requests]
    assert sent == ["Bearer egov_from_file", f"Bearer {TOKEN}", "Bearer egov_from_file", "Bearer egov_from_file"]
    assert cloud.requests[-1].headers["Accept-Language"] == "zh"


def test_a_token_that_others_can_read_is_refused(run: Run, tmp_path: Path, cloud: Cloud) -> None:
    path = tmp_path / "token"
    path.write_text("egov_open\n", encoding="utf-8")
    path.chmod(0o644)
    result = run("instance", "list", "--token-file", str(path))
    assert (result.code, cloud.requests) == (6, [])
    assert "chmod 600" in result.err


@pytest.mark.parametrize("content", ["url = ", "\x00", "url = [1"])
def test_a_broken_configuration_is_named(run: Run, tmp_path: Path, content: str) -> None:
    config = tmp_path / "config" / "egovcloud" / "egovctl.toml"
    config.parent.mkdir(parents=True)
    config.write_text(content, encoding="utf-8")
    result = run("instance", "list")
    assert result.code == 6
    assert "egovctl.toml" in result.err


def test_a_token_with_a_line_break_is_no_header(run: Run, monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    monkeypatch.setenv("EGOV_TOKEN", "egov_a\r\nX-Evil: 1")
    assert run("instance", "list").code == 6
    assert cloud.requests == []


def test_a_busy_server_is_asked_again_as_it_says(run: Run, cloud: Cloud) -> None:
    busy = problem(503, "db.busy", "Busy.")
    busy.headers["Retry-After"] = "1"
    cloud.on("GET", "/instances", busy, Reply(200, {"items": [], "next": None}))
    begun = time.monotonic()
    assert run("instance", "list").code == 0
    assert time.monotonic() - begun >= 1.0
    assert len(cloud.sent("GET", "/instances")) == 2


def test_a_server_that_wants_a_minute_is_left_to_the_person(run: Run, cloud: Cloud) -> None:
    busy = problem(429, "auth.rate", "Try again in 60 seconds.")
    busy.headers["Retry-After"] = "60"
    cloud.on("GET", "/instances", busy)
    assert run("instance", "list").code == 10
    assert len(cloud.sent("GET", "/instances")) == 1


def test_a_redirect_is_not_followed_with_the_token(run: Run, cloud: Cloud) -> None:
    cloud.on("GET", "/instances", Reply(302, None, {"Location": "http://evil.invalid/"}))
    result = run("instance", "list")
    assert result.code in (1, 10)
    assert "is not the egovcloud API" in result.err
