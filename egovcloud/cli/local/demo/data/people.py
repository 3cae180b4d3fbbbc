"""Names that people of the demo city bear, with their spelling for account names."""

SURNAMES = tuple(
    pair.split(":")
    for pair in (
        "王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 黄:huang 赵:zhao 吴:wu 周:zhou 徐:xu 孙:sun 马:ma 朱:zhu "
        "胡:hu 郭:guo 何:he 高:gao 林:lin 罗:luo 郑:zheng 梁:liang 谢:xie 宋:song 唐:tang 许:xu 韩:han 冯:feng "
        "邓:deng 曹:cao 彭:peng 曾:zeng 肖:xiao 田:tian 董:dong 袁:yuan 潘:pan 于:yu 蒋:jiang 蔡:cai 余:yu 杜:du "
        "叶:ye 程:cheng 苏:su 魏:wei 吕:lv 丁:ding 任:ren 沈:shen 姚:yao 卢:lu 姜:jiang 崔:cui 钟:zhong 谭:tan "
        "陆:lu 汪:wang 范:fan 金:jin 石:shi 顾:gu 钱:qian 严:yan 华:hua 费:fei 戴:dai 陶:tao 翁:weng 俞:yu "
        "柳:liu 贝:bei 文:wen 祝:zhu"
    ).split()
)
GIVEN = tuple(
    pair.split(":")
    for pair in (
        "伟:wei 敏:min 静:jing 磊:lei 强:qiang 洋:yang 艳:yan 勇:yong 军:jun 杰:jie 娟:juan 涛:tao 明:ming "
        "超:chao 霞:xia 平:ping 刚:gang 建华:jianhua 志强:zhiqiang 晓东:xiaodong 文静:wenjing 雪梅:xuemei "
        "海燕:haiyan 国平:guoping 丽萍:liping 晓燕:xiaoyan 立新:lixin 春燕:chunyan 建国:jianguo 玉兰:yulan "
        "秋生:qiusheng 一帆:yifan 子涵:zihan 思远:siyuan 雨桐:yutong 浩然:haoran 梓萱:zixuan 嘉诚:jiacheng "
        "晨曦:chenxi 志远:zhiyuan 佳怡:jiayi 俊杰:junjie 慧敏:huimin 永强:yongqiang 亚男:yanan 婷婷:tingting "
        "鹏飞:pengfei 倩:qian 颖:ying 斌:bin 健:jian 辉:hui 玲:ling 云飞:yunfei 书豪:shuhao 明轩:mingxuan "
        "若曦:ruoxi 景行:jingxing 怀瑾:huaijin 知行:zhixing 沁园:qinyuan"
    ).split()
)

# Accounts that the command hands out: (user name, display name, department's code, roles at department codes).
SIGN_INS = (
    ("operator", "周伟（运维值班）", "dsj-ypt", (("operator", "sz"),), "operations: approve, place, move, watch"),
    (
        "sysadmin",
        "陈志远（系统管理员）",
        "dsj",
        (("system_admin", "sz"),),
        "sites, pools, departments, quotas",
    ),
    ("centre", "沈静（中心审批）", "dsj", (("centre_approver", "sz"),), "the centre's approval, the last one"),
    ("minzheng", "顾晓燕（民政局信息科）", "mzj-xxk", (("member", "mzj"),), "a department's IT: ask and use"),
    (
        "minzheng-lead",
        "陆建华（民政局分管领导）",
        "mzj",
        (("department_approver", "mzj"),),
        "its approval",
    ),
    ("auditor", "钱敏（审计管理员）", "dsj-aqc", (("audit_admin", "sz"),), "audit trail"),
    ("secadmin", "严立新（安全管理员）", "dsj-aqc", (("security_admin", "sz"),), "roles, locked accounts, sessions"),
)
