"""`colorize-cli models`: files of the public reference implementation in and out, what is refused, what is shown."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from pipelines.inference.checkpoint import load_checkpoint
from pipelines.inference.checkpoint_info import read_info
from tests.conftest import Cli
from tests.inference.reference_layout import ReferenceResNet, ReferenceUNet, lived_in

OLD_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def picture(channels: int, size: int) -> Tensor:
    return torch.rand((2, channels, size, size), generator=torch.Generator().manual_seed(5)) * 2 - 1


def small_unet(*, inputs: int = 3, norm: str = "batch", scales: int = 7) -> nn.Module:
    return lived_in(ReferenceUNet(inputs, scales, 2, norm=norm), inputs, 2**scales)


def small_resnet(*, blocks: int = 6, norm: str = "instance", dropout: bool = False) -> nn.Module:
    return lived_in(ReferenceResNet(3, blocks, 2, norm=norm, dropout=dropout), 3, 32)


def save(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


def same_pictures(folder: Path, reference: nn.Module, inputs: int, size: int) -> None:
    given = picture(inputs, size)
    with torch.no_grad():
        truth, result = reference(given), load_checkpoint(folder)[0](given)
    assert truth.std() > 0.05, "the comparison says nothing"
    torch.testing.assert_close(result, truth, rtol=0, atol=1e-5)


# in ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize(("inputs", "kind"), [(3, "composite"), (5, "layers")])
def test_a_unet_comes_in_and_paints_the_same(cli: Cli, tmp_path: Path, norm: str, inputs: int, kind: str) -> None:
    reference = small_unet(inputs=inputs, norm=norm)
    file = save(tmp_path / "latest_net_G.pth", reference.state_dict())
    ran = cli("models", "import", file, "--arch", "unet_128", "-o", tmp_path / "model")
    assert ran.code == 0, ran.err
    card = read_info(tmp_path / "model")
    assert card.model == "pix2pix"
    assert card.params == {"generator": "unet_128", "ngf": 2, "norm": norm, "dropout": True, "input": kind}
    assert card.note == "from latest_net_G.pth"
    same_pictures(tmp_path / "model", reference, inputs, 128)


@pytest.mark.parametrize("arch", ["unet_256", "unet_512"])
def test_larger_unets_come_in(cli: Cli, tmp_path: Path, arch: str) -> None:
    reference = ReferenceUNet(3, {"unet_256": 8, "unet_512": 9}[arch], 1)
    file = save(tmp_path / "G.pth", reference.state_dict())
    assert cli("models", "import", file, "--arch", arch, "-o", tmp_path / "model").code == 0
    assert read_info(tmp_path / "model").params["generator"] == arch


@pytest.mark.parametrize("dropout", [True, False])
@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("blocks", [6, 9])
def test_a_resnet_comes_in_and_paints_the_same(cli: Cli, tmp_path: Path, blocks: int, norm: str, dropout: bool) -> None:
    reference = small_resnet(blocks=blocks, norm=norm, dropout=dropout)
    file = save(tmp_path / "latest_net_G_A.pth", reference.state_dict())
    ran = cli("models", "import", file, "--arch", f"resnet_{blocks}blocks", "-o", tmp_path / "model")
    assert ran.code == 0, ran.err
    card = read_info(tmp_path / "model")
    assert card.model == "cyclegan"
    assert card.params == {"generator": f"resnet_{blocks}blocks", "ngf": 2, "norm": norm, "dropout": dropout}
    same_pictures(tmp_path / "model", reference, 3, 32)


def test_files_of_several_devices_come_in(cli: Cli, tmp_path: Path) -> None:
    reference = small_unet()
    state = {f"module.{name}": tensor for name, tensor in reference.state_dict().items()}
    assert cli("models", "import", save(tmp_path / "G.pth", state), "-o", tmp_path / "model").code == 0
    same_pictures(tmp_path / "model", reference, 3, 128)


@pytest.mark.parametrize("legacy", [True, False])
def test_instance_norms_with_old_running_statistics_come_in(cli: Cli, tmp_path: Path, legacy: bool) -> None:
    reference = small_resnet()
    old = lived_in(ReferenceResNet(3, 6, 2, old=True), 3, 32)
    assert any(name.endswith(OLD_STATISTICS) for name in old.state_dict())
    file = tmp_path / "G_A.pth"
    torch.save(old.state_dict(), file, _use_new_zipfile_serialization=not legacy)
    ran = cli("models", "import", file, "--arch", "resnet_6blocks", "-o", tmp_path / "model")
    assert ran.code == 0, ran.err
    assert not any(name.endswith(OLD_STATISTICS) for name in load_checkpoint(tmp_path / "model")[0].state_dict())
    same_pictures(tmp_path / "model", reference, 3, 32)


def test_batch_norms_of_before_there_was_a_count_come_in(cli: Cli, tmp_path: Path) -> None:
    reference = small_unet()
    state = {name: tensor for name, tensor in reference.state_dict().items() if "num_batches" not in name}
    assert cli("models", "import", save(tmp_path / "G.pth", state), "-o", tmp_path / "model").code == 0
    same_pictures(tmp_path / "model", reference, 3, 128)


def test_half_precision_comes_in_as_single(cli: Cli, tmp_path: Path) -> None:
    file = save(tmp_path / "G.pth", small_resnet().half().state_dict())
    assert cli("models", "import", file, "-o", tmp_path / "model", "--size", 512).code == 0
    painter, card = load_checkpoint(tmp_path / "model")
    assert {tensor.dtype for tensor in painter.parameters()} == {torch.float32}
    assert card.params["size"] == 512


# refused ----------------------------------------------------------------------------------------------------


class Attack:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.target,)


class Shell(Attack):
    def __reduce__(self) -> tuple[object, ...]:
        return eval, (f"open({str(self.target)!r}, 'w')",)


@pytest.mark.parametrize("attack", [Attack, Shell])
@pytest.mark.parametrize("how", ["zip", "legacy", "pickle"])
def test_code_in_a_pickle_is_refused_and_not_run(cli: Cli, tmp_path: Path, attack: type[Attack], how: str) -> None:
    file, target = tmp_path / "G.pth", tmp_path / "run"
    content = {**small_resnet().state_dict(), "model.99.weight": attack(target)}
    if how == "pickle":
        file.write_bytes(pickle.dumps(content, protocol=2))
    else:
        torch.save(content, file, _use_new_zipfile_serialization=how == "zip")
    ran = cli("models", "import", file, "--arch", "resnet_6blocks", "-o", tmp_path / "model")
    assert ran.code == 2
    assert len(ran.err.strip().splitlines()) == 1
    assert how == "pickle" or "is refused" in ran.err
    assert not target.exists(), "the code was run"
    assert not (tmp_path / "model").exists()


def test_a_whole_network_in_a_pickle_is_refused_with_what_to_do(cli: Cli, tmp_path: Path) -> None:
    ran = cli("models", "import", save(tmp_path / "G.pth", small_resnet()), "-o", tmp_path / "model")
    assert ran.code == 2
    assert "state_dict()" in ran.err


def bad_contents() -> dict[str, tuple[Callable[[], object], str]]:
    def discriminator() -> object:
        return nn.Sequential(nn.Conv2d(6, 4, 4), nn.LeakyReLU(), nn.Conv2d(4, 1, 4)).state_dict()

    def without(*endings: str) -> object:
        return {name: tensor for name, tensor in small_unet().state_dict().items() if not name.endswith(endings)}

    return {
        "other architecture": (lambda: small_resnet().state_dict(), "holds a resnet_6blocks, not a unet_128"),
        "other size": (lambda: ReferenceUNet(3, 8, 1).state_dict(), "holds a unet_256, not a unet_128"),
        "unknown size": (lambda: ReferenceUNet(3, 6, 1).state_dict(), "holds a unet_64, not a unet_128"),
        "channels": (lambda: ReferenceUNet(6, 7, 1).state_dict(), "turns 6 channels into 3"),
        "discriminator": (lambda: {f"model.{k}": v for k, v in discriminator().items()}, "holds a discriminator"),  # type: ignore[attr-defined]
        "foreign": (lambda: nn.Linear(3, 3).state_dict(), "no generator of a known layout"),
        "no outermost": (lambda: without("model.model.3.bias"), "model.model.3.bias is missing"),
        "no weight": (lambda: without("model.1.model.3.model.2.running_var"), "running_var is missing"),
        "list": (lambda: [torch.ones(2)], "holds no weights by name"),
        "nested": (lambda: {"state_dict": {"a": torch.ones(2)}}, "state_dict is no tensor"),
        "empty": (dict, "holds no weights by name"),
    }


@pytest.mark.parametrize("case", bad_contents())
def test_what_is_no_such_generator_is_refused_in_one_line(cli: Cli, tmp_path: Path, case: str) -> None:
    content, message = bad_contents()[case]
    file = save(tmp_path / "G.pth", content())
    ran = cli("models", "import", file, "--arch", "unet_128", "-o", tmp_path / "model")
    assert ran.code == 2
    assert message in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "missing", "folder"])
def test_damaged_files_are_refused_in_one_line(cli: Cli, tmp_path: Path, damage: str) -> None:
    file = save(tmp_path / "G.pth", small_resnet().state_dict())
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    elif damage in ("empty", "text"):
        file.write_bytes(b"" if damage == "empty" else b"<html>404</html>" * 9)
    else:
        file.unlink()
        _ = damage == "folder" and file.mkdir()
    ran = cli("models", "import", file, "-o", tmp_path / "model")
    assert ran.code == 2
    assert len(ran.err.strip().splitlines()) == 1
    assert "G.pth" in ran.err
    assert "Give a *_net_G.pth" in ran.err


def test_wrong_architectures_and_sizes_say_what_to_type(cli: Cli, tmp_path: Path) -> None:
    resnet = save(tmp_path / "R.pth", small_resnet().state_dict())
    ran = cli("models", "import", resnet, "--arch", "unet_265", "-o", tmp_path / "model")
    assert (ran.code, "Did you mean 'unet_256'?" in ran.err) == (2, True)
    ran = cli("models", "import", resnet, "--arch", "resnet_9blocks", "-o", tmp_path / "model")
    assert (ran.code, "Use --arch resnet_6blocks" in ran.err) == (2, True)
    ran = cli("models", "import", resnet, "--size", 130, "-o", tmp_path / "model")
    assert (ran.code, "Use 128" in ran.err) == (2, True)
    unet = save(tmp_path / "U.pth", small_unet().state_dict())
    ran = cli("models", "import", unet, "--size", 256, "-o", tmp_path / "model")
    assert (ran.code, "Leave out --size" in ran.err) == (2, True)


def test_only_a_model_is_replaced_and_only_on_request(cli: Cli, tmp_path: Path) -> None:
    file, model = save(tmp_path / "G.pth", small_resnet().state_dict()), tmp_path / "model"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    for overwrite in ((), ("--overwrite",)):
        assert cli("models", "import", file, "-o", tmp_path / "mine", *overwrite).code == 1
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    model.mkdir()
    assert cli("models", "import", file, "-o", model).code == 0
    save(file, small_resnet(blocks=9).state_dict())
    assert cli("models", "import", file, "-o", model).code == 1
    assert read_info(model).params["generator"] == "resnet_6blocks"
    assert cli("models", "import", file, "-o", model, "--overwrite").code == 0
    assert read_info(model).params["generator"] == "resnet_9blocks"


# out and shown ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["unet", "resnet"])
def test_what_goes_out_loads_in_the_reference_and_comes_in_again(cli: Cli, tmp_path: Path, kind: str) -> None:
    unet = kind == "unet"
    first = small_unet() if unet else small_resnet(dropout=True)
    cli("models", "import", save(tmp_path / "first.pth", first.state_dict()), "-o", tmp_path / "model")
    ran = cli("models", "export", tmp_path / "model", "-o", tmp_path / "deep" / "out.pth")
    assert ran.code == 0, ran.err
    names = "--netG unet_128 --ngf 2 --norm batch" if unet else "--netG resnet_6blocks --ngf 2 --norm instance"
    assert ran.out.strip().endswith(names)
    state = torch.load(tmp_path / "deep" / "out.pth", weights_only=True)
    second = ReferenceUNet(3, 7, 2) if unet else ReferenceResNet(3, 6, 2, dropout=True)
    second.load_state_dict(state)
    assert list(state) == list(first.state_dict())
    torch.testing.assert_close(dict(state), dict(first.state_dict()), rtol=0, atol=0)
    assert cli("models", "import", tmp_path / "deep" / "out.pth", "-o", tmp_path / "again").code == 0
    same_pictures(tmp_path / "again", first, 3, 128 if unet else 32)


def test_export_replaces_nothing_unasked(cli: Cli, tmp_path: Path) -> None:
    file = save(tmp_path / "G.pth", small_resnet().state_dict())
    cli("models", "import", file, "-o", tmp_path / "model")
    kept = file.read_bytes()
    assert cli("models", "export", tmp_path / "model", "-o", file).code == 1
    assert file.read_bytes() == kept
    assert cli("models", "export", tmp_path / "model", "-o", file, "--overwrite").code == 0
    assert cli("models", "export", tmp_path / "model", "-o", tmp_path).code == 2
    assert cli("models", "export", tmp_path / "nothing", "-o", tmp_path / "n.pth").code == 2
    assert {path.name for path in tmp_path.iterdir()} == {"G.pth", "model"}


def test_show_prints_the_card_and_the_parameter_count(cli: Cli, tmp_path: Path) -> None:
    reference = small_resnet()
    count = sum(parameter.numel() for parameter in reference.parameters())
    cli("models", "import", save(tmp_path / "G.pth", reference.state_dict()), "-o", tmp_path / "model")
    facts = json.loads(cli("models", "show", tmp_path / "model", "--json").out)
    assert (facts["model"], facts["parameters"], facts["step"]) == ("cyclegan", count, 0)
    assert facts["params"]["ngf"] == 2
    shown = cli("models", "show", tmp_path / "model").out
    for part in ("cyclegan", "0.01 million parameters", "generator=resnet_6blocks", "norm=instance", "from G.pth"):
        assert part in shown


def test_nothing_on_a_card_steers_a_terminal(cli: Cli, tmp_path: Path) -> None:
    cli("models", "import", save(tmp_path / "G.pth", small_resnet().state_dict()), "-o", tmp_path / "model")
    card = tmp_path / "model" / "model.json"
    facts = json.loads(card.read_text()) | {"note": "\x1b]0;title\x07\x1b[31mred\n\rline", "figures": {"\x1b[2J": 1.0}}
    card.write_text(json.dumps(facts))
    shown = cli("models", "show", tmp_path / "model").out
    assert r"\x1b]0;title\x07\x1b[31mred\n\rline" in shown
    assert not set(shown) & set("\x1b\x07\r")
    assert json.loads(cli("models", "show", tmp_path / "model", "--json").out)["note"] == facts["note"]


def test_show_refuses_what_is_no_model_or_damaged(cli: Cli, tmp_path: Path) -> None:
    ran = cli("models", "show", tmp_path)
    assert (ran.code, len(ran.err.strip().splitlines())) == (2, 1)
    file = save(tmp_path / "G.pth", small_resnet().state_dict())
    assert "models import" in cli("models", "show", file).err
    cli("models", "import", file, "-o", tmp_path / "model")
    weights = tmp_path / "model" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])
    ran = cli("models", "show", tmp_path / "model")
    assert (ran.code, "damaged" in ran.err) == (2, True)


def test_show_prints_a_cards_text_with_its_escapes_visible(cli: Cli, tmp_path: Path) -> None:
    cli("models", "import", save(tmp_path / "net_G.pth", small_unet().state_dict()), "-o", tmp_path / "model")
    card = tmp_path / "model" / "model.json"
    card.write_text(
        json.dumps(json.loads(card.read_text()) | {"note": "\x1b]0;owned\x07", "figures": {"\x1b[2J": 1.0}})
    )
    shown = cli("models", "show", tmp_path / "model").out
    assert all(line.isprintable() for line in shown.splitlines())
    assert r"\x1b]0;owned\x07" in shown
    assert r"\x1b[2J: 1" in shown
