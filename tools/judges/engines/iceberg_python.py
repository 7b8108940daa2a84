"""PyIceberg: rows of any snapshot of an Iceberg table."""

from engines import Unsupported
from engines.canonical import write_lines
from engines.iceberg_metadata import newest_metadata


class Engine:
    def __init__(self, _home):
        import pyiceberg
        from pyiceberg.table import StaticTable

        self._open = StaticTable.from_metadata
        self.version = f"PyIceberg {pyiceberg.__version__}"

    def iceberg_rows(self, request, out):
        table = self._open(newest_metadata(request["table"]))
        snapshot = int(request["version"]) if "version" in request else None
        options = {"row_filter": request["where"]} if "where" in request else {}
        columns = tuple(request.get("columns", ("*",)))
        scan = table.scan(snapshot_id=snapshot, selected_fields=columns, **options)
        return write_lines(scan.to_arrow().to_batches(), out)

    def rows(self, _request, _out):
        raise Unsupported("Delta tables")

    def changes(self, _request, _out):
        raise Unsupported("changes")

    def versions(self, _request):
        raise Unsupported("versions")

    def close(self):
        pass
