"""A family of models fills in what the user left open."""

from __future__ import annotations

from dataclasses import replace

import pytest
from kb.llm.generator import Sampling
from kb.llm.models.family import families
from kb.llm.sampling import suited


def test_most_models_take_the_likeliest_word() -> None:
    """Without a temperature: 0, and nothing else is set; an architecture that nobody knows is no exception."""
    for architecture in ("llama", "qwen2", "gemma3", "nobody"):
        assert suited(Sampling(), architecture) == Sampling(temperature=0.0)


def test_a_family_that_loops_so_draws() -> None:
    """Qwen3's authors say never to be greedy; its top-p, top-k and penalty come along."""
    drawn = suited(Sampling(seed=4), "qwen3")
    assert (drawn.seed, drawn.temperature, drawn.top_p, drawn.top_k) == (4, 0.7, 0.8, 20)
    assert drawn.presence_penalty == families()["qwen3"].presence_penalty


@pytest.mark.parametrize("architecture", [*families(), "nobody"])
def test_what_the_user_sets_wins(architecture: str) -> None:
    """Each setting stays as it is, also a 0; greedy and beams get nothing."""
    asked = Sampling(temperature=0.2, top_k=3, top_p=0.5, min_p=0.0, repeat_penalty=1.0, presence_penalty=0.0)
    assert suited(asked, architecture) == asked
    assert suited(replace(asked, temperature=0.0), architecture).temperature == 0
    for fixed in (Sampling(strategy="greedy"), Sampling(strategy="beam", n_beams=2)):
        assert suited(fixed, architecture) == fixed


@pytest.mark.parametrize("architecture", [*families(), "nobody"])
def test_several_samples_differ(architecture: str) -> None:
    """Where several answers are drawn the temperature is above 0, unless the user says 0."""
    warm = suited(Sampling(n_samples=3), architecture).temperature
    assert warm is not None
    assert 0 < warm <= 1
    assert suited(Sampling(n_samples=3, temperature=0.0), architecture).temperature == 0


def test_every_row_can_be_used() -> None:
    """Each value of the data file is within its range: ``Sampling`` would refuse it."""
    for architecture in families():
        suited(Sampling(temperature=1.0), architecture)
