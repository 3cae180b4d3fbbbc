"""The seed: an ISO 9660 image labelled ``cidata`` from which a guest learns its name, keys and addresses.

Layout of cloud-init's NoCloud source (https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html)
plus ``egov/hostname`` and ``egov/authorized_keys``, which a guest without cloud-init reads as plain text.
"""

from __future__ import annotations

import ipaddress
import json
import re
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from io import BytesIO

import pycdlib
import yaml

from egovcloud.drivers.base import InstanceSpec, NicSpec
from egovcloud.drivers.libvirt.markup import legal

# What JSON may write as it is and YAML 1.1 refuses or takes for a line break (section 5.1).
_UNSAID = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
MERGE = "list(append)+dict(recurse_array,no_replace)+str()"


def user_data(spec: InstanceSpec) -> bytes:
    """Our cloud-config as JSON, which is YAML; with the user's own appended as a second MIME part."""
    settings = {
        "hostname": spec.hostname,
        "manage_etc_hosts": True,
        "ssh_pwauth": False,
        "users": ["default"],
        "ssh_authorized_keys": [_one_line(key) for key in spec.ssh_keys],
    }
    text = json.dumps(settings, ensure_ascii=False, indent=1)
    ours = "#cloud-config\n" + _UNSAID.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    if not spec.user_data:
        return ours.encode()
    archive = MIMEMultipart()
    archive.attach(MIMEText(ours, "cloud-config", "utf-8"))
    users = MIMEText(spec.user_data.encode(errors="ignore").decode(), "cloud-config", "utf-8")
    users["Merge-Type"] = MERGE
    archive.attach(users)
    return archive.as_bytes()


def meta_data(spec: InstanceSpec) -> bytes:
    """One plain ``key: value`` line each, which a guest without a YAML parser reads as well."""
    return yaml.safe_dump({"instance-id": spec.id, "local-hostname": spec.hostname}, sort_keys=False).encode()


def network_config(nics: tuple[NicSpec, ...]) -> bytes:
    """Version 2: DHCP where we serve it, the reserved address itself on a bridge of the host's own."""
    return json.dumps(
        {"version": 2, "ethernets": {f"nic{index}": _ethernet(nic, index) for index, nic in enumerate(nics)}}
    ).encode()


def _ethernet(nic: NicSpec, index: int) -> dict[str, object]:
    match: dict[str, object] = {"match": {"macaddress": nic.mac.lower()}}
    if nic.network.mode != "bridged":
        override = {} if index == 0 else {"dhcp4-overrides": {"use-routes": False}}
        return {**match, "dhcp4": True, **override}
    prefix = ipaddress.ip_network(nic.network.cidr, strict=False).prefixlen
    route = {"routes": [{"to": "default", "via": nic.network.gateway}]} if index == 0 and nic.network.gateway else {}
    return {**match, "addresses": [f"{nic.address}/{prefix}"], **route}


def files(spec: InstanceSpec) -> dict[str, bytes]:
    """Path in the image to content."""
    keys = "".join(_one_line(key) + "\n" for key in spec.ssh_keys)
    return {
        "user-data": user_data(spec),
        "meta-data": meta_data(spec),
        "network-config": network_config(spec.nics),
        "egov/hostname": (_one_line(spec.hostname) + "\n").encode(),
        "egov/authorized_keys": keys.encode(),
    }


def build(spec: InstanceSpec) -> bytes:
    """The ISO's bytes, with Joliet and Rock Ridge names."""
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident="cidata")
    folders: set[str] = set()
    for number, (path, content) in enumerate(files(spec).items()):
        folder, _, name = path.rpartition("/")
        prefix = f"/{folder.upper()}" if folder else ""
        if folder and folder not in folders:
            iso.add_directory(f"/{folder.upper()}", rr_name=folder, joliet_path=f"/{folder}")
            folders.add(folder)
        iso.add_fp(BytesIO(content), len(content), f"{prefix}/F{number}.;1", rr_name=name, joliet_path=f"/{path}")
    out = BytesIO()
    iso.write_fp(out)
    iso.close()
    return out.getvalue()


def _one_line(key: str) -> str:
    return " ".join(legal(key).split())
