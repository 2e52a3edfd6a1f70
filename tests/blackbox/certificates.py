"""A test CA, made with the openssl command: certificates with the names and times a test asks for."""

from __future__ import annotations

import dataclasses
import pathlib
import subprocess

NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl(*arguments: object) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr


def fleet_keys(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """What a gateway signs the fleet's settings with, and what agents check it by."""
    private, public = folder / "fleet.key", folder / "fleet.pub"
    openssl("genpkey", "-algorithm", "ed25519", "-out", private)
    openssl("pkey", "-in", private, "-pubout", "-out", public)
    return private, public


@dataclasses.dataclass(frozen=True)
class Issued:
    certificate: pathlib.Path
    key: pathlib.Path


class Authority:
    def __init__(self, folder: pathlib.Path, name: str):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.certificate = folder / f"{name}.pem"
        self.key = folder / f"{name}.key"
        openssl("req", "-x509", *NEW_KEY, "-keyout", self.key, "-out", self.certificate, "-days", 2, "-subj", f"/CN={name}")

    def issue(self, name: str, names: list[str], days: int = 1) -> Issued:
        """`names` as openssl writes them: "URI:spiffe://a/b", "IP:127.0.0.1". With days = -1 it expired yesterday."""
        issued = Issued(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request = self.folder / f"{name}.csr"
        extensions = self.folder / f"{name}.ext"
        extensions.write_text("basicConstraints=CA:FALSE\n" + (f"subjectAltName={','.join(names)}\n" if names else ""))
        openssl("req", "-new", *NEW_KEY, "-keyout", issued.key, "-out", request, "-subj", f"/CN={name}")
        openssl(
            "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
            "-days", days, "-extfile", extensions, "-out", issued.certificate,
        )  # fmt: skip
        return issued
