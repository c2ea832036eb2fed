"""Run an embedding model as published: sentence-transformers on torch, in float32.

Never: the network, or remote code.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import EmbedderError, MissingExtraError
from ...ingest.notice import Notice
from .compiled import load_openvino
from .hub import offline
from .vocabulary import TOKENIZER

if TYPE_CHECKING:
    import torch
    from openvino import Model

_BATCH = 32


class TorchModel:
    """A sentence-transformers model: the reference for every faster path, and the fallback when none works."""

    called = "torch fp32"
    """What a compiled form is compared with, for display."""

    def __init__(self, folder: Path, *, device: str | None = None) -> None:
        """Load the model in ``folder`` on ``device``; by default on CUDA or MPS if there is one.

        Raises:
            MissingExtraError: torch or sentence-transformers is not installed.
            EmbedderError: the folder cannot be loaded.
        """
        self._lock = Lock()
        with quiet(), offline():
            try:
                import sentence_transformers
                import torch
            except ImportError as exc:
                raise MissingExtraError(Notice("running an embedding model for the first time"), "dense") from exc
            try:
                self._model = sentence_transformers.SentenceTransformer(
                    str(folder), device=device, local_files_only=True, model_kwargs={"dtype": torch.float32}
                ).eval()
            except Exception as exc:  # a damaged or foreign folder makes the libraries raise anything
                raise EmbedderError(
                    "The embedding model {folder} cannot be loaded ({why}); get it again, or choose another: kb models "
                    "list",
                    folder=folder,
                    why=_first_line(exc),
                ) from exc

    @property
    def device(self) -> str:
        """Where it runs: ``cpu``, ``cuda``, ``mps``."""
        return str(self._model.device.type)

    @property
    def max_tokens(self) -> int:
        """The most tokens that it reads from one text."""
        limit = self._model.max_seq_length or getattr(self._model.tokenizer, "model_max_length", None)
        return min(int(limit or 512), 32_768)

    @property
    def pad_id(self) -> int:
        """The token used for padding."""
        return int(getattr(self._model.tokenizer, "pad_token_id", None) or 0)

    def save_vocabulary(self, folder: Path) -> None:
        """Write the tokenizer exactly as sentence-transformers uses it, as one ``tokenizer.json``.

        Raises:
            EmbedderError: it is not a tokenizer of the ``tokenizers`` library.
        """
        tokenizer = getattr(self._model.tokenizer, "backend_tokenizer", self._model.tokenizer)
        if not hasattr(tokenizer, "save"):
            raise EmbedderError(
                "The model's tokenizer ({kind}) cannot count tokens quickly; choose a model that has a tokenizer.json",
                kind=type(tokenizer).__name__,
            )
        tokenizer.save(str(folder / TOKENIZER))

    def encode(self, texts: Sequence[str], prompt: str) -> NDArray[np.float32]:
        """Return (n, dim) float32, not necessarily unit rows; ``prompt`` is prepended to every text.

        Raises:
            EmbedderError: the model fails on these texts, or runs out of memory.
        """
        try:
            with self._lock:  # setting a tokenizer's padding while another thread uses it raises "Already borrowed"
                vectors = self._model.encode(
                    list(texts), prompt=prompt, batch_size=_BATCH, show_progress_bar=False, convert_to_numpy=True
                )
        except (RuntimeError, ValueError, IndexError, TypeError) as exc:
            raise EmbedderError(
                "The embedding model failed on {device} ({why})", device=self.device, why=_first_line(exc)
            ) from exc
        return np.asarray(vectors, np.float32)

    def graph(self) -> Model:
        """Return an OpenVINO graph from token ids and attention mask to vectors.

        Raises:
            EmbedderError: see ``_traceable``.
            MissingExtraError: OpenVINO is not installed.
        """
        import torch

        ov = load_openvino()
        from openvino.tools.ovc import convert_model

        with quiet(), torch.no_grad():
            module, example = self._traceable()
            return convert_model(
                module, example_input=example, input=[(name, [-1, -1], ov.Type.i64) for name in example]
            )

    def _traceable(self) -> tuple[torch.nn.Module, dict[str, torch.Tensor]]:
        """Return a module from token ids and attention mask to vectors, and an example to trace it with.

        Raises:
            EmbedderError: pooling excludes the prompt, which token ids alone cannot express.
        """
        import torch

        if not all(getattr(module, "include_prompt", True) for module in self._model):
            raise EmbedderError("pooling leaves the prompt out")
        model = self._model

        class Pipeline(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.stages = torch.nn.ModuleList(model)

            def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
                features = {"input_ids": input_ids, "attention_mask": attention_mask}
                for stage in self.stages:
                    features = stage(features)
                return features["sentence_embedding"]

        # Two texts of different length: without padding in the example, the mask would be traced away.
        ids = torch.tensor([[5, 6, 7, 8, 9, 10, 11], [5, 6, 7, 8, 9] + [self.pad_id] * 2])
        mask = torch.tensor([[1] * 7, [1] * 5 + [0] * 2])
        return Pipeline().eval(), {"input_ids": ids, "attention_mask": mask}


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries' progress bars and warnings off the terminal while they load or trace a model.

    Raises:
        MissingExtraError: transformers is not installed.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import transformers

            transformers.utils.logging.disable_progress_bar()
            yield
    except ImportError as exc:
        raise MissingExtraError(Notice("running an embedding model for the first time"), "dense") from exc
    finally:
        logging.disable(before)


def _first_line(exc: BaseException) -> str:
    return (str(exc).strip() or type(exc).__name__).splitlines()[0][:200]
