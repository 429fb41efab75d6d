"""Parts of adversarial training: patches, losses and penalty by hand."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.nn.adversarial import Gan, PatchGan, gan_loss, gradient_penalty
from tests.nn.generators import noise

pytestmark = pytest.mark.usefixtures("one_thread")

LOGITS = torch.tensor([[0.0, 2.0], [-1.0, 0.5]])

# patches ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("layers", "field"), [(1, 16), (2, 34), (3, 70), (5, 286)])
def test_a_logit_sees_exactly_its_patch(layers: int, field: int) -> None:
    discriminator = PatchGan(2, width=1, layers=layers, norm="none")
    for parameter in discriminator.parameters():
        nn.init.constant_(parameter, 0.1)  # so that nothing cancels out
    picture = noise(1, 2, field + 96, field + 96).requires_grad_()
    logits = discriminator(picture)
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    assert picture.grad is not None
    rows, columns = (picture.grad.abs().sum((0, 1, 3 - axis)).nonzero() for axis in (0, 1))
    assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == (field, field)
    assert (len(rows), len(columns)) == (field, field)


def test_a_patchgan_judges_30_by_30_patches_of_256_px() -> None:
    assert PatchGan(6, width=1)(noise(2, 6, 256, 256)).shape == (2, 1, 30, 30)


def test_activations_are_those_behind_each_leaky_relu_then_the_logits() -> None:
    torch.manual_seed(0)
    discriminator = PatchGan(4, width=2, layers=3, norm="instance")
    picture = noise(1, 4, 64, 64)
    *hidden, logits = discriminator.activations(picture)
    assert [tuple(part.shape[1:]) for part in hidden] == [(2, 32, 32), (4, 16, 16), (8, 8, 8), (16, 7, 7)]
    torch.testing.assert_close(logits, discriminator(picture))
    first = functional.leaky_relu(discriminator.model[0](picture), 0.2)  # kept as it was: nothing writes to it later
    torch.testing.assert_close(hidden[0], first)


# losses -----------------------------------------------------------------------------------------------------


def test_vanilla_is_the_cross_entropy_of_the_sigmoid() -> None:
    real = (math.log(2) + math.log(1 + math.exp(-2)) + math.log(1 + math.e) + math.log(1 + math.exp(-0.5))) / 4
    fake = (math.log(2) + math.log(1 + math.exp(2)) + math.log(1 + 1 / math.e) + math.log(1 + math.exp(0.5))) / 4
    assert gan_loss(LOGITS, True, "vanilla").item() == pytest.approx(real)
    assert gan_loss(LOGITS, False, "vanilla").item() == pytest.approx(fake)
    library = functional.binary_cross_entropy_with_logits(LOGITS, torch.ones_like(LOGITS))
    torch.testing.assert_close(gan_loss(LOGITS, True, "vanilla"), library)


def test_lsgan_is_the_squared_distance() -> None:
    assert gan_loss(LOGITS, True, "lsgan").item() == pytest.approx((1 + 1 + 4 + 0.25) / 4)
    assert gan_loss(LOGITS, False, "lsgan").item() == pytest.approx((0 + 4 + 1 + 0.25) / 4)


@pytest.mark.parametrize("kind", ["vanilla", "lsgan"])
@pytest.mark.parametrize("real", [True, False])
def test_logits_far_out_give_finite_losses_and_gradients(kind: Gan, real: bool) -> None:
    logits = torch.tensor([-300.0, 300.0], requires_grad=True)
    loss = gan_loss(logits, real, kind)
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.isfinite()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_half_precision_logits_are_summed_in_single() -> None:
    assert gan_loss(torch.full((40_000,), 3.0, dtype=torch.bfloat16), False, "lsgan").item() == pytest.approx(9)


def test_penalty_of_a_linear_critic_is_that_of_its_slope() -> None:
    weights = torch.tensor([1.0, 2.0, 2.0]).view(3, 1, 1).requires_grad_()  # a slope of 3
    real, fake = torch.rand(4, 3, 1, 1), torch.rand(4, 3, 1, 1)
    penalty = gradient_penalty(lambda pictures: (weights * pictures).sum((1, 2, 3)), real, fake)
    assert penalty.item() == pytest.approx(10 * (3 - 1) ** 2)
    penalty.backward()  # type: ignore[no-untyped-call]
    assert weights.grad is not None  # derived twice: 2 * 10 * (|w| - 1) * w / |w|
    torch.testing.assert_close(weights.grad.flatten(), torch.tensor([1.0, 2.0, 2.0]) * 40 / 3)


def test_penalty_is_taken_between_real_and_fake_at_one_alpha_per_picture() -> None:
    seen = []

    def critic(pictures: Tensor) -> Tensor:
        seen.append(pictures)
        return 0.5 * pictures.square().sum((1, 2, 3))  # its slope is the picture itself

    real, fake = torch.full((5, 2, 3, 4), 0.7), torch.full((5, 2, 3, 4), -0.2)
    torch.manual_seed(8)
    alpha = torch.rand(5)
    torch.manual_seed(8)
    penalty = gradient_penalty(critic, real, fake, weight=3)
    between = alpha * 0.7 + (1 - alpha) * -0.2
    torch.testing.assert_close(seen[0], between.view(5, 1, 1, 1).expand(5, 2, 3, 4))
    expected = 3 * (between.abs() * math.sqrt(2 * 3 * 4) - 1).square().mean()
    torch.testing.assert_close(penalty, expected)


def half_the_sum(pictures: Tensor) -> Tensor:
    return 0.5 * pictures.sum((1, 2, 3))


def test_penalty_takes_one_norm_per_picture_or_one_per_pixel() -> None:
    real, fake = torch.rand(1, 3, 2, 2), torch.rand(1, 3, 2, 2)
    per_picture = gradient_penalty(half_the_sum, real, fake)
    assert per_picture.item() == pytest.approx(10 * (0.5 * math.sqrt(12) - 1) ** 2)
    assert per_picture.item() == pytest.approx(5.35898, abs=1e-5)  # without the weight .53590
    assert gradient_penalty(half_the_sum, real, fake, norm="pixel").item() == pytest.approx(0.17949, abs=1e-5)


def test_penalty_lies_at_alpha_of_the_real_picture_plus_the_rest_of_the_fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "rand", lambda count: torch.full((count,), 0.25))
    real, fake = torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1)
    penalty = gradient_penalty(lambda pictures: pictures.exp().sum((1, 2, 3)), real, fake)
    assert penalty.item() == pytest.approx(12.47689, abs=1e-4)  # a minus 2.78397, roles swapped .80671


def test_penalty_of_patches_is_that_of_their_sum() -> None:
    pictures = torch.rand(1, 1, 2, 2), torch.rand(1, 1, 2, 2)
    assert gradient_penalty(lambda between: 0.5 * between, *pictures).item() == pytest.approx(0)  # their mean: 5.625


def test_penalty_is_worked_out_in_single_precision_within_autocast() -> None:
    kinds = []

    def critic(pictures: Tensor) -> Tensor:
        logits = functional.conv2d(pictures, torch.ones(1, 3, 1, 1))
        kinds.append((pictures.dtype, logits.dtype))
        return logits

    with torch.autocast("cpu", torch.bfloat16):
        penalty = gradient_penalty(critic, torch.rand(1, 3, 4, 4), torch.rand(1, 3, 4, 4).bfloat16())
    assert kinds == [(torch.float32, torch.float32)]
    assert penalty.dtype == torch.float32


def test_a_wasserstein_critic_lowers_fake_less_real_and_a_generator_raises_its_fakes() -> None:
    fake, real = torch.tensor([2.0, 0.0]), torch.tensor([1.0, 5.0])
    assert (gan_loss(fake, False, "wgan-gp") + gan_loss(real, True, "wgan-gp")).item() == -2
    assert 1e-4 * gan_loss(fake, True, "wgan-gp").item() == pytest.approx(-1e-4)
