"""Checks of the machine: devices, threads, worker processes, folders, letters of names."""

import locale
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from colorize_cli.diagnosis.findings import Finding, State
from pipelines.core.files import show_path

_LITTLE_SPACE = 2**30  # bytes
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def check_devices(variables: Mapping[str, str]) -> Iterator[Finding]:
    """Where networks can run, and whether that is where COLORIZE_CLI_DEVICE wants them."""
    try:
        import torch
    except Exception:  # which packages.check_required says
        return
    names = [f"cuda:{number} {torch.cuda.get_device_name(number)}" for number in range(torch.cuda.device_count())]
    has_mps = torch.backends.mps.is_available()
    yield Finding("devices", "ok", ", ".join([*names, *(["mps"] if has_mps else []), "cpu"]))
    if not names and shutil.which("nvidia-smi"):
        built = f"there is an NVIDIA driver, but torch {torch.__version__} finds no GPU"
        yield Finding("GPU", "note", built, "install a build of torch for CUDA, or update the driver")
    wanted = variables.get("COLORIZE_CLI_DEVICE", "")
    there = {"auto", "cpu", *(["mps"] if has_mps else []), *(["cuda"] if names else [])}
    numbered = {f"cuda:{number}" for number in range(len(names))}
    if wanted and wanted not in there | numbered:
        yield Finding("COLORIZE_CLI_DEVICE", "problem", f"{wanted} is not there", "unset COLORIZE_CLI_DEVICE")


def check_threads(variables: Mapping[str, str]) -> Finding:
    """How many processors there are for us, and that no variable about threads keeps libraries from starting."""
    for name in _THREAD_VARIABLES:
        value = variables.get(name, "")
        if value and not all(part.strip().isdecimal() and int(part) for part in value.split(",")):
            return Finding("threads", "problem", f"{name} is {value!r}, which is no number of threads", f"unset {name}")
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limits = [f"{name}={variables[name]}" for name in _THREAD_VARIABLES if variables.get(name)]
    found = ", ".join([f"{os.cpu_count()} processors, {allowed} of them for this process", *limits])
    return Finding("threads", "ok", found)


def check_processes() -> Finding:
    """Whether worker processes can be had: they need semaphores of the system."""
    import multiprocessing

    try:
        multiprocessing.Semaphore()
    except (OSError, ImportError) as error:
        found = f"no semaphores ({error}), so no worker processes"
        return Finding("workers", "problem", found, "mount -t tmpfs tmpfs /dev/shm, or give -j 1")
    return Finding("workers", "ok", "worker processes can be started")


def check_folders(variables: Mapping[str, str], folder: Path) -> Iterator[Finding]:
    """Folders that are written to: the working folder, where results may go, and that for temporary files."""
    yield _check_folder("working folder", folder, "note", "give another folder after -o")
    for name in ("TMPDIR", "JOBLIB_TEMP_FOLDER"):
        if variables.get(name):
            yield _check_folder(
                name, Path(variables[name]), "problem", f"export {name}=... a folder that can be written"
            )
    if not variables.get("TMPDIR"):
        try:
            place = Path(tempfile.gettempdir())
        except FileNotFoundError:
            yield Finding("temporary files", "problem", "no folder can be written", "export TMPDIR=... one that can")
        else:
            yield _check_folder("temporary files", place, "problem", "export TMPDIR=... a folder that can be written")


def check_locale(variables: Mapping[str, str]) -> Finding:
    """Whether names of files may have any letter."""
    encoding = sys.getfilesystemencoding()
    if encoding.lower().replace("-", "") not in ("utf8", "utf8mb4"):
        found = f"names of files are read as {encoding}: letters outside of it are shown as escapes"
        return Finding("locale", "problem", found, "export PYTHONUTF8=1")
    chosen = next((variables[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if variables.get(name)), "C")
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, chosen)
    except locale.Error:
        return Finding("locale", "note", f"{encoding}; there is no locale {chosen}", "export LC_ALL=C.UTF-8")
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return Finding("locale", "ok", f"{encoding}, {chosen}")


def _check_folder(name: str, folder: Path, bad: State, remedy: str) -> Finding:
    """Whether a file can be made there, and whether there is room for some results."""
    shown = show_path(folder)
    try:
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(name, bad, f"{shown} cannot be written: {error.strerror}", remedy)
    if free < _LITTLE_SPACE:
        return Finding(name, "note", f"{shown} has {free / 2**20:.0f} MiB left", "make room")
    return Finding(name, "ok", f"{shown}, {free / 2**30:.0f} GiB left")
