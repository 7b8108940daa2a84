"""DuckDB's extensions delta (delta-kernel-rs) and iceberg: rows of any version, no changes."""

import glob
import os
import sysconfig

from engines import Unsupported
from engines.canonical import write_lines
from engines.iceberg_metadata import newest_metadata

EXTENSIONS = ("avro", "httpfs", "iceberg", "delta")
BATCH_ROWS = 50_000


class Engine:
    def __init__(self, _home):
        import duckdb

        self._duckdb = duckdb
        self.version = f"DuckDB {duckdb.__version__}"
        self._connect()

    def _connect(self):
        self._connection = self._duckdb.connect(
            config={"allow_unsigned_extensions": "true", "threads": "2", "memory_limit": "2GB"}
        )
        packages = sysconfig.get_paths()["purelib"]
        for name in EXTENSIONS:
            pattern = f"{packages}/duckdb_extension_{name}/**/{name}.duckdb_extension"
            self._connection.execute(f"LOAD '{glob.glob(pattern, recursive=True)[0]}'")
        self._connection.execute("SET TimeZone = 'UTC'")
        # A file may be replaced at the same path: nothing may be remembered.
        self._connection.execute("SET enable_external_file_cache = false")

    def rows(self, request, out):
        scan = f"delta_scan({_literal(os.path.abspath(request['table']))}"
        if "version" in request:
            scan += f", version => {int(request['version'])}"
        return self._read(scan + ")", request, out)

    def iceberg_rows(self, request, out):
        scan = f"iceberg_scan({_literal(newest_metadata(request['table']))}"
        if "version" in request:
            scan += f", snapshot_from_id => {int(request['version'])}"
        return self._read(scan + ")", request, out)

    def _read(self, scan, request, out):
        try:
            return self._rows(scan, request, out)
        except (self._duckdb.InternalException, self._duckdb.FatalException):
            # Such an error puts the whole database out of use, also for the next table.
            self._connection.close()
            self._connect()
            raise

    def _rows(self, scan, request, out):
        described = self._connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
        types = {name: kind for name, kind, *_ in described}
        names = request.get("columns", list(types))
        variants = {name for name in names if types.get(name) == "VARIANT"}
        for name in names:
            if name not in variants and "VARIANT" in types.get(name, ""):
                raise Unsupported(f"column {name}: a variant inside another type")
        columns = ", ".join(
            f"CAST({_identifier(n)} AS JSON) AS {_identifier(n)}" if n in variants
            else _identifier(n)
            for n in names
        )
        query = f"SELECT {columns} FROM {scan}"
        if "where" in request:
            query += f" WHERE {request['where']}"
        found = self._connection.execute(query)
        return write_lines(found.to_arrow_reader(BATCH_ROWS), out, raw=variants)

    def changes(self, _request, _out):
        raise Unsupported("DuckDB does not read the change feed")

    def versions(self, _request):
        raise Unsupported("DuckDB does not list versions")

    def close(self):
        self._connection.close()


def _identifier(name):
    return '"' + name.replace('"', '""') + '"'


def _literal(text):
    return "'" + text.replace("'", "''") + "'"
