"""What the register of departments, projects, applications, flavors, images, networks and security groups says."""

SENTENCES: dict[str, tuple[str, str]] = {
    "network.not_active": (
        "Network {network} is {state} and gives out no addresses; choose another network.",
        "网络 {network} 当前为 {state}，不再分配地址；请选择其他网络。",
    ),
}
