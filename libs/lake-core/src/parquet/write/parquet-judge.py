"""Parquet files as others read them, for parquet-writer.judge.test.ts.

    parquet-judge.py ENGINE TOOL < REQUEST

ENGINE is pyarrow, duckdb or spark, TOOL the folder tools/judges. REQUEST is JSON: files whose rows
are wanted as canonical lines, and files of which single values are looked up, so that the engine
skips what the statistics let it skip:

    {"rows": [{"file": "/a.parquet", "out": "/a.lines"}], "lookups": ["/b.parquet"]}

The answer is JSON on standard output: {"failed": [{"file": "...", "error": "..."}]}.
"""

import collections
import json
import os
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

VALUES_LOOKED_UP = 5


class Pyarrow:
    def batches(self, file):
        table = pq.ParquetFile(file, page_checksum_verification=True).read()
        table.validate(full=True)
        return table.to_batches()

    def count(self, file, column, value):
        return pq.read_table(file, columns=[column], filters=pc.field(column) == value).num_rows


class DuckDb:
    def __init__(self):
        import duckdb

        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")

    def batches(self, file):
        found = self._connection.execute(f"SELECT * FROM read_parquet('{file}')")
        return found.to_arrow_reader(10_000)

    def count(self, file, column, value):
        query = f"SELECT count(*) FROM read_parquet('{file}') WHERE \"{column}\" = ?"
        return self._connection.execute(query, [value.as_py()]).fetchone()[0]


class Spark:
    def __init__(self):
        os.environ["TZ"] = "UTC"
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        builder = builder.config("spark.driver.extraJavaOptions", "-Duser.timezone=UTC -Xss4m")
        builder = builder.config("spark.driver.host", "127.0.0.1")
        self._spark = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
        self._spark.sparkContext.setLogLevel("OFF")

    def batches(self, file):
        return self._spark.read.parquet(file).toArrow().to_batches()

    def count(self, file, column, value):
        from pyspark.sql import functions as F

        found = self._spark.read.parquet(file).where(F.col(column) == F.lit(value.as_py()))
        return found.count()


ENGINES = {"pyarrow": Pyarrow, "duckdb": DuckDb, "spark": Spark}


def canonical_module(tool):
    """tools/judges writes canonical lines of what tables hold; files may hold more types."""
    sys.path.insert(0, tool)
    from engines import canonical

    known = canonical._encoder

    def encoder(kind):
        if pa.types.is_time(kind):
            return lambda a: canonical._quoted(a.cast(pa.string()))
        if isinstance(kind, pa.UuidType):
            return lambda a: canonical._quoted(pa.array([_text(v) for v in a], pa.string()))
        return known(kind)

    canonical._encoder = encoder
    return canonical


def _text(value):
    return None if value.as_py() is None else str(value.as_py())


def looked_up_wrongly(engine, file):
    """Columns of which the engine finds some value in another number of rows than there are."""
    table = pq.read_table(file)
    wrong = []
    for name in table.column_names:
        counts = collections.Counter(table[name].to_pylist())
        counts.pop(None, None)
        values = list(counts)[:: max(1, len(counts) // VALUES_LOOKED_UP)]
        for value in values:
            found = engine.count(file, name, pa.scalar(value, table.schema.field(name).type))
            if found != counts[value]:
                wrong.append(f"{name}: {found} rows instead of {counts[value]}")
    return wrong


def main():
    request = json.load(sys.stdin)
    canonical = canonical_module(sys.argv[2])
    engine = ENGINES[sys.argv[1]]()
    failed = []
    for wanted in request["rows"]:
        try:
            canonical.write_lines(engine.batches(wanted["file"]), wanted["out"])
        except Exception as error:  # whatever an engine raises is its verdict
            failed.append({"file": wanted["file"], "error": f"{type(error).__name__}: {error}"})
    for file in request["lookups"]:
        for wrong in looked_up_wrongly(engine, file):
            failed.append({"file": file, "error": wrong})
    json.dump({"failed": failed}, sys.stdout)


main()
