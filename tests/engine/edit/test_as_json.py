"""Edits as files of settings: read back as they were, or refused in one way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorize_engine import Hint
from colorize_engine.bins import GAMUT_RANGE
from colorize_engine.decode import DecodeSettings
from colorize_engine.edit import Edit, from_json, to_json

PLACES = st.floats(-0.5, 1e6)
HINTS = st.builds(
    Hint,
    PLACES,
    PLACES,
    st.floats(*GAMUT_RANGE["a"]),
    st.none() | st.floats(*GAMUT_RANGE["b"]),
    radius=st.none() | st.floats(0, 1e4),
    frame=st.none() | st.integers(0, 10**6),
    strength=st.floats(0.01, 1),
)
SETTINGS = st.builds(
    DecodeSettings,
    st.floats(0, 1),
    st.floats(-5, 5),
    st.floats(0, 100),
    st.floats(0, 1),
)
EDITS = st.builds(
    Edit,
    st.text(),
    SETTINGS,
    st.integers(1, 10**5),
    st.lists(HINTS, max_size=4).map(tuple),
    st.sampled_from(["full", "auto"]) | st.tuples(st.floats(-9, 9), st.floats(10, 99)),
    st.floats(0, 0.99),
    st.text(),
)
EDIT = Edit(
    "default 1.0 0123456789ab",
    DecodeSettings(0.38, -0.5),
    512,
    (Hint(1, 2, 3, 4),),
)
JSON: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([10**400, -(10**400), 1e308, "full", -1]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["row", "column", "a", "frame", "x"]), inner, max_size=4
        )
    ),
    max_leaves=6,
)


@given(EDITS)
def test_an_edit_comes_back_as_it_was(edit: Edit) -> None:
    assert from_json(to_json(edit)) == edit


@given(st.text() | JSON.map(json.dumps))
def test_other_texts_are_one_error(text: str) -> None:
    with pytest.raises(ValueError, match="this is no file of settings: "):
        from_json(text)


@given(st.sampled_from(sorted(json.loads(to_json(EDIT)))), JSON)
def test_one_wrong_value_is_one_error_or_a_valid_edit(name: str, value: Any) -> None:
    told = json.loads(to_json(EDIT)) | {name: value}
    try:
        edit = from_json(json.dumps(told))
    except ValueError as error:
        assert str(error).startswith("this is no file of settings: ")
        return
    # What is read can be written, and used.
    assert from_json(to_json(edit)) == edit
    assert 0 <= edit.decoding.temperature <= 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 10**400),
        ("temperature", 1.5),
        ("temperature", True),
        ("temperature", "0.5"),
        ("saturation", -1),
        ("caution", 2),
        ("rebalance", float("nan")),
        ("working_size", float("inf")),
        ("working_size", 1.5),
        ("working_size", "512"),
        ("working_size", 0),
        ("range", [1]),
        ("range", "wide"),
        ("hints", [{"row": 1}]),
        ("hints", [{"row": "1", "column": 2, "a": 3}]),
        ("hints", [{"row": 1, "column": 2, "a": 3, "size": 4}]),
        ("hints", [[1, 2, 3]]),
        ("hints", {"row": 1}),
        ("hints", None),
        ("format", 2),
    ],
)
def test_values_that_are_refused(name: str, value: Any) -> None:
    told = json.loads(to_json(EDIT)) | {name: value}
    with pytest.raises(ValueError, match="this is no file of settings: ") as caught:
        from_json(json.dumps(told))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, "1" * 5000, "\x00"])
def test_broken_texts(text: str) -> None:
    with pytest.raises(ValueError, match="this is no file of settings: "):
        from_json(text)


@pytest.mark.parametrize("name", json.loads(to_json(EDIT)))
def test_a_value_that_is_missing(name: str) -> None:
    told = json.loads(to_json(EDIT))
    del told[name]
    with pytest.raises(ValueError, match="this is no file of settings: "):
        from_json(json.dumps(told))
