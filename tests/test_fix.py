import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachelint.fix import Applicability, Edit, EditConflictError, Fix, apply_edits, apply_fixes, choose
from cachelint.source import Span

TEXT = "0123456789"


def edit(start: int, end: int, replacement: str = "") -> Edit:
    return Edit(Span(start, end), replacement)


def fix(*edits: Edit, title: str = "") -> Fix:
    return Fix(title, Applicability.SAFE, edits)


@pytest.mark.parametrize(
    ("text", "edits", "after"),
    [
        pytest.param(TEXT, [], TEXT, id="no edits"),
        pytest.param(TEXT, [edit(2, 4, "x")], "01x456789", id="replace"),
        pytest.param(TEXT, [edit(2, 4)], "01456789", id="remove"),
        pytest.param(TEXT, [edit(4, 4, "x")], "0123x456789", id="insert"),
        pytest.param(TEXT, [edit(0, 0, "x"), edit(10, 10, "y")], "x0123456789y", id="both ends"),
        pytest.param(TEXT, [edit(6, 7, "b"), edit(1, 2, "a")], "0a2345b789", id="any order"),
        pytest.param(TEXT, [edit(2, 4, "x"), edit(4, 6, "y")], "01xy6789", id="touching"),
        pytest.param(TEXT, [edit(2, 4), edit(4, 4, "x")], "01x456789", id="insert where a removal ends"),
        pytest.param(TEXT, [edit(0, 10)], "", id="everything"),
        pytest.param("a\r\nb\r\n", [edit(1, 4)], "a\r\n", id="CRLF"),
        pytest.param("\ufeffa\n", [edit(1, 1, "b\n")], "\ufeffb\na\n", id="BOM"),
        pytest.param("", [edit(0, 0, "x")], "x", id="empty text"),
    ],
)
def test_apply_edits(text: str, edits: list[Edit], after: str):
    assert apply_edits(text, edits) == after


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([edit(2, 5), edit(4, 6)], id="overlapping"),
        pytest.param([edit(2, 8), edit(4, 5, "x")], id="nested"),
        pytest.param([edit(2, 8), edit(4, 4, "x")], id="an insertion inside"),
        pytest.param([edit(2, 4, "x"), edit(2, 4, "x")], id="identical"),
        pytest.param([edit(3, 3, "x"), edit(3, 3, "y")], id="one insertion point"),
        pytest.param([edit(3, 3, "x"), edit(3, 5)], id="an insertion where a removal starts"),
    ],
)
def test_edits_that_meet_are_refused(edits: list[Edit]):
    with pytest.raises(EditConflictError):
        apply_edits(TEXT, edits)


@pytest.mark.parametrize(
    ("fixes", "chosen"),
    [
        pytest.param([fix(edit(1, 2)), fix(edit(4, 5))], [0, 1], id="apart"),
        pytest.param([fix(edit(4, 5)), fix(edit(1, 2))], [0, 1], id="apart, any order"),
        pytest.param([fix(edit(1, 3)), fix(edit(2, 5)), fix(edit(7, 8))], [0, 2], id="overlapping: the first wins"),
        pytest.param([fix(edit(1, 3)), fix(edit(3, 5))], [0], id="touching waits"),
        pytest.param([fix(edit(1, 3)), fix(edit(3, 3, "x"))], [0], id="an insertion at the end waits"),
        pytest.param([fix(edit(1, 9)), fix(edit(4, 5))], [0], id="nested"),
        pytest.param([fix(edit(1, 3)), fix(edit(1, 3))], [0], id="identical: once"),
        pytest.param([fix(edit(1, 3), title="a"), fix(edit(1, 3), title="b")], [0], id="same edits: once"),
        pytest.param(
            [fix(edit(1, 2), edit(8, 9)), fix(edit(8, 9)), fix(edit(5, 6))], [0, 2], id="all edits of a fix count"
        ),
        pytest.param([fix(), fix(edit(1, 2))], [1], id="empty"),
        pytest.param([], [], id="none"),
    ],
)
def test_choose(fixes: list[Fix], chosen: list[int]):
    assert choose(fixes) == [fixes[number] for number in chosen]


spans = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: Span(min(pair), max(pair)))
edits_ = st.builds(Edit, spans, st.text("xyz\r\n", max_size=3))
fixes_ = st.lists(st.lists(edits_, min_size=1, max_size=1).map(lambda one: fix(*one)), max_size=8)


@given(st.text("ab\r\n\ufeff", min_size=30, max_size=40), fixes_)
def test_chosen_fixes_never_conflict_and_leave_the_rest_alone(text: str, fixes: list[Fix]):
    chosen = choose(fixes)
    done = apply_fixes(text, chosen)
    edits = sorted(one for each in chosen for one in each.edits)
    assert len(done) == len(text) + sum(len(one.replacement) - (one.span.end - one.span.start) for one in edits)
    old = new = 0
    for one in edits:
        gap = one.span.start - old
        assert done[new : new + gap] == text[old : one.span.start]
        assert done[new + gap :].startswith(one.replacement)
        old, new = one.span.end, new + gap + len(one.replacement)
    assert done[new:] == text[old:]


@given(st.text("ab\r\n", min_size=30, max_size=40), fixes_)
def test_the_first_fix_is_always_chosen_and_order_of_edits_does_not_matter(text: str, fixes: list[Fix]):
    chosen = choose(fixes)
    assert chosen[:1] == fixes[:1]
    assert apply_fixes(text, chosen) == apply_fixes(text, chosen[::-1])


def test_choosing_is_as_comparing_each_with_each():
    def touches(one: Span, other: Span) -> bool:
        return one.start <= other.end and other.start <= one.end

    for seed in range(300):
        dice = random.Random(seed)
        starts = [dice.randrange(60) for _ in range(12)]
        spans = [Span(start, start + dice.choice([0, 0, 1, 4])) for start in starts]
        fixes = [
            Fix(str(n), Applicability.SAFE, tuple(Edit(one, "x") for one in spans[n : n + 1 + n % 2]))
            for n in range(12)
        ]
        taken: list[Span] = []
        expected = []
        for each in fixes:
            own = [one.span for one in each.edits]
            if not any(touches(one, other) for one in own for other in taken):
                expected.append(each)
                taken += own
        assert choose(fixes) == expected
