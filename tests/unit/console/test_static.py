"""The console's files: compressed, cached by name, and nothing beside them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from egovcloud.api import problems
from egovcloud.console.static import add_console

PAGE = "<!doctype html><title>政务云</title>" + " " * 2000
CODE = "console.log('x');" * 200


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    built = tmp_path / "static"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text(PAGE)
    (built / "assets" / "index-abc123.js").write_text(CODE)
    (built / "assets" / "small.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    (built / "link.txt").symlink_to(tmp_path / "secret.txt")
    app = Flask("test", static_folder=None)
    problems.install(app)
    add_console(app, built)
    return app.test_client()


@pytest.mark.parametrize("path", ["/", "/instances", "/instances/0123-4567", "/requests/new?x=1"])
def test_every_page_is_the_console(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.get_data(as_text=True) == PAGE
    assert response.content_type == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"


def test_hashed_files_are_kept_for_a_year(client: FlaskClient) -> None:
    response = client.get("/assets/index-abc123.js", headers={"Accept-Encoding": "gzip, br"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.data).decode() == CODE
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.content_type.startswith("text/javascript")
    plain = client.get("/assets/index-abc123.js")
    assert plain.get_data(as_text=True) == CODE
    assert plain.headers["ETag"] != response.headers["ETag"]
    again = client.get("/assets/index-abc123.js", headers={"If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304


def test_small_files_are_not_compressed(client: FlaskClient) -> None:
    response = client.get("/assets/small.svg", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in response.headers
    assert response.content_type.startswith("image/svg+xml")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/absent.js",
        "/favicon.ico",
        "/link.txt",
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/api/v1/nope",
        "/api/x",
        "/screen/x",
        "/x%00.js",
        "/x%00",
    ],
)
def test_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert b"secret" not in response.data.replace(b"secret.txt", b"")


def test_pages_take_no_writes(client: FlaskClient) -> None:
    assert client.post("/").status_code == 405
    assert client.options("/instances").status_code == 405


def test_a_console_that_is_not_built_says_so(tmp_path: Path) -> None:
    app = Flask("test", static_folder=None)
    problems.install(app)
    add_console(app, tmp_path)
    response = app.test_client().get("/")
    assert response.status_code == 503
    assert b"config/install.sh" in response.data
