"""`make test` and `make test-all` together run every test once, and the sample has a case of each stratum."""

from __future__ import annotations

import pytest

from tests.support.tiers import Sample

MODULE = """
import pytest

def test_plain(): ...

@pytest.mark.exhaustive("long")
def test_long(): ...

@pytest.mark.exhaustive("matrix", by="command")
@pytest.mark.parametrize("point", range(9))
@pytest.mark.parametrize("command", ["pay", "post"])
def test_matrix(command, point): ...

@pytest.mark.exhaustive("themes", over="theme")
@pytest.mark.parametrize("page", ["home", "list"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_themes(theme, page): ...

@pytest.mark.exhaustive("runs", one_in=3)
@pytest.mark.parametrize("number", range(4))
def test_run(number): ...

@pytest.mark.exhaustive("runs", one_in=3)
def test_other_run(): ...

@pytest.mark.exhaustive("points", inside=True)
def test_inside(sample):
    print("points", sample.of(range(10), 2))
"""


def run(pytester: pytest.Pytester, *options: str) -> set[str]:
    """The tests that ran."""
    pytester.makepyfile(test_module=MODULE)
    result = pytester.inline_run("-p", "tests.support.tiers", "-p", "no:django", "-p", "no:xdist", *options)
    passed, _, failed = result.listoutcomes()
    assert not failed
    return {report.nodeid.partition("::")[2] for report in passed}


@pytest.mark.parametrize("seed", ["2026-W48", "2026-W49", "2027-W01"])
def test_sample_and_rest_are_everything_once(pytester: pytest.Pytester, seed: str) -> None:
    everything = run(pytester, "--tier", "all")
    sample = run(pytester, "--tier", "sample", "--sample-seed", seed)
    rest = run(pytester, "--tier", "rest", "--sample-seed", seed)

    assert sample | rest == everything
    assert sample & rest == {"test_inside"}


def test_the_sample_has_a_case_of_each_stratum(pytester: pytest.Pytester) -> None:
    sample = run(pytester, "--tier", "sample", "--sample-seed", "2026-W48")

    assert "test_plain" in sample
    assert "test_long" not in sample
    for stratum in ("test_matrix[pay-", "test_matrix[post-", "-home]", "-list]"):
        assert len([test for test in sample if stratum in test]) == 1
    assert len([test for test in sample if "run" in test]) == 2, "one in three of five"


def test_a_seed_repeats_its_sample_and_another_chooses_another(pytester: pytest.Pytester) -> None:
    samples = [run(pytester, "--tier", "sample", "--sample-seed", seed) for seed in ("a", "a", "b", "c")]

    assert samples[0] == samples[1]
    assert len({frozenset(sample) for sample in samples}) > 1


@pytest.mark.parametrize("mark", ["exhaustive", "exhaustive('')", "slow()", "exhaustive('x', by='colour')"])
def test_a_mark_without_a_reason_or_with_an_unknown_parameter_is_refused(
    pytester: pytest.Pytester, mark: str
) -> None:
    pytester.makepyfile(f"import pytest\n\n@pytest.mark.{mark}\ndef test_x(): ...\n")

    result = pytester.runpytest_inprocess(
        "-p", "tests.support.tiers", "-p", "no:django", "-p", "no:xdist", "--tier", "sample"
    )

    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_points_are_shared_between_the_tiers() -> None:
    points = [f"{command}:{number}" for command in ("pay", "post") for number in range(20)]

    def command_of(point: str) -> str:
        return point.partition(":")[0]

    sample, rest = (
        Sample(tier, "2026-W48", "test").of(points, 3, by=command_of) for tier in ("sample", "rest")
    )

    assert sorted(sample + rest) == sorted(points)
    assert [command_of(point) for point in sample] == ["pay"] * 3 + ["post"] * 3


def test_a_test_whose_points_the_sample_had_is_skipped_in_the_rest() -> None:
    with pytest.raises(pytest.skip.Exception):
        Sample("rest", "2026-W48", "test").of(["only"], 3)
