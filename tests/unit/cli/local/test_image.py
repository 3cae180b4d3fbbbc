"""``egovcloud image build``: what it says and how it fails; that it builds is proved with real guests."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from egovcloud.cli.local import guest, main
from egovcloud.cli.local.guest.image import FileDigest
from egovcloud.cli.nouns import load


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main.build(), list(arguments), catch_exceptions=True)


def made(directory: Path) -> guest.GuestImage:
    direct = guest.Variant("micro", "direct", "m.qcow2", "vmlinuz", "m.initrd", "root=/dev/vda rw", 700, 96)
    uefi = guest.Variant("micro-uefi", "uefi", "u.qcow2", "", "", "", 1500, 128)
    digests = {name: FileDigest(1, letter * 64) for name, letter in (("m.qcow2", "a"), ("u.qcow2", "b"))}
    return guest.GuestImage(directory, "micro", "6.1", "", "root", (direct, uefi), digests, ())


def test_what_registers_the_image_is_printed_as_it_is_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest, "build", lambda directory, say: made(directory))
    result = run("image", "build", str(tmp_path))
    assert result.exit_code == 0, result.output
    told, *lines = result.output.splitlines()
    assert str(tmp_path) in told
    direct, uefi = (shlex.split(line) for line in lines)
    noun = load("image")
    (create,) = (verb for verb in noun.verbs if verb.name == "create")
    known = {param.flag_name for param in create.params}
    for words in (direct, uefi):
        assert words[:3] == ["egovctl", "image", "create"]
        assert {word for word in words if word.startswith("--")} <= known
    assert direct[direct.index("--cmdline") + 1] == "root=/dev/vda rw"
    assert direct[direct.index("--kernel") + 1] == str(tmp_path / "vmlinuz")
    assert "--kernel" not in uefi
    assert uefi[uefi.index("--sha256") + 1] == "b" * 64
    assert uefi[uefi.index("--min-disk-gib") + 1] == "2"


def test_a_directory_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("image", "build", str(tmp_path / "file"))
    assert result.exit_code == 1
    (sentence,) = result.output.splitlines()
    assert str(tmp_path / "file") in sentence
    assert "name a directory" in sentence
