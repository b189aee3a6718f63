// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/client/DecoderPool.h"

#include "imaging/client/Protocol.h"
#include "imaging/client/ReplyCheck.h"
#include "imaging/client/WorkerProcess.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace foveate::imaging {
namespace {

constexpr std::size_t kHashBlock = std::size_t(1) << 20;

Result<Descriptor> openRegular(const std::string& path)
{
    if (path.find('\0') != std::string::npos)
        return fail(Code::notFound, {"file", path.c_str()});
    Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY));
    if (file)
        return file;
    if (errno == ENOENT || errno == ENOTDIR)
        return fail(Code::notFound, {"file", path});
    if (errno == ELOOP || errno == ENXIO)
        return fail(Code::unsupported, {path, errno == ELOOP ? "symbolic link" : "not a regular file"});
    return fail(Code::io, {path, std::strerror(errno)});
}

Status checkFile(int fd, const std::string& label)
{
    struct stat about {};
    if (fstat(fd, &about) != 0)
        return fail(Code::io, {label, std::strerror(errno)});
    if (!S_ISREG(about.st_mode))
        return fail(Code::unsupported, {label, "not a regular file"});
    if (about.st_size == 0)
        return fail(Code::notAnImage, {label});
    if (std::uint64_t(about.st_size) > protocol::kMaxFileBytes)
        return fail(Code::tooLarge, {label, "more than 2 GB"});
    return {};
}

Result<Digest> hashFile(int fd, const std::string& label)
{
    struct stat about {};
    fstat(fd, &about);
    std::vector<std::byte> block(std::min<std::size_t>(kHashBlock, std::size_t(std::max<off_t>(about.st_size, 1))));
    Sha256 sha;
    for (off_t at = 0;;) {
        const ssize_t got = pread(fd, block.data(), block.size(), at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(Code::io, {label, std::strerror(errno)});
        if (got == 0)
            return sha.digest();
        sha.add(std::span(block.data(), std::size_t(got)));
        at += got;
    }
}

/// Seals the memory file and maps it: from here on nobody can change or shorten it, the worker included.
Result<std::shared_ptr<const std::byte>> adopt(int memory, std::size_t bytes, const std::string& label)
{
    struct stat about {};
    if (fstat(memory, &about) != 0 || std::uint64_t(about.st_size) != bytes)
        return fail(Code::decoderDied, {label, "buffer length"});
    if (fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        return fail(Code::decoderDied, {label, "buffer is still writable"});
    void* address = mmap(nullptr, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, memory, 0);
    if (address == MAP_FAILED)
        return fail(Code::tooLarge, {label, std::strerror(errno)});
    return std::shared_ptr<const std::byte>(static_cast<const std::byte*>(address),
                                            [bytes](const std::byte* p) { munmap(const_cast<std::byte*>(p), bytes); });
}

/// A descriptor the worker cannot write through, whatever the caller's may do.
Result<Descriptor> readOnly(int fd, const std::string& label)
{
    const std::string self = "/proc/self/fd/" + std::to_string(fd);
    Descriptor file(open(self.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file)
        return fail(Code::io, {label, std::strerror(errno)});
    return file;
}

/// One file's harm ends with that file: whatever it did to the worker goes away with the worker. Content that
/// was not recognised was not parsed either.
bool keepsWorker(const Result<Image>& image)
{
    if (image)
        return !image->damaged;
    return image.error().code == Code::notAnImage || image.error().code == Code::usage;
}

std::string programBeside()
{
    std::string path(4096, '\0');
    const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
    path.resize(length > 0 ? std::size_t(length) : 0);
    return path.substr(0, path.rfind('/') + 1) + "foveate-decode";
}

} // namespace

/// A place for one worker; whoever takes it has the worker to itself.
struct Seat {
    std::optional<WorkerProcess> worker;
    int files = 0;
    pid_t id = -1; ///< guarded by the pool's mutex, for workerIds()
};

struct DecoderPool::Impl {
    PoolOptions options; // immutable
    std::mutex mutex;
    std::condition_variable freed;
    std::vector<std::unique_ptr<Seat>> seats; // immutable; a seat's content belongs to its taker
    std::vector<Seat*> idle;                  // guarded by mutex
    Sandbox sandbox;                          // guarded by mutex
    std::uint32_t lastRequest = 0;            // guarded by mutex

    Seat* take();
    void giveBack(Seat* seat);
    void retire(Seat& seat);
    Status ensureWorker(Seat& seat);
    protocol::Request nextRequest(std::uint32_t frame);
    Status sendTo(Seat& seat, const protocol::Request& request, int file, int memory);
    Result<Image> exchange(Seat& seat, int file, const std::string& label, std::uint32_t frame);
    Result<Image> decodeChecked(int file, const std::string& label, DecodeOptions decoding);
};

Seat* DecoderPool::Impl::take()
{
    std::unique_lock lock(mutex);
    freed.wait(lock, [this] { return !idle.empty(); });
    Seat* seat = idle.back();
    idle.pop_back();
    return seat;
}

void DecoderPool::Impl::giveBack(Seat* seat)
{
    {
        const std::lock_guard lock(mutex);
        idle.push_back(seat);
    }
    freed.notify_one();
}

void DecoderPool::Impl::retire(Seat& seat)
{
    {
        const std::lock_guard lock(mutex);
        seat.id = -1;
    }
    seat.worker.reset();
    seat.files = 0;
}

Status DecoderPool::Impl::ensureWorker(Seat& seat)
{
    if (seat.worker)
        return {};
    FOVEATE_TRY(WorkerProcess worker, WorkerProcess::start(options.program));
    seat.worker.emplace(std::move(worker));
    const protocol::Hello& hello = seat.worker->hello();
    const std::lock_guard lock(mutex);
    seat.id = seat.worker->id();
    sandbox = {hello.caged == 1, textField(hello.reason, sizeof hello.reason)};
    return {};
}

protocol::Request DecoderPool::Impl::nextRequest(std::uint32_t frame)
{
    const std::lock_guard lock(mutex);
    protocol::Request request;
    request.id = ++lastRequest;
    request.frame = frame;
    return request;
}

Status DecoderPool::Impl::sendTo(Seat& seat, const protocol::Request& request, int file, int memory)
{
    // A worker that died while idle (killed from outside) is not this file's fault: one fresh one is tried.
    for (int tries = 0; tries < 2; ++tries) {
        FOVEATE_CHECK(ensureWorker(seat));
        seat.worker->allowCpu(options.cpuSeconds);
        if (seat.worker->send(request, file, memory))
            return {};
        retire(seat);
    }
    return fail(Code::sandbox, {"the worker takes no request"});
}

Result<Image> DecoderPool::Impl::exchange(Seat& seat, int file, const std::string& label, std::uint32_t frame)
{
    const Descriptor memory(memfd_create("foveate-pixels", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory)
        return fail(Code::io, {label, std::strerror(errno)});
    const protocol::Request request = nextRequest(frame);
    FOVEATE_CHECK(sendTo(seat, request, file, memory.get()));
    const auto reply = seat.worker->receive(std::chrono::seconds(options.wallSeconds));
    if (!reply)
        return fail(Code::decoderDied, {label, reply.error()});
    FOVEATE_TRY(Image image, imageFromReply(*reply, request, label));
    FOVEATE_TRY(image.pixels, adopt(memory.get(), image.byteCount(), label));
    return image;
}

Result<Image> DecoderPool::Impl::decodeChecked(int file, const std::string& label, DecodeOptions decoding)
{
    Seat* seat = take();
    Result<Image> image = exchange(*seat, file, label, decoding.frame);
    if (!keepsWorker(image) || ++seat->files >= options.filesPerWorker)
        retire(*seat);
    giveBack(seat);
    if (!image || !decoding.hashFile)
        return image;
    FOVEATE_TRY(image->fileSha, hashFile(file, label));
    return image;
}

DecoderPool::DecoderPool(std::unique_ptr<Impl> impl) : m_impl(std::move(impl))
{}
DecoderPool::DecoderPool(DecoderPool&&) noexcept = default;
DecoderPool& DecoderPool::operator=(DecoderPool&&) noexcept = default;
DecoderPool::~DecoderPool() = default;

Result<DecoderPool> DecoderPool::create(PoolOptions options)
{
    if (options.program.empty())
        options.program = programBeside();
    auto impl = std::make_unique<Impl>();
    impl->options = options;
    for (int i = 0; i < std::clamp(options.workers, 1, 64); ++i)
        impl->seats.push_back(std::make_unique<Seat>());
    for (auto seat = impl->seats.rbegin(); seat != impl->seats.rend(); ++seat)
        impl->idle.push_back(seat->get());
    FOVEATE_CHECK(impl->ensureWorker(*impl->seats.front()));
    return DecoderPool(std::move(impl));
}

Result<Image> DecoderPool::decode(const std::string& path, DecodeOptions options)
{
    FOVEATE_TRY(const Descriptor file, openRegular(path));
    FOVEATE_CHECK(checkFile(file.get(), path));
    return m_impl->decodeChecked(file.get(), path, options);
}

Result<Image> DecoderPool::decode(int fd, const std::string& label, DecodeOptions options)
{
    FOVEATE_CHECK(checkFile(fd, label));
    FOVEATE_TRY(const Descriptor file, readOnly(fd, label));
    return m_impl->decodeChecked(file.get(), label, options);
}

Sandbox DecoderPool::sandbox() const
{
    const std::lock_guard lock(m_impl->mutex);
    return m_impl->sandbox;
}

std::vector<pid_t> DecoderPool::workerIds() const
{
    const std::lock_guard lock(m_impl->mutex);
    std::vector<pid_t> ids;
    for (const auto& seat : m_impl->seats)
        if (seat->id > 0)
            ids.push_back(seat->id);
    return ids;
}

} // namespace foveate::imaging
