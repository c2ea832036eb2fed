"""schemathesis makes requests of every kind from the OpenAPI document: none may be an error of the server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from browser import served
from kb import KnowledgeBase
from kb.app.hosting.tokens import Tokens
from needs import needs

needs("schemathesis", "gradio", extra="ui,test")

CHECKS = "not_a_server_error,status_code_conformance,use_after_free,ignored_auth"


def attacked(address: str, token: str, examples: int, *more: str) -> subprocess.CompletedProcess[str]:
    """Run schemathesis as a user does."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json",
        "--header", f"Authorization: Bearer {token}",
        "--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", str(examples),
        "--generation-deterministic", "--no-shrink", "--continue-on-failure", "--request-timeout", "30",
        "--warnings", "off", "--no-color", *more,
    ]  # fmt: skip
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, capture_output=True, text=True, cwd="/tmp", env=environment, check=False)  # noqa: S108


def failures(report: str) -> str:
    """Return the lines of a report that are not the body of a request."""
    return "\n".join(line[:300] for line in report.splitlines())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_request_is_an_error_of_the_server(tmp_path: Path) -> None:
    """An admin's requests, and a writer's to what is an admin's; made-up paths are not absolute, so nothing is read."""
    home = tmp_path / "home"
    with KnowledgeBase.open(home=home, embedder="tfidf") as kb:
        (tmp_path / "cats.md").write_text("# Cats\n\nCats sleep all day.\n")
        kb.ingest([tmp_path / "cats.md"])
    admin, writer = (Tokens(home).add(role) for role in ("admin", "write"))
    with served("serve", home, "--rate", "0") as address:
        done = attacked(address, admin, 8)
        assert done.returncode == 0, failures(done.stdout)
        done = attacked(address, writer, 15, "--include-path", "/api/v1/ingest")
        assert done.returncode == 0, failures(done.stdout)
    assert (tmp_path / "cats.md").exists()
