"""The guest image builder: what it asks of apt, what it puts on disks, how it knows a whole image."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from egovcloud.cli.local.guest import GuestBuildError, GuestImage, Variant, build, disk, packages, tools
from egovcloud.cli.local.guest.image import Package, digest
from egovcloud.cli.local.guest.kvm import kvm_works

FILES = Path(disk.__file__).with_name("files")
SCRIPTS = sorted(path for path in FILES.rglob("*") if path.is_file() and path.read_bytes().startswith(b"#!"))
Fake = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a program of the test's own (name, shell text) before this machine's."""
    place = tmp_path / "bin"
    place.mkdir()
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")

    def put(name: str, text: str) -> None:
        (place / name).write_text(f"#!/bin/sh\n{text}\n")
        (place / name).chmod(0o755)

    return put


def image_in(directory: Path) -> GuestImage:
    directory.mkdir()
    (directory / "a.qcow2").write_bytes(b"disk")
    return GuestImage(
        directory=directory,
        name="micro",
        version="6.1+abc",
        inputs="abc",
        login_user="root",
        variants=(Variant("micro", "direct", "a.qcow2", "vmlinuz", "initrd", "quiet", 128, 128),),
        files={"a.qcow2": digest(directory / "a.qcow2")},
        packages=(Package("libc6", "1:2-3", "libc6_1%3a2-3_amd64.deb", 3, "0" * 64),),
    )


def test_an_image_reads_back_as_it_was_written(tmp_path: Path) -> None:
    image = image_in(tmp_path / "out")
    image.save()
    assert GuestImage.load(tmp_path / "out") == image
    assert image.variant().kernel == "vmlinuz"
    assert image.files["a.qcow2"].sha256 == hashlib.sha256(b"disk").hexdigest()
    with pytest.raises(KeyError):
        image.variant("uefi")


def test_an_image_without_its_list_or_with_a_short_file_is_none(tmp_path: Path) -> None:
    image = image_in(tmp_path / "out")
    assert GuestImage.load(tmp_path / "out") is None
    image.save()
    (tmp_path / "out/a.qcow2").write_bytes(b"dis")
    assert GuestImage.load(tmp_path / "out") is None
    (tmp_path / "out/image.json").write_text('{"name": "micro"}')
    assert GuestImage.load(tmp_path / "out") is None


def test_apt_is_asked_for_the_kernel_behind_the_meta_package(program: Fake) -> None:
    program("apt-cache", 'echo "linux-image-cloud-amd64"; echo "  Depends: linux-image-6.1.0-9-cloud-amd64"')
    program(
        "apt-get",
        'for name in "$@"; do case $name in -*|download) ;; *) echo "\'http://d/$name.deb\' '
        '${name}_1%3a2-3_amd64.deb 7 SHA256:$(printf %064d 5)" ;; esac; done',
    )
    found = packages.resolve(["zlib1g", "linux-image-cloud-amd64"])
    assert [(package.name, package.version, package.size) for package in found] == [
        ("linux-image-6.1.0-9-cloud-amd64", "1:2-3", 7),
        ("zlib1g", "1:2-3", 7),
    ]


def test_a_package_that_apt_does_not_know_is_named(program: Fake) -> None:
    program("apt-get", "true")
    with pytest.raises(GuestBuildError, match=r"no package busybox-static; run 'apt-get update'"):
        packages.resolve(["busybox-static"])


def test_packages_are_fetched_once_and_again_only_when_damaged(program: Fake, tmp_path: Path) -> None:
    program("apt-get", "printf content > one.deb; echo called >> ../calls")
    cache, good = tmp_path / "cache", hashlib.sha256(b"content").hexdigest()
    package = Package("one", "1", "one.deb", 7, good)
    assert [packages.fetch([package], cache), packages.fetch([package], cache)] == [1, 0]
    (cache / "one.deb").write_bytes(b"CONTENT")
    assert packages.fetch([package], cache) == 1
    assert (tmp_path / "calls").read_text().count("called") == 2
    with pytest.raises(GuestBuildError, match=r"one\.deb, which does not match"):
        packages.fetch([replace(package, sha256="0" * 64)], cache)


def test_failures_of_programs_are_one_sentence(program: Fake) -> None:
    program("cpio", "echo no room left >&2; exit 3")
    with pytest.raises(GuestBuildError, match=r"^cpio failed with exit code 3: no room left$"):
        tools.run(["cpio"])
    with pytest.raises(GuestBuildError, match=r"program no-such-thing is missing"):
        tools.run(["no-such-thing"])
    with pytest.raises(GuestBuildError, match=r"no guest flavour 'huge'"):
        build(Path("/nowhere"), flavour="huge")  # type: ignore[arg-type]


def test_a_disk_holds_the_tree_and_gives_it_to_root(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "etc").mkdir(parents=True)
    (tree / "etc/name").write_text("民政局\n")
    if os.geteuid() == 0:
        os.chown(tree / "etc/name", 1234, 1234)
    raw, cow = tmp_path / "disk.raw", tmp_path / "disk.qcow2"
    identity = "0c5e6a3c-3c8f-4d3b-9b1e-7f6f0a9d2b11"
    disk.ext4(tree, raw, mib=16, uuid=identity)
    disk._own_by_root(tree, raw)
    assert raw.stat().st_size == 16 * disk.MIB
    assert tools.run(["debugfs", "-R", "cat /etc/name", raw]).decode() == "民政局\n"
    assert "User:     0   Group:     0" in tools.run(["debugfs", "-R", "stat /etc/name", raw]).decode()
    tools.run(["e2fsck", "-f", "-n", raw])
    disk.qcow2(raw, cow)
    assert tools.run(["qemu-img", "compare", "-f", "raw", "-F", "qcow2", raw, cow]).decode().startswith("Images are id")


def test_the_same_tree_gives_the_same_disk(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_text("x")
    made = []
    for name in ("one", "two"):
        disk.ext4(tree, tmp_path / name, mib=16, uuid="0c5e6a3c-3c8f-4d3b-9b1e-7f6f0a9d2b11")
        made.append(digest(tmp_path / name))
        (tree / "file").touch()
    assert made[0] == made[1]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_of_the_guest_parse_and_evaluate_nothing(script: Path) -> None:
    subprocess.run(["sh", "-n", script], check=True)
    assert not {"eval", "source"} & set(script.read_text().split())


def test_the_guest_has_every_script_that_it_starts() -> None:
    root = FILES / "root"
    named = {
        word.strip("\"';")
        for path in root.rglob("*")
        if path.is_file()
        for word in path.read_text().replace("*/usr", " /usr").split()
        if word.startswith(("/usr/lib/egov/", "::sysinit:/usr/lib/egov/"))
    }
    assert len(named) > 5
    for name in named:
        assert (root / name.removeprefix("::sysinit:").lstrip("/")).is_file(), name


@pytest.mark.parametrize(
    ("does", "works"),
    [
        ("printf EGOV-PRO; sleep 0.2; echo BE-OK; exec sleep 60", True),
        ("echo booting; exec sleep 60", False),
        ("exit 1", False),
    ],
)
def test_kvm_is_believed_only_when_a_kernel_speaks(does: str, works: bool, program: Fake, tmp_path: Path) -> None:
    program("qemu-system-x86_64", f"echo $$ > {tmp_path}/pid; {does}")
    began = time.monotonic()
    assert kvm_works(tmp_path / "vmlinuz", tmp_path / "initrd", limit=2.0, device="/dev/null") is works
    assert time.monotonic() - began < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_no_device_means_no_kvm(tmp_path: Path) -> None:
    assert not kvm_works(tmp_path / "vmlinuz", tmp_path / "initrd", device=str(tmp_path / "kvm"))
