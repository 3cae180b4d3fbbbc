"""Nova's driver without a hypervisor, with snapshots that upload real bytes, so that their images become active, and
screens that are served by real VNC servers.

It lies in ``nova/virt``, for Nova loads drivers from nowhere else.
"""

import io

from egov_bed_screen import ScreenServer
from nova.compute import task_states
from nova.console import type as console_type
from nova.image import glance
from nova.virt import fake


class BedDriver(fake.FakeDriverWithoutFakeNodes):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._screens = {}

    def get_vnc_console(self, context, instance):
        if instance.uuid not in self._screens:
            self._screens[instance.uuid] = ScreenServer(instance.hostname)
        return console_type.ConsoleVNC(host="127.0.0.1", port=self._screens[instance.uuid].port)

    def destroy(self, context, instance, *args, **kwargs):
        super().destroy(context, instance, *args, **kwargs)
        if instance.uuid in self._screens:
            self._screens.pop(instance.uuid).close()

    def snapshot(self, context, instance, image_id, update_task_state):
        update_task_state(task_state=task_states.IMAGE_PENDING_UPLOAD)
        update_task_state(task_state=task_states.IMAGE_UPLOADING, expected_state=task_states.IMAGE_PENDING_UPLOAD)
        images = glance.API()
        body = {
            "status": "active",
            "name": images.get(context, image_id)["name"],
            "disk_format": "raw",
            "container_format": "bare",
            "properties": {},
        }
        images.update(context, image_id, body, io.BytesIO(instance.uuid.encode() * 1024))
