import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from apps.kernel.transactions import AfterTheRequestMiddleware, afterwards, unit_of_work


def test_what_waits_runs_after_a_commit_and_after_a_rollback(db):
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


def test_inside_another_unit_it_waits_for_the_outermost(db):
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


def test_what_waits_for_the_end_of_a_request_runs_even_where_another_fails(db):
    heard = []

    def fail():
        raise LookupError

    def answer(request):
        with transaction.atomic():
            for callback in (lambda: heard.append("first"), fail, lambda: heard.append("last")):
                afterwards(callback)
            assert heard == []
        return HttpResponse()

    with pytest.raises(LookupError):
        AfterTheRequestMiddleware(answer)(HttpRequest())

    assert heard == ["first", "last"]
