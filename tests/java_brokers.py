"""Brokers out of Maven Central: Apache ActiveMQ Artemis and HiveMQ's Community Edition, each at a pinned version."""

from __future__ import annotations

import re
import shutil
import tarfile
from typing import TYPE_CHECKING, Final

from tests.engines import Broker
from tests.registries import java, made
from tests.servers import LOOPBACK, require_program
from tests.sharing import CACHE, one_at_a_time

if TYPE_CHECKING:
    from pathlib import Path

ARTEMIS: Final = "2.40.0"
HIVEMQ: Final = "com.hivemq:hivemq-community-edition-embedded:2025.5"
LARGEST_BYTES: Final = 2_097_152

HIVEMQ_PROGRAM: Final = """
import com.hivemq.embedded.EmbeddedHiveMQ;
import java.nio.file.Path;

public class HiveMq {
  public static void main(String[] arguments) throws Exception {
    var folder = Path.of(arguments[0]);
    EmbeddedHiveMQ.builder()
        .withConfigurationFolder(folder.resolve("conf"))
        .withDataFolder(folder.resolve("data"))
        .withExtensionsFolder(folder.resolve("extensions"))
        .build().start().join();
  }
}
"""
HIVEMQ_CONFIG: Final = """<?xml version="1.0"?>
<hivemq>
  <listeners><tcp-listener><port>{port}</port><bind-address>{host}</bind-address></tcp-listener></listeners>
  <mqtt><queued-messages><max-queue-size>100000</max-queue-size></queued-messages></mqtt>
  <anonymous-usage-statistics><enabled>false</enabled></anonymous-usage-statistics>
</hivemq>
"""


class Artemis(Broker):
    """Made and set up as `docs/recipes/artemis` says."""

    def command(self) -> list[str]:
        """Make the instance where there is none yet."""
        site = self.folder / "artemis"
        if not site.exists():
            who = ("--user", "admin", "--password", "admin", "--allow-anonymous")
            others = (
                "--no-web",
                "--no-amqp-acceptor",
                "--no-hornetq-acceptor",
                "--no-stomp-acceptor",
            )
            program = str(artemis() / "bin" / "artemis")
            made(self.folder, program, "create", *who, *others, "--no-autotune", "--nio", str(site))
            config = site / "etc" / "broker.xml"
            acceptor = (
                f'<acceptors><acceptor name="mqtt">tcp://{LOOPBACK}:{self.port}?protocols=MQTT;'
                f"maximumPacketSize={LARGEST_BYTES}</acceptor></acceptors>"
            )
            text = re.sub(
                "<acceptors>.*</acceptors>", acceptor, config.read_text(), flags=re.DOTALL
            )
            config.write_text(text)
        return [str(site / "bin" / "artemis"), "run"]


class HiveMq(Broker):
    """The broker itself, started by five lines of Java; it keeps its data in files."""

    def command(self) -> list[str]:
        """Write its configuration."""
        folder = self.folder / "hivemq"
        for name in ("conf", "data", "extensions"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        config = HIVEMQ_CONFIG.format(port=self.port, host=LOOPBACK)
        (folder / "conf" / "config.xml").write_text(config)
        return [*java("hivemq", HIVEMQ, "HiveMq", HIVEMQ_PROGRAM), str(folder)]


def artemis() -> Path:
    """Artemis' programs, fetched and unpacked once."""
    folder = CACHE / f"apache-artemis-{ARTEMIS}"
    maven = require_program("mvn", apt="maven")
    require_program("java", apt="default-jdk-headless")
    with one_at_a_time(folder.name):
        if not (folder / "bin" / "artemis").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            what = f"org.apache.activemq:apache-artemis:{ARTEMIS}:tar.gz:bin"
            copied = ("dependency:copy", f"-Dartifact={what}", "-DoutputDirectory=.")
            made(folder, maven, "-q", "-B", *copied)
            (archive,) = folder.glob("*.tar.gz")
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
            archive.unlink()
            (unpacked,) = folder.glob("apache-artemis-*")
            for path in unpacked.iterdir():
                path.rename(folder / path.name)
            unpacked.rmdir()
    return folder
