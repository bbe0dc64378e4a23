"""Experiments: exposure once per unit, outcomes by variant, and the difference with its interval."""

from __future__ import annotations

import pytest

from apps.flags import queries as flags
from apps.flags.experiments import recording
from apps.flags.experiments.intervals import newcombe, wilson
from apps.flags.experiments.results import result
from apps.flags.models import Exposure, Outcome
from apps.flags.store import served
from apps.kernel.tenant import activate
from tests.support.published_flags import document, publish
from tests.support.served_flags import KEY, declared

AB = [{"name": "ab", "split": [["on", 50.0], ["off", 50.0]], "unit": "company"}]


@pytest.fixture
def experiment(db):
    served.SERVED.forget()
    recording._known.clear()
    with declared() as flag:
        revision = publish(document(KEY, rules=AB), KEY)
        yield flag, revision
    served.SERVED.forget()


@pytest.mark.parametrize(
    ("figures", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_the_interval_of_a_difference_has_the_published_figures(figures, low, high):
    """Newcombe (1998), table II, method 10."""
    assert newcombe(*figures) == pytest.approx((low, high), abs=0.00006)


def test_the_interval_of_a_share_has_the_published_figures():
    """Newcombe, Two-sided confidence intervals for the single proportion (1998), table I, method 3."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=0.00006)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=0.00006)
    assert wilson(0, 0) == (0.0, 1.0)
    assert newcombe(0, 0, 1, 2) == (-1.0, 1.0)


def test_a_unit_is_exposed_once_by_its_first_variant(experiment, acme):
    flag, revision = experiment
    with activate(acme):
        for _ in range(3):
            recording.variant_for(flag, company="7")
        recording._known.clear()
        recording.record_exposure(KEY, revision.pk, "company:7", "another")

        variant = flags.evaluation(KEY, company="7").variant
        assert list(Exposure.objects.values_list("unit", "variant", "revision")) == [
            ("company:7", variant, revision.pk)
        ]


def test_an_evaluation_without_the_unit_or_of_a_killed_flag_exposes_no_unit(experiment, acme):
    from tests.support.served_flags import kill

    flag, _ = experiment
    with activate(acme):
        recording.variant_for(flag, company="")
        assert recording.record_outcome(flag, "order") is False
    kill()
    with activate(acme):
        recording.variant_for(flag, company="7")

        assert not Exposure.objects.exists()


def test_the_result_compares_the_variants_of_all_tenants(experiment, acme, globex):
    flag, revision = experiment
    with activate(acme):
        variants = {str(n): recording.variant_for(flag, company=str(n)) for n in range(1, 41)}
        for company, variant in variants.items():
            if variant == "on" or company in ("1", "2", "3", "4"):
                recording.record_outcome(flag, "order", 10.0, company=company)
                recording.record_outcome(flag, "order", 5.0, company=company)
        of_acme = result(KEY, revision.pk, "order", base="off")
    with activate(globex):
        recording.variant_for(flag, company="7")
        assert not Outcome.objects.exists()

    base, on = of_acme
    assert (base.variant, on.variant) == ("off", "on")
    exposed = list(variants.values()).count("on")
    assert (on.figures.exposed, on.figures.converted, on.figures.total) == (exposed, exposed, 15.0 * exposed)
    assert on.rate == 1.0
    assert on.is_significant
    assert on.difference == pytest.approx(1.0 - base.rate)
    assert on.difference_interval.low < on.difference <= on.difference_interval.high
    together = result(KEY, revision.pk, "order", base="off")
    assert sum(item.figures.exposed for item in together) == 41
