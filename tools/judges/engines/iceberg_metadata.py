"""Finds what an Iceberg table in a folder without a catalog is."""

import os
import re

NAME = re.compile(r"^v(\d+)\.metadata\.json$")


def newest_metadata(table):
    """The path of the metadata file with the greatest number."""
    folder = os.path.join(os.path.abspath(table), "metadata")
    found = [(int(match[1]), name) for name in os.listdir(folder) if (match := NAME.match(name))]
    return os.path.join(folder, max(found)[1])
