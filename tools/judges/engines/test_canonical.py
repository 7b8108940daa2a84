"""Run with `python -m unittest discover -s tools/judges/engines -t tools/judges`."""

import json
import tempfile
import unittest
from datetime import date, datetime, timezone
from decimal import Decimal

import pyarrow as pa

from engines.canonical import encode, write_lines


def texts(values, kind):
    return encode(pa.array(values, kind)).to_pylist()


class Canonical(unittest.TestCase):
    def test_integers_beyond_2_to_the_53_are_strings(self):
        values = [0, -1, 2**53 - 1, -(2**53 - 1), 2**53, -(2**53), 2**63 - 1, -(2**63), None]
        self.assertEqual(
            texts(values, pa.int64()),
            ["0", "-1", "9007199254740991", "-9007199254740991", '"9007199254740992"']
            + ['"-9007199254740992"', '"9223372036854775807"', '"-9223372036854775808"', "null"],
        )
        self.assertEqual(texts([2**31 - 1, -128], pa.int32()), ["2147483647", "-128"])

    def test_doubles_print_as_ecmascript_prints_them(self):
        table = {
            0.0: "0", 1.0: "1", -1.5: "-1.5", 0.1: "0.1", 1e15: "1000000000000000",
            1e16: "10000000000000000", 123456789012345680000.0: "123456789012345680000",
            1e20: "100000000000000000000", 1e21: "1e+21", 1.5e300: "1.5e+300",
            0.001: "0.001", 0.0001: "0.0001", 0.00001: "0.00001", 0.000001: "0.000001",
            0.000001234: "0.000001234", 1e-7: "1e-7", -1.25e-7: "-1.25e-7", 5e-324: "5e-324",
            1.7976931348623157e308: "1.7976931348623157e+308", 0.1 + 0.2: "0.30000000000000004",
            2.5e-5: "0.000025", 9007199254740993.0: "9007199254740992",
        }
        self.assertEqual(texts(list(table), pa.float64()), list(table.values()))

    def test_doubles_without_a_json_form_are_strings(self):
        values = [float("nan"), float("inf"), float("-inf"), -0.0, None]
        want = ['"NaN"', '"Infinity"', '"-Infinity"', '"-0"', "null"]
        self.assertEqual(texts(values, pa.float64()), want)
        self.assertEqual(texts(values, pa.float32()), want)

    def test_float32_is_shortest_in_its_own_precision(self):
        values = [0.1, 3.3333333, 16777216.0, 1e-7, 3.4028234663852886e38, 1.401298464324817e-45]
        want = ["0.1", "3.3333333", "16777216", "1e-7", "3.4028235e+38", "1e-45"]
        self.assertEqual(texts(values, pa.float32()), want)

    def test_decimals_keep_the_scale_of_the_column(self):
        self.assertEqual(
            texts([Decimal("0"), Decimal("-1.5"), None], pa.decimal128(10, 2)),
            ['"0.00"', '"-1.50"', "null"],
        )
        self.assertEqual(
            texts([Decimal("1E-18"), Decimal("0"), Decimal("12")], pa.decimal128(38, 18)),
            ['"0.000000000000000001"', '"0.000000000000000000"', '"12.000000000000000000"'],
        )
        self.assertEqual(texts([Decimal("0.000001")], pa.decimal128(10, 6)), ['"0.000001"'])
        self.assertEqual(texts([Decimal(10**37)], pa.decimal128(38, 0)), [f'"{10**37}"'])

    def test_dates_and_timestamps(self):
        self.assertEqual(texts([date(1, 1, 1)], pa.date32()), ['"0001-01-01"'])
        utc = datetime(1582, 10, 4, 23, 59, 59, 1, tzinfo=timezone.utc)
        self.assertEqual(
            texts([utc, None], pa.timestamp("us", "UTC")),
            ['"1582-10-04T23:59:59.000001Z"', "null"],
        )
        self.assertEqual(
            texts([datetime(9999, 12, 31, 23, 59, 59, 999999)], pa.timestamp("us")),
            ['"9999-12-31T23:59:59.999999"'],
        )
        self.assertEqual(
            texts([datetime(2024, 1, 1)], pa.timestamp("ms")), ['"2024-01-01T00:00:00.000000"']
        )
        with self.assertRaises(TypeError):
            texts([utc], pa.timestamp("us", "Europe/Berlin"))

    def test_strings_are_escaped_as_json_and_not_beyond(self):
        values = ["", 'a"b\\c', "\x00\x1f\n\t\b", "é世😀\u2028\x7f/", None]
        for kind in (pa.string(), pa.large_string(), pa.string_view()):
            got = texts(values, kind)
            self.assertEqual([json.loads(v) for v in got], values)
            self.assertEqual(got[2], '"\\u0000\\u001f\\n\\t\\b"')
            self.assertEqual(got[3], '"é世😀\u2028\x7f/"')

    def test_binary_is_hex(self):
        for kind in (pa.binary(), pa.large_binary(), pa.binary_view()):
            self.assertEqual(texts([b"", b"\x00\xff", None], kind), ['""', '"00ff"', "null"])

    def test_nested_values_keep_their_nulls(self):
        kind = pa.struct([("x", pa.list_(pa.int64())), ("y", pa.string())])
        values = [{"x": [1, None], "y": None}, None, {"x": None, "y": "z"}, {"x": [], "y": ""}]
        want = ['{"x":[1,null],"y":null}', "null", '{"x":null,"y":"z"}', '{"x":[],"y":""}']
        self.assertEqual(texts(values, kind), want)
        sliced = pa.array(values, kind).slice(1, 2)
        self.assertEqual(encode(sliced).to_pylist(), want[1:3])
        nested = pa.array([[[1], None], None, [[]], [[2, 3]]], pa.list_(pa.list_(pa.int64())))
        self.assertEqual(encode(nested.slice(1)).to_pylist(), ["null", "[[]]", "[[2,3]]"])

    def test_maps_are_sorted_by_the_text_of_the_key(self):
        kind = pa.map_(pa.string(), pa.int64())
        values = [[("b", 2), ("a", None)], [], None]
        want = ['[["a",null],["b",2]]', "[]", "null"]
        self.assertEqual(texts(values, kind), want)
        self.assertEqual(encode(pa.array(values, kind).slice(1)).to_pylist(), want[1:])
        numbers = pa.array([[(10, 1), (9, 2)]], pa.map_(pa.int64(), pa.int64()))
        self.assertEqual(encode(numbers).to_pylist(), ["[[10,1],[9,2]]"])

    def test_lines_keep_column_order_and_raw_json(self):
        batch = pa.RecordBatch.from_pydict(
            {'odd "col': pa.array([1, None]), "v": pa.array(['{"a":1}', None])}
        )
        with tempfile.NamedTemporaryFile() as out:
            self.assertEqual(write_lines([batch], out.name, raw={"v"}), 2)
            with open(out.name, encoding="utf-8") as file:
                lines = file.read().splitlines()
        self.assertEqual(lines, ['{"odd \\"col":1,"v":{"a":1}}', '{"odd \\"col":null,"v":null}'])


if __name__ == "__main__":
    unittest.main()
