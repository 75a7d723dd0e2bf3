"""The wire without a client library: whole messages, well-formed or not (docs: WIRE.md)."""
import json
import pathlib
import socket
import struct

from daemon import PATIENCE

TABLES = pathlib.Path(__file__).resolve().parent.parent.parent / "protocol"


def table(name):
    return json.loads((TABLES / (name + ".json")).read_text())


REMOTE = 0x20008086
QEMU = 0x20008087
KEEPALIVE = 0x6B656570
CALL, REPLY, MESSAGE, STREAM, STREAM_HOLE = 0, 1, 2, 3, 6
OK, ERROR, CONTINUE = 0, 1, 2


def text(value):
    data = value.encode()
    return struct.pack(">I", len(data)) + data + b"\0" * (-len(data) % 4)


def optional(value):
    return struct.pack(">I", 0) if value is None else struct.pack(">I", 1) + text(value)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def word(self):
        value, = struct.unpack_from(">i", self.data, self.at)
        self.at += 4
        return value

    def text(self):
        size = self.word()
        value = self.data[self.at:self.at + size].decode()
        self.at += size + -size % 4
        return value

    def optional(self):
        return self.text() if self.word() else None


class Message:
    def __init__(self, header, payload):
        self.prog, self.vers, self.proc, self.type, self.serial, self.status = header
        self.payload = payload

    @property
    def error(self):
        """(code, domain, message) of a reply that is an error."""
        assert self.status == ERROR
        reader = Reader(self.payload)
        return reader.word(), reader.word(), reader.optional()


class Client:
    def __init__(self, path, timeout=PATIENCE):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.serial = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, proc, payload=b"", prog=REMOTE, vers=1, type=CALL, serial=None, status=OK):
        if serial is None:
            self.serial += 1
            serial = self.serial
        self.socket.sendall(struct.pack(">IIIiiIi", 28 + len(payload), prog, vers, proc, type, serial, status) + payload)
        return serial

    def exact(self, size):
        data = b""
        while len(data) < size:
            try:
                more = self.socket.recv(size - len(data))
            except ConnectionResetError:
                return None
            if not more:
                return None
            data += more
        return data

    def receive(self):
        """The next message; None if the daemon has closed the connection."""
        head = self.exact(28)
        if head is None:
            return None
        length, *header = struct.unpack(">IIIiiIi", head)
        return Message(header, self.exact(length - 28))

    def call(self, *arguments, **options):
        serial = self.send(*arguments, **options)
        while True:
            message = self.receive()
            if message is None or (message.type == REPLY and message.serial == serial):
                return message

    def open(self, uri="", flags=0):
        self.call(66)
        return self.call(1, optional(uri) + struct.pack(">I", flags))
