"""Prints the seconds that delta-rs takes to MERGE 100 000 rows into a copy of a Delta table.

merge_with_delta_rs.py FOLDER ROWS: the rows of FOLDER are copied into a plain table first, because
delta-rs does not write tables with every feature that ours have.
"""

import shutil
import sys
import tempfile
import time

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder, write_deltalake

folder, rows = sys.argv[1], int(sys.argv[2])
copy = tempfile.mkdtemp()
try:
    query = QueryBuilder().register("t", DeltaTable(folder))
    batches = query.execute("SELECT id, customer, quantity, amount, price, at, day, status, name, note FROM t")
    write_deltalake(copy, batches, configuration={"delta.enableChangeDataFeed": "true"})
    target = DeltaTable(copy)
    schema = pa.schema(target.schema().to_arrow())
    ids = [(n * 7919) % rows + 1 if n % 2 else rows + n + 1 for n in range(100_000)]
    values = {name: pa.nulls(len(ids), schema.field(name).type) for name in schema.names}
    values["id"] = pa.array(ids, schema.field("id").type)
    source = pa.table(values, schema=schema.remove_metadata()).slice(0)
    source = pa.table([source[name] for name in schema.names], names=schema.names)
    started = time.monotonic()
    (
        target.merge(source, "s.id = t.id", source_alias="s", target_alias="t")
        .when_matched_update_all()
        .when_not_matched_insert_all()
        .execute()
    )
    print(time.monotonic() - started)
finally:
    shutil.rmtree(copy)
