# SPDX-License-Identifier: GPL-3.0-or-later
# Makes weights-*.pth and weights-*.npy in this folder: state_dicts as torch.save writes them, and files that must be refused.
# Run by hand when a file has to change; the versions are written to weights-versions.txt.
import collections
import os
import pathlib

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent


class Evil:
    def __reduce__(self):
        return (os.system, ("touch /tmp/foveate-must-not-exist",))


def main():
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 7
    state = collections.OrderedDict()
    state["layer.weight"] = base
    state["layer.transposed"] = base.t()  # the same storage, not contiguous
    state["layer.window"] = base[1:3, 2:5]
    state["layer.parameter"] = torch.nn.Parameter(torch.tensor([1.5, -2.0]))
    state["layer.count"] = torch.tensor(123456789012)
    state["layer.half"] = torch.tensor([0.5, 3.0], dtype=torch.float16)
    state["layer.brain"] = torch.tensor([[3.0]], dtype=torch.bfloat16)
    state["layer.flag"] = torch.tensor([True, False])
    state["layer.none"] = torch.zeros(0, 3)
    state["features.denseblock1.denselayer2.norm.1.weight"] = torch.ones(2)
    state._metadata = collections.OrderedDict({"": {"version": 1}})
    torch.save(state, HERE / "weights-plain.pth")
    parallel = {"module." + name: value for name, value in state.items()}
    torch.save({"epoch": 3, "lr": 0.1, "state_dict": parallel, "note": ["x", None, (1, 2, 3, 4)]}, HERE / "weights-checkpoint.pth")
    torch.save(state, HERE / "weights-protocol4.pth", pickle_protocol=4)
    torch.save(state, HERE / "weights-legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"a": torch.ones(2), "b": Evil()}, HERE / "weights-evil.pth")
    torch.save(torch.nn.Linear(2, 2), HERE / "weights-module.pth")
    torch.save([torch.ones(2)], HERE / "weights-list.pth")
    torch.jit.script(torch.nn.Linear(2, 2)).save(HERE / "weights-script.pth")
    np.save(HERE / "weights-transposed.npy", base.t().contiguous().numpy())
    np.save(HERE / "weights-window.npy", base[1:3, 2:5].contiguous().numpy())
    (HERE / "weights-versions.txt").write_text(f"torch {torch.__version__}\nnumpy {np.__version__}\n")


main()
