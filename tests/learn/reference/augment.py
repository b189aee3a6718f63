#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference views for tst_augment: torchvision 0.26.0, torch 2.11.0, numpy 2 (pip install torchvision==0.26.0).

Writes augment-image.npy, uint8 [64,64,3], and augment-views.npy, float32 [K,3,24,24]: the image resized to 24 px (float,
bilinear, antialiased), then one operation at fixed parameters each, in the order of `views` below.
"""
import sys

import numpy as np
import torch
import torchvision.transforms.v2.functional as F
from torchvision.transforms import InterpolationMode

folder = sys.argv[1] if len(sys.argv) > 1 else "."
rng = np.random.default_rng(7)
coarse = torch.from_numpy(rng.random((1, 3, 9, 9), dtype=np.float32))
smooth = torch.nn.functional.interpolate(coarse, size=(64, 64), mode="bicubic")[0].clamp(0, 1)
noisy = (smooth + torch.from_numpy(rng.normal(0, 0.03, (3, 64, 64)).astype(np.float32))).clamp(0, 1)
image = (noisy * 255).round().to(torch.uint8)
np.save(f"{folder}/augment-image.npy", image.permute(1, 2, 0).contiguous().numpy())

x = image.float() / 255
full = F.resize(x, [24, 24], antialias=True)


def crop(top, left, height, width):
    return F.resized_crop(x, top, left, height, width, [24, 24], antialias=True)


def turn(y, degrees):
    return F.rotate(y, degrees, interpolation=InterpolationMode.BILINEAR)


def all_at_once():
    y = F.horizontal_flip(crop(10, 20, 18, 21))
    y = F.adjust_hue(F.adjust_contrast(F.adjust_saturation(F.adjust_brightness(y, 1.2), 0.7), 1.3), 0.1)
    return F.normalize(F.gaussian_blur(y, [5, 5], [0.9, 0.9]), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


views = [
    full,
    crop(7, 9, 15, 18),
    crop(3, 12, 50, 40),
    F.horizontal_flip(full),
    F.vertical_flip(full),
    turn(full, 10),
    turn(full, 90),
    turn(crop(7, 9, 15, 18), -90),
    F.adjust_brightness(full, 1.4),
    F.adjust_contrast(full, 0.6),
    F.adjust_saturation(full, 1.7),
    F.adjust_hue(full, 0.15),
    F.adjust_hue(full, -0.2),
    F.rgb_to_grayscale(full, 3),
    F.adjust_gamma(full, 0.7),
    F.gaussian_blur(full, [3, 3], [1.2, 1.2]),
    F.gaussian_blur(full, [23, 23], [1.7, 1.7]),
    F.solarize(full, 128 / 255),
    turn(F.horizontal_flip(crop(7, 9, 15, 18)), -10),
    all_at_once(),
]
np.save(f"{folder}/augment-views.npy", torch.stack(views).numpy())
