"""What a password must be (GB/T 22239-2019 8.1.4.1; NIST SP 800-63B 5.1.1.2: long, and not on a list)."""

from __future__ import annotations

from egovcloud.domain.errors import Invalid

# Long enough for the length rule and still the first ones tried.
COMMON = frozenset(
    """
    123456789012 1234567890123 12345678901234 123456789abc 000000000000 111111111111 888888888888 666666666666
    password1234 password12345 password123456 passwordpassword p@ssw0rd1234 p@ssword1234 passw0rd1234
    administrator administrator1 admin123456789 admin1234567 adminadminadmin administrator123 admin@123456
    qwertyuiop12 qwertyuiop123 qwertyuiopasdf qwerty123456 qwerty1234567 1qaz2wsx3edc 1qaz2wsx3edc4rfv
    zaq12wsxcde3 q1w2e3r4t5y6 abcdefghijkl abc123456789 abcd12345678 asdfghjkl123 iloveyou1234 letmein12345
    welcome12345 welcome123456 changeme1234 changemechangeme woaini1314520 woaini123456 egovcloud123 egovcloud1234
    root12345678 rootrootroot toortoortoor huawei@12345 huawei12#$%^ inspur@12345 h3c@12345678 zhengwuyun123
    """.split()
)
MAX_LENGTH = 256


def check(password: str, username: str, *, minimum: int = 12, field: str = "new_password") -> None:
    """``Invalid`` names the rule that ``password`` breaks."""
    if len(password) < minimum:
        raise Invalid("password.short", field=field, length=len(password), minimum=minimum)
    if username.lower() in password.lower():
        raise Invalid("password.is_name", field=field)
    if password.lower() in COMMON or len(set(password)) < 4:
        raise Invalid("password.common", field=field)
