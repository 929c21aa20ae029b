"""Groups of runs that differ by their seed alone: the mean of each metric, and how sure it is."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from tfmlp.config import Config
from tfmlp.metrics import METRICS, Metric
from tfmlp.reports.changes import differing, show_option
from tfmlp.reports.intervals import Interval, Mean, mean_of
from tfmlp.reports.summary import Summary

_MOST_NAMED = 3  # options in the name of a group
# What changes no metric: where files lie, and which checkpoints are kept.
_NO_MATTER = """
    data_dir tfds_dir threads checkpoint_steps checkpoint_minutes keep_checkpoints
""".split()
_NEUTRAL = {name: Config().option(name) for name in ("seed", *_NO_MATTER)}


@dataclass(frozen=True)
class Group:
    """Some runs that differ by their seed alone.

    Attributes:
      name: What sets it apart from the other groups.
      runs: Its runs' names.
      seeds: Their seeds.
      metrics: The mean of each metric of the test examples; runs of one seed count once.
    """

    name: str
    runs: list[str]
    seeds: list[int]
    metrics: dict[str, Mean]

    def to_dict(self) -> dict[str, Any]:
        """Returns the group as plain values."""
        return asdict(self)


def differing_options(summaries: Sequence[Summary]) -> list[str]:
    """Returns the names of the options that differ among some runs, the seed left out."""
    return differing([_neutral(one.run.config) for one in summaries])


def group_runs(summaries: Sequence[Summary]) -> list[Group]:
    """Returns the groups of some runs, in the order of their first runs."""
    members: dict[tuple[Config, str], list[Summary]] = {}
    for one in summaries:
        key = _neutral(one.run.config), one.run.record.dataset.sha256
        members.setdefault(key, []).append(one)
    names = _telling([config for config, _ in members])
    groups = [_group(config, names, group) for (config, _), group in members.items()]
    called = [group.name for group in groups]
    return [
        replace(group, name=f"{group.name} ({sha256:.8})")
        if called.count(group.name) > 1
        else group
        for group, (_, sha256) in zip(groups, members)
    ]


def _telling(configs: Sequence[Config]) -> list[str]:
    """Returns the options that set groups apart: all that differ, or as many as it takes."""
    names = differing(configs)
    if len(names) <= _MOST_NAMED:
        return names
    chosen: list[str] = []
    told = 1
    for name in names:
        now = len({tuple(config.option(one) for one in (*chosen, name)) for config in configs})
        if now > told:
            chosen, told = [*chosen, name], now
    return chosen


def _neutral(config: Config) -> Config:
    return config.replace(**_NEUTRAL)


def _within(mean: Mean, metric: Metric) -> Mean:
    """Returns a mean whose interval ends where the metric's values do."""
    interval = mean.interval
    if interval is None or not metric.share:
        return mean
    return replace(mean, interval=Interval(max(0.0, interval.low), min(1.0, interval.high)))


def _group(config: Config, names: list[str], members: list[Summary]) -> Group:
    by_seed = {one.run.record.seed: one.run.record.test for one in reversed(members)}
    tests = [test for test in by_seed.values() if test]
    metrics = {
        name: _within(mean_of([test[name] for test in tests]), METRICS[name])
        for name in METRICS
        if tests and all(name in test for test in tests)
    }
    described = ", ".join(f"{name} {show_option(config.option(name))}" for name in names)
    return Group(
        described or config.data.dataset,
        [one.name for one in members],
        sorted(by_seed),
        metrics,
    )
