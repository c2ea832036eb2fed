"""Estimate where an embedder's cosines begin: its mean cosine with texts unrelated to the question.

The passages of a base would be a better measure, but a base of one file may be about nothing but the question.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..models.embedder import Embedder
from ..sentences.units import in_chinese

AS_GOOD_AS = 16
"""Passages of a base that weigh as much as these texts."""
FEW = 100
"""Passages. Above this number, they alone determine what is off topic."""
TEXTS = {
    False: (
        "The river rises in the hills and reaches the sea after four hundred kilometres.",
        "Beat the eggs with the sugar, then fold in the flour.",
        "The committee will publish its report on the harvest next spring.",
        "The engine turns the shaft through a belt and two wheels.",
        "She learned the violin as a child and later played in an orchestra.",
        "Click the icon to open the window and save the picture.",
        "The castle was rebuilt in stone after the fire of 1512.",
        "Most birds of this family nest on cliffs and feed on fish.",
    ),
    True: (
        "这条河发源于山区，流经四百公里后入海。",
        "把鸡蛋和糖打匀，再拌入面粉。",
        "委员会将于明年春天公布有关收成的报告。",
        "发动机通过皮带和两个轮子带动轴转动。",
        "她小时候学过小提琴，后来在乐团演奏。",
        "点击图标打开窗口，然后保存图片。",
        "城堡在一五一二年的火灾之后用石头重建。",
        "这一科的鸟多在悬崖上筑巢，以鱼为食。",
    ),
}


_KNOWN: dict[tuple[str, bool], NDArray[np.float32]] = {}
"""The (8, dim) vectors of the texts, by the embedder's fingerprint: they stay valid after it is closed."""


def off_topic(question: str, embedder: Embedder) -> float:
    """Return the question's mean cosine with texts in its language on other topics."""
    key = embedder.fingerprint, bool(in_chinese(question))
    if key not in _KNOWN:
        _KNOWN[key] = embedder.embed_documents(TEXTS[key[1]])
    return float((_KNOWN[key] @ embedder.embed_query(question)).mean())
