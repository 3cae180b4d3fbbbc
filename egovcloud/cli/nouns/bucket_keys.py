"""Access keys of a bucket: listed, made, revoked by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from egovcloud.cli.confirm import confirm
from egovcloud.cli.declare import Param, Verb, columns, flag, text
from egovcloud.cli.language import say
from egovcloud.cli.resolve import is_id
from egovcloud.cli.values import label
from egovcloud.cli.verbs import TARGET, finish
from egovcloud.domain.errors import NotFound

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

KEYS = columns("name state access_key_id writes:flag created_by created=created_at:time id")
MADE = columns("name access_key_id secret writes:flag endpoint region bucket")


def run_keys(call: Call) -> None:
    """Keys of a bucket; where they are good is said beside them."""
    found = _keys(call)
    call.output.rows(found["items"], KEYS)
    if found["access"]:
        access = found["access"]
        call.output.note(say("cli.bucket.access", endpoint=access["endpoint"], bucket=access["bucket"]))


def run_create_key(call: Call) -> None:
    """A new key with its secret, which nobody can be told again."""
    answer = call.send("POST", _path(call), body=call.body())
    if answer is None:
        return
    access = _keys(call)["access"] or {}
    call.output.one({**access, **answer.data["key"], "secret": answer.data["secret"]}, MADE)
    call.output.note(say("cli.bucket.secret"))


def run_delete_key(call: Call) -> None:
    """The key is found by its name or id."""
    wanted = str(call.values["key"])
    if is_id(wanted):
        key: dict[str, Any] = {"id": wanted.lower(), "name": wanted}
    else:
        found = [one for one in _keys(call)["items"] if one["name"] == wanted]
        if not found:
            raise NotFound("cli.bucket.no_key", name=wanted)
        key = found[0]
    if not call.dry_run:
        confirm(call, label(key))
    finish(call, [call.send("DELETE", f"{_path(call)}/{key['id']}")])


def _keys(call: Call) -> Any:
    return call.client.get(_path(call))


def _path(call: Call) -> str:
    (target,) = call.targets()
    return f"/buckets/{target['id']}/keys"


VERBS = (
    Verb("keys", run_keys, (TARGET,), columns=KEYS),
    Verb(
        "create-key",
        run_create_key,
        (TARGET, text("name", required=True), flag("writes")),
        writes=True,
        examples=("bucket create-key 低保档案 --name 备份程序 --writes",),
    ),
    Verb(
        "delete-key",
        run_delete_key,
        (TARGET, Param("key", argument=True, required=True, body=False, metavar="KEY")),
        writes=True,
        slow=True,
        danger=True,
    ),
)
