"""Sites, zones, pools, hosts, networks, flavors and images of the demo centre."""

from __future__ import annotations

from typing import NamedTuple

SITES = (
    ("main", "政务计算中心主中心", "苏州市政务计算中心，承载生产业务"),
    ("dr", "同城灾备中心", "同城 25 公里，承载容灾副本与备份"),
)
ZONES = (
    ("gov", "main", "政务外网区"),
    ("inet", "main", "互联网区"),
    ("priv", "main", "部门专网区"),
    ("dr-gov", "dr", "灾备政务外网区"),
    ("dr-inet", "dr", "灾备互联网区"),
)


class Model(NamedTuple):
    """One kind of server: hardware threads, memory in GiB, storage in GiB."""

    cpu: str
    vcpus: int
    memory_gib: int
    storage_gib: int


GENERAL = Model("Hygon C86 7285", 96, 512, 6400)
SMALL = Model("Intel Xeon Gold 5218", 64, 256, 3600)
LARGE = Model("Hygon C86 7390", 128, 768, 9600)
MEMORY = Model("Intel Xeon Platinum 8380", 160, 1536, 13000)
DOMESTIC = Model("Hygon C86 7285H", 96, 384, 5600)
RECOVERY = Model("Intel Xeon Gold 6248", 64, 384, 3600)


class Pool(NamedTuple):
    """A host pool: zone, name, prefix of host names, models in order, tier of their storage, vCPU ratio."""

    key: str
    zone: str
    name: str
    prefix: str
    models: tuple[Model, ...]
    tier: str
    vcpu_ratio: float


POOLS = (
    Pool("general", "gov", "通用计算池", "zc1-gen", (GENERAL,) * 14 + (SMALL,) * 3, "standard", 4.0),
    Pool("database", "gov", "数据库高性能池", "zc1-db", (MEMORY,) * 12, "performance", 2.0),
    Pool("domestic", "gov", "信创池", "zc1-xc", (DOMESTIC,) * 5, "standard", 4.0),
    Pool("internet", "inet", "互联网应用池", "zc1-net", (GENERAL,) * 8 + (SMALL,) * 3, "standard", 4.0),
    Pool("private", "priv", "专网池", "zc1-prv", (LARGE,) * 5, "standard", 4.0),
    Pool("recovery", "dr-gov", "灾备计算池", "zc2-gen", (RECOVERY,) * 8, "standard", 2.0),
    Pool("recovery-inet", "dr-inet", "灾备互联网池", "zc2-net", (SMALL,) * 2, "standard", 4.0),
)
STORAGE_POOL = "local"  # one name everywhere: a machine that moves finds the pool of the same name
RESERVED_MEMORY_MIB = 8192  # for the host itself

# (key, name, zone, cidr, bridge)
NETWORKS = (
    ("gov-web", "政务外网-接入网", "gov", "10.32.0.0/22", "br-gov-web"),
    ("gov-app", "政务外网-应用网", "gov", "10.32.8.0/22", "br-gov-app"),
    ("gov-data", "政务外网-数据网", "gov", "10.32.16.0/22", "br-gov-data"),
    ("dmz", "互联网-DMZ", "inet", "10.64.0.0/22", "br-dmz"),
    ("inet-app", "互联网-应用网", "inet", "10.64.8.0/22", "br-inet-app"),
    ("private", "专网-视频与协同", "priv", "10.96.0.0/22", "br-private"),
    ("dr-app", "灾备-应用网", "dr-gov", "10.132.0.0/22", "br-dr-app"),
    ("dr-data", "灾备-数据网", "dr-gov", "10.132.8.0/22", "br-dr-data"),
    ("dr-dmz", "灾备-互联网", "dr-inet", "10.164.0.0/23", "br-dr-dmz"),
)

# (key, name, vCPUs, memory in GiB, root disk in GiB, on offer)
FLAVORS = (
    ("g-1c2g", "通用型-1C2G", 1, 2, 40, True),
    ("g-2c4g", "通用型-2C4G", 2, 4, 40, True),
    ("g-4c8g", "通用型-4C8G", 4, 8, 60, True),
    ("g-8c16g", "通用型-8C16G", 8, 16, 80, True),
    ("c-8c8g", "计算型-8C8G", 8, 8, 60, True),
    ("c-16c16g", "计算型-16C16G", 16, 16, 80, True),
    ("m-4c32g", "内存型-4C32G", 4, 32, 80, True),
    ("m-8c64g", "内存型-8C64G", 8, 64, 100, True),
    ("m-16c128g", "内存型-16C128G", 16, 128, 100, True),
    ("m-32c512g", "内存型-32C512G", 32, 512, 200, True),
    ("x-4c8g", "信创型-4C8G", 4, 8, 80, True),
    ("x-8c16g", "信创型-8C16G", 8, 16, 80, True),
    ("old-2c2g", "旧通用型-2C2G", 2, 2, 40, False),
)


class Picture(NamedTuple):
    """An image; ``share`` is how often old (a year ago) and new machines were made of it."""

    key: str
    name: str
    firmware: str
    login: str
    min_disk_gib: int
    size_gib: float
    old: int
    new: int
    retired: bool
    owner: str | None
    source: str


IMAGES = (
    Picture("debian12", "Debian 12", "bios", "debian", 10, 0.4, 8, 22, False, None, "debian-12-generic-amd64"),
    Picture("euler", "openEuler 22.03 LTS SP3", "uefi", "openeuler", 20, 0.9, 22, 38, False, None, "openEuler-22.03"),
    Picture("kylin", "银河麒麟高级服务器 V10 SP3", "uefi", "kylin", 40, 4.1, 18, 28, False, None, "Kylin-V10-SP3"),
    Picture("uos", "统信 UOS 服务器 20", "uefi", "uos", 40, 3.6, 8, 12, False, None, "uos-server-20-1060e"),
    Picture("centos7", "CentOS 7.9（已停止维护）", "bios", "centos", 20, 0.9, 44, 0, True, None, "CentOS-7-2009"),
    Picture("smk", "社保中间件基线（人社）", "uefi", "openeuler", 40, 5.2, 0, 0, False, "rsj", "rsj-middleware-2026"),
)  # fmt: skip
