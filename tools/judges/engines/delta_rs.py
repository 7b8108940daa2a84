"""delta-rs: rows through its QueryBuilder (DataFusion), changes through load_cdf."""

import json
import os

import pyarrow as pa

from engines import Unsupported
from engines.canonical import write_lines

CHANGE_COLUMNS = ["_change_type", "_commit_version", "_commit_timestamp"]


class Engine:
    def __init__(self, _home):
        import deltalake

        self._deltalake = deltalake
        self.version = f"delta-rs {deltalake.__version__}"

    def rows(self, request, out):
        table = self._deltalake.DeltaTable(request["table"], version=request.get("version"))
        names = _names(table)
        query = f"SELECT {_list(request.get('columns', names))} FROM judged"
        if "where" in request:
            query += f" WHERE {request['where']}"
        builder = self._deltalake.QueryBuilder().register("judged", table)
        return write_lines(_batches(builder.execute(query)), out)

    def changes(self, request, out):
        first, last = request["from"], request["to"]
        _refuse_whole_files_with_deletion_vectors(request["table"], first, last)
        table = self._deltalake.DeltaTable(request["table"], version=last)
        names = request.get("columns", _names(table) + CHANGE_COLUMNS)
        found = table.load_cdf(starting_version=first, ending_version=last)
        batches = (_in_utc(batch.select(names)) for batch in _batches(found))
        return write_lines(batches, out)

    def versions(self, request):
        table = self._deltalake.DeltaTable(request["table"])
        return sorted(entry["version"] for entry in table.history())

    def write(self, request):
        """Steps are one of

        {"append": "SELECT ...", "configuration": {...}}    creates the table where there is none
        {"update": {"column": "expression"}, "where": "..."}
        {"delete": "predicate"}
        {"merge": "SELECT ...", "on": "target.id = source.id"}
        {"optimize": true}
        {"checkpoint": true}
        """
        path = request["table"]
        for step in request["steps"]:
            if "append" in step:
                self._append(path, step)
                continue
            table = self._deltalake.DeltaTable(path)
            if "update" in step:
                table.update(updates=step["update"], predicate=step.get("where"))
            elif "delete" in step:
                table.delete(step["delete"])
            elif "merge" in step:
                merger = table.merge(
                    self._select(step["merge"]),
                    predicate=step["on"],
                    source_alias="source",
                    target_alias="target",
                )
                merger.when_matched_update_all().when_not_matched_insert_all().execute()
            elif "optimize" in step:
                table.optimize.compact()
            elif "checkpoint" in step:
                table.create_checkpoint()
            else:
                raise Unsupported(f"no such step: {sorted(step)}")

    def _append(self, path, step):
        options = {"configuration": step["configuration"]} if "configuration" in step else {}
        self._deltalake.write_deltalake(path, self._select(step["append"]), mode="append", **options)

    def _select(self, query):
        batches = list(_batches(self._deltalake.QueryBuilder().execute(query)))
        return pa.Table.from_batches(batches)

    def close(self):
        pass


def _refuse_whole_files_with_deletion_vectors(table, first, last):
    """load_cdf answers the wrong rows where a file comes or goes together with its vector.

    It is right where a commit has change files, and where only the vector of a file changes.
    """
    for version in range(first, last + 1):
        with open(os.path.join(table, "_delta_log", f"{version:020d}.json"), "rb") as file:
            actions = [json.loads(line) for line in file if line.strip()]
        if any("cdc" in action for action in actions):
            continue
        added = _changed_files(actions, "add")
        removed = _changed_files(actions, "remove")
        lone = added.keys() ^ removed.keys()
        if any((added.get(path) or removed.get(path)).get("deletionVector") for path in lone):
            raise Unsupported(
                f"version {version} has no change files and adds or removes a whole file that "
                "has a deletion vector: delta-rs infers its changes wrongly"
            )


def _changed_files(actions, kind):
    files = [action[kind] for action in actions if kind in action]
    return {file["path"]: file for file in files if file.get("dataChange")}


def _in_utc(batch):
    """The commit's time comes without its zone, which is UTC."""
    for i, field in enumerate(batch.schema):
        if field.name == "_commit_timestamp" and field.type.tz is None:
            zoned = batch.column(i).cast(pa.timestamp("us")).cast(pa.int64())
            utc = pa.timestamp("us", "UTC")
            batch = batch.set_column(i, pa.field(field.name, utc), zoned.cast(utc))
    return batch


def _names(table):
    fields = table.schema().fields
    for field in fields:
        if "variant" in str(field.type).lower():
            raise Unsupported(f"column {field.name}: delta-rs does not decode variants")
    return [field.name for field in fields]


def _list(names):
    return ", ".join('"' + name.replace('"', '""') + '"' for name in names)


def _batches(stream):
    reader = pa.RecordBatchReader.from_stream(stream)
    for batch in reader:
        yield batch
