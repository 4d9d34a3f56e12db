"""FTP servers out of package registries: Apache FtpServer (Maven Central), ftp-srv (npm), goftp.io/server (Go).

Each is fetched once, at a pinned version, into a cache folder of this project, and started as its documentation says.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.servers import LOOPBACK, free_port, require_program, running
from tests.sharing import CACHE, one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

USER, PASSWORD = "cam", "geheim"

POM = """
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tests</groupId><artifactId>ftp</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>org.apache.ftpserver</groupId><artifactId>ftpserver-core</artifactId><version>1.2.0</version>
  </dependency></dependencies>
</project>
"""
JAVA = """
import java.util.List;
import java.util.Map;
import org.apache.ftpserver.FtpServerFactory;
import org.apache.ftpserver.listener.ListenerFactory;
import org.apache.ftpserver.usermanager.impl.BaseUser;
import org.apache.ftpserver.usermanager.impl.WritePermission;

public class Server {
  public static void main(String[] arguments) throws Exception {
    var listener = new ListenerFactory();
    listener.setServerAddress(arguments[0]);
    listener.setPort(Integer.parseInt(arguments[1]));
    var user = new BaseUser();
    user.setName("cam");
    user.setPassword("geheim");
    user.setHomeDirectory(arguments[2]);
    user.setAuthorities(List.of(new WritePermission()));
    var factory = new FtpServerFactory();
    factory.setListeners(Map.of("default", listener.createListener()));
    factory.getUserManager().save(user);
    factory.createServer().start();
  }
}
"""
NODE_PACKAGE = "ftp-srv@4.6.3"
NODE = """
const { FtpSrv } = require("ftp-srv");
const [host, port, root] = process.argv.slice(2);
const server = new FtpSrv({ url: `ftp://${host}:${port}`, pasv_url: host });
server.on("login", ({ username, password }, resolve, reject) =>
  username === "cam" && password === "geheim" ? resolve({ root }) : reject(new Error("no")));
server.listen();
"""
GO_MODULE = "module ftp\n\ngo 1.19\n\nrequire goftp.io/server/v2 v2.0.1\n"
GO = """
package main

import (
	"os"
	"strconv"

	"goftp.io/server/v2"
	"goftp.io/server/v2/driver/file"
)

func main() {
	port, _ := strconv.Atoi(os.Args[2])
	driver, err := file.NewDriver(os.Args[3])
	if err != nil {
		panic(err)
	}
	ftp, err := server.NewServer(&server.Options{
		Driver:   driver,
		Auth:     &server.SimpleAuth{Name: "cam", Password: "geheim"},
		Perm:     server.NewSimplePerm("cam", "cam"),
		Hostname: os.Args[1],
		Port:     port,
		Logger:   new(server.DiscardLogger),
	})
	if err != nil {
		panic(err)
	}
	panic(ftp.ListenAndServe())
}
"""


def apache() -> Sequence[str]:
    """Apache FtpServer, ready to be started."""
    folder = CACHE / "apache-ftpserver"
    java = require_program("java", apt="default-jdk-headless")
    with one_at_a_time(folder.name):
        if not (folder / "Server.class").exists():
            _written(folder, {"pom.xml": POM, "Server.java": JAVA})
            maven = require_program("mvn", apt="maven")
            javac = require_program("javac", apt="default-jdk-headless")
            _made(
                folder, maven, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"
            )
            _made(folder, javac, "-cp", "lib/*", "Server.java")
    return [java, "-XX:TieredStopAtLevel=1", "-cp", f"{folder}/lib/*:{folder}", "Server"]


def ftp_srv() -> Sequence[str]:
    """ftp-srv, ready to be started."""
    folder = CACHE / "ftp-srv"
    node = require_program("node", apt="nodejs")
    with one_at_a_time(folder.name):
        if not (folder / "node_modules" / "ftp-srv").exists():
            _written(folder, {"server.js": NODE})
            npm = require_program("npm", apt="npm")
            _made(
                folder,
                npm,
                "install",
                "--silent",
                "--no-audit",
                "--no-fund",
                "--prefix",
                ".",
                NODE_PACKAGE,
            )
    return [node, str(folder / "server.js")]


def goftp() -> Sequence[str]:
    """goftp.io/server, ready to be started."""
    folder = CACHE / "goftp"
    with one_at_a_time(folder.name):
        if not (folder / "server").exists():
            _written(folder, {"go.mod": GO_MODULE, "main.go": GO})
            go = require_program("go", apt="golang-go")
            _made(folder, go, "build", "-mod=mod", "-o", "server", ".")
    return [str(folder / "server")]


COMMANDS = {"apache-ftpserver": apache, "ftp-srv": ftp_srv, "goftp": goftp}


@contextlib.contextmanager
def started(name: str, home: Path, host: str = LOOPBACK) -> Iterator[int]:
    """One of `COMMANDS` at work; its port."""
    port = free_port(host)
    command = [*COMMANDS[name](), host, str(port), str(home)]
    with running(command, port=port, host=host):
        yield port


def _written(folder: Path, files: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def _made(folder: Path, *command: str) -> None:
    """Run one step of a set-up; its end decides whether the server is there."""
    done = subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, timeout=300
    )
    if done.returncode:
        _missing(folder, f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-500:]}")


def _missing(folder: Path, reason: str) -> NoReturn:
    shutil.rmtree(folder)  # so that the next test begins anew
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
