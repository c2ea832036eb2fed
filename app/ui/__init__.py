"""The web page."""

from ..hosting.lean import import_lean

import_lean()
