"""Trains the reader on what rows.py wrote, on two cores in hours.

Run: python benchmarks/reader/train.py FOLDER [--hours 1.5] [--resume] [--export]
Every 500 steps the weights are kept in FOLDER/reader.pt and held-out rows are judged: how often the likeliest sentence answers,
and the AUC of its log-odds between questions that are answered and those that are not.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import torch
from kb.retrieval.models.packed import reader_weights as weights
from kb.retrieval.models.packed.file import FILE, PACKAGE
from network import Encoded, Encoder, Network
from sklearn.metrics import roc_auc_score
from torch.nn import functional

LISTS, SENTENCES, TOGETHER = 6, 5, 12
RATE, WARM, LEAST = 1.5e-4, 100, 0.03
OF_FOLDERS = 0.45
WITHOUT = {"folders": 0.1, "": 0.25}
"""How often the sentence that answers is left out, so that *none* is right."""
OTHER_LANGUAGE = 0.25
SHARES = {
    "squad2-a": 1459, "xquad-en": 900, "xquad-zh": 1190, "drcd-dev": 2600, "expmrc-squad-dev": 300, "policyqa-dev": 500,
}  # fmt: skip
TESTED = {"squad2-a": 110, "cmrc2018-trial": 90, "clapnq-dev": 60, "folders": 150}
Row = dict[str, object]


class Lists:
    """Draws questions with sentences."""

    def __init__(self, rows: Sequence[Row], encoder: Encoder) -> None:
        self._of: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if row["split"] == "train":
                self._of[str(row["origin"])].append(row)
        self._others = {
            (origin, row["id"]): row["q"] for origin in ("xquad-en", "xquad-zh") for row in self._of[origin]
        }
        self._encoder = encoder
        self._random = random.Random(1)

    def draw(self) -> tuple[list[Encoded], list[int]]:
        """Return sentences, and which of them answer."""
        names = list(SHARES)
        origin = (
            "folders" if self._random.random() < OF_FOLDERS else self._random.choices(names, list(SHARES.values()))[0]
        )
        row = self._random.choice(self._of[origin])
        question = str(row["q"])
        if origin.startswith("xquad") and self._random.random() < OTHER_LANGUAGE:
            other = "xquad-zh" if origin == "xquad-en" else "xquad-en"
            question = str(self._others.get((other, row["id"]), question))
        sentences = row["sentences"]
        assert isinstance(sentences, list)
        right = [one for one in sentences if one[3]]
        wrong = [one for one in sentences if not one[3]]
        if right and self._random.random() < WITHOUT.get(origin, WITHOUT[""]):
            right = []
        # The likest ones more often.
        keys = {at: self._random.random() * (1 + 0.35 * at) for at in range(len(wrong))}
        chosen = self._random.sample(right, min(len(right), 2))
        chosen += [wrong[at] for at in sorted(keys, key=lambda at: keys[at])[: SENTENCES - len(chosen)]]
        return [self._encoder.row(question, *one[:3]) for one in chosen], [int(one[3]) for one in chosen]

    def batches(self) -> list[list[tuple[list[Encoded], list[int]]]]:
        """Return batches of lists that are about equally long."""
        drawn = [one for one in (self.draw() for _ in range(16 * LISTS)) if one[0]]
        drawn.sort(key=lambda one: max(len(ids) for ids, _ in one[0]))
        batches = [drawn[at : at + LISTS] for at in range(0, len(drawn), LISTS)]
        self._random.shuffle(batches)
        return batches


def loss_of(network: Network, batch: Sequence[tuple[list[Encoded], list[int]]]) -> torch.Tensor:
    """Return the mean cross entropy of what answers, among the sentences of each question and none of them."""
    rows = [row for of_question, _ in batch for row in of_question]
    order = sorted(range(len(rows)), key=lambda at: len(rows[at][0]))
    parts = [network([rows[at] for at in order[start : start + TOGETHER]]) for start in range(0, len(order), TOGETHER)]
    log_odds = torch.cat(parts)[torch.argsort(torch.tensor(order))]
    losses, start = [], 0
    for of_question, answers in batch:
        own = log_odds[start : start + len(of_question)]
        start += len(of_question)
        shares = functional.log_softmax(torch.cat([torch.zeros(1), own]), 0)
        right = [at for at, answer in enumerate(answers, 1) if answer]
        losses.append(-torch.logsumexp(shares[right or [0]], 0))
    return torch.stack(losses).mean()


def judged(network: Network, rows: Sequence[Row], encoder: Encoder) -> str:
    """Return how well held-out rows are read, by origin."""
    network.eval()
    said = []
    of: dict[str, list[Row]] = defaultdict(list)
    for row in random.Random(3).sample(list(rows), len(rows)):
        if row["split"] == "test" and len(of[str(row["origin"])]) < TESTED[str(row["origin"])]:
            of[str(row["origin"])].append(row)
    for origin, tested in sorted(of.items()):
        first, best, answered = [], [], []
        for row in tested:
            sentences = row["sentences"]
            assert isinstance(sentences, list)
            with torch.no_grad():
                log_odds = network([encoder.row(str(row["q"]), *one[:3]) for one in sentences])
            best.append(float(log_odds.max()))
            answered.append(any(one[3] for one in sentences))
            if answered[-1]:
                first.append(bool(sentences[int(log_odds.argmax())][3]))
        auc = roc_auc_score(answered, best) if len(set(answered)) > 1 else float("nan")
        said.append(f"{origin}: first right {sum(first) / len(first):.3f} of {len(first)}, AUC {auc:.3f}")
    network.train()
    return "; ".join(said)


def save(network: Network, kept: Path) -> None:
    """Keep the weights; who stops it meanwhile keeps the last ones."""
    part = kept.with_suffix(".part")
    torch.save(network.state_dict(), part)
    part.replace(kept)


def main() -> None:
    """Train, or export what was trained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hours", type=float, default=1.5)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--export", action="store_true")
    args = parser.parse_args()
    torch.manual_seed(1)
    packed, kept = Path(str(files(PACKAGE).joinpath(FILE))), args.folder / "reader.pt"
    network, encoder = Network(packed), Encoder(packed)
    if args.resume or args.export:
        network.load_state_dict(torch.load(kept))
    if args.export:
        weights.save(network.arrays(), weights.FILE)
        return
    rows = [json.loads(line) for line in (args.folder / "rows.jsonl").read_text("utf-8").splitlines()]
    lists = Lists(rows, encoder)
    trained = [one for one in network.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=RATE, weight_decay=0.01)
    began, step, mean = time.monotonic(), 0, 0.0
    while (share := (time.monotonic() - began) / (3600 * args.hours)) < 1:
        for batch in lists.batches():
            for group in optimizer.param_groups:
                group["lr"] = RATE * min(1, (step + 1) / WARM) * max(LEAST, 1 - share)
            loss = loss_of(network, batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            step += 1
            mean += (loss.item() - mean) / min(step, 50)
            if step % 50 == 0:
                print(f"{step} steps, {time.monotonic() - began:.0f} s, loss {mean:.3f}", flush=True)
            if step % 500 == 0:
                save(network, kept)
                print(judged(network, rows, encoder), flush=True)
    save(network, kept)
    print(judged(network, rows, encoder))


if __name__ == "__main__":
    main()
