"""What login, sessions, accounts and tokens say."""

SENTENCES: dict[str, tuple[str, str]] = {
    "auth.required": ("Sign in first, or send a token.", "请先登录，或使用访问令牌。"),
    "auth.failed": (
        "User name or password is wrong.",
        "用户名或密码错误。",
    ),
    "auth.locked": (
        "This account is locked until {until} because of too many failed sign-ins; wait, or ask the security "
        "administrator to unlock it.",
        "登录失败次数过多，账号已锁定至 {until}；请等待，或联系安全管理员解锁。",
    ),
    "auth.rate": (
        "Too many sign-ins from this address; try again in {seconds} s.",
        "来自该地址的登录过于频繁，请在 {seconds} 秒后重试。",
    ),
    "auth.csrf": (
        "The X-CSRF-Token header is missing or is not that of this session; reload the page.",
        "缺少 X-CSRF-Token 请求头或与当前会话不符，请刷新页面。",
    ),
    "auth.origin": (
        "This request comes from another site ({origin}).",
        "该请求来自其他站点（{origin}）。",
    ),
    "auth.password_change_required": (
        "Choose a password of your own first.",
        "请先修改初始密码。",
    ),
    "auth.token_only_session": (
        "Tokens can't do this; sign in instead.",
        "访问令牌不能执行此操作，请登录后操作。",
    ),
    "password.wrong": ("The old password is wrong.", "原密码错误。"),
    "password.short": (
        "The password has {length} characters; it needs at least {minimum}.",
        "密码长度为 {length}，至少需要 {minimum} 个字符。",
    ),
    "password.is_name": ("The password must not contain the user name.", "密码不能包含用户名。"),
    "password.common": (
        "This password is among the first that an attacker would try; choose another one.",
        "该密码过于常见，请另选密码。",
    ),
    "password.same": ("The new password must differ from the old one.", "新密码不能与原密码相同。"),
    "role.unknown": ("There is no role {role}.", "没有角色 {role}。"),
    "grant.exclusive": (
        "{username} already holds {held}; one account can't also be {role} (separation of the three administrators).",
        "{username} 已是 {held}，不能同时授予 {role}（三员分立）。",
    ),
    "grant.exceeds": (
        "You can't give the role {role} here: it holds permissions that you don't hold here ({missing}).",
        "您不能在此授予角色 {role}：其中含有您在此处没有的权限（{missing}）。",
    ),
    "grant.own": (
        "Nobody changes their own roles; ask another administrator.",
        "不能修改自己的角色，请由其他管理员操作。",
    ),
    "grant.exists": ("{username} already holds the role {role} there.", "{username} 在该处已有角色 {role}。"),
    "grant.last": (
        "This is the last account that may give roles at the centre; give the role to another one first.",
        "这是中心最后一个可以授权的账号，请先将该角色授予其他账号。",
    ),
    "user.exists": ("There is already a user named {username}.", "用户名 {username} 已存在。"),
    "user.own": (
        "Nobody disables their own account; ask another administrator.",
        "不能停用自己的账号，请由其他管理员操作。",
    ),
    "user.outranks": (
        "{username} holds permissions that you don't hold ({missing}); someone who holds them must do this.",
        "{username} 拥有您没有的权限（{missing}），须由拥有这些权限的人员操作。",
    ),
    "token.permissions": (
        "You don't hold {missing} yourself, so that a token of yours can't either.",
        "您自己没有 {missing} 权限，不能授予令牌。",
    ),
    "ssh_key.malformed": (
        "This is not an OpenSSH public key line (ssh-ed25519, ecdsa or ssh-rsa of at least 2048 bits).",
        "不是有效的 OpenSSH 公钥（支持 ssh-ed25519、ecdsa、不少于 2048 位的 ssh-rsa）。",
    ),
    "ssh_key.exists": ("You already have a key named {name}.", "您已有名为 {name} 的密钥。"),
    "screen.token": (
        "This screen address was used already or is too old; open the screen again.",
        "该屏幕地址已使用或已过期，请重新打开。",
    ),
}
