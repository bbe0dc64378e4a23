from apps.kernel.transactions import afterwards, unit_of_work


def test_what_waits_runs_after_a_commit_and_after_a_rollback(database):
    heard = []

    with unit_of_work():
        afterwards(lambda: heard.append("committed"))
        assert heard == []
    try:
        with unit_of_work():
            afterwards(lambda: heard.append("rolled back"))
            raise LookupError
    except LookupError:
        pass

    assert heard == ["committed", "rolled back"]


def test_inside_another_unit_it_waits_for_the_outermost(database):
    heard = []

    with unit_of_work():
        with unit_of_work():
            afterwards(lambda: heard.append("now"))
        assert heard == []

    assert heard == ["now"]


def test_without_a_unit_it_runs_at_once():
    heard = []

    afterwards(lambda: heard.append("now"))

    assert heard == ["now"]
