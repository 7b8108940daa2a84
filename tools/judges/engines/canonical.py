"""Arrow batches to canonical JSON lines.

One object a row, keys in column order, no blanks, nothing left out:

    integers             JSON; beyond +-(2^53-1) a string
    decimal              string at the column's scale
    float, double        as ECMAScript prints it, float32 in its own shortest form;
                         "NaN", "Infinity", "-Infinity", "-0" as strings
    date                 "YYYY-MM-DD"
    timestamp            "YYYY-MM-DDTHH:MM:SS.ffffff", with Z when it has a zone (UTC)
    time                 "HH:MM:SS.ffffff"
    uuid                 8-4-4-4-12 lower-case hexadecimal digits
    binary               lower-case hex
    struct, list, map    object, array, array of [key, value] sorted by the key's JSON
    null                 null

Whole columns are turned into JSON text by Arrow; Python sees only what is rare.
"""

import json
import re

import pyarrow as pa
import pyarrow.compute as pc

SAFE_INTEGER = 2**53 - 1
NUMBER = re.compile(r"^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$")


def write_lines(batches, path, raw=frozenset()):
    """Writes the rows of `batches` to `path`, one line each; answers how many.

    `raw` names columns that hold JSON text already (variants).
    """
    rows = 0
    with open(path, "wb") as out:
        for batch in batches:
            if batch.num_rows == 0:
                continue
            lines = _object(batch.schema.names, batch.columns, raw)
            out.write("\n".join(lines.to_pylist()).encode())
            out.write(b"\n")
            rows += batch.num_rows
    return rows


def encode(array):
    """The JSON text of every value of an Arrow array, as an Arrow string array."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return encode(array.dictionary_decode())
    if pa.types.is_null(kind):
        return pa.array(["null"] * len(array), pa.string())
    text = _encoder(kind)(array)
    return pc.if_else(array.is_null(), "null", text) if array.null_count else text


def _encoder(kind):
    for recognised, encoder in (
        (pa.types.is_boolean, lambda a: a.cast(pa.string())),
        (pa.types.is_integer, _integer),
        (pa.types.is_floating, _floating),
        (pa.types.is_decimal, _decimal),
        (pa.types.is_date, lambda a: _quoted(a.cast(pa.date32()).cast(pa.string()))),
        (pa.types.is_timestamp, _timestamp),
        (pa.types.is_time, lambda a: _quoted(a.cast(pa.time64("us")).cast(pa.string()))),
        (lambda kind: isinstance(kind, pa.UuidType), _uuid),
        (_is_string, _string),
        (_is_binary, _binary),
        (pa.types.is_struct, _struct),
        (pa.types.is_map, _map),
        (_is_list, _list),
    ):
        if recognised(kind):
            return encoder
    raise TypeError(f"no canonical form for Arrow type {kind}")


def _uuid(array):
    digits = '"(.{8})(.{4})(.{4})(.{4})(.{12})"'
    text = _binary(array.storage)
    return pc.replace_substring_regex(text, digits, r'"\1-\2-\3-\4-\5"')


def _is_string(kind):
    return (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _is_binary(kind):
    return (
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _is_list(kind):
    return (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _join(*pieces):
    return pc.binary_join_element_wise(*pieces, "")


def _quoted(text):
    return _join('"', text, '"')


def _replace(text, mask, change):
    """`text` with `change` applied to the values under `mask`; a null mask means no."""
    mask = mask.fill_null(False)
    if not mask.true_count:
        return text
    changed = [change(value) for value in text.filter(mask).to_pylist()]
    return pc.replace_with_mask(text, mask, pa.array(changed, pa.string()))


def _integer(array):
    text = array.cast(pa.string())
    if array.type.bit_width < 64:
        return text
    # As text, because the bounds do not fit every integer type: 17 digits or more are beyond,
    # 16 digits compare as text of equal length.
    digits = pc.utf8_ltrim(text, "-")
    length = pc.utf8_length(digits)
    equal = pc.and_(pc.equal(length, 16), pc.greater(digits, str(SAFE_INTEGER)))
    return _replace(text, pc.or_(pc.greater(length, 16), equal), lambda v: f'"{v}"')


def _floating(array):
    if pa.types.is_float16(array.type):
        array = array.cast(pa.float32())
    text = pc.replace_substring_regex(array.cast(pa.string()), r"\.0$", "")
    plain = pc.match_substring_regex(text, r"^-?\d{1,15}(\.\d+)?$")
    zero = pc.equal(text, "-0")
    small = pc.match_substring_regex(text, r"^-?0\.0000")
    return _replace(text, pc.or_(pc.or_(pc.invert(plain), zero), small), ecmascript_number)


def ecmascript_number(text):
    """A number's shortest digits, in whatever notation, as ECMAScript writes them."""
    special = {"nan": "NaN", "-nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "-0": "-0"}
    if text in special:
        return f'"{special[text]}"'
    match = NUMBER.match(text)
    if match is None:
        raise ValueError("not a number's text")
    sign, whole, fraction, exponent = match.groups()
    fraction = fraction or ""
    point = len(whole) + int(exponent or 0)
    digits = whole + fraction
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    if digits == "":
        return '"-0"' if sign else "0"
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    mantissa = digits if count == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def _decimal(array):
    if array.type.scale < 0:
        raise TypeError(f"no canonical form for Arrow type {array.type}")
    if array.type.scale <= 6:
        return _quoted(array.cast(pa.string()))
    # Arrow changes to an exponent for small values of a larger scale.
    values = [None if v is None else f'"{v:f}"' for v in array.to_pylist()]
    return pa.array(values, pa.string())


def _timestamp(array):
    # Through int64: dropping a zone needs a zone database otherwise, even for UTC.
    zone = array.type.tz
    if zone not in (None, "UTC", "Etc/UTC", "+00:00"):
        raise TypeError(f"timestamps must come in UTC, not in {zone}")
    plain = array.cast(pa.int64()).cast(pa.timestamp(array.type.unit)).cast(pa.timestamp("us"))
    text = pc.replace_substring(plain.cast(pa.string()), " ", "T")
    return _join('"', text, 'Z"' if zone else '"')


def _string(array):
    text = array.cast(pa.string())
    # A Python string passes JSON unchanged unless it holds one of these.
    odd = pc.match_substring_regex(text, r'["\\\x00-\x1f]')
    bare = _replace(text, odd, lambda v: json.dumps(v, ensure_ascii=False)[1:-1])
    return _quoted(bare)


def _binary(array):
    if pa.types.is_binary_view(array.type):
        array = array.cast(pa.binary())
    return pa.array(
        [None if v is None else f'"{v.hex()}"' for v in array.to_pylist()], pa.string()
    )


def _struct(array):
    names = [array.type.field(i).name for i in range(array.type.num_fields)]
    if not names:
        return pa.array(["{}"] * len(array), pa.string())
    return _object(names, [array.field(i) for i in range(len(names))], frozenset())


def _object(names, columns, raw):
    pieces = []
    for i, name in enumerate(names):
        key = json.dumps(name, ensure_ascii=False)
        pieces.append(("{" if i == 0 else ",") + key + ":")
        if name in raw:
            pieces.append(columns[i].cast(pa.string()).fill_null("null"))
        else:
            pieces.append(encode(columns[i]))
    pieces.append("}")
    if not names:
        raise TypeError("a table without columns has no rows to write")
    return _join(*pieces)


def _list(array):
    if pa.types.is_fixed_size_list(array.type):
        size = array.type.list_size
        offsets = range(0, (len(array) + 1) * size, size)
        items = encode(pc.list_flatten(pc.fill_null(array, [None] * size))).to_pylist()
    else:
        offsets = array.offsets.to_pylist()
        items = encode(array.values).to_pylist()
    return pa.array(
        ["[" + ",".join(items[a:b]) + "]" for a, b in zip(offsets, offsets[1:])], pa.string()
    )


def _map(array):
    offsets = array.offsets.to_pylist()
    keys = encode(array.keys).to_pylist()
    items = encode(array.items).to_pylist()
    out = []
    for a, b in zip(offsets, offsets[1:]):
        pairs = sorted(zip(keys[a:b], items[a:b]))
        out.append("[" + ",".join(f"[{k},{v}]" for k, v in pairs) + "]")
    return pa.array(out, pa.string())
