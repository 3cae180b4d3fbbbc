"""Floating addresses: what stands in their way."""

SENTENCES: dict[str, tuple[str, str]] = {
    "floating_address.absent": (
        "Floating address {id} does not exist on the cloud that host {host} belongs to.",
        "宿主机 {host} 所属的云平台上不存在浮动地址 {id}。",
    ),
    "floating_address.gone": (
        "Floating address {id} was not found on its cloud; delete it here, or ask the cloud's administrator.",
        "在云平台上找不到浮动地址 {id}；请在此处将其删除，或联系云平台管理员。",
    ),
    "floating_address.exhausted": (
        "The outer network behind {network} has no floating address left; release one, or let the centre enlarge it.",
        "网络 {network} 所连的外部网络已没有可用的浮动地址；请先释放一个，或由中心扩充外部网络。",
    ),
    "floating_address.no_router": (
        "Network {network} is not connected to an outer network on this cloud; choose a NAT network.",
        "网络 {network} 在该云平台上没有连接外部网络，请选择 NAT 网络。",
    ),
    "floating_address.no_way": (
        "The network of instance {instance} has no router to the outer network of floating address {id}; "
        "choose an instance in a NAT network.",
        "云主机 {instance} 所在的网络没有通往浮动地址 {id} 外部网络的路由，请选择 NAT 网络中的云主机。",
    ),
    "floating_address.no_port": (
        "Instance {instance} has no network card with MAC {mac}, so no floating address can lead to it.",
        "云主机 {instance} 没有 MAC 为 {mac} 的网卡，无法绑定浮动地址。",
    ),
    "floating_address.taken": (
        "Instance {instance} already has a floating address; disassociate that one first.",
        "云主机 {instance} 已有浮动地址，请先解绑。",
    ),
    "floating_address.in_use": (
        "Floating address {address} leads to instance {instance}; disassociate it first.",
        "浮动地址 {address} 正绑定在云主机 {instance} 上，请先解绑。",
    ),
    "floating_address.other_network": (
        "Instance {instance} has no address in network {network}, through which this floating address leads; "
        "choose an instance in that network.",
        "云主机 {instance} 不在网络 {network} 中，而该浮动地址经由此网络到达；请选择该网络中的云主机。",
    ),
    "floating_address.other_cloud": (
        "Instance {instance} runs on another cloud than floating address {address} belongs to.",
        "云主机 {instance} 与浮动地址 {address} 不在同一云平台上。",
    ),
    "floating_address.no_nat": (
        "Instance {instance} has no address in a NAT network; a floating address needs one.",
        "云主机 {instance} 在 NAT 网络中没有地址，无法使用浮动地址。",
    ),
    "floating_address.which_cloud": (
        "{count} clouds offer floating addresses; name an instance, or the cloud in provider_id.",
        "有 {count} 个云平台提供浮动地址；请指定云主机，或用 provider_id 指明云平台。",
    ),
    "floating_address.what_for": (
        "Name the instance or the NAT network that the floating address is for.",
        "请指明浮动地址所用于的云主机或 NAT 网络。",
    ),
    "floating_address.no_host": (
        "No host of cloud {provider} answers, so that nobody can be asked for a floating address; try again later.",
        "云平台 {provider} 没有宿主机应答，暂时无法申请浮动地址，请稍后重试。",
    ),
    "cli.verb.floating-address.associate": (
        "Let a floating address lead to an instance.",
        "将浮动地址绑定到云主机。",
    ),
    "cli.verb.floating-address.disassociate": (
        "Take floating addresses from the instances that have them.",
        "解绑浮动地址。",
    ),
    "cli.column.fixed_address": ("Fixed address", "内网地址"),
    "network.floating": (
        "Network {network} has {count} floating address(es); delete them first.",
        "网络 {network} 还有 {count} 个浮动地址，请先删除。",
    ),
    "provider.holds_floating": (
        "Cloud {name} still holds {count} floating address(es); delete them first.",
        "云平台 {name} 上还有 {count} 个浮动地址，请先删除。",
    ),
    "release.floating": (
        "{name} has floating address {address}; disassociate it first, so that the machine goes as it came.",
        "{name} 绑定了浮动地址 {address}；请先解绑，以便按纳管前的原样解除纳管。",
    ),
}
