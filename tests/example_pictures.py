"""The pictures of the examples in docs/pictures, as `graph` draws them. `make pictures` rewrites them."""

from __future__ import annotations

from pathlib import Path

from compose2aws.catalog import load_catalog
from compose2aws.compose import LoadOptions, load
from compose2aws.planning.planner import plan
from compose2aws.report.picture.composition import picture
from compose2aws.report.picture.model import Picture
from compose2aws.report.picture.svg import as_svg

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
EXAMPLES: dict[str, tuple[str, ...]] = {
    "nexiom": ("docker-compose.yml", "compose.aws.yaml"),
    "lambda-lite/infra": ("docker-compose.yml",),
    "sports-analytics": ("docker-compose.yml", "compose.aws.yaml"),
    "edgechat": ("docker-compose.yml", "compose.aws.yaml"),
    "fastapi-db": ("docker-compose.prod.yml", "compose.aws.yaml"),
}


def drawn(example: str) -> Picture:
    """The picture of an example, by its folder."""
    folder = ROOT / "examples" / example
    options = LoadOptions(files=EXAMPLES[example], working_directory=str(folder), required_variables="hole")
    project = load(options)
    return picture(plan(project, load_catalog()), project)


def place(example: str) -> Path:
    """Where an example's picture is kept."""
    return PICTURES / f"{example.split('/', maxsplit=1)[0]}.svg"


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for name in EXAMPLES:
        place(name).write_text(as_svg(drawn(name)), encoding="utf-8")
