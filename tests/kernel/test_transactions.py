import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from apps.kernel.db.callbacks import afterwards
from apps.kernel.db.request_transactions import AfterTheRequestMiddleware
from apps.kernel.db.unit_of_work import unit_of_work


def test_a_deferred_call_runs_after_a_commit_or_a_rollback(db):
    calls = []

    with unit_of_work():
        afterwards(lambda: calls.append("committed"))
        assert calls == []
    try:
        with unit_of_work():
            afterwards(lambda: calls.append("rolled back"))
            raise LookupError
    except LookupError:
        pass

    assert calls == ["committed", "rolled back"]


def test_a_deferred_call_in_a_nested_unit_waits_for_the_outermost(db):
    calls = []

    with unit_of_work():
        with unit_of_work():
            afterwards(lambda: calls.append("now"))
        assert calls == []

    assert calls == ["now"]


def test_a_deferred_call_without_a_unit_runs_at_once():
    calls = []

    afterwards(lambda: calls.append("now"))

    assert calls == ["now"]


def test_a_deferred_call_runs_after_the_request_even_if_another_fails(db):
    calls = []

    def fail():
        raise LookupError

    def view(request):
        with transaction.atomic():
            for callback in (lambda: calls.append("first"), fail, lambda: calls.append("last")):
                afterwards(callback)
            assert calls == []
        return HttpResponse()

    with pytest.raises(LookupError):
        AfterTheRequestMiddleware(view)(HttpRequest())

    assert calls == ["first", "last"]
