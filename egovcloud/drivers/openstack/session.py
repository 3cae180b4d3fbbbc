"""The login to one cloud and region, out of ``clouds.yaml``, ``secure.yaml`` or ``OS_*``.

Files and variables: https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html. A token that
expires in the middle of an operation is renewed by keystoneauth, once for each request that is answered with 401.
"""

from __future__ import annotations

from typing import Any

import requests
from keystoneauth1 import access, adapter, plugin, session
from keystoneauth1 import exceptions as ksa
from keystoneauth1.identity import base, generic
from openstack.config import cloud_region, loader

from egovcloud.drivers.openstack.config import CloudConfig
from egovcloud.drivers.openstack.deadline import current_timeout

LONGEST = 60.0  # seconds for a request that no call has set a limit for
MAJOR = {"compute": "2.1", "block-storage": "3", "image": "2", "network": "2", "identity": "3"}


class BoundedSession(session.Session):
    """Every request ends with the limit of the call that it is part of, those for tokens and catalogues too."""

    def request(self, url: str, method: str, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", current_timeout(LONGEST))
        return super().request(url, method, *args, **kwargs)


def region_of(config: CloudConfig) -> cloud_region.CloudRegion:
    """The cloud's entry. Raises the SDK's ``ConfigException`` when there is none or it is not complete."""
    reader = loader.OpenStackConfig(
        config_files=[config.clouds_file] if config.clouds_file else None,
        secure_files=[config.secure_file] if config.secure_file else None,
        load_envvars=config.cloud == "envvars" or config.clouds_file is None,
        session_constructor=BoundedSession,
        app_name="egovcloud",
    )
    options: dict[str, Any] = {"cloud": config.cloud}
    if config.region:
        options["region_name"] = config.region
    return reader.get_one(**options)


class InProject(base.BaseIdentityPlugin):
    """Logged in to another project by the token of the login at home, which has to have a role there.

    https://docs.openstack.org/api-ref/identity/v3/#token-authentication-with-scoped-authorization
    """

    def __init__(self, home: session.Session, project_id: str) -> None:
        super().__init__(home.get_endpoint(interface=plugin.AUTH_INTERFACE))
        self._home = home
        self._project_id = project_id

    def get_auth_ref(self, session: session.Session, **options: Any) -> access.AccessInfo:
        try:
            return self._rescoped(session)
        except ksa.Unauthorized:
            self._home.invalidate()  # a token that was revoked while we held it
            return self._rescoped(session)

    def _rescoped(self, session: session.Session) -> access.AccessInfo:
        token = self._home.get_token() or ""
        asked = generic.Token(str(self.auth_url), token, project_id=self._project_id)
        return asked.get_auth_ref(session)


def service(region: cloud_region.CloudRegion, service_type: str, auth: InProject | None = None) -> adapter.Adapter:
    """A door to one service; its endpoint is looked up in the catalogue, and its versions, at the first request.

    ``auth`` is the login to use in place of the region's own.
    """
    override = region.get_endpoint(service_type)
    major = MAJOR[service_type]
    return adapter.Adapter(
        session=region.get_session(),
        auth=auth,
        service_type=region.get_service_type(service_type),
        service_name=region.get_service_name(service_type),
        interface=region.get_interface(service_type),
        region_name=region.get_region_name(service_type),
        endpoint_override=override,
        min_version=None if override else major,
        max_version=None if override else f"{major.split('.')[0]}.latest",
    )
