// SPDX-License-Identifier: GPL-3.0-or-later
// Image files in, checked images out: the client side of foveate-decode, which does the reading in a cage.
//
// A worker is a process (posix_spawn, empty environment, no inherited descriptors). It gets the file as a read-only
// descriptor and fills a fresh memory file that is sealed and measured here before anyone looks at it. Nothing it says
// is believed: dimensions, lengths and texts are checked again. Workers are replaced after 200 files and after every
// error, crash or timeout, so one file's harm ends with that file.
//
// Thread safe: any number of threads may call decode(); each call has one worker to itself and waits when all are busy.
#pragma once

#include "base/Result.h"
#include "imaging/client/Image.h"

#include <cstdint>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace foveate::imaging {

struct PoolOptions {
    int workers = 2;          ///< processes at most; more decode faster up to the number of cores. 1..64
    std::string program;      ///< path of foveate-decode; empty: beside the running program
    int cpuSeconds = 10;      ///< processor time per file, then the worker is killed
    int wallSeconds = 30;     ///< time per file, then the worker is killed
    int filesPerWorker = 200; ///< a worker is replaced after so many
};

struct DecodeOptions {
    std::uint32_t frame = 0; ///< TIFF page or DICOM frame
    bool hashFile = true;    ///< fill Image::fileSha (reads the file once more; switch off for further frames)
};

/// Whether the workers are in their cage; false with a reason where the kernel has no seccomp (limits stay in force).
struct Sandbox {
    bool closed = false;
    std::string reason;
};

class DecoderPool {
public:
    /// notFound when the program is not there or cannot be executed; sandbox when it does not answer. Starts one
    /// worker.
    static Result<DecoderPool> create(PoolOptions options = {});
    DecoderPool(DecoderPool&&) noexcept;
    DecoderPool& operator=(DecoderPool&&) noexcept;
    ~DecoderPool();

    /// Only regular files of 1 byte to 2 GB are opened (O_NOFOLLOW | O_NONBLOCK); links in the folders above are
    /// followed. Failures: notFound, io, notAnImage (no known content, also an empty file), unsupported (a form that is
    /// not read; a link, folder, pipe or device), damaged (nothing could be read), tooLarge, decoderDied (crash or time
    /// limit), usage (no such frame). A file that is broken but readable in part is an Image with `damaged`.
    Result<Image> decode(const std::string& path, DecodeOptions options = {});
    /// The same for an open descriptor, which stays the caller's; `label` stands in the errors for the path.
    Result<Image> decode(int fd, const std::string& label, DecodeOptions options = {});

    Sandbox sandbox() const;
    /// Process ids of the living workers; for tests and diagnosis.
    std::vector<pid_t> workerIds() const;

private:
    struct Impl;
    explicit DecoderPool(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

} // namespace foveate::imaging
