"""Pixel loops: a grey image, a blurred interior, a method of a module.

    python examples/grey_image.py
"""

from __future__ import annotations

import torch
from torch import nn

import deloop


class Picture(nn.Module):
    """Weights for red, green and blue, and loops over pixels."""

    def __init__(self):
        super().__init__()
        self.weights = nn.Parameter(torch.tensor([0.299, 0.587, 0.114]))

    @deloop.vectorize
    def grey(self, image):
        height, width, _ = image.shape
        grey = torch.zeros(height, width)
        for y in range(height):
            for x in range(width):
                grey[y, x] = (
                    self.weights[0] * image[y, x, 0]
                    + self.weights[1] * image[y, x, 1]
                    + self.weights[2] * image[y, x, 2]
                )
        return grey

    @deloop.vectorize
    def blur(self, grey):
        height, width = grey.shape
        out = torch.zeros_like(grey)
        for y in range(1, height - 1):
            for x in range(1, width - 1):
                out[y, x] = (grey[y - 1, x] + grey[y + 1, x] + grey[y, x - 1] + grey[y, x + 1]) / 4
        return out


if __name__ == "__main__":
    torch.manual_seed(0)
    picture = Picture()
    image = torch.rand(12, 16, 3)
    grey = picture.grey(image)
    print(picture.grey.explain(image).source)
    print(picture.blur.explain(grey).source)
    picture.blur(grey).sum().backward()
    print("gradient of the weights:", picture.weights.grad)
    loop = Picture.grey.__wrapped__(picture, image)
    assert torch.equal(grey, loop)
