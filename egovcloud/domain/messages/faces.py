"""What lists, look-ups and permissions say."""

SENTENCES: dict[str, tuple[str, str]] = {
    "auth.forbidden": (
        "You do not hold the permission {permission} here; ask your department's administrator for a role that has it.",
        "您在此处没有 {permission} 权限，请联系本部门管理员授予相应角色。",
    ),
    "thing.absent": (
        "There is no such thing in {noun}: {id}.",
        "在 {noun} 中找不到 {id}。",
    ),
    "list.limit": (
        "limit is {limit}; it must be between 1 and {maximum}.",
        "limit 为 {limit}，必须在 1 到 {maximum} 之间。",
    ),
    "list.filter": (
        "This list has no filter {name}; it has: {allowed}.",
        "该列表没有筛选条件 {name}，可用的有：{allowed}。",
    ),
    "list.sort": (
        "This list cannot be sorted by {name}; it can by: {allowed}.",
        "该列表不能按 {name} 排序，可用的有：{allowed}。",
    ),
    "list.search": ("This list cannot be searched by text.", "该列表不支持文本搜索。"),
    "list.cursor": (
        "The cursor in “after” is not one that this list gave out; start again without it.",
        "after 游标无效，请从第一页重新开始。",
    ),
    "secret.unreadable": (
        "A stored secret ({purpose}) cannot be opened with this key; restore the key file that belongs to the database.",
        "已存储的机密（{purpose}）无法用当前密钥解开，请恢复与数据库对应的密钥文件。",
    ),
}
