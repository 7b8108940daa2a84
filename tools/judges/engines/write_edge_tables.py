"""Writes two small Delta tables of values at the edges: `write_edge_tables.py FOLDER`.

FOLDER/scalars and FOLDER/nested. delta-rs writes them; the tests know the rows by heart.
"""

import datetime as dt
import sys
from decimal import Decimal

import pyarrow as pa
from deltalake import write_deltalake

UTC = dt.timezone.utc
BEFORE_1900 = dt.datetime(1899, 12, 31, 23, 59, 59, 999999)
LAST = dt.datetime(9999, 12, 31, 23, 59, 59, 999999)

SCALARS = {
    "i": pa.array([1, 2, 3, 4], pa.int32()),
    "long": pa.array([2**63 - 1, -(2**63), 2**53, None], pa.int64()),
    "short": pa.array([-32768, 0, 32767, None], pa.int16()),
    "byte": pa.array([-128, 0, 127, None], pa.int8()),
    "day": pa.array([dt.date(1900, 1, 1), dt.date(1970, 1, 1), dt.date(2299, 12, 31), None]),
    "zoned": pa.array(
        [dt.datetime(1, 1, 1, tzinfo=UTC), BEFORE_1900.replace(tzinfo=UTC)]
        + [LAST.replace(tzinfo=UTC), None],
        pa.timestamp("us", "UTC"),
    ),
    "plain": pa.array([dt.datetime(1, 1, 1), BEFORE_1900, LAST, None], pa.timestamp("us")),
    "single": pa.array([float("nan"), float("inf"), -0.0, 1e-7], pa.float32()),
    "double": pa.array([1e21, float("-inf"), 5e-324, 0.1 + 0.2]),
    "dec": pa.array(
        [Decimal("1E-18"), Decimal("0"), None, Decimal("9" * 20 + "." + "9" * 18)],
        pa.decimal128(38, 18),
    ),
    "bytes": pa.array([b"", b"\x00\xff", None, b"ab"]),
    "text": pa.array(["", 'a"b\\c\n\x00\x01', "é世😀\u2028\x7f/", None]),
    "flag": pa.array([True, False, None, True]),
    'odd "c.o l`': pa.array([1, 2, 3, 4], pa.int32()),
}

POSITION = pa.struct(
    [("at", pa.timestamp("us", "UTC")), ("tags", pa.list_(pa.struct([("z", pa.string())])))]
)

NESTED = {
    "i": pa.array([1, 2, 3], pa.int32()),
    "list": pa.array([[], None, [1, None]], pa.list_(pa.int64())),
    "map": pa.array([[("b", 1), ("a", None)], None, []], pa.map_(pa.string(), pa.int32())),
    "pos": pa.array(
        [
            {"at": None, "tags": [{"z": "q"}]},
            None,
            {"at": dt.datetime(2020, 1, 1, tzinfo=UTC), "tags": None},
        ],
        POSITION,
    ),
}

if __name__ == "__main__":
    write_deltalake(f"{sys.argv[1]}/scalars", pa.table(SCALARS))
    write_deltalake(f"{sys.argv[1]}/nested", pa.table(NESTED))
