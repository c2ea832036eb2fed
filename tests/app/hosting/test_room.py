"""Uploads take so much of the disk and no more: for each token by itself, for all together, and nothing is left behind."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.app.base.config import load_config
from kb.app.hosting.bases import Bases
from kb.app.hosting.room import GIVEN_UP_S, CrowdedError, FullError, Room
from kb.app.hosting.uploads import Spool

MB = 1_000_000


@pytest.fixture
def spool() -> Iterator[Spool]:
    """Where uploads wait."""
    spool = Spool()
    yield spool
    spool.remove()


@pytest.fixture
def room(spool: Spool, tmp_path: Path) -> Room:
    """Room for 10 MB of each token."""
    return Room(spool, tmp_path, most_bytes=10 * MB, keep_free_bytes=0)


def wait_in(spool: Spool, name: str, size: int) -> Path:
    """Put an upload into the spool as the page does."""
    place = spool.folder / f"of-{name}" / name
    place.parent.mkdir()
    place.write_bytes(b"x" * size)
    return place


def test_each_token_has_its_own_room(room: Room) -> None:
    """What one sends at the same time is added up, and costs the other one nothing; it is free again afterwards."""
    with ExitStack() as until:
        for _ in range(2):
            until.enter_context(room.taking("ann", 4 * MB))
        with pytest.raises(CrowdedError, match="8,000,000 bytes that you sent"):
            until.enter_context(room.taking("ann", 4 * MB))
        until.enter_context(room.taking("bob", 9 * MB))
    with room.taking("ann", 10 * MB):
        pass


def test_what_waits_in_the_spool_counts_until_it_is_in_a_base(room: Room, spool: Spool, tmp_path: Path) -> None:
    """Whoever sends to the page and never ingests has no more room; what is not in the spool is none of its."""
    place = wait_in(spool, "a.pdf", 6 * MB)
    room.leave("ann", [str(place), "/etc/passwd"])
    with pytest.raises(CrowdedError), room.taking("ann", 5 * MB):
        pass
    with room.taking("bob", 5 * MB):
        pass
    shutil.move(place, tmp_path / "a.pdf")
    with room.taking("ann", 5 * MB):
        pass


def test_what_nobody_ingests_is_removed(room: Room, spool: Spool) -> None:
    """After some hours; what others sent meanwhile stays, and so does what kb itself keeps there."""
    old, new, own = (wait_in(spool, name, 10) for name in ("old.pdf", "new.pdf", "own.css"))
    room.leave("ann", [str(old), str(new)])
    for place in (old, own):
        os.utime(place, (0, time.time() - GIVEN_UP_S - 60))
    with room.taking("bob", 1):
        pass
    assert [place.exists() for place in (old, new, own)] == [False, True, True]


def test_half_an_upload_is_removed_when_its_client_has_gone(room: Room, spool: Spool) -> None:
    """At the end of its request, or of the next; not one that is still arriving."""
    half, arriving = spool.folder / "tmphalf", spool.folder / "tmparriving"
    half.write_bytes(b"x")
    with room.taking("bob", 1), arriving.open("wb"):
        with room.taking("ann", 1):
            pass
        assert arriving.exists()
        if Path("/proc/self/fd").exists():
            assert not half.exists()
    assert not arriving.exists()


def test_a_body_without_a_length_takes_room_as_it_comes(room: Room) -> None:
    """It is cut off where there is no more."""
    with room.taking("ann", 0) as arrive:
        for _ in range(8):
            arrive(MB)
        with pytest.raises(CrowdedError):
            arrive(2 * MB)


def test_the_last_of_the_disk_is_left_free(spool: Spool, tmp_path: Path) -> None:
    """What is on its way counts as if it were there, with the copy that is made of it."""
    free = shutil.disk_usage(tmp_path).free
    room = Room(spool, tmp_path, most_bytes=2 * free, keep_free_bytes=free // 2)
    with room.taking("ann", free // 8):
        with pytest.raises(FullError, match="nearly full"), room.taking("bob", free // 4):
            pass
        with room.taking("bob", MB):
            pass


def test_what_a_killed_process_was_moving_is_removed(tmp_path: Path) -> None:
    """By the next one that serves the home; another one may be moving files right now."""
    with KnowledgeBase.open("zoo", home=tmp_path, embedder="tfidf") as kb:
        (tmp_path / "a.md").write_text("Bears sleep.")
        kb.ingest([tmp_path / "a.md"])
    old, new = (tmp_path / "zoo" / f".incoming-{name}" for name in ("old", "new"))
    for folder, age_s in ((old, 7200), (new, 60)):
        folder.mkdir()
        (folder / "0").write_bytes(b"x")
        for place in (folder / "0", folder):
            os.utime(place, (0, time.time() - age_s))
    Bases(load_config(home=tmp_path, name="zoo", llm="extractive")).close()
    assert (old.exists(), new.exists()) == (False, True)
