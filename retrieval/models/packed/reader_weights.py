"""Store the trained weights: 8 bits per number with a scale per row, half the size of 16 bits.

Comes in: arrays by name. Goes out: the file, and the arrays back. Never: pickled objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

NAME = "kb-reader"
ORIGIN = "multilingual-e5-small (MIT), trained on SQuAD 2, XQuAD, DRCD, ExpMRC (CC BY-SA 4.0), PolicyQA (MIT) and made folders"
LICENCE = "Apache-2.0"
FILE = Path(__file__).with_name("reader.npz")
_SCALE = ".scale"
_MOST = 127


def save(weights: Mapping[str, NDArray[np.float32]], path: Path) -> None:
    """Write weights: matrices in 8 bits, vectors in 32."""
    kept: dict[str, NDArray[np.generic]] = {}
    for name, values in weights.items():
        if values.ndim == 1:
            kept[name] = values.astype(np.float32)
            continue
        scale = np.abs(values).max(axis=1, keepdims=True) / _MOST + 1e-12
        kept[name] = np.round(values / scale).astype(np.int8)
        kept[name + _SCALE] = scale.astype(np.float32)
    np.savez_compressed(path, **kept)  # type: ignore[arg-type]  # an array may have the name of an option


def load(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read weights.

    Raises:
        OSError: there is no such file.
        ValueError: it is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {
                name: file[name] * file[name + _SCALE] if file[name].dtype == np.int8 else file[name]
                for name in file.files
                if not name.endswith(_SCALE)
            }
    except (BadZipFile, KeyError, EOFError) as exc:
        raise ValueError(str(exc)) from exc
