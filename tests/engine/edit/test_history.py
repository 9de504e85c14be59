"""Undo and redo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorize_engine import Hint
from colorize_engine.edit import History

RED, BLUE, GRAY = Hint(1, 2, 60, 40), Hint(3, 4, None, -50), Hint(5, 6, 0, 0)


def test_undo_and_redo_give_the_states_back() -> None:
    history = History(())
    assert not history.can_undo
    history.record((RED,))
    history.record((RED, BLUE))
    assert history.undo() == (RED,)
    assert history.undo() == history.present == ()
    assert not history.can_undo
    assert history.redo() == (RED,)
    assert history.redo() == (RED, BLUE)
    assert not history.can_redo


def test_at_the_ends_nothing_changes() -> None:
    history = History((RED,))
    assert history.undo() == history.redo() == (RED,)
    history.record((BLUE,))
    assert history.redo() == (BLUE,)


def test_a_change_after_undo_forgets_what_was_undone() -> None:
    history = History(())
    history.record((RED,))
    history.undo()
    history.record((BLUE,))
    assert not history.can_redo
    assert history.undo() == ()


def test_the_same_state_is_no_change() -> None:
    history = History(())
    history.record((RED,))
    history.undo()
    history.record(())
    assert history.can_redo
    assert not history.can_undo


def test_the_oldest_changes_are_forgotten() -> None:
    history = History((), limit=3)
    for row in range(10):
        history.record((Hint(row, 0, 1, 1),))
    found = [history.undo()[0].row for _ in range(5)]
    assert found == [8, 7, 6, 6, 6]
    with pytest.raises(ValueError, match="limit of 1 or more"):
        History((), limit=0)


def test_a_change_that_goes_on_is_one_step() -> None:
    history = History((GRAY,))
    for b in (-10, -20, -30):
        history.record((Hint(5, 6, 0, b),), change="drag")
    history.record((RED,))
    assert history.undo() == (Hint(5, 6, 0, -30),)
    assert history.undo() == (GRAY,)


def test_a_change_ends_where_another_state_or_undo_comes_between() -> None:
    history = History((GRAY,))
    history.record((RED,), change="drag")
    history.record((RED,))
    history.record((BLUE,), change="drag")
    assert history.undo() == (RED,)
    history.record((GRAY,), change="drag")
    assert history.undo() == (RED,)
    assert history.undo() == (GRAY,)


def test_a_change_ends_when_it_settles() -> None:
    history = History((GRAY,))
    history.record((RED,), change="drag")
    history.settle()
    history.record((BLUE,), change="drag")
    assert history.undo() == (RED,)


def test_what_is_amended_is_no_step() -> None:
    history = History((GRAY,))
    history.record((RED,), change="drag")
    history.amend((BLUE,))
    history.record((), change="drag")
    assert history.undo() == (BLUE,)
    assert history.undo() == (GRAY,)


def test_a_change_that_comes_back_to_where_it_began_is_no_step() -> None:
    history = History((GRAY,))
    history.record((BLUE,))
    history.record((RED,), change="drag")
    history.record((BLUE,), change="drag")
    history.record((RED,), change="drag")
    assert history.undo() == (BLUE,)
    assert history.undo() == (GRAY,)
    history.record((RED,), change="drag")
    history.record((GRAY,), change="drag")
    assert not history.can_undo


@given(
    st.lists(
        st.one_of(st.sampled_from(["undo", "redo"]), st.integers(0, 4)), max_size=40
    )
)
def test_it_agrees_with_two_piles(steps: list[str | int]) -> None:
    history: History[tuple[Hint, ...]] = History(())
    done: list[tuple[Hint, ...]] = [()]
    undone: list[tuple[Hint, ...]] = []
    for step in steps:
        if step == "undo":
            if len(done) > 1:
                undone.append(done.pop())
            history.undo()
        elif step == "redo":
            if undone:
                done.append(undone.pop())
            history.redo()
        else:
            state = (Hint(step, 0, 1, 1),)
            if state != done[-1]:
                done.append(state)
                undone.clear()
            history.record(state)
        assert history.present == done[-1]
        assert history.can_undo == (len(done) > 1)
        assert history.can_redo == bool(undone)
