# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the arrays in this folder: logits, names and shapes of torchvision's networks, Grad-CAM by pytorch-grad-cam, a
# file by safetensors.
# Run by hand when a reference has to change; the versions are written to network-versions.txt. Weights are not stored: both sides
# fill them by the formula of fill() (tests/learn/FormulaWeights.h is its twin).
import json
import math
import pathlib

import cv2
import numpy as np
import pytorch_grad_cam
import pytorch_grad_cam.base_cam as base_cam
import safetensors
import safetensors.torch
import torch
import torchvision
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

HERE = pathlib.Path(__file__).parent


def start(name):
    value = 0x811C9DC5
    for byte in name.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def noise(name, count):
    """In [-1, 1), by integers alone: the same in C++ and numpy to the last bit."""
    mask = np.uint64(0xFFFFFFFF)
    x = (np.arange(count, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(start(name))) & mask
    for _ in range(2):
        x = ((x ^ (x >> np.uint64(16))) * np.uint64(0x45D9F3B)) & mask
    return (x ^ (x >> np.uint64(16))).astype(np.float64) / 2.0**31 - 1


def fill(name, shape):
    values = noise(name, int(np.prod(shape)) if shape else 1)
    if len(shape) == 4:
        values = values * math.sqrt(6 / (shape[1] * shape[2] * shape[3]))
    elif len(shape) == 2:
        values = values / math.sqrt(shape[1])
    elif name.endswith("running_var") or (name.endswith(".weight") and len(shape) == 1):
        values = 1 + 0.2 * values
    else:
        values = 0.1 * values
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def raw_scale(cam, target_size=None):
    if target_size is None:
        return cam
    return np.float32([cv2.resize(np.float32(one), target_size) for one in cam])


def filled(name, **more):
    model = getattr(torchvision.models, name)(num_classes=3, **more)
    state = model.state_dict()
    for key in state:
        if key.endswith("num_batches_tracked"):
            state[key] = torch.tensor(7)
        else:
            state[key] = fill(key, list(state[key].shape))
    model.load_state_dict(state)
    return model.eval()


def networks(colour):
    """A row of logits for each network and image, and every name with its shape."""
    rows, shapes = [], {}
    for name in ("resnet18", "resnet34", "resnet50", "vgg16", "vgg16_bn", "densenet121"):
        model = filled(name)
        shapes[name] = {key: list(value.shape) for key, value in model.state_dict().items()}
        with torch.inference_mode():
            rows.append(model(colour).numpy())
    np.save(HERE / "networks_logits.npy", np.concatenate(rows))
    (HERE / "networks_shapes.json").write_text(json.dumps(shapes, separators=(",", ":")) + "\n")


def main():
    model = filled("resnet18")
    grey = torch.from_numpy(noise("grey", 2 * 64 * 64).astype(np.float32).reshape(2, 1, 64, 64))
    colour = torch.from_numpy(noise("colour", 2 * 3 * 64 * 64).astype(np.float32).reshape(2, 3, 64, 64))
    networks(colour)
    with torch.inference_mode():
        np.save(HERE / "resnet18_logits_grey.npy", model(grey.expand(-1, 3, -1, -1)).numpy())
        np.save(HERE / "resnet18_logits_colour.npy", model(colour).numpy())
    base_cam.scale_cam_image = raw_scale  # raw values: their scaling to [0, 1] is left out
    with pytorch_grad_cam.GradCAM(model=model, target_layers=[model.layer4[-1]]) as cam:
        for index in (0, 2):
            maps = cam(input_tensor=colour, targets=[ClassifierOutputTarget(index)] * 2)
            np.save(HERE / f"resnet18_gradcam_{index}.npy", maps.astype(np.float32))
    safetensors.torch.save_file(
        {
            "b.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 7,
            "a.count": torch.tensor(123456789012, dtype=torch.int64),
            "half": torch.tensor([1.5, -2.25], dtype=torch.float16),
            "brain": torch.tensor([[3.0]], dtype=torch.bfloat16),
            "flag": torch.tensor([True, False, True]),
            "empty": torch.zeros(0, 4),
            "byte": torch.tensor([0, 255], dtype=torch.uint8),
        },
        HERE / "python.safetensors",
        metadata={"model": "resnet18"},
    )
    versions = {m.__name__: m.__version__ for m in (torch, torchvision, safetensors, np, cv2)}
    versions["pytorch_grad_cam"] = __import__("importlib.metadata").metadata.version("grad-cam")
    (HERE / "network-versions.txt").write_text("".join(f"{name} {version}\n" for name, version in versions.items()))


if __name__ == "__main__":
    main()
