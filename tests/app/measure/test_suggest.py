"""Which language models this machine can run."""

from __future__ import annotations

from pathlib import Path

import pytest
from kb.app import doctor
from kb.app.measure import suggest
from kb.app.measure.suggest import Speed, best, estimated_speed, measured_speed, suggestions
from kb.llm.models.known import known_models


def test_a_fast_machine_runs_all_that_fit_its_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest that fits comes first; what is larger than the memory is said to be."""
    monkeypatch.setattr(suggest, "free_memory", lambda: 3_000_000_000)
    found = suggestions(tmp_path, Speed(1e15, 1e12))
    assert {one.name for one in found} == set(known_models())
    assert {one.verdict for one in found} == {"fits", "large"}
    fitting = [one.memory_bytes for one in found if one.verdict == "fits"]
    assert fitting == sorted(fitting, reverse=True)
    assert max(fitting) <= 3_000_000_000 < min(one.memory_bytes for one in found if one.verdict == "large")


def test_a_slow_machine_runs_the_smallest(tmp_path: Path) -> None:
    """Seconds to the first word and words a second decide; none is suggested for a language that no fitting one writes."""
    found = suggestions(tmp_path, Speed(4e10, 1e9))
    one = best(found, "en")
    assert one is not None
    assert one.name == "smollm2"
    assert best(found, "zh") is None
    assert {other.verdict for other in found if other is not one} <= {"slow", "large"}


def test_without_a_model_it_is_an_estimate(tmp_path: Path) -> None:
    """Nothing is downloaded to measure."""
    assert measured_speed(tmp_path) == estimated_speed()
    assert not estimated_speed().measured_with


def test_doctor_says_it_in_one_line(tmp_path: Path) -> None:
    """A model that fits, and the command that measures."""
    (finding,) = (one for one in doctor.examine(home=tmp_path) if one.what == "language model")
    assert "kb models suggest" in finding.detail
