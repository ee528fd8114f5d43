"""Independent work, spread over the processors."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

SLICE = 16
"""Items for one call of the work: enough of them to be worth sending its result from one process to another."""

_PAYS = 0.1
"""Seconds of work that are worth other processes: to start them, and what sends results, takes half as long."""

_MOST_WORKERS = 8


def spread(items: Sequence[_Item], work: Callable[[Sequence[_Item]], _Result]) -> Iterator[_Result]:
    """What `work` makes of slices of the items, in their order.

    As long as the items so far say that the rest is done soon, this process does them; the very first says nothing, as
    it imports and compiles what all others need. The rest of much work is shared out among copies of this process, so
    results must be picklable and what `work` leaves behind elsewhere is lost with the copy. A forked copy knows all
    that this process knows; systems that cannot fork safely (macOS may crash in its own libraries) go on with one
    process.
    """
    processors = min(_processors(), _MOST_WORKERS)
    done, size = 0, 1
    while done < len(items):
        start = time.process_time()
        result = work(items[done : done + size])
        expected = (time.process_time() - start) / size * (len(items) - done - size)
        yield result
        done += size
        if size > 1 and processors > 1 and expected > _PAYS:
            break
        size = min(2 * size, SLICE)
    if done < len(items):
        yield from _in_copies(_slices(items[done:], processors), work, processors)


def _slices(items: Sequence[_Item], workers: int) -> list[Sequence[_Item]]:
    """The items in slices; of few of them in small ones, so that every process gets some."""
    size = max(1, min(SLICE, len(items) // (2 * workers)))
    return [items[at : at + size] for at in range(0, len(items), size)]


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
