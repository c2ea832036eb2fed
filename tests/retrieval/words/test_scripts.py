"""The script of a text goes by shares."""

from __future__ import annotations

import pytest
from kb.retrieval.words.scripts import script, script_shares, shares_script


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("How long is the warranty?", "Latin"),
        ("保修期有多长？", "Han"),
        ("kb 会把我的文件上传到网上吗？", "Han"),
        ("Who wrote 红楼梦?", "Han"),
        ("iPhone 15 Pro 保修", "Latin"),
        ("Как восстановить?", "Cyrillic"),
        ("どうやって復元しますか", "Kana"),
        ("어떻게 복원합니까", "Hangul"),
        ("12:30 — 99 %", ""),
    ],
)
def test_the_script_of_most_words_and_characters_counts(text: str, wanted: str) -> None:
    """A word of letters is one, and so is a Chinese character."""
    assert script(text) == wanted


def test_shares_add_up_to_one_and_are_in_order() -> None:
    """The largest share comes first."""
    shares = script_shares("用 Python 写的 programme")
    assert list(shares) == ["Han", "Latin"]
    assert sum(shares.values()) == pytest.approx(1)


def test_a_name_does_not_make_a_passage_english() -> None:
    """A Chinese passage with an English name shares no script with an English question; a bilingual one does."""
    passage = "新的版本由 Python 基金会于十月发布，修正了多处错误，建议所有用户尽快升级。"
    assert not shares_script("When was the new version published?", passage)
    assert shares_script("新版本什么时候发布？", passage)
    assert shares_script("When was the new version published?", f"{passage} The new version was published in October.")
    assert shares_script("2019?", passage)
