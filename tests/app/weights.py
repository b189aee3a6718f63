# SPDX-License-Identifier: GPL-3.0-or-later
# Run by tst_weights with a Python that has torch, torchvision and safetensors: does what we export load there and give the same
# numbers? weights.py RESNET18.safetensors TORCHSCRIPT.pt CLASSES OUT.pth
import sys

import torch
import torchvision
from safetensors import safe_open
from safetensors.torch import load_file

weights, script, classes, out = sys.argv[1:5]
net = torchvision.models.resnet18(num_classes=len(classes.split(",")))
net.load_state_dict(load_file(weights), strict=True)
net.eval()
with safe_open(weights, "pt") as file:
    about = file.metadata()
traced = torch.jit.load(script)
assert traced.classes == classes.split(","), traced.classes
assert traced.model == "resnet18" and traced.size == int(about["size"]) and traced.channels == int(about["channels"])
torch.manual_seed(1)
images = torch.rand(3, traced.channels, traced.size, traced.size)  # another batch than the traced one
mean, deviation = (torch.tensor(v).view(1, -1, 1, 1) for v in (traced.mean, traced.deviation))
with torch.inference_mode():
    expected = net(((images - mean) / deviation).expand(-1, 3, -1, -1))
    seen = traced(images)
difference = float((seen - expected).abs().max() / expected.abs().max())
assert difference <= 1e-4, difference
assert any(True for _ in traced.parameters()), "weights are constants"
torch.save(net.state_dict(), out)
print("same", difference)
