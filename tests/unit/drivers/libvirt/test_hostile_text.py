"""No text of a specification becomes markup: documents differ in that text alone, or the builder refuses it.

Every text of every specification takes its turn, drawn from the dataclasses: a field that is added tomorrow is tried.
"""

from __future__ import annotations

import dataclasses
import email
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import yaml
from lxml import etree

from egovcloud.domain.errors import Problem
from egovcloud.drivers.base import ImageSpec, InstanceSpec, VolumeSpec
from egovcloud.drivers.libvirt import disk_xml, network_xml, nwfilter_xml, pool_xml, seed
from egovcloud.drivers.libvirt.config import HostConfig, PoolConfig
from egovcloud.drivers.libvirt.domain_xml import Boot, Parts, domain
from egovcloud.drivers.libvirt.markup import Element, legal, parse, printable, read_mark, render
from egovcloud.drivers.libvirt.naming import Naming
from egovcloud.drivers.volume_copies import VolumeSource
from tests.support.hostile import BEYOND, TEXTS, Way

from .examples import IMAGE, NAT, VOLUME, WEB, instance

NAMES = Naming("centre")
FULL = ImageSpec(
    IMAGE, "debian", "/images/d.qcow2", "0" * 64, "qcow2", "direct", "/images/k", "/images/i", "console=ttyS0", 1
)
SPEC = instance(image=FULL, user_data="#cloud-config\nruncmd: [[touch, /tmp/done]]\n")
SPEC = replace(SPEC, tenant="社会救助", apart="web")  # which libvirt has no use for
SPEC = replace(SPEC, nics=tuple(replace(nic, network=replace(NAT, mode="bridged", bridge="br0")) for nic in SPEC.nics))
POOLS = {
    "dir": PoolConfig("dir", "/pool", "/export", ("nas1",), "nfs", "egov", VOLUME),
    "logical": PoolConfig("logical", "/dev/vg", "vg", ("nas1",), "lvm2", "egov", VOLUME),
    "netfs": PoolConfig("netfs", "/mnt", "/export", ("nas1",), "nfs", "egov", VOLUME),
    "rbd": PoolConfig("rbd", "/x", "cloud", ("mon1",), "raw", "egov", VOLUME),
}
HOST = HostConfig(
    "qemu:///system",
    {"local": POOLS["rbd"]},
    socket_dir="/run/vnc",
    cpu="EPYC",
    emulator="/usr/bin/qemu",
    migration_uri="qemu+tls://hv1/system",
    migration_address="tcp://10.0.0.1",
)


def texts_of(value: Any, way: Way = ()) -> Iterator[Way]:
    """The way to every text in a dataclass; one that is absent cannot be tried, so that nothing may be absent."""
    assert value is not None, f"{way}: give it a value"
    if isinstance(value, str):
        yield way
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts_of(getattr(value, field.name), (*way, field.name))
    elif isinstance(value, tuple):
        for position, part in enumerate(value[:1]):  # all entries are alike
            yield from texts_of(part, (*way, position))


def changed(value: Any, way: Way, text: str) -> Any:
    """A copy with ``text`` there."""
    if not way:
        return text
    head, rest = way[0], way[1:]
    if isinstance(head, int):
        return tuple(changed(part, rest, text) if position == head else part for position, part in enumerate(value))
    return replace(value, **{head: changed(getattr(value, head), rest, text)})


def at(value: Any, way: Way) -> Any:
    for part in way:
        value = value[part] if isinstance(part, int) else getattr(value, part)
    return value


def documents(spec: InstanceSpec) -> dict[str, Element]:
    """Everything in XML that is made from an instance's specification and from what it holds."""
    image, nic = spec.image, spec.nics[0]
    state = "/state"
    boot = Boot(image.firmware, f"{state}/{NAMES.kernel(image.id)}", f"{state}/{NAMES.initrd(image.id)}", image.cmdline)
    disks = [
        disk_xml.disk(f"/pool/{NAMES.root(spec.id)}", "qcow2", "vda", pool=POOLS["dir"]),
        disk_xml.disc(f"{state}/{NAMES.seed(spec.id)}"),
    ]
    parts = Parts("qemu", boot, disks, [NAMES.nic(spec.id, 0)], f"{state}/{NAMES.serial(spec.id)}", f"/run/{spec.id}")
    group = nic.security_groups[0]
    backing = (f"/pool/{NAMES.image(image.id)}", image.format)
    return {
        "domain": domain(spec, HOST, NAMES, parts),
        "network": network_xml.network(nic.network, NAMES),
        "nat": network_xml.network(replace(nic.network, mode="nat"), NAMES),
        "reservation": network_xml.reservation(nic.mac, nic.address),
        "group": nwfilter_xml.group(group, NAMES),
        "port": nwfilter_xml.port(NAMES.nic(spec.id, 0), [NAMES.group(group.id)], closed_egress=False),
        "root": pool_xml.volume(NAMES.root(spec.id), 1, "qcow2", backing=backing),
    }


def of_volume(spec: VolumeSpec) -> dict[str, Element]:
    name = NAMES.volume(spec.id)
    return {
        "volume": pool_xml.volume(name, spec.size_gib, "qcow2"),
        "disk": disk_xml.disk(f"/pool/{name}", "qcow2", "vdb", pool=POOLS["dir"], volume_id=spec.id),
    }


def of_pool(config: PoolConfig) -> dict[str, Element]:
    return {
        "pool": pool_xml.pool("local", config),
        "disk": disk_xml.disk("cloud/v", "raw", "vdb", pool=config, volume_id=VOLUME),
    }


def of_host(config: HostConfig) -> dict[str, Element]:
    parts = Parts("qemu", Boot("bios"), [], [None], "/state/log", config.socket_dir)
    return {
        "sockets": domain(SPEC, config, NAMES, parts),
        "addresses": domain(SPEC, replace(config, unix_sockets=False), NAMES, parts),
        "test": domain(SPEC, config, NAMES, replace(parts, virt="test")),
    }


Table = list[tuple[Any, Callable[[Any], dict[str, Element]]]]
TABLE: Table = [
    (SPEC, documents),
    (VolumeSpec(VOLUME, "data", "hv1", "local", 1, "社会救助", VolumeSource("volume", IMAGE, "local")), of_volume),
    *[(pool, of_pool) for pool in POOLS.values()],
    (HOST, of_host),
]
CASES = [(base, build, way) for base, build in TABLE for way in texts_of(base)]


def shape(node: Any) -> Any:
    """Elements and the names of their attributes, without any value."""
    return (node.tag, sorted(node.attrib), [shape(child) for child in node])


def values(node: Any) -> list[str]:
    """Every value, in the order of the shape."""
    found = [node.text or "", *[value for _, value in sorted(node.attrib.items())]]
    return found + [value for child in node for value in values(child)]


@pytest.mark.parametrize(
    ("base", "build", "way"), CASES, ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else ""
)
def test_a_text_changes_a_value_and_nothing_else(base: Any, build: Any, way: Way) -> None:
    plain = {name: etree.fromstring(render(document)) for name, document in build(base).items()}
    shapes = {json.dumps(shape(document)) for document in plain.values()}
    if base is SPEC:  # how it boots is chosen from a list, and the rest of a word that is not on it is ignored
        bios = build(changed(base, ("image", "firmware"), "bios"))
        shapes |= {json.dumps(shape(etree.fromstring(render(document)))) for document in bios.values()}
    old = at(base, way)
    for kind, text in {**TEXTS, "long": "长" * 5000}.items():
        refusals = (Problem, ValueError) if way[-1] in ("cidr", "gateway") else Problem
        try:
            built = {name: render(document) for name, document in build(changed(base, way, text)).items()}
        except refusals:
            continue
        if text in ("", "."):  # an option that is empty is left out
            continue
        for name, xml in built.items():
            # With a DTD refused: neither an entity nor anything outside of the document is ever read.
            document = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
            assert document.getroottree().docinfo.doctype == ""
            assert not list(document.iter(etree.Comment, etree.PI, etree.Entity)), (kind, name)
            assert json.dumps(shape(document)) in shapes, (kind, name, xml)
            if shape(document) != shape(plain[name]):
                continue
            if way[-1] == "id":  # names are cut from our own ids, whose form is checked where they come in
                continue
            forms = {legal(text), printable(text), printable(text, 2000), legal(text).lower()}
            for before, now in zip(values(plain[name]), values(document), strict=True):
                told = {before.replace(was, form) for was in (old, old.lower()) for form in forms}
                assert now in {before, SPEC.hostname, *told}, (kind, name, before, now)


@pytest.mark.parametrize("kind", TEXTS)
def test_a_name_is_whole_in_exactly_one_place(kind: str) -> None:
    text = legal(TEXTS[kind])
    built = documents(changed(replace(SPEC, name=TEXTS[kind]), ("nics", 0, "network", "name"), TEXTS[kind]))
    for name in ("domain", "network"):
        document = parse(render(built[name]))
        marker = read_mark(document)
        assert marker is not None
        assert marker.get("name") == text
        if text.strip() != text or len(text) < 3:
            continue
        whole = [value for value in values(document) if value == text]
        # A title is for people; it is the same unless it would break the line.
        assert len(whole) == 1 + (name == "domain" and printable(text) == text)


@pytest.mark.parametrize("way", list(texts_of(SPEC)), ids=lambda way: ".".join(map(str, way)))
def test_a_seed_says_what_it_said_but_for_that_text(way: Way) -> None:
    base = _seed(SPEC)
    for kind, text in TEXTS.items():
        if "\ud800" in text and way[-1] not in ("user_data", 0):
            continue  # half a character reaches no driver: no JSON can carry it
        try:
            said = _seed(changed(SPEC, way, text))
        except ValueError:
            assert way[-1] == "cidr"
            continue
        assert sorted(said) == sorted(base) or way == ("user_data",)
        for key, value in said.items():
            if way == ("ssh_keys", 0) and key in ("keys", "ours.ssh_authorized_keys"):
                assert value == [" ".join(legal(text).split())], kind
            elif way == ("user_data",):
                assert said.get("theirs") == (text.replace("\ud800", "") or None), kind
            elif way == ("hostname",) and key == "hostname":
                assert value == [" ".join(legal(text).split())], kind
            elif way == ("hostname",) and key in ("meta.local-hostname", "ours.hostname"):
                assert value == text, kind
            elif value != base.get(key):
                assert (
                    text in json.dumps(value, ensure_ascii=False)
                    or text in str(value)
                    or way[-1]
                    in (
                        "mac",
                        "mode",
                        "cidr",
                        "address",
                        "gateway",
                    )
                ), (kind, key, value)


def _seed(spec: InstanceSpec) -> dict[str, Any]:
    """What a guest reads, by a parser of each format; that the image holds these files is shown in ``test_seed``."""
    read = seed.files(spec)
    assert sorted(read) == ["egov/authorized_keys", "egov/hostname", "meta-data", "network-config", "user-data"]
    said: dict[str, Any] = {f"meta.{key}": value for key, value in yaml.safe_load(read["meta-data"]).items()}
    said["network"] = yaml.safe_load(read["network-config"])
    said["keys"] = read["egov/authorized_keys"].decode().split("\n")[:-1]
    said["hostname"] = read["egov/hostname"].decode().split("\n")[:-1]
    assert len(said["hostname"]) == 1
    config = read["user-data"]
    if not config.startswith(b"#cloud-config\n"):
        message = email.message_from_bytes(config)
        ours, theirs = message.get_payload()
        assert [part.get_content_type() for part in (ours, theirs)] == ["text/cloud-config"] * 2
        said["theirs"] = theirs.get_payload(decode=True).decode()
        config = ours.get_payload(decode=True)
    said |= {f"ours.{key}": value for key, value in yaml.safe_load(config).items()}
    return said


@pytest.mark.parametrize(
    ("way", "field"),
    [
        (("nics", 0, "network", "mode"), "mode"),
        (("nics", 0, "security_groups", 0, "rules", 0, "protocol"), "protocol"),
        (("nics", 0, "security_groups", 0, "rules", 0, "direction"), "direction"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_word_that_is_not_on_the_list_is_refused(way: Way, field: str) -> None:
    """A protocol becomes the name of an element, and a rule of no known direction must not open another."""
    for text in [*TEXTS.values(), "any ", "INGRESS"]:
        with pytest.raises(Problem) as caught:
            documents(changed(SPEC, way, text))
        assert caught.value.field == field


@pytest.mark.parametrize("way", [("name",), ("user_data",), ("image", "cmdline")], ids=str)
def test_ten_megabytes_stay_a_text(way: Way) -> None:
    spec = changed(SPEC, way, "a" * BEYOND)
    document = parse(render(documents(spec)["domain"]))
    assert len(document.findtext("title") or "") <= 120
    assert len(document.findtext("os/cmdline") or "") <= 2000
    assert len(_seed(spec).get("theirs", "")) == (BEYOND if way == ("user_data",) else len(SPEC.user_data or ""))


def test_the_example_has_two_kinds_of_port() -> None:
    assert WEB in SPEC.nics[0].security_groups
