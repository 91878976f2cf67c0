"""Options that several commands share."""

from pathlib import Path

import click

db_option = click.option(
    "--db",
    type=click.Path(path_type=Path),
    default="map.db",
    show_default=True,
    envvar="LINKMAP_DB",
    show_envvar=True,
    help="The map; `crawl` takes :memory: too, which leaves no file.",
)
