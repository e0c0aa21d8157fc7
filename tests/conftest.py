"""What the tests share: golden files, and numerical derivatives that know nothing of symgrad."""

from __future__ import annotations

import gc
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, settings

from symgrad.calculus import rewriting  # noqa: F401 (makes the rules known)
from symgrad.calculus.rules import NODE_RULES, TERM_RULES

# The suite draws the same programs each time; --hypothesis-profile=default draws others.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")
# A failing example as it was found, since looking for a smaller one takes minutes.
settings.register_profile("as-found", phases=(Phase.explicit, Phase.generate))
GOLDEN = Path(__file__).parent / "golden"
Numerical = Callable[[Callable[[np.ndarray], Any], np.ndarray], np.ndarray]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden",
        action="store_true",
        help="write tests/golden/ anew from what is printed now; review the change as a diff",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Neighbouring tests, which share what they derive, to the same process: with `-n auto` each
    has one part of the suite, and takes from another's only when its own is done."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getoption("dist") == "load" else None


def pytest_collection_finish() -> None:
    """All that was collected lives to the end: the garbage collector need not look at it again,
    nor, among derivations that are kept, as often as in a program that frees what it makes."""
    gc.freeze()
    gc.set_threshold(20_000)


@pytest.fixture(scope="session", autouse=True)
def compiled_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder for what Numba compiles: the user's own is not written to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMGRAD_CACHE", str(tmp_path_factory.mktemp("compiled")))
        yield


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """golden(name, text): the text is that of the file tests/golden/name, but for the sizes of the
    errors that a check found."""

    def compare(name: str, text: str) -> None:
        file = GOLDEN / name
        text = re.sub(r"\de[-+]\d\d(?=[;.]|$)", "0e+00", text, flags=re.MULTILINE)
        text = re.sub(r"(Taylor slope) [12]\.\d\d", r"\1 2.00", text)
        if request.config.getoption("--rewrite-golden"):
            file.write_text(text, encoding="utf-8")
        assert text.splitlines() == file.read_text(encoding="utf-8").splitlines()

    return compare


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The Chromium of this machine, driven by Playwright."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def central_jacobian() -> Numerical:
    """central_jacobian(f, x): df/dx by central differences, shape(f) + shape(x)."""

    def jacobian(f: Callable[[np.ndarray], Any], x: np.ndarray) -> np.ndarray:
        x = np.asarray(x, float)
        columns = []
        for k in range(x.size):
            step = np.zeros(x.size)
            step[k] = 6e-6 * max(1.0, abs(float(x.reshape(-1)[k])))
            move = step.reshape(x.shape)
            columns.append((np.asarray(f(x + move)) - np.asarray(f(x - move))) / (2 * step[k]))
        result = np.moveaxis(np.array(columns), 0, -1)
        return result.reshape(result.shape[:-1] + x.shape)

    return jacobian


@pytest.fixture(scope="session")
def no_rules() -> Callable[[], AbstractContextManager[None]]:
    """`with no_rules():` nothing is rewritten: log(sum(exp(x))) stays what it says."""

    @contextmanager
    def context() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for rules in (NODE_RULES, TERM_RULES):
                for key in list(rules):
                    patch.delitem(rules, key)
            yield

    return context
