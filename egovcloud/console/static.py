"""Serves the built console: hashed files for a year, the page itself never from a cache, everything compressed once."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.routing import PathConverter

from egovcloud.domain.errors import NotFound

BUILT = Path(__file__).parent / "static"
SMALL = 1024  # bytes below which compression gains nothing
TEXT = ("text/", "application/javascript", "application/json", "image/svg+xml", "application/manifest+json")
MISSING = (
    "<!doctype html><meta charset=utf-8><title>egovcloud</title>"
    "<p>The console is not built: run <code>config/install.sh</code>. The API is at <code>/api/v1</code>."
)


class Page(PathConverter):
    """Every path that is neither the API's nor a screen's."""

    regex = r"(?!api/|screen/)[^/].*?"


@dataclass(frozen=True)
class Kept:
    """One file, ready to be sent."""

    body: bytes
    compressed: bytes | None
    media_type: str
    etag: str


def add_console(app: Flask, directory: Path | None = None) -> None:
    """Serve the files of ``directory`` under ``/``; a path that is a page of the console gets the console."""
    root = (directory or BUILT).resolve()

    @lru_cache(maxsize=512)
    def load(name: str, _changed: float) -> Kept:
        body = (root / name).read_bytes()
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if media_type == "text/javascript" or name.endswith(".js"):
            media_type = "text/javascript"
        text = media_type.startswith(TEXT)
        compressed = gzip.compress(body, 9, mtime=0) if text and len(body) > SMALL else None
        if media_type.startswith("text/"):
            media_type += "; charset=utf-8"
        return Kept(body, compressed, media_type, hashlib.sha256(body).hexdigest()[:32])

    def find(name: str) -> Kept | None:
        path = (root / name).resolve()
        if not name or root not in path.parents or not path.is_file():
            return None
        return load(str(path.relative_to(root)), path.stat().st_mtime)

    def show(name: str = "index.html") -> Response:
        if "\0" in name:
            raise NotFound("http.not_found")
        kept = find(name)
        page = kept is None
        if page and name != "index.html" and "." in name.rpartition("/")[2]:
            raise NotFound("http.not_found")
        kept = kept or find("index.html")
        if kept is None:
            return Response(MISSING, 503, content_type="text/html; charset=utf-8")
        return _answer(kept, forever=name.startswith("assets/") and not page)

    app.url_map.converters["page"] = Page
    for rule, endpoint in (("/", "console"), ("/<page:name>", "console.page")):
        app.add_url_rule(rule, endpoint=endpoint, view_func=show, methods=["GET"], provide_automatic_options=False)


def _answer(kept: Kept, *, forever: bool) -> Response:
    compress = kept.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(kept.compressed if compress else kept.body, content_type=kept.media_type)
    if compress:
        response.headers["Content-Encoding"] = "gzip"
    if kept.compressed is not None:
        response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if forever else "no-cache"
    response.set_etag(kept.etag + ("-gzip" if compress else ""))
    response.make_conditional(request)
    return response
