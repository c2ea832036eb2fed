"""Every error that kb raises on purpose.

    KBError
    ├── InputError              what the caller gave cannot be used: a path, an option, a question
    │   ├── UnknownNameError    it names a base, job or answer that does not exist
    │   ├── UnknownModelError   it names a model that is not on this machine, or not of that kind
    │   └── CannotDoError       it asks a language model for what it cannot do: a setting, a style
    ├── MissingExtraError       the feature needs an extra that is not installed
    ├── ReadError               one file cannot be read; ingest turns it into a Failure and goes on
    │   ├── EmptyFileError      zero bytes, or only white space
    │   ├── EncryptedError      needs a password
    │   ├── DamagedError        truncated, malformed, or not what its suffix says
    │   ├── TooLargeError       over a limit on bytes, pages or expansion
    │   ├── UnsupportedError    no reader for this kind of file
    │   └── ExtraNeededError    its reader needs an extra that is not installed; read again when it is
    │       └── WaitsError      it shows only pictures, which are recognised once all text is in
    ├── StorageError            the knowledge base on disk: damaged, or written by a newer kb
    │   └── LockedError         another process is writing to it
    ├── EmbedderError           an embedding model cannot be loaded or used
    ├── RerankerError           a cross-encoder cannot be loaded or used
    └── GeneratorError          a language model cannot be loaded or used

Each message says what failed, on what, and what to do next. Other libraries' errors are mapped onto these where they
are caught (``raise ... from exc``).
"""

from __future__ import annotations

from .notice import Notice


class KBError(Exception):
    """The root: catches everything kb raises on purpose. ``str(error)`` is a ``Notice``."""

    def __init__(self, template: str = "", /, **fields: object) -> None:
        super().__init__(Notice(template, **fields))


class InputError(KBError):
    """What the caller gave cannot be used; nothing was done."""


class UnknownNameError(InputError):
    """There is no base, job or answer of this name."""


class UnknownModelError(InputError):
    """A model of this name is not on this machine, or not of that kind."""


class CannotDoError(InputError):
    """A language model cannot do what was asked: a setting, a style."""


class MissingExtraError(KBError):
    """A feature needs an optional dependency that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        said = Notice(
            "{feature} needs an extra that is not installed; run: pip install 'kb-rag[{extra}]'",
            feature=feature,
            extra=extra,
        )
        super().__init__(said)
        self.extra = extra


class ReadError(KBError):
    """One file cannot be read. The message is a sentence without the file's name: whoever reports it adds it."""

    kind = "unreadable"


class EmptyFileError(ReadError):
    """The file holds nothing to read."""

    kind = "empty"


class EncryptedError(ReadError):
    """The file is protected by a password."""

    kind = "encrypted"


class DamagedError(ReadError):
    """The file is truncated, malformed, or not what its suffix says."""

    kind = "damaged"


class TooLargeError(ReadError):
    """The file exceeds a limit on bytes, pages or expansion."""

    kind = "too-large"


class UnsupportedError(ReadError):
    """There is no reader for this kind of file."""

    kind = "unsupported"


class ExtraNeededError(ReadError):
    """The file can be read once an optional dependency is installed."""

    kind = "missing-extra"


class WaitsError(ExtraNeededError):
    """The file shows only pictures, which are recognised once all text is in."""

    kind = "waiting"


class StorageError(KBError):
    """The knowledge base on disk is damaged, locked, or written by a newer kb."""


class LockedError(StorageError):
    """Another process is writing to the knowledge base; try again later."""


class EmbedderError(KBError):
    """An embedding model cannot be loaded or used."""


class RerankerError(KBError):
    """A cross-encoder cannot be loaded or used."""


class GeneratorError(KBError):
    """A language model cannot be loaded or used."""
