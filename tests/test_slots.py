"""The slots of hosts: never more than allowed, each at one worker, moved seldom."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from linkmap.slots import Slots


@dataclass(eq=False)
class Worker:
    waiting: list[int] = field(default_factory=list)


def test_a_host_of_one_slot_stays_with_its_worker() -> None:
    workers, slots = [Worker(), Worker()], Slots[Worker]()
    first, _ = slots.take(1, 1, workers)
    slots.give_back(1, first)
    first.waiting = list(range(8))
    assert slots.take(1, 1, workers) == (first, None)


def test_it_moves_where_its_worker_has_much_more_to_do_and_not_too_often() -> None:
    now, moves = 0.0, 0
    workers, slots = [Worker(), Worker()], Slots[Worker](lambda: now)
    for turn in range(400):
        now = turn * 0.01
        worker, former = slots.take(1, 1, workers)
        if former is not None:
            moves += 1
            assert former is not worker
        slots.give_back(1, worker)
        worker.waiting, workers[worker is workers[0]].waiting = list(range(9)), []
    assert 100 < moves <= 100 + 20 * 4


def test_a_host_that_is_on_its_way_does_not_move_on() -> None:
    workers, slots = [Worker(), Worker()], Slots[Worker]()
    first, _ = slots.take(1, 1, workers)
    slots.give_back(1, first)
    first.waiting = list(range(9))
    assert slots.take(1, 1, workers, may_move=False) == (first, None)


def test_a_request_apart_counts_and_all_others_let_go() -> None:
    workers, slots = [Worker(), Worker()], Slots[Worker]()
    for job in range(4):
        slots.take(1, 4, workers).worker.waiting.append(job)
    for worker in workers:
        slots.give_back(1, worker)
    assert set(slots.take_apart(1)) == set(workers)
    slots.take(1, 4, workers)
    assert slots.take_apart(1) == []


def test_a_host_of_many_slots_is_served_by_all_workers() -> None:
    workers, slots = [Worker(), Worker(), Worker()], Slots[Worker]()
    for job in range(9):
        slots.take(1, 9, workers).worker.waiting.append(job)
    assert [len(worker.waiting) for worker in workers] == [3, 3, 3]


def test_a_worker_that_is_gone_gets_nothing_more() -> None:
    workers, slots = [Worker(), Worker()], Slots[Worker]()
    gone, _ = slots.take(1, 1, workers)
    slots.give_back(1, gone)
    workers.remove(gone)
    slots.forget(gone)
    assert slots.take(1, 1, workers) == (workers[0], None)
    slots.give_back(1, workers[0])


@given(st.integers(1, 5), st.integers(1, 3), st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=200))
def test_the_connections_that_may_be_open_are_never_more_than_allowed(
    most: int, number: int, steps: list[tuple[bool, int]]
) -> None:
    """A worker keeps a connection for each request of the host that it ever had at a time, until it lets go."""
    workers, slots = [Worker() for _ in range(number)], Slots[Worker]()
    under_way: list[Worker] = []
    opened: Counter[int] = Counter()
    for starts, other_jobs in steps:
        workers[other_jobs % number].waiting = list(range(other_jobs))
        if starts and len(under_way) < most:
            worker, former = slots.take(1, most, workers)
            under_way.append(worker)
            if former is not None:
                opened[id(former)] = under_way.count(former)
            opened[id(worker)] = max(opened[id(worker)], under_way.count(worker))
        elif under_way:
            slots.give_back(1, under_way.pop(other_jobs % len(under_way)))
        assert sum(opened.values()) <= most
