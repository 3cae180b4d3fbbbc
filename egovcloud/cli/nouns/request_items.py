"""A request's content out of a YAML file and flags, with names in place of ids."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from egovcloud.cli.failures import Usage
from egovcloud.domain.errors import Invalid

if TYPE_CHECKING:
    from egovcloud.cli.call import Call

# Name in a file → (key of the API, noun, list?).
_REFS: dict[str, tuple[str, str, bool]] = {
    "flavor": ("flavor_id", "flavor", False),
    "image": ("image_id", "image", False),
    "zone": ("zone_id", "zone", False),
    "instance": ("instance_id", "instance", False),
    "volume": ("volume_id", "volume", False),
    "networks": ("network_ids", "network", True),
    "security_groups": ("security_group_ids", "security-group", True),
    "ssh_keys": ("ssh_key_ids", "ssh-key", True),
}
# These are looked for among the project's own.
_OF_PROJECT = frozenset({"security-group", "instance", "volume"})
_MACHINE = ("name", "count", "flavor", "image", "network", "security_group", "ssh_key", "zone", "volume", "user_data")


def request_body(call: Call, *, partial: bool = False) -> dict[str, Any]:
    """Body of a create or check, or of an update (``partial``): flags go before what the file says."""
    values = call.values
    document = read_document(str(values["file"])) if values.get("file") else {}
    body: dict[str, Any] = {key: document[key] for key in ("title", "purpose") if key in document}
    for key in ("title", "purpose"):
        if values.get(key) is not None:
            body[key] = values[key]
    project = values.get("project") or document.get("project")
    project_id = call.identify("project", str(project)) if project else document.get("project_id")
    if project_id:
        body["project_id"] = project_id
    scope = {"project_id": str(project_id)} if project_id else {}
    application = values.get("application") or document.get("application")
    application_id = (
        call.identify("application", str(application), scope) if application else document.get("application_id")
    )
    if application_id:
        body["application_id"] = application_id
    base = Path(str(values["file"])).parent if values.get("file") else Path()
    items = [_item(call, item, scope, base) for item in _list_of(document, "items")]
    items += [_item(call, item, scope, base) for item in _from_flags(call)]
    if items or not partial:
        body["items"] = items
    _check(call, body, partial)
    return body


def with_names(call: Call, item: Mapping[str, Any]) -> dict[str, Any]:
    """The item with a name beside each id; what is gone or hidden keeps its id."""
    shown = dict(item)
    for name, (key, noun, many) in _REFS.items():
        wanted = item.get(key)
        if wanted:
            shown[name] = [call.name_of(noun, one) for one in wanted] if many else call.name_of(noun, str(wanted))
    shown["volumes"] = [f"{volume.get('name')}:{volume.get('size_gib')}" for volume in item.get("volumes") or []]
    return shown


def read_document(path: str) -> dict[str, Any]:
    """The YAML (or JSON) of a file; ``-`` is standard input."""
    import yaml

    from egovcloud.cli.call import read_text

    try:
        document = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise Invalid("cli.file.broken", path=path, detail=" ".join(str(error).split())) from None
    if not isinstance(document, dict):
        raise Invalid("cli.file.not_mapping", path=path)
    known = {"title", "purpose", "project", "project_id", "application", "application_id", "items"}
    unknown = sorted(str(key) for key in document if key not in known)
    if unknown:
        raise Invalid("cli.file.unknown_keys", path=path, keys=", ".join(unknown), known=", ".join(sorted(known)))
    return document


def _list_of(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = document.get(key) or []
    if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
        raise Invalid("cli.request.items", key=key)
    return found


def _item(call: Call, item: Mapping[str, Any], scope: Mapping[str, str], base: Path) -> dict[str, Any]:
    """One item with ids; ``kind`` is an instance unless it says otherwise."""
    from egovcloud.cli.call import read_text

    made: dict[str, Any] = {"kind": item.get("kind", "instance")}
    for key, value in item.items():
        if key in _REFS:
            target, noun, many = _REFS[key]
            within = scope if noun in _OF_PROJECT else {}
            if many and not isinstance(value, list):
                raise Invalid("cli.request.items", key=key)
            made[target] = (
                [call.identify(noun, str(name), within) for name in value]
                if many
                else call.identify(noun, str(value), within)
            )
        elif key == "user_data_file":
            made["user_data"] = read_text(str(base / str(value)))
        else:
            made[key] = value
    return made


def _from_flags(call: Call) -> list[dict[str, Any]]:
    """Items that the flags describe: at most one kind of machine, and any number of changes."""
    values = call.values
    items: list[dict[str, Any]] = []
    if any(values.get(name) for name in _MACHINE):
        machine = {
            "kind": "instance",
            "name": values.get("name"),
            "count": values.get("count") or 1,
            "flavor": values.get("flavor"),
            "image": values.get("image"),
            "networks": values.get("network") or [],
            "security_groups": values.get("security_group") or [],
            "ssh_keys": values.get("ssh_key") or [],
            "zone": values.get("zone"),
            "anti_affinity": bool(values.get("anti_affinity")),
            "user_data_file": values.get("user_data"),
            "volumes": [_sized(word, "--volume") for word in values.get("volume") or []],
        }
        missing = [f"--{name}" for name in ("name", "flavor", "image") if not machine[name]]
        if missing:
            raise Usage("cli.request.missing", options=", ".join(missing))
        items.append({key: value for key, value in machine.items() if value is not None})
    for word in values.get("add_volume") or []:
        rest, at, instance = str(word).rpartition("@")
        if not at:
            raise Usage("cli.bad_sized", option="--add-volume", value=word, shape="NAME:GIB@INSTANCE")
        items.append({"kind": "volume", **_sized(rest, "--add-volume"), "instance": instance})
    for word in values.get("bucket") or []:
        sized = _sized(word, "--bucket")
        items.append({"kind": "bucket", "name": sized["name"], "quota_gib": sized["size_gib"]})
    for word in values.get("grow") or []:
        sized = _sized(word, "--grow")
        items.append({"kind": "grow_volume", "volume": sized["name"], "size_gib": sized["size_gib"]})
    for word in values.get("resize") or []:
        instance, colon, flavor = str(word).rpartition(":")
        if not colon:
            raise Usage("cli.bad_sized", option="--resize", value=word, shape="INSTANCE:FLAVOR")
        items.append({"kind": "resize_instance", "instance": instance, "flavor": flavor})
    return items


def _sized(word: object, option: str) -> dict[str, Any]:
    name, colon, size = str(word).rpartition(":")
    if not colon or not name or not (size.isascii() and size.isdigit()):
        raise Usage("cli.bad_sized", option=option, value=word, shape="NAME:GIB")
    return {"name": name, "size_gib": int(size)}


def _check(call: Call, body: Mapping[str, Any], partial: bool) -> None:
    """What no request can do without is asked for here, in one sentence, before anything is sent."""
    if partial:
        if not body:
            raise Usage("cli.nothing_to_change", options="-f, --title, --purpose, --project, --name")
        return
    needed = {"project_id": "--project", "items": "-f / --name"}
    if call.verb.name == "create":
        needed = {"title": "--title", **needed}
    missing = [option for key, option in needed.items() if not body.get(key)]
    if missing:
        raise Usage("cli.request.missing", options=", ".join(missing))
