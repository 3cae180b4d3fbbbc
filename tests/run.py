"""``python -m tests.run fast|real|deploy``: every proof in order, with times, and one line of counts at the end.

A stage that is not pytest counts as one test. Nothing is skipped: a skipped test counts as failed here, because a
proof that did not run proves nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
# The role that others depend on is the one that the linter does not find by itself.
PLAYBOOKS = [
    "playbooks/deploy/site.yml",
    "playbooks/deploy/roles/egovcloud/defaults/main.yml",
    "inventory/deploy.example.yml",
]
# Proofs that take as long as all others together, each behind a command of its own.
BESIDE = ["--ignore", "tests/real/openstack", "--ignore", "tests/real/deploy"]
PYTEST = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"]


@dataclass(frozen=True)
class Stage:
    """One command; ``counted`` stages are pytest and report their own numbers.

    ``thorough`` runs of a proof take every case; the others take the part that one waits for before a commit.
    """

    name: str
    command: list[str]
    counted: bool = True
    thorough: bool = False


def check(name: str, *command: str) -> Stage:
    return Stage(name, list(command), counted=False)


def proof(name: str, *arguments: str, thorough: bool = False) -> Stage:
    return Stage(name, [*PYTEST, *arguments], thorough=thorough)


STAGES = {
    "fast": [
        check("ruff", str(BIN / "ruff"), "check", "egovcloud", "tests", "bench", "migrations"),
        check("format", str(BIN / "ruff"), "format", "--check", "egovcloud", "tests", "bench", "migrations"),
        check("types", str(BIN / "mypy")),
        check("floors", str(BIN / "lint-imports")),
        # What the book imports is looked at with it; each further name would start Ansible once more.
        check("playbooks", str(BIN / "ansible-lint"), "--offline", "-q", "--nocolor", *PLAYBOOKS),
        check("docs", sys.executable, "docs/generate.py", "--check"),
        check("console", "npm", "--prefix", "web", "run", "--silent", "check"),
        check("console size", "npm", "--prefix", "web", "run", "--silent", "check:size"),
        proof("unit", "tests/unit", "-n", "2", "--dist", "loadfile"),
        proof("contract", "tests/contract", "-n", "2", "--dist", "loadfile"),
        proof("object storage", "tests/contract_objects"),
        proof("stories", "tests/stories", "-n", "2", "--dist", "worksteal"),
        proof("chaos", "tests/chaos", "-n", "2", "--dist", "worksteal"),
        proof("browser", "tests/browser", "-n", "2", "--dist", "loadfile"),
    ],
    "openstack": [  # on the bed that tests.real.openstack starts
        proof("contract on OpenStack", "tests/contract", "--driver", "openstack", "-n", "4", "--dist", "worksteal"),
        proof("object storage on Swift", "tests/contract_objects", "--store", "swift"),
        proof("OpenStack", "tests/real/openstack", "-n", "4", "--dist", "loadfile", "--no-loadscope-reorder"),
    ],
    "real": [
        proof(
            "bad input",
            "tests/stories/test_fuzz.py",
            "tests/stories/test_hostile_text.py",
            "-n",
            "2",
            "--dist",
            "worksteal",
            thorough=True,
        ),
        proof("storm", "tests/chaos/test_storm.py", "--storm", "full", "-s"),
        proof("contract on QEMU", "tests/contract", "--driver", "libvirt_qemu", "-n", "2", "--dist", "worksteal"),
        proof("real", "tests/real", *BESIDE, "-n", "2", "--dist", "loadfile"),
    ],
    "deploy": [proof("deployment", "tests/real/deploy")],  # machines with systemd, and a release built twice
}


def run(stage: Stage, reports: Path) -> tuple[int, int]:
    """(passed, failed) of one stage."""
    begun = time.monotonic()
    report = reports / f"{stage.name.replace(' ', '-')}.xml"
    command = [*stage.command, f"--junit-xml={report}"] if stage.counted else stage.command
    print(f"== {stage.name}: {' '.join(command[-4:])}", flush=True)
    # Where the machine has no Node.js of its own, the installer has put one into the virtual environment.
    path = f"{os.environ['PATH']}:{BIN.parent / 'node'}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path}
    if stage.thorough:
        environment["EGOV_THOROUGH"] = "1"
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    passed, failed = _counts(report, code) if stage.counted else (int(code == 0), int(code != 0))
    print(f"== {stage.name}: {passed} passed, {failed} failed, {time.monotonic() - begun:.0f} s", flush=True)
    return passed, failed


def _counts(report: Path, code: int) -> tuple[int, int]:
    if not report.exists():
        return 0, 1
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    total, bad = (
        sum(int(suite.get(key, "0")) for suite in suites for key in keys)
        for keys in (("tests",), ("failures", "errors", "skipped"))
    )
    # A session that failed as a whole (an unproved capability, say) has no failing test of its own.
    return total - bad, max(bad, int(code != 0))


def main(groups: list[str]) -> int:
    """Run the groups; 0 when nothing failed."""
    total_passed = total_failed = 0
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        for group in groups:
            for stage in STAGES[group]:
                begun = time.monotonic()
                passed, failed = run(stage, Path(directory))
                rows.append((stage.name, passed, failed, time.monotonic() - begun))
                total_passed += passed
                total_failed += failed
    print(f"\n{'stage':<20}{'passed':>8}{'failed':>8}{'seconds':>9}")
    for name, passed, failed, seconds in rows:
        print(f"{name:<20}{passed:>8}{failed:>8}{seconds:>9.0f}")
    if summary := os.environ.get("EGOV_TEST_SUMMARY"):
        with Path(summary).open("a") as file:
            file.write(f"{total_passed} {total_failed}\n")
    print(f"\n{total_passed} passed, {total_failed} failed")
    return int(total_failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["fast"]))
