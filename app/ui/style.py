"""The look of the page: colours and fonts, the style sheet, and the few lines of script that pass clicks on."""

from __future__ import annotations

from importlib import resources

FONTS = (
    "system-ui",
    "Segoe UI",
    "Roboto",
    "Noto Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "sans-serif",
)
MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")

COLOURS = {
    "button_primary_background_fill": "#0f766e",
    "button_primary_background_fill_hover": "#115e59",
    "button_primary_background_fill_dark": "#0f766e",
    "button_primary_background_fill_hover_dark": "#115e59",
    "button_primary_text_color": "#ffffff",
    "button_primary_text_color_dark": "#ffffff",
    "button_cancel_background_fill": "#b91c1c",
    "button_cancel_background_fill_hover": "#991b1b",
    "button_cancel_background_fill_dark": "#b91c1c",
    "button_cancel_background_fill_hover_dark": "#991b1b",
    "button_cancel_text_color": "#ffffff",
    "button_cancel_text_color_dark": "#ffffff",
    "input_placeholder_color": "#64748b",
    "input_placeholder_color_dark": "#a3adb8",
    "body_text_color_subdued": "#57606a",
    "body_text_color_subdued_dark": "#a3adb8",
    "block_label_text_color": "#334155",
    "block_title_text_color": "#334155",
    "block_info_text_color": "#57606a",
    "block_info_text_color_dark": "#a3adb8",
}
"""Overrides for theme colours that are too pale to read (WCAG 2.2, 1.4.3: 4.5 to 1)."""


def style() -> str:
    """Return the style sheet."""
    return _file("page.css")


def script(name: str) -> str:
    """Return a script: ``load``, ``clicks``, ``reader``, ``upload`` or ``save``."""
    return _file(f"{name}.js")


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
