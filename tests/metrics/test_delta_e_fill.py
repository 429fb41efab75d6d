"""CIEDE2000 of the fills alone."""

from pipelines.metrics import delta_e, delta_e_fill
from tests.drawings import RED
from tests.metrics.cases import case, two_rooms


def test_ink_is_left_out_of_the_fills() -> None:
    truth = two_rooms(RED, RED)
    result = truth.copy()
    result[:2] = (90, 90, 90)  # wrong on ink alone
    shown = case(result, truth)
    assert delta_e.Metric().measure(shown) > 0
    assert delta_e_fill.Metric().measure(shown) == 0
