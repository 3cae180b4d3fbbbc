"""Buckets (存储桶) and what is in them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from egovcloud.cli.confirm import confirm
from egovcloud.cli.declare import Noun, Param, Verb, choice, columns, flag, integer, ref, switch, text
from egovcloud.cli.failures import Usage
from egovcloud.cli.language import say
from egovcloud.cli.nouns import bucket_keys
from egovcloud.cli.values import label
from egovcloud.cli.verbs import TARGET, TARGETS, creates, finish, lists, named, shows, updates
from egovcloud.domain.errors import Invalid

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

PART = 8 * 1024 * 1024  # the largest body that is taken in one piece
KEY = Param("key", argument=True, required=True, body=False, metavar="KEY")
OBJECTS = columns("key size modified:time")
UPLOADS = columns("key size arrived:count parts created=created_at:time id")
STORES = columns("name driver capabilities id")


def run_delete(call: Call) -> None:
    """DELETE after the name was typed; ``--contents`` says it to the server a second time."""
    targets = [named(call, target) for target in call.targets()] if not call.dry_run else call.targets()
    if not call.dry_run:
        for target in targets:
            confirm(call, label(target))
    answers = []
    for target in targets:
        params = {"confirm": label(target), "contents": label(target) if call.values.get("contents") else None}
        answers.append(call.send("DELETE", f"/buckets/{target['id']}", params=params))
    finish(call, answers)


def run_usage(call: Call) -> None:
    """What it holds, and the most that it held on each day."""
    call.output.one(
        call.client.get(_path(call, "/usage")), columns("objects bytes quota=quota_gib:gib metered_at:time")
    )


def run_stores(call: Call) -> None:
    """Endpoints that can hold a bucket."""
    call.output.rows(call.client.get("/object-stores"), STORES)


def run_ls(call: Call) -> None:
    """Names below a prefix, folder by folder or all of them."""
    params: dict[str, Any] = {"prefix": call.values.get("prefix"), "deep": "true" if call.values.get("deep") else None}
    path, rows, after = _path(call, "/objects"), list[dict[str, Any]](), None
    while True:
        page = call.client.get(path, {**params, "limit": 1000, "after": after})
        rows += [{"key": prefix, "size": None, "modified": None} for prefix in page["prefixes"]]
        rows += page["objects"]
        after = page["next"]
        if after is None or not call.values.get("all"):
            break
    call.output.rows(rows, OBJECTS)
    if after is not None:
        call.output.note(say("cli.bucket.more", count=len(rows)))


def run_rm(call: Call) -> None:
    """Delete one object, after its key was typed."""
    key = str(call.values["key"])
    if not call.dry_run:
        confirm(call, key)
    finish(call, [call.send("DELETE", _path(call, "/objects"), params={"key": key})])


def run_url(call: Call) -> None:
    """A temporary address."""
    body = {"key": call.values["key"], "method": call.values["method"], "seconds": call.values["seconds"]}
    answer = call.send("POST", _path(call, "/urls"), body=body)
    if answer is not None:
        call.output.one(answer.data, columns("url method expires=expires_at:time"))


def run_uploads(call: Call) -> None:
    """Uploads that are not finished."""
    call.output.rows(call.client.get(_path(call, "/uploads")), UPLOADS)


def run_abort(call: Call) -> None:
    """Give an unfinished upload up."""
    finish(call, [call.send("DELETE", _path(call, f"/uploads/{call.values['upload']}"))])


def run_upload(call: Call) -> None:
    """A file, in parts when it is large; the same command again goes on where it broke off."""
    source = Path(str(call.values["file"])).expanduser()
    key = str(call.values.get("as") or source.name)
    path = _path(call, "")
    try:
        size = source.stat().st_size
        with source.open("rb") as file:
            if call.dry_run:
                call.send("PUT", f"{path}/content", params={"key": key})
            elif size <= PART:
                call.client.send_bytes(f"{path}/content", file.read(PART + 1), {"key": key})
            else:
                _in_parts(call, path, key, size, file)
    except OSError as error:
        raise Invalid("cli.file.unreadable", path=source, detail=error.strerror) from None
    if not call.dry_run:
        call.output.note(say("cli.bucket.uploaded", key=key, size=size))


def _in_parts(call: Call, path: str, key: str, size: int, file: Any) -> None:
    begun = call.client.request("POST", f"{path}/uploads", body={"key": key, "size": size}).data
    if begun["arrived"] and call.values.get("restart"):
        call.client.request("DELETE", f"{path}/uploads/{begun['id']}")
        begun = call.client.request("POST", f"{path}/uploads", body={"key": key, "size": size}).data
    if begun["arrived"]:
        call.output.note(say("cli.bucket.resumed", done=len(begun["arrived"]), total=begun["parts"]))
    for number in range(1, begun["parts"] + 1):
        if number not in begun["arrived"]:
            file.seek((number - 1) * begun["part_size"])
            part = file.read(begun["part_size"])
            call.client.send_bytes(f"{path}/uploads/{begun['id']}/parts/{number}", part, {})
            call.output.note(say("cli.bucket.part", number=number, total=begun["parts"]))
    call.client.request("POST", f"{path}/uploads/{begun['id']}/complete")


def run_download(call: Call) -> None:
    """An object as a file; one that broke off does not bear its name."""
    key, params = str(call.values["key"]), {"key": call.values["key"]}
    path = _path(call, "/content")
    chosen = call.values.get("file")
    if chosen == "-":
        call.client.download(path, params, sys.stdout.buffer)
        return
    target = Path(str(chosen or key.rpartition("/")[2])).expanduser()
    if target.is_dir():
        target /= key.rpartition("/")[2]
    if target.exists() and not call.values.get("force"):
        raise Usage("cli.bucket.exists", path=target)
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as file:
            call.client.download(path, params, file)
        os.replace(part, target)
    except OSError as error:
        raise Invalid("cli.file.unwritable", path=target, detail=error.strerror) from None
    finally:
        part.unlink(missing_ok=True)
    call.output.note(say("cli.bucket.downloaded", path=target, size=target.stat().st_size))


def _path(call: Call, suffix: str) -> str:
    (target,) = call.targets()
    return f"/buckets/{target['id']}{suffix}"


def _settings(*, required: bool) -> tuple[Param, ...]:
    return (
        integer("quota_gib", required=required, metavar="GIB"),
        switch("versioning"),
        integer("expire_days", metavar="DAYS"),
        text("expire_prefix", metavar="PREFIX"),
    )


NOUN = Noun(
    "bucket",
    "/buckets",
    columns=columns("name state quota=quota_gib:gib bytes objects project department store id"),
    scopes=("department", "project"),
    filters=(
        ref("department"),
        ref("project", within=("department",)),
        ref("application", within=("project",)),
        ref("request"),
        ref("provider"),
        text("state", metavar="STATE[,STATE]"),
    ),
    verbs=(
        lists(),
        shows(),
        creates(
            text("name", required=True),
            ref("project", required=True),
            ref("application", within=("project",)),
            text("provider", key="provider_id", metavar="ID"),
            *_settings(required=True),
            slow=True,
            examples=("bucket create --name 低保档案 --project 社会救助 --quota-gib 200 --wait",),
        ),
        updates(text("name"), *_settings(required=False), slow=True),
        Verb(
            "delete",
            run_delete,
            (TARGETS, flag("contents", body=False)),
            writes=True,
            slow=True,
            danger=True,
            confirms=True,
        ),
        Verb("usage", run_usage, (TARGET,)),
        Verb("stores", run_stores, columns=STORES),
        Verb(
            "ls",
            run_ls,
            (TARGET, text("prefix", body=False), flag("deep", body=False), flag("all", body=False)),
            columns=OBJECTS,
            examples=("bucket ls 低保档案 --prefix 2026/",),
        ),
        Verb("rm", run_rm, (TARGET, KEY), writes=True, danger=True),
        Verb(
            "url",
            run_url,
            (
                TARGET,
                KEY,
                choice("method", "GET", "PUT", default="GET", body=False),
                integer("seconds", default=3600, body=False),
            ),
            writes=True,
            examples=("bucket url 低保档案 2026/表.xlsx --seconds 600",),
        ),
        Verb(
            "upload",
            run_upload,
            (
                TARGET,
                Param("file", argument=True, required=True, body=False, metavar="FILE"),
                text("as", metavar="KEY", body=False),
                flag("restart", body=False),
            ),
            writes=True,
            examples=("bucket upload 低保档案 backup.tar --as 2026/backup.tar",),
        ),
        Verb(
            "download",
            run_download,
            (TARGET, KEY, Param("file", metavar="FILE", short="-f", body=False), flag("force", body=False)),
        ),
        Verb("uploads", run_uploads, (TARGET,), columns=UPLOADS),
        Verb(
            "abort",
            run_abort,
            (TARGET, Param("upload", argument=True, required=True, body=False, metavar="UPLOAD")),
            writes=True,
        ),
        *bucket_keys.VERBS,
    ),
)
