"""The engines that judge tables, and the canonical form they answer in."""


class Unsupported(Exception):
    """This engine cannot judge that; the message says what it lacks."""
