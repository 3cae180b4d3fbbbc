"""The picture of a simulated screen, in each pixel format that a viewer may ask for, and the text behind it."""

from __future__ import annotations

import pytest

from egovcloud.drivers.base import ImageSpec
from egovcloud.drivers.simulator import font
from egovcloud.drivers.simulator.rfb import HEIGHT, WIDTH, PixelFormat, picture
from tests.unit.drivers.simulator.conftest import Bench

_FORMATS = [
    PixelFormat(),
    PixelFormat(32, True, (255, 255, 255), (0, 8, 16)),
    PixelFormat(16, False, (31, 63, 31), (11, 5, 0)),
    PixelFormat(8, False, (7, 7, 3), (0, 3, 6)),
]


@pytest.mark.parametrize("pixels", _FORMATS)
def test_picture_fills_the_frame_in_every_format(pixels: PixelFormat) -> None:
    assert PixelFormat.unpack(pixels.pack()) == pixels
    empty = picture([], pixels)
    assert len(empty) == WIDTH * HEIGHT * pixels.bits // 8
    shown = picture(["hello" * 40, "官 ~"], pixels)
    assert len(shown) == len(empty)
    assert shown != empty


def test_letters_are_where_they_belong() -> None:
    pixels = PixelFormat(8, False, (7, 7, 3), (0, 3, 6))
    frame = picture(["", " I"], pixels)
    ground = pixels.pixel(16, 24, 38)[0]
    inked = [place for place, dot in enumerate(frame) if dot != ground]
    columns = {place % WIDTH // font.WIDTH for place in inked}
    rows = {place // WIDTH // font.HEIGHT for place in inked}
    assert (columns, rows) == ({1}, {1})


def test_unknown_letters_are_question_marks() -> None:
    assert font.dots("官") == font.dots("?")
    assert font.dots("A") != font.dots("B")
    assert not any(any(row) for row in font.dots(" "))


def test_screen_is_served_once_a_process(bench: Bench) -> None:
    spec = bench.instance()
    first = bench.driver.screen("a", spec.id, within=1)
    assert first.path
    assert bench.driver.screen("a", spec.id, within=1) == first


def test_serial_log_tells_of_firmware_name_and_power(bench: Bench) -> None:
    image = ImageSpec("uefi", "u", "sim:u", "1" * 64, firmware="uefi")
    bench.driver.ensure_image("a", "local", image, within=1)
    spec = bench.instance(hostname="tax-1", image=image, ssh_keys=("one", "two"))
    bench.driver.reboot_instance("a", spec.id, force=True, within=1)
    bench.driver.stop_instance("a", spec.id, force=True, within=1)
    text = bench.driver.serial_log("a", spec.id, limit=1 << 20, within=1).decode()
    assert text.count("EDK II") == 2
    assert text.count("tax-1 login:") == 2
    assert "2 authorized key(s)" in text
    assert text.rstrip().endswith("reboot: Power down")


def test_guest_that_still_boots_has_written_a_part(bench: Bench) -> None:
    bench.faults.guest(boot=1000)
    spec = bench.instance()
    text = bench.driver.serial_log("a", spec.id, limit=1 << 20, within=1).decode()
    assert "SeaBIOS" in text
    assert "login" not in text
