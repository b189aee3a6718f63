# SPDX-License-Identifier: GPL-3.0-or-later
# Makes unet_logits.npy and unet_loss.npy: P4's U-Net written anew with torch.nn, weights by network.py's formula.
# Run by hand when a reference has to change; torch's version stands in network-versions.txt.
import pathlib

import numpy as np
import torch
from torch import nn

import network

HERE = pathlib.Path(__file__).parent


def block(inputs, count):
    layers = nn.ModuleDict()
    for i in range(1, count + 1):
        layers[f"conv{i}"] = nn.Conv2d(inputs if i == 1 else 64, 64, 3, padding="same")
        layers[f"norm{i}"] = nn.BatchNorm2d(64)
    return layers


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        for level in (1, 2, 3):
            setattr(self, f"down{level}", block(3 if level == 1 else 64, 3))
        for level in (3, 2, 1):
            up = block(128, 2)
            up["deconvolution"] = nn.ConvTranspose2d(64, 64, 2, stride=2)
            setattr(self, f"up{level}", up)
        self.output = nn.Conv2d(64, 1, 1)

    @staticmethod
    def through(layers, x, count):
        for i in range(1, count + 1):
            x = layers[f"norm{i}"](torch.relu(layers[f"conv{i}"](x)))
        return x

    def forward(self, x):
        beside = {}
        for level in (1, 2, 3):
            beside[level] = self.through(getattr(self, f"down{level}"), x, 3)
            x = nn.functional.max_pool2d(beside[level], 2)
        for level in (3, 2, 1):
            up = getattr(self, f"up{level}")
            x = self.through(up, torch.cat([up["deconvolution"](x), beside[level]], 1), 2)
        return self.output(x)


def main():
    net = UNet().eval()
    state = net.state_dict()
    for name, value in state.items():
        state[name] = torch.tensor(7) if name.endswith("num_batches_tracked") else network.fill(name, list(value.shape))
    net.load_state_dict(state)
    images = torch.from_numpy(network.noise("grey", 2 * 32 * 32).astype(np.float32).reshape(2, 1, 32, 32))
    masks = (torch.from_numpy(network.noise("masks", 2 * 32 * 32).reshape(2, 1, 32, 32)) > 0.3).float()
    with torch.inference_mode():
        logits = net(images.expand(-1, 3, -1, -1))
        p = torch.sigmoid(logits)
        dice = (2 * (p * masks).sum((1, 2, 3)) + 1) / (p.sum((1, 2, 3)) + masks.sum((1, 2, 3)) + 1)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, masks) + 1 - dice.mean()
    np.save(HERE / "unet_logits.npy", logits.numpy())
    np.save(HERE / "unet_loss.npy", loss.reshape(1).numpy())
    print(float(logits.abs().max()), float(loss))


main()
