# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the arrays in this folder: Deep Taylor maps by zennit, occlusion maps by captum. Run by hand when a reference has to
# change; the versions are written to versions.txt. Weights and images are those of tests/learn/reference/network.py, but
# every seventh scale of a batch norm is negative (negativeScales() in tests/explain/tst_deeptaylor.cpp is its twin).
import importlib.metadata
import pathlib
import sys

import numpy as np
import torch
import torchvision
from captum.attr import Occlusion
from torch import nn
from zennit.attribution import Gradient
from zennit.composites import SpecialFirstLayerMapComposite
from zennit.core import BasicHook, Composite, Stabilizer
from zennit.layer import Sum
from zennit.rules import Norm, Pass, ZBox, ZPlus
from zennit.torchvision import ResNetCanonizer
from zennit.types import Activation, AvgPool, BatchNorm, Convolution, Linear

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "learn" / "reference"))
from network import fill, noise

LOW, HIGH = -torch.ones(1, 3, 1, 1), torch.ones(1, 3, 1, 1)


class PositiveShare(BasicHook):
    """A sum's relevance by its positive parts."""

    def __init__(self):
        stabilizer = Stabilizer.ensure(1e-9)
        super().__init__(
            input_modifiers=[lambda x: x.clamp(min=0)],
            output_modifiers=[lambda o: o],
            gradient_mapper=lambda g, o: [g / stabilizer(o[0])],
            reducer=lambda i, g: i[0] * g[0],
        )


def box():
    return ZBox(low=LOW, high=HIGH, zero_params="bias")


def folded_composite():
    rules = [
        (Activation, Pass()),
        (BatchNorm, Pass()),
        (Sum, PositiveShare()),
        (AvgPool, Norm()),
        (Convolution, ZPlus(zero_params="bias")),
        (Linear, ZPlus(zero_params="bias")),
    ]
    return SpecialFirstLayerMapComposite(
        layer_map=rules, first_map=[(Convolution, box())], canonizers=[ResNetCanonizer()]
    )


def dense_rule(context, name, module):
    if isinstance(module, (nn.ReLU, nn.BatchNorm2d)):
        return Pass()
    if isinstance(module, nn.AdaptiveAvgPool2d):
        return Norm()
    if isinstance(module, nn.Conv2d):
        return box() if name == "features.conv0" else ZPlus(zero_params="bias")
    if isinstance(module, nn.Linear):
        return ZPlus(zero_params="bias")


def dense_sequence(net):
    """torchvision calls ReLU and pooling as functions; hooks need modules."""
    sequence = nn.Sequential()
    sequence.features, sequence.relu, sequence.pool = net.features, nn.ReLU(), nn.AdaptiveAvgPool2d(1)
    sequence.flat, sequence.classifier = nn.Flatten(), net.classifier
    for module in sequence.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    return sequence.eval()


def filled(name):
    net = getattr(torchvision.models, name)(num_classes=3)
    state = net.state_dict()
    for key, value in state.items():
        state[key] = torch.tensor(7) if key.endswith("num_batches_tracked") else fill(key, list(value.shape))
    net.load_state_dict(state)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data[3::7] *= -1
    return net.eval()


def deep_taylor(name, images, index):
    net = filled(name)
    dense = name.startswith("densenet")
    composite = Composite(module_map=dense_rule) if dense else folded_composite()
    with Gradient(model=dense_sequence(net) if dense else net, composite=composite) as attribute:
        return attribute(images, torch.eye(3)[[index] * len(images)])[1].sum(1).detach().numpy()


def main():
    colour = torch.from_numpy(noise("colour", 2 * 3 * 64 * 64).astype(np.float32).reshape(2, 3, 64, 64))
    for name in sys.argv[1:] or ("resnet18", "resnet34", "resnet50", "vgg16", "vgg16_bn", "densenet121"):
        np.save(HERE / f"deep_taylor_{name}.npy", deep_taylor(name, colour, 1))
    with torch.inference_mode():
        maps = Occlusion(filled("resnet18")).attribute(colour, (3, 20, 20), strides=(3, 12, 12), target=1)
    np.save(HERE / "occlusion_resnet18.npy", maps.mean(1).numpy())
    names = ("torch", "torchvision", "zennit", "captum", "numpy")
    lines = [f"{name} {importlib.metadata.version(name)}\n" for name in names]
    (HERE / "versions.txt").write_text("".join(lines))


main()
