"""Pieces of a picture in several threads."""

from __future__ import annotations

import threading
import time

import pytest

from colorize_engine import parallel


@pytest.fixture(autouse=True)
def three_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "processors", lambda: 3)


def names_of(count: int, fewest: int = 1) -> list[tuple[int, str]]:
    """Which thread worked on which piece; each waits until all have begun."""
    begun = min(3, count // fewest)
    meeting = threading.Barrier(max(begun, 1))
    found: list[tuple[int, str]] = []

    def begin():
        meeting.wait(20)
        return lambda piece: found.append((piece, threading.current_thread().name))

    parallel.spread(begin, range(count), fewest)
    return found


def test_every_piece_is_worked_on_once() -> None:
    found = names_of(100)
    assert sorted(piece for piece, _ in found) == list(range(100))
    assert threading.current_thread().name not in {name for _, name in found}


@pytest.mark.parametrize(("count", "fewest"), [(0, 1), (1, 1), (5, 3)])
def test_few_pieces_stay_in_their_thread(count: int, fewest: int) -> None:
    here = threading.current_thread().name
    assert names_of(count, fewest) == [(piece, here) for piece in range(count)]


def test_work_within_a_piece_stays_in_its_thread() -> None:
    found: set[tuple[str, str]] = set()

    def outer(_: int) -> None:
        name = threading.current_thread().name
        within = lambda _: found.add((name, threading.current_thread().name))  # noqa: E731
        parallel.spread(lambda: within, range(9))

    parallel.spread(lambda: outer, range(9))
    assert found
    assert all(one == other for one, other in found)


def test_alone_it_stays_in_its_thread() -> None:
    here = threading.current_thread().name
    with parallel.alone():
        found: list[str] = []
        name = lambda _: found.append(threading.current_thread().name)  # noqa: E731
        parallel.spread(lambda: name, range(9))
    assert found == [here] * 9
    assert here not in {name for _, name in names_of(9)}


def test_an_error_at_the_beginning_ends_the_others() -> None:
    done: list[int] = []
    third = iter([True, True, False])

    def begin():
        if not next(third):
            raise ZeroDivisionError("at the beginning")
        return lambda piece: (time.sleep(1e-4), done.append(piece))

    with pytest.raises(ZeroDivisionError, match="at the beginning"):
        parallel.spread(begin, range(100_000))
    assert len(done) < 99_999


def test_an_error_ends_the_others_and_reaches_the_caller() -> None:
    done: list[int] = []

    def work(piece: int) -> None:
        if piece == 4:
            raise ZeroDivisionError("four")
        done.append(piece)

    with pytest.raises(ZeroDivisionError, match="four"):
        parallel.spread(lambda: work, range(100_000))
    assert len(done) < 99_999
    # And the next call finds nothing of it.
    assert len(names_of(10)) == 10


def test_items_are_taken_ahead_in_a_thread_of_their_own() -> None:
    taken: list[str] = []

    def items():
        for number in range(6):
            taken.append(threading.current_thread().name)
            yield number

    found = parallel.ahead(items(), 2)
    assert not taken
    assert next(found) == 0
    assert list(found) == [1, 2, 3, 4, 5]
    assert len(set(taken)) == 1
    assert threading.current_thread().name not in taken


def test_no_more_items_are_taken_than_was_said() -> None:
    taken: list[int] = []
    found = parallel.ahead((taken.append(n) or n for n in range(100)), 3)
    for number in range(10):
        assert next(found) == number
    found.close()
    # Those that were given, three ahead, and the one that came in their place.
    assert len(taken) <= 10 + 3 + 1
    assert taken == list(range(len(taken)))


def test_an_error_comes_after_the_items_before_it() -> None:
    def items():
        yield 1
        yield 2
        raise OSError("gone")

    found = parallel.ahead(items(), 2)
    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(OSError, match="gone"):
        next(found)
