"""``kb models check`` and ``list``: how a model does on this machine and on a base, and the sentence that says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import run
from embedding_models import MAX_TOKENS, SENTENCES, build_bert, build_cross_encoder
from hashed import HashedEmbedder
from kb import KnowledgeBase
from kb.app.i18n.chinese import in_chinese
from kb.app.measure.model_check import check_model
from kb.ingest.errors import UnknownModelError
from kb.retrieval.models.registry import list_models
from needs import needs

needs("sentence_transformers", extra="dense")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with prompts."""
    prompts = {"query": "query: ", "document": "passage: "}
    return build_bert(tmp_path_factory.mktemp("model"), prompts=prompts)


def base(tmp_path: Path, texts: tuple[str, ...]) -> KnowledgeBase:
    """Return a base of a file a text, whose embedder reads Latin letters only."""
    (tmp_path / "docs").mkdir()
    for at, text in enumerate(texts):
        (tmp_path / "docs" / f"{at}.md").write_text(f"# Rule {at}\n\n{text}", "utf-8")
    kb = KnowledgeBase.open(embedder=HashedEmbedder())
    kb.ingest([tmp_path / "docs"])
    return kb


def test_without_a_base_it_is_only_compared_with_the_original(folder: Path, compiled: Path) -> None:
    """What it is, how it runs, and that its vectors are those of torch."""
    checked = check_model(str(folder), compiled)
    assert (checked.dim, checked.max_tokens) == (32, MAX_TOKENS)
    assert (checked.query_prompt, checked.document_prompt) == ("query: ", "passage: ")
    assert checked.cosine is not None
    assert checked.least_cosine is not None
    assert checked.cosine > 0.999
    assert checked.least_cosine > 0.98
    assert checked.chunks_per_s > 0
    assert checked.base is None
    assert "once there is a base" in checked.verdict


def test_on_a_base_it_is_said_whether_it_would_help(folder: Path, compiled: Path, tmp_path: Path) -> None:
    """A model that reads the passages that the base's own cannot is recommended, with the command."""
    with base(tmp_path, SENTENCES[4:]) as kb:
        checked = check_model(str(folder), compiled, kb.catalog, kb.embedder)
        assert checked.base is not None
        assert checked.base.current == "hashed"
        assert checked.base.readable > 0.9 > checked.base.current_readable
        assert checked.base.n_passages == 3
        assert checked.verdict.endswith(f"kb reindex --embedder {folder}")
        backwards = check_model(str(folder), compiled, kb.catalog)
        assert "add search by meaning" in backwards.verdict


def test_a_model_that_cannot_read_the_base_is_not_recommended(folder: Path, compiled: Path, tmp_path: Path) -> None:
    """And a model is named that can."""
    with base(
        tmp_path, ("Договор вступает в силу после подписания сторонами.", "Срок действия составляет один год.")
    ) as kb:
        checked = check_model(str(folder), compiled, kb.catalog, kb.embedder)
    assert "cannot read the language of this base" in checked.verdict
    assert "BAAI/bge-m3" in checked.verdict


def test_what_is_no_embedding_model_is_one_sentence(folder: Path, compiled: Path, tmp_path: Path) -> None:
    """No model at all, one that is missing, and a cross-encoder."""
    assert folder.is_dir()
    with pytest.raises(UnknownModelError, match="names no embedding model"):
        check_model("tfidf", compiled)
    with pytest.raises(UnknownModelError, match="not on this machine; run: kb models pull a/b"):
        check_model("a/b", compiled)
    with pytest.raises(UnknownModelError, match="is not an embedding model"):
        check_model(str(build_cross_encoder(tmp_path / "cross")), compiled)


def test_models_are_listed_with_what_takes_them(folder: Path, tmp_path: Path) -> None:
    """Embedding models, cross-encoders and language models, each with its option."""
    pulled = tmp_path / "models" / "pulled"
    pulled.mkdir(parents=True)
    (pulled / "me--embeds").symlink_to(folder)
    build_cross_encoder(pulled / "me--judges")
    (pulled / "me--writes").mkdir()
    (pulled / "me--writes" / "model.gguf").write_bytes(b"GGUF")
    kinds = {Path(model.name).name: model.kind for model in list_models(tmp_path / "models")}
    assert kinds["embeds"] == "embedding"
    assert kinds["judges"] == "cross-encoder"
    assert kinds["model.gguf"] == "language"
    listed = run("models", "list", "--home", tmp_path).stdout
    options = {Path(line.split()[1]).name: line.split()[0] for line in listed.splitlines()}
    assert options["judges"] == "--rerank"
    assert options["model.gguf"] == "--llm"


def test_the_command_line_checks(folder: Path, tmp_path: Path) -> None:
    """Figures and a verdict on stdout; the same as JSON."""
    with base(tmp_path, SENTENCES[:4]):
        pass
    shown = run("models", "check", folder).stdout
    assert "cosine  " in shown
    assert "nDCG@10" in shown
    assert json.loads(run("models", "check", folder, "--json").stdout)["dim"] == 32


def test_a_corpus_beyond_the_embedder_is_said_at_ingest_in_both_languages(tmp_path: Path) -> None:
    """How many passages, how they are found instead, and which model reads them."""
    (tmp_path / "docs").mkdir()
    for at, text in enumerate(SENTENCES):
        (tmp_path / "docs" / f"{at}.md").write_text(text, "utf-8")
    with KnowledgeBase.open(embedder=HashedEmbedder()) as kb:
        report = kb.ingest([tmp_path / "docs"])
    (note,) = (note for note in report.notes if "cannot read" in note)
    assert note == (
        "hashed cannot read the language of 3 passages (43%): they are found by keywords and TF-IDF. A multilingual model "
        "reads them: kb models pull BAAI/bge-m3, then kb reindex --embedder BAAI/bge-m3"
    )
    assert in_chinese(note).startswith("hashed 读不懂其中 3 个段落（43%）的语言")
    assert in_chinese(note).endswith("先运行 kb models pull BAAI/bge-m3，再运行 kb reindex --embedder BAAI/bge-m3")
