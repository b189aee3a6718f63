# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes dicom_reference.tsv: what pydicom reads of each DICOM test file, in the pixels that core/imaging/client/Image.h describes.

    pip install pydicom numpy pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg pylibjpeg-rle
    python dicom_reference.py DATA/dicom > dicom_reference.tsv

Columns: file, frames, width, height, channels, bits, mean of the first and the last frame's values, and the SHA-256 of their bytes
(16 bit: little-endian) where the data are lossless and need no colour conversion, else "-". A file that pydicom cannot read is left out.
"""
import hashlib
import pathlib
import sys

import numpy as np
import pydicom
from pydicom.pixels import apply_color_lut

LOSSY = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91",
         "1.2.840.10008.1.2.4.203"}


def canonical(ds, pixels):
    """One frame as Foveate stores it; and whether it is exact."""
    photometric = ds.PhotometricInterpretation
    exact = ds.file_meta.TransferSyntaxUID not in LOSSY
    if pixels.dtype.kind == "f":
        low, high = pixels.min(), pixels.max()
        scaled = (pixels.astype(np.float64) - low) * (65535 / (high - low))
        return np.floor(scaled + 0.5).astype(np.uint16), False
    if photometric == "PALETTE COLOR":
        if not ds.original_encoding[1]:
            raise ValueError("pydicom swaps the bytes of a big-endian palette wrongly")
        colours = apply_color_lut(pixels, ds)
        return (colours >> 8).astype(np.uint8) if colours.dtype == np.uint16 else colours, exact
    if photometric.startswith("YBR_FULL"):
        return pixels, False  # pixel_array has made RGB of it
    stored = int(ds.BitsStored)
    values = pixels.astype(np.int64)
    if ds.PixelRepresentation == 1:
        values += 1 << (stored - 1)
    if photometric == "MONOCHROME1":
        values = (1 << stored) - 1 - values
    if stored == 1:
        values *= 255
    if stored > 16:
        values >>= stored - 16
    return values.astype(np.uint8 if stored <= 8 else np.uint16), exact


def main(folder):
    print("# SPDX-License-Identifier: GPL-3.0-or-later")
    print(f"# made by dicom_reference.py with pydicom {pydicom.__version__}, numpy {np.__version__}")
    for path in sorted(pathlib.Path(folder).glob("*.dcm")):
        try:
            ds = pydicom.dcmread(path)
            frames = int(getattr(ds, "NumberOfFrames", 1) or 1)
            pixels = ds.pixel_array
            stack = pixels if frames > 1 else pixels[None]
            results = [canonical(ds, stack[i]) for i in (0, frames - 1)]
        except Exception as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            continue
        image = results[0][0]
        channels = image.shape[2] if image.ndim == 3 else 1
        columns = [path.name, frames, image.shape[1], image.shape[0], channels, image.dtype.itemsize * 8]
        for pixels, exact in results:
            sha = hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()
            columns += [f"{pixels.mean():.3f}", sha if exact else "-"]
        print(*columns, sep="\t")


main(sys.argv[1])
