"""The progress of long work, reported by the work and shown by its caller."""

from apps.kernel.progress import shown_by, stage, stages, steps


def test_each_stage_has_an_equal_share_of_the_progress():
    shown, begun = [], []

    with shown_by(lambda *far: shown.append(far), begin=begun.append), stages("load", "compare"):
        stage("load")
        list(steps("ab", 2))
        stage("sweep")  # belongs to other work
        stage("compare")
        list(steps("a", 1))

    assert begun == ["load", "compare"]
    assert [done / total for done, total in shown] == [0, 0.25, 0.5, 0.5, 1]


def test_an_undeclared_stage_is_not_shown():
    begun = []

    with shown_by(lambda *_: None, begin=begun.append):
        stage("load")

    assert begun == []


def test_an_outer_display_receives_the_progress_of_an_inner_one():
    outer, inner = [], []

    with shown_by(lambda *far: outer.append(far)):
        with shown_by(lambda *far: inner.append(far)):
            list(steps("ab", 2))
        list(steps("a", 1))

    assert inner == [(1, 2), (2, 2)]
    assert outer == [*inner, (1, 1)]
