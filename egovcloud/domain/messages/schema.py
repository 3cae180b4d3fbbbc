"""What the database's schema says."""

SENTENCES: dict[str, tuple[str, str]] = {
    "schema.absent": (
        "The schema revisions were found at none of: {places}; set migrations_dir.",
        "未找到数据库版本脚本，已查找：{places}；请设置 migrations_dir。",
    ),
    "schema.behind": (
        "The database is at revision {found} and this version needs {wanted}; run `egovcloud db upgrade`.",
        "数据库版本为 {found}，当前程序需要 {wanted}；请运行 `egovcloud db upgrade`。",
    ),
}
