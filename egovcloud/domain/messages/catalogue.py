"""What the register says: departments, projects, applications, flavors, images, networks and security groups."""

SENTENCES: dict[str, tuple[str, str]] = {
    "input.reference": (
        "{name}: there is no {id} that you may use here; choose one from the list.",
        "{name}：没有您可以使用的 {id}，请从列表中选择。",
    ),
    "input.choice": ("{name} must be one of: {allowed}.", "{name} 只能是：{allowed}。"),
    "input.range": (
        "{name} is {value}; it must be between {low} and {high}.",
        "{name} 为 {value}，必须在 {low} 到 {high} 之间。",
    ),
    "input.name": (
        "{name} must have 1 to {maximum} characters on one line, without control characters.",
        "{name} 须为 1 到 {maximum} 个字符，不能换行，不能包含控制字符。",
    ),
    "input.text": (
        "{name} may have at most {maximum} characters and no control characters but line breaks and tabs.",
        "{name} 最多 {maximum} 个字符，除换行和制表符外不能包含控制字符。",
    ),
    "name.taken": (
        "“{name}” exists already; choose another one.",
        "“{name}”已存在，请换一个。",
    ),
    "list.flag": ("The filter {name} takes true or false.", "筛选条件 {name} 只接受 true 或 false。"),
    "list.moment": (
        "The filter {name} takes one time with its zone, for example 2026-11-23T02:00:00Z.",
        "筛选条件 {name} 须为带时区的时间，例如 2026-11-23T02:00:00Z。",
    ),
    "department.code": (
        "The code “{code}” must have 1 to 32 characters out of a-z, 0-9 and “-”; it can't be changed later.",
        "代码“{code}”须为 1 到 32 个字符，仅限 a-z、0-9 和“-”，且以后不能更改。",
    ),
    "department.kind": (
        "A department of kind {kind} can't stand under one of kind {parent}; the order is city, district, bureau, "
        "office.",
        "{kind} 类部门不能设在 {parent} 类部门之下；层级依次为 city（市）、district（区县）、bureau（委办局）、office（处室）。",
    ),
    "department.depth": (
        "The path of codes would be longer than {limit} characters; use a shorter code or stand higher in the tree.",
        "部门路径将超过 {limit} 个字符，请使用更短的代码或放在更上层。",
    ),
    "image.path": (
        "{name} must be the absolute path of a file under {directories}, without “..” or links that lead out; "
        "put the file there first.",
        "{name} 须为 {directories} 下文件的绝对路径，不能含“..”，也不能是指向外部的链接；请先将文件放到该目录。",
    ),
    "image.sha256": (
        "sha256 must be the 64 lower-case hexadecimal digits that sha256sum prints for the disk file.",
        "sha256 须为 sha256sum 对磁盘文件输出的 64 位小写十六进制数。",
    ),
    "image.login_user": (
        "login_user must be a Linux user name: a-z, 0-9, “_” and “-”, at most 32 characters.",
        "login_user 须为 Linux 用户名：a-z、0-9、“_”和“-”，最多 32 个字符。",
    ),
    "image.department": (
        "department_id is needed when the visibility is department, and only then.",
        "可见范围为 department 时必须填写 department_id，其他情况不能填写。",
    ),
    "image.kernel": (
        "Firmware direct boots a kernel; name its file in kernel.",
        "firmware 为 direct 时由内核直接启动，请在 kernel 中填写内核文件。",
    ),
    "image.no_kernel": (
        "kernel, initrd and cmdline belong to firmware direct alone; leave them out.",
        "只有 firmware 为 direct 时才能填写 kernel、initrd 和 cmdline。",
    ),
    "image.cmdline": (
        "cmdline must be at most 500 printable ASCII characters on one line.",
        "cmdline 须为一行，最多 500 个可打印 ASCII 字符。",
    ),
    "image.used": (
        "Image {image} is in use by {count} instance(s); delete or rebuild them first, or retire the image.",
        "镜像 {image} 正被 {count} 台云主机使用；请先删除或重建这些云主机，或将镜像下架。",
    ),
    "network.not_active": (
        "Network {network} is {state} and gives out no addresses; choose another network.",
        "网络 {network} 当前为 {state}，不再分配地址；请选择其他网络。",
    ),
    "network.cidr": (
        "“{cidr}” is not an IPv4 network; write it as 10.1.0.0/24, with no bits set after the prefix.",
        "“{cidr}”不是有效的 IPv4 网段；请写成 10.1.0.0/24 的形式，主机位须为 0。",
    ),
    "network.prefix": (
        "The prefix length is {prefix}; it must be between {low} and {high}.",
        "前缀长度为 {prefix}，必须在 {low} 到 {high} 之间。",
    ),
    "network.private": (
        "{cidr} is not private; take a network out of {blocks}.",
        "{cidr} 不是私有网段，请在 {blocks} 中选择。",
    ),
    "network.special": (
        "{cidr} is reserved for loopback, link-local or multicast use; choose another network.",
        "{cidr} 为环回、链路本地或组播保留网段，请另选网段。",
    ),
    "network.gateway": (
        "The gateway {gateway} must be an address of {cidr} other than its first and last.",
        "网关 {gateway} 须为 {cidr} 内的地址，且不能是网络地址或广播地址。",
    ),
    "network.bridge": (
        "bridge is the name of a bridge on the hosts (at most 15 characters), needed for mode bridged and only then.",
        "bridge 为宿主机上的网桥名称（最多 15 个字符），仅当 mode 为 bridged 时必须填写，其他情况不能填写。",
    ),
    "network.overlap": (
        "{cidr} overlaps network {other} ({other_cidr}) of the same zone; choose addresses that no other network has.",
        "{cidr} 与同一可用区的网络 {other}（{other_cidr}）重叠，请另选网段。",
    ),
    "network.overlap_hidden": (
        "{cidr} overlaps another network of the same zone; choose other addresses.",
        "{cidr} 与同一可用区的其他网络重叠，请另选网段。",
    ),
    "network.used": (
        "Network {network} still has {count} port(s); delete those instances first.",
        "网络 {network} 仍有 {count} 个端口，请先删除相关云主机。",
    ),
    "security_group.used": (
        "Security group {security_group} guards {count} instance(s); give them another group first.",
        "安全组 {security_group} 正用于 {count} 台云主机，请先为它们更换安全组。",
    ),
    "security_group.rules": (
        "{count} rules were given; a group may have at most {maximum}. Merge ranges or split the group.",
        "共有 {count} 条规则，每个安全组最多 {maximum} 条；请合并范围或拆分安全组。",
    ),
    "security_rule.no_ports": (
        "Ports belong to tcp and udp; leave port_min and port_max out for {protocol}.",
        "只有 tcp 和 udp 有端口；协议为 {protocol} 时不能填写 port_min 和 port_max。",
    ),
    "security_rule.ports": (
        "Ports {low} to {high} are no range; give both, from 1 to 65535, the smaller one first, or neither.",
        "端口范围 {low} 到 {high} 无效；请同时填写 1 到 65535 之间的起止端口（小的在前），或都不填写。",
    ),
    "security_rule.cidr": (
        "“{cidr}” is not an IPv4 network; write it as 10.1.0.0/24, with no bits set after the prefix.",
        "“{cidr}”不是有效的 IPv4 网段；请写成 10.1.0.0/24 的形式，主机位须为 0。",
    ),
}
