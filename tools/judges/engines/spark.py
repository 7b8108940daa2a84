"""Apache Spark with delta-spark and Iceberg's runtime: the reference reader of both formats."""

import glob
import os
import tempfile

from engines import Unsupported
from engines.canonical import write_lines
from engines.spark_iceberg import IcebergTables

HEAP = os.environ.get("CDC_JUDGE_SPARK_HEAP", "1500m")


class Engine:
    def __init__(self, home):
        os.environ["TZ"] = "UTC"
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        os.environ["SPARK_CONF_DIR"] = _quiet_logging()
        import pyspark
        from pyspark.sql import SparkSession

        scratch = tempfile.mkdtemp(prefix="judge-spark-")
        settings = {
            "spark.jars": ",".join(sorted(glob.glob(f"{home}/jars/*.jar"))),
            "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": HEAP,
            "spark.driver.maxResultSize": "0",
            # One thread: short tasks over small tables, so the cheap collector and compiler.
            "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -Xss4m -XX:+UseSerialGC "
            f"-XX:TieredStopAtLevel=1 -Djava.io.tmpdir={scratch} -Dderby.system.home={scratch}",
            "spark.local.dir": scratch,
            "spark.sql.warehouse.dir": f"{scratch}/warehouse",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension,"
            "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
            "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": "1",
            "spark.databricks.delta.snapshotPartitions": "1",
            "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
            # VACUUM lists a table in so many tasks.
            "spark.sql.sources.parallelPartitionDiscovery.parallelism": "1",
        }
        builder = SparkSession.builder.master("local[1]").appName("judge")
        for key, value in settings.items():
            builder = builder.config(key, value)
        self._spark = builder.getOrCreate()
        self._iceberg = IcebergTables(self._spark)
        jars = [os.path.basename(j) for j in glob.glob(f"{home}/jars/delta-spark_*.jar")]
        self.version = f"Spark {pyspark.__version__}, {jars[0].removesuffix('.jar')}"

    def rows(self, request, out):
        reader = self._reader()
        if "version" in request:
            reader = reader.option("versionAsOf", request["version"])
        return self._write(reader.load(request["table"]), request, out)

    def iceberg_rows(self, request, out):
        if "ref" in request:
            frame = self._iceberg.at_ref(request["table"], request["ref"])
            return self._write(frame, request, out)
        reader = self._spark.read.format("iceberg")
        if "version" in request:
            reader = reader.option("versionAsOf", request["version"])
        return self._write(reader.load(request["table"]), request, out)

    def changes(self, request, out):
        reader = (
            self._reader()
            .option("readChangeFeed", "true")
            .option("startingVersion", request["from"])
            .option("endingVersion", request["to"])
        )
        return self._write(reader.load(request["table"]), request, out)

    def iceberg_changes(self, request, out):
        return self._write(self._iceberg.changes(request["table"], request), request, out)

    def versions(self, request):
        self._reader()
        path = request["table"].replace("`", "``")
        history = self._spark.sql(f"DESCRIBE HISTORY delta.`{path}`").select("version")
        return sorted(row[0] for row in history.collect())

    def write(self, request):
        """Steps are SQL statements in which `{table}` stands for the table."""
        if request.get("format") == "iceberg":
            self._iceberg.write(request["table"], request["steps"])
            return
        self._reader()
        table = "delta." + _identifier(request["table"])
        for statement in request["steps"]:
            self._spark.sql(statement.replace("{table}", table)).collect()

    def close(self):
        self._spark.stop()

    def _reader(self):
        # A table may be deleted and made anew at the same path: nothing may be remembered.
        self._spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
        return self._spark.read.format("delta")

    def _write(self, frame, request, out):
        from pyspark.sql import functions as F
        from pyspark.sql.types import VariantType

        if "where" in request:
            frame = frame.where(request["where"])
        if "columns" in request:
            frame = frame.select(*[F.col(_identifier(name)) for name in request["columns"]])
        variants = {f.name for f in frame.schema if isinstance(f.dataType, VariantType)}
        for field in frame.schema:
            if field.name not in variants and "variant" in field.dataType.simpleString():
                raise Unsupported(f"column {field.name}: a variant inside another type")
        frame = frame.select(
            *[
                F.to_json(F.col(_identifier(name))).alias(name)
                if name in variants
                else F.col(_identifier(name))
                for name in frame.columns
            ]
        )
        return write_lines(frame.toArrow().to_batches(), out, raw=variants)


def _identifier(name):
    return "`" + name.replace("`", "``") + "`"


def _quiet_logging():
    folder = tempfile.mkdtemp(prefix="judge-spark-conf-")
    with open(os.path.join(folder, "log4j2.properties"), "w", encoding="utf-8") as file:
        file.write(
            "status = error\n"
            "rootLogger.level = fatal\n"
            "rootLogger.appenderRef.stderr.ref = stderr\n"
            "appender.stderr.type = Console\n"
            "appender.stderr.name = stderr\n"
            "appender.stderr.target = SYSTEM_ERR\n"
            "appender.stderr.layout.type = PatternLayout\n"
            "appender.stderr.layout.pattern = %p %c{1}: %m%n\n"
        )
    return folder
