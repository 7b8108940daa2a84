#!/usr/bin/env python3
"""One engine that judges Delta or Iceberg tables, kept alive for many of them.

    judge.py --engine spark|delta-rs|pyiceberg|duckdb --home FOLDER

FOLDER is what `install.sh --path` prints. The first line on standard output says that the engine
is up: {"ready":true,"engine":"spark","version":"..."}. From then on a JSON line on standard input
is a request, and each gets one JSON line in answer, in order:

    {"id":1,"op":"rows","table":"/path","out":"/file"}         optional: "version", "where", "columns"
                                     "format":"iceberg", its "version" the id of a snapshot, or
                                     (Spark) its "ref" a branch or tag
    {"id":2,"op":"changes","table":"/path","from":0,"to":5,"out":"/file"}      optional: "columns"
                                     "format":"iceberg": of the snapshots after "from" up to "to";
                                     optional: "identifier", columns that tell rows apart
    {"id":3,"op":"versions","table":"/path"}
    {"id":4,"op":"memory"}
    {"id":5,"op":"write","table":"/path","steps":[...]}       Spark and delta-rs, see their modules;
                                     Spark also with "format":"iceberg"

    {"id":1,"ok":true,"rows":20}      the rows are in the file, as canonical JSON lines
    {"id":3,"ok":true,"versions":[0,1,2]}
    {"id":4,"ok":true,"residentBytes":100000000,"peakBytes":120000000}
    {"id":5,"ok":true}
    {"id":1,"ok":false,"kind":"unsupported","error":"..."}     the engine cannot do that
    {"id":1,"ok":false,"kind":"engine","error":"..."}          the engine refused or failed

The end of standard input ends the process.
"""

import argparse
import importlib
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from engines import Unsupported  # noqa: E402
from engines.memory import memory  # noqa: E402

MODULES = {
    "spark": "engines.spark",
    "delta-rs": "engines.delta_rs",
    "pyiceberg": "engines.iceberg_python",
    "duckdb": "engines.duckdb",
}


def answer(engine, request):
    op = request.get("op")
    if op == "rows":
        if request.get("format") == "iceberg":
            if not hasattr(engine, "iceberg_rows"):
                raise Unsupported("Iceberg tables")
            return {"rows": engine.iceberg_rows(request, request["out"])}
        return {"rows": engine.rows(request, request["out"])}
    if op == "changes":
        if request.get("format") == "iceberg":
            if not hasattr(engine, "iceberg_changes"):
                raise Unsupported("changes of Iceberg tables")
            return {"rows": engine.iceberg_changes(request, request["out"])}
        return {"rows": engine.changes(request, request["out"])}
    if op == "versions":
        return {"versions": engine.versions(request)}
    if op == "memory":
        return memory()
    if op == "write" and hasattr(engine, "write"):
        engine.write(request)
        return {}
    raise Unsupported(f"no such operation: {op}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--engine", choices=sorted(MODULES), required=True)
    arguments.add_argument("--home", required=True)
    options = arguments.parse_args()

    # The answers have standard output for themselves: what engines print goes to standard error.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(line):
        channel.write(json.dumps(line) + "\n")
        channel.flush()

    engine = importlib.import_module(MODULES[options.engine]).Engine(options.home)
    say({"ready": True, "engine": options.engine, "version": engine.version})
    try:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                say({"id": request["id"], "ok": True, **answer(engine, request)})
            except Unsupported as error:
                say({"id": request["id"], "ok": False, "kind": "unsupported", "error": str(error)})
            except Exception as error:  # whatever an engine raises is its verdict
                text = f"{type(error).__name__}: {error}"
                say({"id": request["id"], "ok": False, "kind": "engine", "error": text})
    finally:
        engine.close()


if __name__ == "__main__":
    main()
