"""An image of one tiny program that only waits, so that the demo needs no registry.

The program waits for ever, as the first process of a container too. With arguments it ends at
once, and its exit code says how many there were: so a container can exit, or be restarted for ever.
"""

from __future__ import annotations

import io
import struct
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass

from docker import APIClient

from reaper.errors import UsageError

PROGRAM = "/pause"


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """What the program is on one processor.

    Attributes:
        elf: The processor's number in an ELF header.
        code: Its instructions.
    """

    elf: int
    code: bytes


_X86_64 = Machine(
    elf=62,
    code=bytes.fromhex(
        "488b3c24"  # mov rdi, [rsp]       how many arguments, the program's name too
        "ffcf"  #     dec edi
        "7507"  #     jnz end
        "6a2258"  #   wait: push 34; pop rax    pause
        "0f05"  #     syscall
        "ebf9"  #     jmp wait
        "6a3c58"  #   end: push 60; pop rax     exit
        "0f05"  #     syscall
    ),
)

_AARCH64 = Machine(
    elf=183,
    code=struct.pack(
        "<13I",
        0xF94003E0,  # ldr x0, [sp]      how many arguments, the program's name too
        0xF1000400,  # subs x0, x0, #1
        0x54000121,  # b.ne end
        0xD2800000,  # wait: mov x0, #0  ppoll of nothing, without a limit
        0xD2800001,  # mov x1, #0
        0xD2800002,  # mov x2, #0
        0xD2800003,  # mov x3, #0
        0xD2800004,  # mov x4, #0
        0xD2800928,  # mov x8, #73       ppoll
        0xD4000001,  # svc #0
        0x17FFFFF9,  # b wait
        0xD2800BA8,  # end: mov x8, #93  exit
        0xD4000001,  # svc #0
    ),
)

# An engine's own word for its processor, as `docker version` shows it.
MACHINES: Mapping[str, Machine] = {
    "amd64": _X86_64,
    "x86_64": _X86_64,
    "arm64": _AARCH64,
    "aarch64": _AARCH64,
}


def import_image(client: APIClient, name: str, labels: Mapping[str, str]) -> str:
    """Make the image on the engine, under one name, and give its ID.

    Raises:
        UsageError: The engine runs no Linux on a processor that we have the program for.
    """
    told = client.version()
    machine = MACHINES.get(str(told.get("Arch")))
    if told.get("Os") != "linux" or machine is None:
        raise UsageError(
            f"the engine is {told.get('Os')} on {told.get('Arch')}, and the demo's program is made "
            "for Linux on amd64 and arm64: choose another engine with DOCKER_HOST"
        )
    repository, _, tag = name.partition(":")
    client.import_image_from_data(
        image_tree(machine),
        repository=repository,
        tag=tag,
        changes=[
            f'ENTRYPOINT ["{PROGRAM}"]',
            *(f'LABEL "{key}"="{value}"' for key, value in labels.items()),
        ],
    )
    return str(client.inspect_image(name)["Id"])  # type: ignore[no-untyped-call]  # bare in types-docker


def image_tree(machine: Machine) -> bytes:
    """The image's file system, as a tar archive."""
    program = executable(machine)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tree:
        entry = tarfile.TarInfo(PROGRAM.removeprefix("/"))
        entry.size, entry.mode = len(program), 0o755
        tree.addfile(entry, io.BytesIO(program))
    return buffer.getvalue()


_BASE = 0x400000
_HEADERS = 64 + 56  # ELF64's header and one program header
_PAGE = 0x10000  # a page of arm64 can be this large


def executable(machine: Machine) -> bytes:
    """A static ELF64 program of these instructions, with nothing else in it."""
    size = _HEADERS + len(machine.code)
    header = struct.pack(
        "<4s5B7x2HI3QI6H",
        b"\x7fELF",
        *(2, 1, 1, 0, 0),  # 64 bits, little-endian, version, System V
        *(2, machine.elf, 1),  # an executable
        *(_BASE + _HEADERS, 64, 0),  # where it begins, the program headers, no sections
        *(0, 64, 56, 1, 64, 0, 0),
    )
    readable_executable = 5
    segment = struct.pack("<2I6Q", 1, readable_executable, 0, _BASE, _BASE, size, size, _PAGE)
    return header + segment + machine.code
