"""How long a start takes: ``kb search``, ``kb ask``, an ingest of what did not change, and the page in a fresh browser.

Comes in: a folder of documents, and a small one. Goes out: a table of the best and the median of several runs, what the time
was spent on, and the wall time of the whole command. Never: a warm model, or a figure of one run.

Run: python benchmarks/cold.py ../shared/data/docs/en-rustbook/src ../shared/data/folders/mini
With a base of about 1,000 passages: the same with --files 48
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QUESTION = "How does a mutable reference differ from an immutable one?"

PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"

STAGES = """
import json, time
began = time.perf_counter()
at = began
spent = {}
def done(stage):
    global at
    spent[stage], at = time.perf_counter() - at, time.perf_counter()
import kb.app.cli.ask
from kb import KnowledgeBase
done("imports")
base = KnowledgeBase.open(must_exist=True)
done("open")
base.embedder
done("model load")
base.embedder and base.embedder.embed_query("warm")
done("first vector")
base.search(QUESTION, 8)
done("search")
base.ask(QUESTION)
done("answer")
spent["all"] = time.perf_counter() - began
import sys
heavy = {"torch", "transformers", "sentence_transformers", "chromadb", "sklearn", "openvino", "onnxruntime", "gradio"}
print(json.dumps([spent, sorted(heavy & set(sys.modules))]))
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("documents", type=Path)
    parser.add_argument("small", type=Path)
    parser.add_argument("--embedder", default="minilm")
    parser.add_argument("--home", type=Path, help="where the base is kept; a temporary folder unless given")
    parser.add_argument("--files", type=int, help="of the documents, only so many; all unless given")
    parser.add_argument("--runs", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = given.home or Path(temporary) / "home"
        environment = {**os.environ, "KB_HOME": str(home), "KB_LLM": "extractive"}
        files = sorted(path for path in given.documents.resolve().rglob("*") if path.is_file())[: given.files]
        print(_kb(environment, "ingest", *files, "--embedder", given.embedder).strip())
        _stages(environment, given.runs)
        for command in ("search", "ask"):
            _wall(f"kb {command}", environment, given.runs, command, QUESTION)
        _kb(environment, "ingest", given.small.resolve(), "--name", "small", "--embedder", "tfidf")
        again = ("ingest", given.small.resolve(), "--name", "small", "--embedder", "tfidf")
        _wall("kb ingest, unchanged", environment, given.runs, *again)
        _wall("kb --version", environment, given.runs, "--version")
        _page(environment, given.runs)


def _stages(environment: dict[str, str], runs: int) -> None:
    rows = []
    loaded: list[str] = []
    for _ in range(runs):
        script = f"QUESTION = {QUESTION!r}\n{STAGES}"
        command = [sys.executable, "-c", script]
        output = subprocess.run(command, env=environment, cwd="/", check=True, capture_output=True, text=True).stdout
        row, loaded = json.loads(output)
        rows.append(row)
    print(f"\n{'seconds':<24} {'best':>7} {'median':>7}")
    for stage in rows[0]:
        values = [row[stage] for row in rows]
        print(f"{stage:<24} {min(values):7.3f} {statistics.median(values):7.3f}")
    print(f"heavy libraries loaded: {', '.join(loaded) or 'none'}\n")


def _wall(label: str, environment: dict[str, str], runs: int, *arguments: object) -> None:
    values = []
    for _ in range(runs):
        began = time.perf_counter()
        _kb(environment, *arguments)
        values.append(time.perf_counter() - began)
    print(f"{label + ', wall':<24} {min(values):7.3f} {statistics.median(values):7.3f}", flush=True)


def _page(environment: dict[str, str], runs: int) -> None:
    """Print when ``kb ui`` names its address, and when its page shows something, takes a question, and suggests one."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("the page was not measured: playwright is not installed")
        return
    began = time.perf_counter()
    command = [sys.executable, "-m", "kb", "ui", "--no-browser", "--port", "0"]
    server = subprocess.Popen(command, env=environment, cwd="/", stderr=subprocess.PIPE, text=True)
    address = next(line.split("kb is at ")[1].split()[0] for line in server.stderr or () if "kb is at " in line)
    print(f"{'kb ui, address':<24} {time.perf_counter() - began:7.3f}")
    found: dict[str, list[float]] = {
        "page, first paint": [],
        "page, takes a question": [],
        "page, first suggestion": [],
    }
    with sync_playwright() as playwright:
        for _ in range(runs):
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page()
            began = time.perf_counter()
            page.goto(address)
            page.locator(".kb-welcome").wait_for()
            found["page, takes a question"].append(time.perf_counter() - began)
            page.locator("#kb-tries .kb-example").first.wait_for()
            found["page, first suggestion"].append(time.perf_counter() - began)
            found["page, first paint"].append(page.evaluate(PAINT) / 1000)
            browser.close()
    server.terminate()
    server.wait()
    for label, values in found.items():
        print(f"{label:<24} {min(values):7.3f} {statistics.median(values):7.3f}", flush=True)


def _kb(environment: dict[str, str], *arguments: object) -> str:
    command = [sys.executable, "-m", "kb", *map(str, arguments)]
    done = subprocess.run(command, env=environment, cwd="/", check=False, capture_output=True, text=True)
    if done.returncode not in (0, 4, 5):
        raise RuntimeError(f"kb {arguments[0]} failed ({done.returncode}): {done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
