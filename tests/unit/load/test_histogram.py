from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.load.histogram import Histogram, bounds, index

PERCENTS = (0.1, 1.0, 50.0, 90.0, 95.0, 99.0, 99.9, 100.0)


def of(nanoseconds: list[int]) -> Histogram:
    histogram = Histogram()
    histogram.add((index(value), 1) for value in nanoseconds)
    return histogram


@given(st.integers(0, 10**12))
def test_a_value_is_in_its_bucket_which_is_a_thousandth_wide(value: int) -> None:
    low, high = bounds(index(value))
    assert low <= value <= high
    assert high - low <= value / 1024


@given(st.integers(0, 10**7))
def test_buckets_lie_next_to_each_other(bucket: int) -> None:
    assert bounds(bucket)[1] + 1 == bounds(bucket + 1)[0]
    assert index(bounds(bucket)[0]) == index(bounds(bucket)[1]) == bucket


@given(st.lists(st.integers(1, 10**11), min_size=1, max_size=300))
def test_percentiles_are_those_of_numpy_to_three_digits(values: list[int]) -> None:
    found = of(values).percentiles(PERCENTS)
    wanted = np.percentile(np.array(values), PERCENTS, method="inverted_cdf") / 1e9
    assert found == pytest.approx(list(wanted), rel=1 / 1024, abs=2e-9)


def test_percentiles_of_many_latencies() -> None:
    values = np.random.default_rng(7).lognormal(17, 1, 200_000).astype(int)
    found = of([int(value) for value in values]).percentiles(PERCENTS)
    assert found == pytest.approx(list(np.percentile(values, PERCENTS, method="inverted_cdf") / 1e9), rel=1 / 1024)


def test_percentiles_may_be_asked_in_any_order_and_twice() -> None:
    assert of([1, 2, 3, 4]).percentiles((100, 50, 50, 25)) == [4e-9, 2e-9, 2e-9, 1e-9]


def test_without_samples_there_is_no_percentile() -> None:
    empty = Histogram()
    assert (empty.percentiles((50, 99)), empty.samples, empty.bars(10)) == ([None, None], 0, [])


@given(st.lists(st.integers(1, 10**11), min_size=1, max_size=200), st.integers(1, 60))
def test_bars_hold_every_sample_and_lie_next_to_each_other(values: list[int], most: int) -> None:
    histogram = of(values)
    bars = histogram.bars(most)
    assert 1 <= len(bars) <= most
    assert sum(count for _, _, count in bars) == len(values)
    assert bars[0][0] <= min(values) / 1e9
    assert bars[-1][1] > max(values) / 1e9
    assert all(left[1] == right[0] for left, right in itertools.pairwise(bars))
