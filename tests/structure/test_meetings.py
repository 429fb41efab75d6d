"""Places where three regions meet."""

import numpy as np

from pipelines.structure.meetings import find_meetings


def tee(size: int = 100) -> np.ndarray:
    """One region above, two below."""
    regions = np.ones((size, size), np.int32)
    regions[size // 2 :, : size // 2] = 2
    regions[size // 2 :, size // 2 :] = 3
    return regions


def test_a_tee_is_one_meeting_of_a_half_and_two_quarters() -> None:
    meetings = find_meetings(tee())
    assert meetings.regions.tolist() == [[1, 2, 3]]
    np.testing.assert_allclose(meetings.share, [[0.5, 0.25, 0.25]], atol=0.05)


def test_large_drawings_have_the_same_meetings() -> None:
    np.testing.assert_allclose(find_meetings(tee(1600)).share, [[0.5, 0.25, 0.25]], atol=0.05)


def test_shares_leave_out_what_lies_off_the_page() -> None:
    regions = tee()[:, 49:]
    share = find_meetings(regions).share
    assert len(share) == 1
    assert share.sum() < 0.6


def test_two_regions_meet_nowhere() -> None:
    regions = np.ones((40, 40), np.int32)
    regions[20:] = 2
    assert len(find_meetings(regions).regions) == 0
