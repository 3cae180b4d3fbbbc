"""Chooses backends, keeps tests from drivers that do not declare what they need, and holds drivers to their word."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.adapter import Cloud
from tests.contract.backends import DEFAULT, Backend, find_backend
from tests.contract.proof import Proofs, narrowed

_backends: pytest.StashKey[dict[str, Backend]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--driver",
        action="append",
        default=None,
        help="run the contract on this backend (again for more); default: " + ", ".join(DEFAULT),
    )


def pytest_configure(config: pytest.Config) -> None:
    for mark, meaning in (
        ("proves(*capabilities)", "the driver's capabilities that this test proves"),
        ("requires(*capabilities)", "capabilities without which this test means nothing"),
        ("needs(*features)", "features of the backend without which this test cannot look"),
    ):
        config.addinivalue_line("markers", f"{mark}: {meaning}")
    asked: list[str] | None = config.getoption("driver", default=None)
    chosen: dict[str, Backend] = {}
    for name in asked or DEFAULT:
        backend = find_backend(name)
        reason = "there is no such backend" if backend is None else backend.unavailable()
        if backend is not None and reason is None:
            chosen[name] = backend
        elif asked:
            raise pytest.UsageError(f"contract: {name} was asked for by name and cannot run: {reason}")
    config.stash[_backends] = chosen
    proofs = Proofs({name: backend.CAPABILITIES for name, backend in chosen.items()})
    config.pluginmanager.register(_Referee(config, proofs), "contract-referee")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "opened" in metafunc.fixturenames:
        names = sorted(metafunc.config.stash[_backends].keys())
        metafunc.parametrize("opened", names, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test that a driver does not promise to pass is no test of that driver: it is not collected."""
    kept = []
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is None or "opened" not in callspec.params:
            kept.append(item)
            continue
        name = callspec.params["opened"]
        backend = config.stash[_backends][name]
        proved = {capability for mark in item.iter_markers("proves") for capability in mark.args}
        required = proved | {capability for mark in item.iter_markers("requires") for capability in mark.args}
        needed = {feature for mark in item.iter_markers("needs") for feature in mark.args}
        if required <= backend.CAPABILITIES and needed <= backend.FEATURES:
            item.user_properties.append(("contract", [name, *sorted(str(one) for one in proved)]))
            kept.append(item)
    items[:] = kept


@pytest.fixture(scope="session")
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The backend's cloud, opened once a run."""
    backend = request.config.stash[_backends][request.param]
    with backend.open_cloud(tmp_path_factory.mktemp(request.param)) as cloud:
        yield cloud


@pytest.fixture
def cloud(opened: Cloud) -> Iterator[Cloud]:
    """The cloud, swept after each test through the driver's own list and deletion of what bears our mark."""
    yield opened
    opened.clean()


@pytest.fixture
def declared(request: pytest.FixtureRequest, opened: Cloud) -> frozenset[str]:
    """The capabilities that the backend says its driver has."""
    name = request.node.callspec.params["opened"]
    return frozenset(request.config.stash[_backends][name].CAPABILITIES)


class _Referee:
    """Keeps the account of the whole run and speaks at its end."""

    def __init__(self, config: pytest.Config, proofs: Proofs) -> None:
        self._config = config
        self._proofs = proofs

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == "contract" and isinstance(value, list):
                self._proofs.note(report.nodeid, value, report.when, report.outcome)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._proofs.missing and not narrowed(self._config) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        passed = self._proofs.passed
        if not passed:
            return
        counts = ", ".join(f"{name} {passed[name]} passed" for name in sorted(passed))
        terminalreporter.write_line(f"contract: {counts}")
        for name, capability in [] if narrowed(self._config) else self._proofs.missing:
            terminalreporter.write_line(
                f"contract: {name} declares {capability} but no test that proves it passed in this run", red=True
            )
