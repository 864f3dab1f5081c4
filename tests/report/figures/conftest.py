"""Figures to look into."""

from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from deepfeat.writing import canvas


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that would have been saved."""
    figures: list[Figure] = []

    def keep(figure: Figure, path: Callable[[str], Path]) -> list[Path]:
        figure.draw_without_rendering()
        figures.append(figure)
        return [path(".svg")]

    monkeypatch.setattr(canvas, "save", keep)
    return figures
