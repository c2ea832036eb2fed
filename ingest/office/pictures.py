"""Which pictures an office file shows, and where.

Those that only stand for an embedded object, or are outside the package, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..images.pictures import NOTHING, Pictures, Seen
from ..package import Element, Package, attribute, local


class OfficePictures(Pictures):
    """Reads a package's pictures by part name."""

    def __init__(self, package: Package) -> None:
        super().__init__()
        self._package = package
        self._names: set[str] = set()

    def look(self, names: Iterable[str], page: int = 0) -> Seen:
        """Return what pictures hold, by part name, in order; those already seen are left out."""
        seen = NOTHING
        for name in names:
            self._names.add(name)
            seen += self.see(name, self._package.optional(name), page)
        return seen

    def unseen(self, folder: str) -> int:
        """Return how many parts of a folder were never looked at."""
        return sum(
            name.startswith(folder) and not name.endswith("/") and name not in self._names
            for name in self._package.names
        )


def pictures_of(package: Package, part: str) -> list[str]:
    """Return the parts of the pictures a slide or drawing shows, in order, then those in its diagrams."""
    relations = package.relations(part)
    root = package.optional_xml(part) if any(relation.kind == "image" for relation in relations.values()) else None
    shown = [
        relation.target
        for blip in (root.iter("{*}blip") if root is not None else ())
        if (relation := relations.get(attribute(blip, "embed"))) and not relation.external and not _in_object(blip)
    ]
    for relation in relations.values():
        if relation.kind == "diagramData":
            shown += images_beside(package, relation.target)
    return shown


def images_beside(package: Package, part: str) -> list[str]:
    """Return the parts of all pictures that a part refers to, shown or not."""
    return [
        relation.target
        for relation in package.relations(part).values()
        if relation.kind == "image" and not relation.external
    ]


def _in_object(element: Element) -> bool:
    """Return whether a picture only stands for an embedded object, which is counted itself."""
    return any(local(above) == "oleObj" for above in element.iterancestors())
