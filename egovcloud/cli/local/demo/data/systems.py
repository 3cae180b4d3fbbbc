"""Business systems and the machines that each kind of system consists of.

A system is (owner's code, project, name, slug, 等保 level, 容灾 level, weight, profile, description). The owner is a
bureau or ``bureau/office``; the weight says how large it is against the others. The systems that the city's
three-year plan names come first.
"""

from __future__ import annotations

from typing import NamedTuple


class System(NamedTuple):
    """One business system (业务系统)."""

    owner: str
    project: str
    name: str
    slug: str
    protection: int
    recovery: int
    weight: float
    profile: str
    about: str


class Role(NamedTuple):
    """One kind of machine: where its network is, its flavors (small to large), how many to one of the others, disks."""

    name: str
    network: str
    flavors: tuple[str, ...]
    share: int
    disks: tuple[int, ...]


_P = "信息资源中心建设"
NAMED: tuple[System, ...] = (
    System("dsj/zyc", _P, "人口基础信息库", "rkk", 3, 5, 7, "data", "汇聚 13 个部门 32 类人口信息"),
    System("dsj/zyc", _P, "法人基础信息库", "frk", 3, 4, 4, "data", "机构登记、许可与年报"),
    System("fgw/xyc", "社会信用体系建设", "公共信用信息基础库", "xyk", 3, 4, 5, "data", "归集 35 万家法人信息"),
    System("fgw/xyc", "社会信用体系建设", "信用苏州门户", "xysz", 2, 2, 2, "portal", "信用公示与查询"),
    System("zgj/dlxx", "空间地理信息", "空间地理信息数据库", "dlk", 3, 4, 6, "gis", "大市范围基础地理数据"),
    System(
        "zgj/dlxx",
        "空间地理信息",
        "天地图·苏州",
        "tdt",
        3,
        3,
        8,
        "gis",
        "为近 50 个委办局提供地理信息共享",
    ),
    System("fgw/jjyx", "宏观经济库", "宏观经济信息库", "hgjj", 3, 3, 3, "data", "经济运行采集与分析"),
    System("dsj/zyc", "数据共享交换", "市级数据交换平台", "sjjh", 3, 5, 6, "exchange", "部门与基础库之间的双向交换"),
    System("dsj/zyc", "数据共享交换", "政务信息资源目录", "zyml", 2, 2, 2, "business", "资源编目与共享申请"),
    System("dsj/ypt", "公共信息服务平台", "公共信息服务平台", "ggxx", 3, 3, 5, "portal", "市民、企业、政务三空间"),
    System("dsj/aqc", "统一认证", "数字证书统一认证平台", "szzs", 3, 5, 3, "business", "政务外网数字证书与单点登录"),
    System("wjw/wjxx", "区域卫生信息平台", "区域卫生信息平台", "qyws", 3, 5, 9, "data", "电子健康档案与电子病历"),
    System("wjw/wjxx", "区域卫生信息平台", "区域影像信息系统", "qyyx", 3, 3, 6, "stream", "医学影像归档与调阅"),
    System("wjw/wjxx", "区域卫生信息平台", "医疗一卡通", "ylykt", 3, 4, 3, "business", "区域就诊一卡通"),
    System("jyj/djg", "教育公共服务", "教育公共服务平台", "jyfw", 3, 3, 6, "portal", "空中课堂、名师课堂"),
    System("jyj", "教育公共服务", "学籍管理系统", "xjgl", 3, 3, 2, "business", "中小学学籍"),
    System("rsj/smk", "社会保障·市民卡", "社会保障·市民卡系统", "smk", 3, 5, 8, "business", "累计发卡 762 万张"),
    System("rsj/sbzx", "社会保障·市民卡", "社保业务经办系统", "sbjb", 3, 5, 6, "business", "五险经办与自助一体机"),
    System("rsj/jyzx", "就业服务", "就业服务平台", "jyfwpt", 2, 2, 2, "portal", "岗位发布与求职登记"),
    System("cgj/szcg", "数字城管", "数字城管系统", "szcg", 3, 3, 5, "gis", "七大类部件、六大类事件"),
    System(
        "swjj/scc",
        "肉菜流通追溯",
        "肉菜流通追溯系统",
        "rczs",
        2,
        2,
        3,
        "business",
        "服务企业 700 余家",
    ),
    System("xspj/zwfw", "行政审批", "行政审批系统", "xzsp", 3, 4, 6, "business", "24 个进驻部门互联互通"),
    System("xspj/zwfw", "行政审批", "网上办事大厅", "wsbs", 3, 3, 4, "portal", "事项公开与网上申报"),
    System("xspj/rxgl", "12345 政务服务热线", "12345 政务服务热线", "rx12345", 3, 4, 4, "business", "统一受理与派单"),
    System("xcb", "寒山闻钟", "“寒山闻钟”论坛", "hswz", 2, 2, 2, "portal", "政民互动"),
    System("zfb/zwgk", "中国苏州门户", "“中国苏州”门户网站", "zgsz", 3, 3, 4, "portal", "政府信息公开"),
    System("zfb", "领导办公决策", "领导办公决策服务系统", "ldjc", 3, 4, 3, "business", "决策参考信息"),
    System("mzj/ylfw", "养老服务管理", "养老服务管理系统", "ylfw", 2, 2, 3, "business", "机构养老全覆盖"),
    System("mzj", "社会救助", "社会救助系统", "shjz", 3, 3, 3, "business", "低保、特困与临时救助"),
    System("mzj", "社会救助", "居民家庭经济状况核对平台", "jjhd", 3, 3, 2, "exchange", "跨部门核对"),
    System("jtj/gjc", "公众出行服务", "公交换乘与实时查询", "gjhc", 2, 2, 4, "gis", "日均访问 20 万人次"),
    System("jtj/czc", "公众出行服务", "出租车电调系统", "czdd", 2, 3, 2, "business", "日均受理召车 2 万余笔"),
    System("zfw", "政法信息综合管理", "政法信息综合管理平台", "zfxx", 3, 4, 4, "exchange", "公检法司业务协同"),
    System("zzb/gbjy", "干部教育", "干部在线学习平台", "gbxx", 2, 2, 2, "stream", "1000 门以上课件"),
    System("gaj/zhzx", "公安指挥调度", "道路监控共享平台", "dljk", 3, 3, 7, "stream", "机关自建监控 3.3 万套"),
    System("gaj/rkgl", "人口管理", "流动人口管理系统", "ldrk", 3, 4, 3, "business", "居住登记与核验"),
    System("gaj/jjzd", "智能交通", "电子警察与抓拍系统", "znjt", 3, 3, 4, "stream", "智能抓拍 1051 套"),
    System("scjg/spaq", "食品安全监管", "食品安全监管平台", "spaq", 3, 3, 3, "business", "明厨亮灶与抽检"),
    System("scjg/zcc", "商事登记", "企业登记全程电子化", "qydj", 3, 3, 3, "business", "开办企业一网通"),
    System("hbj/jczx", "环境监测", "环境在线监测平台", "hjjc", 2, 2, 3, "data", "空气、水质与污染源"),
    System("qxj/qxt", "气象服务", "气象信息共享平台", "qxgx", 2, 2, 2, "data", "预报与预警发布"),
    System("ybj/ybzx", "医疗保障", "医保结算系统", "ybjs", 3, 5, 5, "business", "实时结算"),
    System("gjj/yyc", "住房公积金", "公积金业务系统", "gjj", 3, 4, 3, "business", "归集与贷款"),
    System("zgj/bdc", "不动产登记", "不动产登记系统", "bdc", 3, 4, 4, "business", "登记与查询"),
    System("czj/gkzf", "国库集中支付", "国库集中支付系统", "gkzf", 3, 4, 3, "business", "预算执行与支付"),
    System("czj/ysbz", "预算管理", "预算管理一体化", "ysgl", 3, 3, 2, "business", "预算编制"),
    System("sjj/dssj", "数字化审计", "大数据审计平台", "dsjs", 3, 2, 3, "data", "跨部门关联分析"),
    System("yjj/zhc", "应急指挥", "应急指挥平台", "yjzh", 3, 4, 3, "gis", "值守与会商"),
    System("swj/fxb", "智慧水务", "防汛防旱决策系统", "fxjc", 2, 3, 2, "gis", "水雨情监测"),
    System("wlj/ggwh", "公共文化", "公共文化云", "ggwh", 2, 1, 2, "stream", "场馆预约与数字资源"),
    System("zjj/fcjy", "房产交易", "房产交易与网签系统", "fcjy", 3, 3, 3, "business", "网签备案"),
    System("dag/szda", "数字档案", "数字档案馆", "szda", 2, 3, 3, "stream", "电子档案长期保存"),
    System("tjj/pcc", "统计", "统计联网直报", "tjzb", 2, 2, 2, "business", "企业一套表"),
    System("nyj/ncp", "农产品质量", "农产品质量追溯", "ncpzs", 2, 1, 1, "business", "产地准出"),
    System("sfj/ggfl", "公共法律服务", "公共法律服务平台", "ggfl", 2, 1, 1, "portal", "法律援助与调解"),
    System("gxj/szjj", "工业互联网", "企业服务云", "qyfw", 2, 1, 2, "portal", "惠企政策兑现"),
    System("kjj/gxc", "科技计划", "科技计划管理系统", "kjjh", 2, 1, 1, "business", "项目申报"),
    System("xfzd/zhzx2", "消防指挥", "消防接处警系统", "xfjcj", 3, 4, 2, "gis", "一张图指挥"),
)
# What every bureau runs, and what every district; ``{owner}`` is its name. (name, slug, 等保, 容灾, weight, profile).
COMMON: tuple[tuple[str, str, int, int, float, str], ...] = (
    ("{owner}门户网站", "mh", 2, 1, 0.8, "portal"),
    ("{owner}协同办公系统", "oa", 2, 1, 1.0, "small"),
    ("{owner}业务管理系统", "yw", 2, 2, 1.2, "business"),
)
DISTRICT: tuple[tuple[str, str, str, int, int, float, str], ...] = (
    ("dsj", "{owner}政务服务一体化平台", "zwfw", 3, 3, 2.4, "business"),
    ("dsj", "{owner}门户网站", "mh", 2, 2, 1.2, "portal"),
    ("mzj", "{owner}社区综合管理服务平台", "sqfw", 2, 2, 1.4, "business"),
    ("cgj", "{owner}城管指挥平台", "cgzh", 2, 2, 1.4, "gis"),
)

_GENERAL = ("g-2c4g", "g-4c8g", "g-8c16g")
_WEB = ("g-2c4g", "g-2c4g", "g-4c8g")
_DB = ("m-4c32g", "m-8c64g", "m-16c128g")
_XC = ("x-4c8g", "x-8c16g")
PROFILES: dict[str, tuple[Role, ...]] = {
    "portal": (
        Role("web", "dmz", _WEB, 4, ()),
        Role("app", "inet-app", _GENERAL, 3, (100,)),
        Role("cache", "inet-app", ("g-2c4g", "g-4c8g"), 1, ()),
        Role("db", "gov-data", ("m-4c32g", "m-8c64g"), 2, (300, 500)),
    ),
    "business": (
        Role("web", "gov-web", _WEB, 3, ()),
        Role("app", "gov-app", (*_GENERAL, *_XC), 5, (100,)),
        Role("mq", "gov-app", ("g-2c4g",), 1, (100,)),
        Role("db", "gov-data", _DB, 2, (300, 500, 500)),
        Role("file", "gov-data", ("g-4c8g",), 1, (500, 1000)),
    ),
    "data": (
        Role("etl", "gov-app", ("c-8c8g", "c-16c16g", "g-8c16g"), 3, (200,)),
        Role("api", "gov-app", (*_GENERAL, *_XC), 3, ()),
        Role("db", "gov-data", _DB, 3, (500, 1000)),
        Role("es", "gov-data", ("m-4c32g", "m-8c64g"), 2, (500,)),
        Role("web", "gov-web", _WEB, 1, ()),
    ),
    "gis": (
        Role("gis", "gov-app", ("c-8c8g", "c-16c16g"), 3, (300,)),
        Role("tile", "inet-app", ("g-4c8g", "g-8c16g"), 3, (500,)),
        Role("db", "gov-data", ("m-8c64g", "m-16c128g"), 1, (500, 1000)),
        Role("web", "dmz", _WEB, 2, ()),
    ),
    "exchange": (
        Role("front", "gov-web", _WEB, 4, (100,)),
        Role("esb", "gov-app", ("g-4c8g", "g-8c16g", "x-8c16g"), 3, (100,)),
        Role("db", "gov-data", ("m-4c32g", "m-8c64g"), 1, (500,)),
        Role("sec", "private", ("g-4c8g",), 1, ()),
    ),
    "stream": (
        Role("media", "private", ("c-8c8g", "c-16c16g"), 3, (500,)),
        Role("store", "private", ("g-8c16g",), 2, (1000, 1000)),
        Role("web", "gov-web", _WEB, 1, ()),
        Role("db", "gov-data", ("m-4c32g",), 1, (300,)),
    ),
    "small": (
        Role("app", "gov-app", _GENERAL, 2, (100,)),
        Role("db", "gov-data", ("g-8c16g", "m-4c32g"), 1, (200,)),
    ),
    # What a system of recovery level 4 and above keeps at the other site.
    "recovery": (
        Role("dr-app", "dr-app", ("g-4c8g",), 1, (100,)),
        Role("dr-db", "dr-data", ("m-4c32g", "m-8c64g"), 1, (500,)),
        Role("dr-web", "dr-dmz", ("g-2c4g",), 1, ()),
    ),
}
# Ingress rules of a role's security group: (protocol, port, from).
PORTS: dict[str, tuple[tuple[str, int, str], ...]] = {
    "web": (("tcp", 80, "0.0.0.0/0"), ("tcp", 443, "0.0.0.0/0")),
    "app": (("tcp", 8080, "10.0.0.0/8"), ("tcp", 8443, "10.0.0.0/8")),
    "db": (("tcp", 5432, "10.32.0.0/16"), ("tcp", 3306, "10.32.0.0/16")),
    "data": (("tcp", 9200, "10.32.0.0/16"), ("tcp", 5672, "10.32.0.0/16"), ("tcp", 2049, "10.32.0.0/16")),
}
# Which of these groups guards a role.
GUARDS: dict[str, str] = {
    "web": "web", "front": "web", "tile": "web", "media": "web",
    "db": "db", "dr-db": "db",
    "es": "data", "mq": "data", "file": "data", "store": "data", "cache": "data",
}  # fmt: skip
ADMIN_NETWORK = "10.10.10.0/24"  # the bastion hosts, from which SSH is allowed
