"""FTP servers out of package registries: Apache FtpServer (Maven Central), ftp-srv (npm), goftp.io/server (Go).

Each is fetched once, at a pinned version, into a cache folder of this project, and started as its documentation says.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tests.registries import java, made, written
from tests.servers import LOOPBACK, free_port, require_program, running
from tests.sharing import CACHE, one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

USER, PASSWORD = "cam", "geheim"

FTPSERVER = "org.apache.ftpserver:ftpserver-core:1.2.0"
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
    return java("apache-ftpserver", FTPSERVER, "Server", JAVA)


def ftp_srv() -> Sequence[str]:
    """ftp-srv, ready to be started."""
    folder = CACHE / "ftp-srv"
    node = require_program("node", apt="nodejs")
    with one_at_a_time(folder.name):
        if not (folder / "node_modules" / "ftp-srv").exists():
            written(folder, {"server.js": NODE})
            npm = require_program("npm", apt="npm")
            made(
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
            written(folder, {"go.mod": GO_MODULE, "main.go": GO})
            go = require_program("go", apt="golang-go")
            made(folder, go, "build", "-mod=mod", "-o", "server", ".")
    return [str(folder / "server")]


COMMANDS = {"apache-ftpserver": apache, "ftp-srv": ftp_srv, "goftp": goftp}


@contextlib.contextmanager
def started(name: str, home: Path, host: str = LOOPBACK) -> Iterator[int]:
    """One of `COMMANDS` at work; its port."""
    port = free_port(host)
    command = [*COMMANDS[name](), host, str(port), str(home)]
    with running(command, port=port, host=host):
        yield port
