"""How wide text is when it is drawn.

Nobody knows which font a reader's browser has. These are the widths of DejaVu Sans, the widest of those that pictures
are usually drawn with, so that text has room everywhere.
"""

from __future__ import annotations

import unicodedata

# In thousandths of the size, as a browser measures them.
_WIDTHS = {
    "'ijl": 280,
    " ,.IJ": 320,
    "/:;\\|f-": 350,
    "()[]t!r": 400,
    '"*_`': 490,
    "sz?c": 540,
    "LFkvxyP": 590,
    "TYaoe": 620,
    "Ehnu0123456789$Sbdgpq{}": 640,
    "KAVXZB": 690,
    "CRU": 720,
    "HND": 765,
    "&GOQ": 790,
    "w#+<=>^~": 840,
    "M": 865,
    "%m": 970,
    "W@": 1000,
}
_BY_LETTER = {letter: width for letters, width in _WIDTHS.items() for letter in letters}
_OTHER, _WIDE = 700, 1000
_BOLD = 1.15


def text_width(text: str, size: float, bold: bool = False) -> float:
    """The width of one line of text, in the unit of `size`."""
    thousandths = sum(_letter(letter) for letter in text)
    return thousandths * size / 1000 * (_BOLD if bold else 1)


def _letter(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    if unicodedata.east_asian_width(letter) in ("W", "F"):
        return _WIDE
    return _BY_LETTER.get(letter, _OTHER)


def fitted(text: str, size: float, most: float, bold: bool = False) -> str:
    """The text, cut where it is wider than `most`; then it ends in an ellipsis."""
    if text_width(text, size, bold) <= most:
        return text
    while text and text_width(text + "\u2026", size, bold) > most:
        text = text[:-1]
    return text.rstrip() + "\u2026"
