"""Lets each place of a picture look at all others: the self-attention of SAGAN.

    s(i, j) = f(x_i) . g(x_j),   o_j = v(sum_i softmax_i(s(i, j)) h(x_i)),   out = x + gamma o

f and g have C/8 channels, h C/2; all are 1x1 convolutions without biases, and gamma is 0 at first.

Source: H. Zhang et al., "Self-Attention Generative Adversarial Networks", ICML 2019, section 3.
"""

import torch
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """(B, channels, H, W) -> the same shape; memory goes with (H W) squared."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow, half = max(channels // 8, 1), max(channels // 2, 1)
        self.query = nn.Conv2d(channels, narrow, 1, bias=False)
        self.key = nn.Conv2d(channels, narrow, 1, bias=False)
        self.value = nn.Conv2d(channels, half, 1, bias=False)
        self.out = nn.Conv2d(half, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, features: Tensor) -> Tensor:
        """Features with what each place takes from the others added."""
        batch, _, height, width = features.shape
        query, key, value = (part(features).flatten(2) for part in (self.query, self.key, self.value))
        weights = attention_weights(query, key)
        gathered = torch.bmm(value, weights.transpose(1, 2)).view(batch, -1, height, width)
        result: Tensor = features + self.gamma * self.out(gathered)
        return result


def attention_weights(query: Tensor, key: Tensor) -> Tensor:
    """How much each place looks at each: from (B, C, N) twice to (B, N, N), rows that sum to 1, worked out in float32.

    Row j is the softmax over all places i of query_j . key_i.
    """
    scores = torch.bmm(query.transpose(1, 2), key)
    return torch.softmax(scores.float(), dim=-1).to(query.dtype)
