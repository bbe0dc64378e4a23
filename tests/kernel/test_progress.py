"""How far a work is, said by the work and shown by whoever started it."""

from apps.kernel.progress import shown_by, stage, stages, steps


def test_stages_share_the_way():
    shown, begun = [], []

    with shown_by(lambda *far: shown.append(far), begin=begun.append), stages("load", "compare"):
        stage("load")
        list(steps("ab", 2))
        stage("sweep")  # of another work
        stage("compare")
        list(steps("a", 1))

    assert begun == ["load", "compare"]
    assert [done / total for done, total in shown] == [0, 0.25, 0.5, 0.5, 1]


def test_a_work_without_stages_has_none():
    begun = []

    with shown_by(lambda *_: None, begin=begun.append):
        stage("load")

    assert begun == []


def test_whoever_shows_it_further_out_hears_it_too():
    outer, inner = [], []

    with shown_by(lambda *far: outer.append(far)):
        with shown_by(lambda *far: inner.append(far)):
            list(steps("ab", 2))
        list(steps("a", 1))

    assert inner == [(1, 2), (2, 2)]
    assert outer == [*inner, (1, 1)]
