"""Members of archives, one after the other."""

from __future__ import annotations

import io
import zipfile

from kb.ingest.readers.archive import members


def test_a_member_without_a_name_does_not_cost_the_others() -> None:
    """It is read under a name that says so."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "One.")
        with archive.open(zipfile.ZipInfo(""), "w") as member:
            member.write(b"Two.")
        archive.writestr("b.txt", "Three.")
    assert dict(members(out.getvalue(), "a.zip")) == {"a.txt": b"One.", "nameless": b"Two.", "b.txt": b"Three."}
