"""What is said of where things run: providers and storage pools."""

SENTENCES: dict[str, tuple[str, str]] = {
    "provider.name": (
        "A provider's name has 1 to 64 characters out of a-z, 0-9 and “-” and begins with a letter or digit.",
        "云平台名称须为 1 到 64 个字符，仅限 a-z、0-9 和“-”，以字母或数字开头。",
    ),
    "site.used": (
        "Site {name} still has {zones} zone(s) and {providers} provider(s); delete them first.",
        "站点 {name} 仍有 {zones} 个可用区、{providers} 个云平台，请先删除。",
    ),
    "project.used": (
        "Project {name} still holds {instances} instance(s), {volumes} volume(s), {buckets} bucket(s), "
        "{floating_addresses} floating address(es) and {security_groups} security group(s), and has {requests} open request(s); delete or close them first.",
        "项目 {name} 仍有 {instances} 台云主机、{volumes} 块云硬盘、{buckets} 个存储桶、{floating_addresses} 个浮动地址、"
        "{security_groups} 个安全组和 "
        "{requests} 份未结服务申请，请先删除或办结。",
    ),
    "zone.used": (
        "Zone {name} still has {host_pools} host pool(s), {networks} network(s) and {instances} instance(s), and "
        "{requests} open request(s) name it; delete or close them first.",
        "可用区 {name} 仍有 {host_pools} 个资源池、{networks} 个网络、{instances} 台云主机，{requests} 份未结申请用到它，"
        "请先删除或办结。",
    ),
    "host_pool.used": (
        "Host pool {name} still has {hosts} host(s), and {providers} provider(s) name it for new ones; delete them or "
        "give them another pool first.",
        "资源池 {name} 仍有 {hosts} 台宿主机，{providers} 个云平台指定其接收新宿主机，请先删除或改用其他资源池。",
    ),
    "provider.no_pool": (
        "Provider {name} has {hosts} new host(s), and “config.host_pool_id” names no host pool; name the one they join.",
        "云平台 {name} 发现 {hosts} 台新宿主机，而 config.host_pool_id 没有指向资源池；请写明它们加入哪个资源池。",
    ),
    "provider.config": (
        "The configuration of provider {name} does not fit its driver: {detail}. Correct it there.",
        "云平台 {name} 的配置与驱动不符：{detail}。请修改配置。",
    ),
    "provider.enabled": (
        "Provider {name} is still enabled; disable it first, then delete it.",
        "云平台 {name} 仍在启用，请先停用再删除。",
    ),
    "provider.used": (
        "Provider {name} still bears {instances} instance(s) and {volumes} volume(s), and {operations} operation(s) "
        "are under way there; move or delete them first.",
        "云平台 {name} 上仍有 {instances} 台云主机、{volumes} 块云硬盘，{operations} 项作业在进行，请先迁走或删除。",
    ),
    "provider.config_size": (
        "The configuration is larger than {limit} bytes; leave out what the driver does not need.",
        "配置超过 {limit} 字节，请去掉驱动不需要的内容。",
    ),
    "provider.secret": (
        "“{name}” looks like a secret; a configuration names where a secret lies and never holds it.",
        "“{name}”疑似机密；配置只写机密所在位置，不写机密本身。",
    ),
    "storage_pool.tier": (
        "A tier has 1 to 32 characters out of a-z, 0-9 and “-”.",
        "存储层级须为 1 到 32 个字符，仅限 a-z、0-9 和“-”。",
    ),
    "failure.at_centre": (
        "The cloud could not carry this out ({code}); operations staff see the cause and can retry it.",
        "云平台未能完成该操作（{code}），运维人员可查看原因并重试。",
    ),
}
