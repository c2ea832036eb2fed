"""Tiny real embedding models, built in a second: random weights, a tokenizer trained on a few sentences.

Comes in: a folder. Goes out: that folder as sentence-transformers saves it. Never: sense in the vectors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

SENTENCES = (
    "The warranty covers parts and labour for two years from the date of purchase.",
    "To restore a backup, stop the server and copy the archive into the data directory.",
    "Employees accrue leave every month; unused days lapse at the end of the year.",
    "How long is the warranty, and who pays for the repair of a damaged screen?",
    "保修期自购买之日起两年，覆盖零件和人工费用。",
    "恢复备份时，先停止服务器，再把归档文件复制到数据目录。",
    "员工每月累积年假，未使用的天数在年底失效。",
)
MAX_TOKENS = 60
"""No multiple of what widths are rounded to: a batch that is padded further than the model's positions fails."""
UNKNOWN = "[UNK]"

Pooling = Literal["mean", "cls", "lasttoken"]


def build_bert(
    folder: Path, *, pooling: Pooling = "mean", prompts: Mapping[str, str] | None = None, dense: bool = False
) -> Path:
    """Build a BERT of two layers that knows the letters of ``SENTENCES``; ``dense`` adds a layer after pooling."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Dense
    from sentence_transformers.sentence_transformer import modules
    from transformers import BertConfig, BertModel

    torch.manual_seed(7)
    n_words = save_wordpiece(folder / "bare")
    config = BertConfig(
        vocab_size=n_words,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=MAX_TOKENS,
        initializer_range=0.5,
    )
    BertModel(config).eval().save_pretrained(folder / "bare")
    stages = [modules.Transformer(str(folder / "bare"), max_seq_length=MAX_TOKENS), modules.Pooling(32, pooling)]
    if dense:
        stages.append(Dense(32, 24))
    stages.append(modules.Normalize())
    model = SentenceTransformer(modules=stages, prompts=dict(prompts or {}), device="cpu")
    model.save(str(folder / "model"), create_model_card=False)
    return folder / "model"


def build_cross_encoder(folder: Path, *, n_labels: int = 1) -> Path:
    """Build a BERT of two layers that reads a question and a passage together, and gives ``n_labels`` scores."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=save_wordpiece(folder),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=MAX_TOKENS,
        initializer_range=0.5,
        num_labels=n_labels,
    )
    BertForSequenceClassification(config).eval().save_pretrained(folder)
    return folder


def save_wordpiece(folder: Path) -> int:
    """Train a WordPiece vocabulary, save it as transformers does, and return its size."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(SENTENCES, trainers.WordPieceTrainer(vocab_size=400, special_tokens=special))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {
        "pad_token": "[PAD]",
        "unk_token": UNKNOWN,
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    settings = {**names, "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": MAX_TOKENS}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    return int(tokenizer.get_vocab_size())
