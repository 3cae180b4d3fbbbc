"""What is said when limits are set, and of the chain of approvals."""

SENTENCES: dict[str, tuple[str, str]] = {
    "quota.exceeded_above": (
        "A department above yours has no room for {asked} more {resource}; ask for less, return something, or ask the "
        "centre.",
        "上级部门的 {resource} 配额不足以再分配 {asked}；请减少申请、归还资源或联系中心。",
    ),
    "quota.resource": ("Quotas are kept for: {allowed}.", "配额只有以下资源：{allowed}。"),
    "quota.above_parent": (
        "A limit of {limit} {resource} is more than the {parent_limit} that {parent} has; give less, or have the quota "
        "of {parent} raised first.",
        "{resource} 限额 {limit} 超过 {parent} 的 {parent_limit}；请减少限额，或先提高 {parent} 的配额。",
    ),
    "quota.above_hidden": (
        "A limit of {limit} {resource} is more than the departments above may give; give less, or ask the centre.",
        "{resource} 限额 {limit} 超过上级可分配的数量；请减少限额或联系中心。",
    ),
    "quota.below_children": (
        "A limit of {limit} {resource} is less than {count} department(s) below have, {child} with {child_limit} most "
        "of all; lower theirs first.",
        "{resource} 限额 {limit} 低于下级 {count} 个部门的限额，其中 {child} 为 {child_limit}；请先降低下级限额。",
    ),
    "approval_level.order": (
        "The chain needs at least one level, each position and level at most once, in the order {order}.",
        "审批链至少要有一级，位置和级别不能重复，且须按 {order} 的顺序。",
    ),
    "quota.department_above": ("a department above", "上级部门"),
}
