"""Iceberg tables in folders, by Spark's SQL.

A table without a catalog is one of Iceberg's Hadoop catalog: the folder of the table is its name,
the one above its namespace, the one above that the warehouse.
"""

import os


class IcebergTables:
    def __init__(self, spark):
        self._spark = spark
        self._catalogs = {}

    def write(self, table, steps):
        """Steps are SQL statements in which `{table}` stands for the table, `{catalog}` for its
        catalog, and `{name}` for its name within that."""
        catalog, name = self._name(table)
        for statement in steps:
            text = statement.replace("{table}", f"{catalog}.{name}")
            text = text.replace("{catalog}", catalog).replace("{name}", name)
            self._spark.sql(text).collect()

    def at_ref(self, table, ref):
        catalog, name = self._name(table)
        quoted = ref.replace("'", "\\'")
        return self._spark.sql(f"SELECT * FROM {catalog}.{name} VERSION AS OF '{quoted}'")

    def changes(self, table, request):
        """After the snapshot `from` (absent: from the beginning) up to `to`."""
        catalog, name = self._name(table)
        options = {"end-snapshot-id": request["to"]}
        if request.get("from"):
            options["start-snapshot-id"] = request["from"]
        pairs = ", ".join(f"'{key}', '{value}'" for key, value in options.items())
        arguments = [f"table => '{name}'", f"options => map({pairs})", "changelog_view => 'changes'"]
        if "identifier" in request:
            columns = ", ".join(f"'{column}'" for column in request["identifier"])
            arguments.append(f"identifier_columns => array({columns})")
        self._spark.sql(f"CALL {catalog}.system.create_changelog_view({', '.join(arguments)})")
        return self._spark.sql("SELECT * FROM changes")

    def _name(self, table):
        above, name = os.path.split(table)
        warehouse, namespace = os.path.split(above)
        if warehouse not in self._catalogs:
            self._catalogs[warehouse] = catalog = f"folder{len(self._catalogs)}"
            settings = {
                "": "org.apache.iceberg.spark.SparkCatalog",
                ".type": "hadoop",
                ".warehouse": "file://" + warehouse,
                # A table may change or be made anew at the same path: nothing may be remembered.
                ".cache-enabled": "false",
            }
            for key, value in settings.items():
                self._spark.conf.set(f"spark.sql.catalog.{catalog}{key}", value)
        return self._catalogs[warehouse], f"{_identifier(namespace)}.{_identifier(name)}"


def _identifier(name):
    return "`" + name.replace("`", "``") + "`"
