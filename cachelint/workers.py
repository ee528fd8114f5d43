"""Independent work, spread over the processors."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

SLICE = 16
"""Items for one call of the work: enough of them to be worth sending its result from one process to another."""

_PAYS = 4 * SLICE
_MOST_WORKERS = 8


def spread(items: Sequence[_Item], work: Callable[[Sequence[_Item]], _Result]) -> Iterator[_Result]:
    """What `work` makes of each slice of the items, in their order.

    Many items are shared out among copies of this process, so results must be picklable and what `work` leaves behind
    elsewhere is lost with the copy. A forked copy knows all that this process knows; systems that cannot fork safely
    (macOS may crash in its own libraries) go on with one process.
    """
    slices = [items[at : at + SLICE] for at in range(0, len(items), SLICE)]
    workers = min(_processors(), _MOST_WORKERS, len(slices))
    if len(items) < _PAYS or workers < 2:
        yield from map(work, slices)
    else:
        yield from _in_copies(slices, work, workers)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def _in_copies(
    slices: list[Sequence[_Item]], work: Callable[[Sequence[_Item]], _Result], workers: int
) -> Iterator[_Result]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(workers, context, initializer=_prepare, initargs=(work,))
    try:
        yield from pool.map(_call, slices)
    finally:  # also when the caller is interrupted: nobody waits for what is not begun
        pool.shutdown(cancel_futures=True)


_work: list[Callable[..., object]] = []


def _prepare(work: Callable[..., object]) -> None:
    """In a new copy: the work came with the fork, and an interrupt is the first process's to answer."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _work[:] = [work]


def _call(items: Sequence[object]) -> Any:
    return _work[0](items)
