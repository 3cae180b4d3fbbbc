"""What a guest takes from its seed, as cloud-init's user data.

https://cloudinit.readthedocs.io/en/latest/explanation/format.html. All keys go in here: Nova takes one, as a pair.
"""

from __future__ import annotations

import base64
import json
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

from egovcloud.drivers.base import InstanceSpec

MERGE = "list(append)+dict(recurse_array,no_replace)+str()"


def of(spec: InstanceSpec) -> str:
    """Our cloud-config as JSON, which is YAML, with the user's own as a second part; in base64, as Nova takes it."""
    ours = "#cloud-config\n" + json.dumps(
        {
            "hostname": spec.hostname,
            "manage_etc_hosts": True,
            "ssh_pwauth": False,
            "users": ["default"],
            "ssh_authorized_keys": [" ".join(key.split()) for key in spec.ssh_keys],
        }
    )
    content = ours.encode()
    if spec.user_data:
        archive = MIMEMultipart()
        archive.attach(MIMEText(ours, "cloud-config", "utf-8"))
        users = MIMEText(spec.user_data, "cloud-config", "utf-8")
        users["Merge-Type"] = MERGE
        archive.attach(users)
        content = archive.as_bytes()
    return base64.b64encode(content).decode()
