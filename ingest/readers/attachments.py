"""Files that travel with a message, each read under its own heading.

None is dropped without a note.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ..errors import ExtraNeededError, ReadError
from ..images.ocr import hint
from ..media import sniff
from ..notice import Notice, some
from ..reading import MarkdownWriter, Reading
from ..text.instructions import instruction_note
from .table import demand_something, identify, read_as, shortened

MAX_DEPTH = 4
"""How deep messages, and archives in them, are followed."""
_NAMED = 5
"""Of several that are left out for the same reason."""
MAX_ATTACHMENTS = 200


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with a message."""

    name: str
    data: bytes


class Attachments:
    """Writes attachments under their own headings, and keeps track of those that could not be read."""

    def __init__(self, writer: MarkdownWriter, depth: int) -> None:
        self.depth = depth
        self._writer = writer
        self._left_out: dict[str, list[str]] = {}
        self._notes: list[str] = []
        self._count = 0

    def add(self, attachment: Attachment) -> None:
        """Read one attachment, and each member if it is an archive."""
        from .archive import ARCHIVES, members

        self._count += 1
        if self._count > MAX_ATTACHMENTS:
            self._leave_out(attachment.name, Notice("there are more than {most}", most=MAX_ATTACHMENTS))
            return
        if not attachment.data.strip():
            self._leave_out(attachment.name, Notice("empty"))
            return
        try:
            if sniff(attachment.data, attachment.name) not in ARCHIVES:
                self._read(attachment)
                return
            for label, content in islice(members(attachment.data, attachment.name), MAX_ATTACHMENTS):
                name = f"{attachment.name}!{label}"
                if isinstance(content, ReadError):
                    self._leave_out(name, str(content))
                else:
                    self._read(Attachment(name, content))
        except ReadError as exc:
            self._leave_out(attachment.name, str(exc))

    def _read(self, attachment: Attachment) -> None:
        if self.depth >= MAX_DEPTH:
            self._leave_out(attachment.name, Notice("nested too deeply"))
            return
        try:
            name, kind = identify(attachment.data, attachment.name)
            reading = read_as(kind, attachment.data, name)
            demand_something(reading)
        except ExtraNeededError as exc:  # these words let it be read again once OCR is there
            self._leave_out(attachment.name, str(exc) if hint() in str(exc) else hint())
            return
        except ReadError as exc:
            self._leave_out(attachment.name, str(exc))
            return
        append_reading(
            self._writer, attachment.name, Reading(reading.text, headings=tuple(map(shortened, reading.headings))), 2
        )
        notes = (*reading.notes, *instruction_note(reading.text))
        self._notes.extend(
            Notice("in the attachment {name}: {note}", name=attachment.name, note=note) for note in notes
        )

    def _leave_out(self, name: str, reason: str) -> None:
        self._left_out.setdefault(reason, []).append(name)

    def notes(self) -> Iterator[str]:
        """Yield what a user should know about the attachments; one sentence per reason, however many."""
        for reason, names in self._left_out.items():
            yield Notice("attachments left out ({names:files}): {why}", names=some(names, _NAMED), why=reason)
        yield from self._notes


def append_reading(writer: MarkdownWriter, title: str, reading: Reading, level: int) -> None:
    """Append a reading, under a heading if ``title`` is given; its own headings move down by ``level``."""
    writer.heading(level, title)
    position = 0
    for heading in reading.headings:
        writer.block(reading.text[position : heading.start])
        line_end = reading.text.find("\n", heading.start) % (len(reading.text) + 1)
        line = reading.text[heading.start : line_end]
        is_title = heading.start == 0 and heading.title == title
        if not is_title:
            writer.heading(heading.level + level, heading.title)
        written = is_title or line.startswith("#") or line.strip() == heading.title
        position = line_end if written else heading.start
    writer.block(reading.text[position:])
