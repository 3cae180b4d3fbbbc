"""The account itself: a declaration without a passing test is found."""

from __future__ import annotations

from tests.contract.proof import Proofs


def test_declared_and_not_proved_is_missing() -> None:
    proofs = Proofs({"one": frozenset({"reboot", "resize"}), "two": frozenset({"reboot"})})
    assert proofs.missing == [("one", "reboot"), ("one", "resize"), ("two", "reboot")]
    proofs.note("a[one]", ["one", "reboot"], "call", "passed")
    proofs.note("a[two]", ["two", "reboot"], "call", "failed")
    proofs.note("b[one]", ["one", "resize"], "setup", "failed")
    assert proofs.missing == [("one", "resize"), ("two", "reboot")]
    proofs.note("b[one]", ["one", "resize"], "call", "passed")
    assert ("one", "resize") in proofs.missing


def test_failure_in_the_clean_up_takes_the_proof_away() -> None:
    proofs = Proofs({"one": frozenset({"reboot"})})
    proofs.note("a[one]", ["one", "reboot"], "setup", "passed")
    proofs.note("a[one]", ["one", "reboot"], "call", "passed")
    assert proofs.missing == []
    assert proofs.passed == {"one": 1}
    proofs.note("a[one]", ["one", "reboot"], "teardown", "failed")
    assert proofs.missing == [("one", "reboot")]
    assert proofs.passed == {"one": 0}
