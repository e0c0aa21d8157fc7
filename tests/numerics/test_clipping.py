"""Powers between two kinks are computed of what is clipped, however they are written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg

AT = np.array([-1e6, -3.0, -1.5, -0.25, 0.0, 0.75, 1.5, 2.5, 1e6])
SLOPE = np.clip(AT, -1.5, 1.5)
HUBER = np.where(abs(AT) < 1.5, AT**2 / 2, 1.5 * abs(AT) - 1.125), SLOPE
ASYMMETRIC = (
    np.where(AT > 2, 2 * AT - 2, np.where(AT < -1, -AT - 0.5, AT**2 / 2)),
    np.clip(AT, -1, 2),
)
CLIPPED = {
    "huber(x, 1.5)": HUBER,
    "where(abs(x) < 1.5, x**2 / 2, 1.5 * abs(x) - 1.125)": HUBER,
    "where(abs(x) >= 1.5, 1.5 * (abs(x) - 0.75), x**2 / 2)": HUBER,
    "where(x**2 <= 2.25, x**2 / 2, 1.5 * abs(x) - 1.125)": HUBER,
    "where(x > 1.5, 1.5 * x - 1.125, where(x < -1.5, -1.5 * x - 1.125, x**2 / 2))": HUBER,
    "minimum(abs(x), 1.5)**2 / 2 + 1.5 * (abs(x) - minimum(abs(x), 1.5))": HUBER,
    "where(x > 2, 2 * x - 2, where(x < -1, -x - 1/2, x**2 / 2))": ASYMMETRIC,
    "where(abs(x - 1) < 1, (x - 1)**2 / 2, abs(x - 1) - 1/2)": (
        np.where(abs(AT - 1) < 1, (AT - 1) ** 2 / 2, abs(AT - 1) - 0.5),
        np.clip(AT - 1, -1, 1),
    ),
    "where(abs(x) < 1, x**3, 3 * x - 2 * sign(x))": (
        np.where(abs(AT) < 1, AT**3, 3 * AT - 2 * np.sign(AT)),
        np.where(abs(AT) < 1, 3 * AT**2, 3),
    ),
}
OTHERWISE = {  # no tangents, no numbers, a jump, more kinks, 0 on one side
    "where(abs(x) < 1, x**2 / 2, 2 * abs(x) - 3 / 2)": (
        np.where(abs(AT) < 1, AT**2 / 2, 2 * abs(AT) - 1.5),
        np.where(abs(AT) < 1, AT, 2 * np.sign(AT)),
    ),
    "where(abs(x) < 1, x**2, 3)": (
        np.where(abs(AT) < 1, AT**2, 3),
        np.where(abs(AT) < 1, 2 * AT, 0),
    ),
    "where(x > 1, 0, where(x < 0, 1/2 - x, (1 - x)**2 / 2))": (
        np.where(AT > 1, 0, np.where(AT < 0, 0.5 - AT, (1 - AT) ** 2 / 2)),
        -np.clip(1 - AT, 0, 1),
    ),
    "relu(abs(x) - 1)": (np.maximum(abs(AT) - 1, 0), np.sign(AT) * (abs(AT) > 1)),
    "minimum(relu(x), 6)": (np.clip(AT, 0, 6), 1.0 * ((AT > 0) & (AT < 6))),
}
BACKENDS: list[dict[str, Any]] = [
    {},
    {"reuse_buffers": True},
    {"modules": "numba"},
    {"modules": "array_api"},
]


def function(text: str, **options: Any) -> Any:
    program = f"x: Vector(n)\nu: Vector(n)\nloss = sum(u * ({text}))"
    return sg.derive(program, wrt=["x", "u"]).lambdify(**options)


@pytest.mark.parametrize("options", BACKENDS, ids=str)
@pytest.mark.parametrize("text", CLIPPED | OTHERWISE)
def test_value_and_slope(text: str, options: dict[str, Any]) -> None:
    if "modules" in options:
        pytest.importorskip({"array_api": "array_api_strict"}.get(options["modules"], "numba"))
    u = np.linspace(-1.0, 2.0, len(AT))
    value, slope = (CLIPPED | OTHERWISE)[text]
    found, slopes = function(text, **options)({"x": AT, "u": u})
    np.testing.assert_allclose(found, u @ value, rtol=1e-12)
    np.testing.assert_allclose(slopes["u"], value, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(slopes["x"], u * slope, rtol=1e-12)


@pytest.mark.parametrize("text", CLIPPED)
def test_nothing_is_made_that_is_not_chosen(text: str) -> None:
    source = function(text).source
    assert source.count("np.maximum") == source.count("np.minimum") == 1
    assert "np.where" not in source
    assert "np.sign" not in source


@pytest.mark.parametrize("text", OTHERWISE)
def test_other_cases_stay(text: str) -> None:
    assert "np.minimum(np.maximum" not in function(text).source


def test_what_is_infinite_or_no_number_stays_so() -> None:
    x = np.array([np.inf, -np.inf, np.nan])
    _, slopes = function("huber(x, 2)")({"x": x, "u": np.ones(3)})
    np.testing.assert_equal(slopes["u"], [np.inf, np.inf, np.nan])
    np.testing.assert_equal(slopes["x"], [2.0, -2.0, np.nan])


def test_a_model_of_many_layers_takes_as_long_per_layer() -> None:
    layers = "\n".join(f"h{k + 1} = relu(h{k}) + minimum(h{k}, 1)" for k in range(30))
    program = f"h0: Vector(n)\n{layers}\nloss = sum(h30)"
    assert sg.check_gradient(program, inputs={"h0": np.array([0.3, -2.0])}).passed
