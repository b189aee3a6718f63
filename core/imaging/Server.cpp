// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/Server.h"

#include "imaging/Decode.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace foveate::imaging {
namespace {

using protocol::Outcome;
using protocol::Reply;
using protocol::Request;

struct Job {
    Request request;
    int file = -1;
    int memory = -1;
    Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    ~Job()
    {
        for (const int fd : {file, memory})
            if (fd >= 0)
                close(fd);
    }
};

void copyText(char* to, std::size_t size, const std::string& text)
{
    std::memcpy(to, text.data(), std::min(text.size(), size - 1));
}

bool sendMessage(int socket, const void* message, std::size_t size)
{
    ssize_t sent;
    do
        sent = sendto(socket, message, size, MSG_NOSIGNAL, nullptr, 0);
    while (sent < 0 && errno == EINTR);
    return sent == ssize_t(size);
}

/// One request with its two descriptors; false at the end of the conversation or when it makes no sense.
bool receiveJob(int socket, Job& job)
{
    iovec part{&job.request, sizeof job.request};
    alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t got;
    do
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    const cmsghdr* head = CMSG_FIRSTHDR(&message);
    if (!head || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(2 * sizeof(int)))
        return false;
    int descriptors[2];
    std::memcpy(descriptors, CMSG_DATA(head), sizeof descriptors);
    job.file = descriptors[0];
    job.memory = descriptors[1];
    return got == ssize_t(sizeof job.request) && job.request.magic == protocol::kMagic;
}

/// Copies the pixels into the memory file; the mapping is gone again when this returns, so the client can seal it.
bool fillMemory(int memory, const Picture& picture)
{
    const std::size_t bytes = picture.about.byteCount();
    if (ftruncate(memory, off_t(bytes)) != 0)
        return false;
    void* address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, memory, 0);
    if (address == MAP_FAILED)
        return false;
    std::memcpy(address, picture.pixels.data(), bytes);
    return munmap(address, bytes) == 0;
}

Outcome outcomeOf(Code code)
{
    switch (code) {
    case Code::notAnImage: return Outcome::notAnImage;
    case Code::unsupported: return Outcome::unsupported;
    case Code::tooLarge: return Outcome::tooLarge;
    case Code::usage: return Outcome::noSuchFrame;
    case Code::io: return Outcome::unreadable;
    default: return Outcome::damaged;
    }
}

void describePicture(const Image& about, Reply& reply)
{
    reply.format = std::uint32_t(about.format);
    reply.width = about.width;
    reply.height = about.height;
    reply.channels = about.channels;
    reply.bits = about.bits;
    reply.bitsStored = about.bitsStored;
    reply.frame = about.frame;
    reply.frames = about.frames;
    reply.byteCount = about.byteCount();
    reply.windowLow = about.windowLow;
    reply.windowHigh = about.windowHigh;
    reply.valueSlope = about.valueSlope;
    reply.valueIntercept = about.valueIntercept;
    reply.flags = (about.damaged ? protocol::kDamaged : 0u) | (about.inverted ? protocol::kInverted : 0u) |
                  (about.windowFromFile ? protocol::kWindowFromFile : 0u) | (about.spacingMm ? protocol::kSpacing : 0u);
    reply.spacingRow = about.spacingMm.value_or(Spacing()).row;
    reply.spacingColumn = about.spacingMm.value_or(Spacing()).column;
    copyText(reply.detail, sizeof reply.detail, about.damage);
    copyText(reply.patient, sizeof reply.patient, about.patientKeyHint);
}

bool answer(int socket, const Job& job)
{
    Source source(job.file);
    Result<Picture> decoded = decodeFrame(source, job.request.frame);
    if (decoded && !fillMemory(job.memory, *decoded))
        decoded = codecError(Code::tooLarge, "not enough memory");
    const Reply reply = makeReply(decoded, job.request);
    return sendMessage(socket, &reply, sizeof reply);
}

} // namespace

Reply makeReply(const Result<Picture>& decoded, const Request& request)
{
    Reply reply;
    reply.id = request.id;
    if (decoded) {
        describePicture(decoded->about, reply);
        return reply;
    }
    reply.outcome = outcomeOf(decoded.error().code);
    copyText(reply.detail, sizeof reply.detail, decoded.error().arg(1));
    return reply;
}

bool serve(int socket, const CageState& cage)
{
    protocol::Hello hello;
    hello.caged = cage.closed;
    copyText(hello.reason, sizeof hello.reason, cage.reason);
    if (!sendMessage(socket, &hello, sizeof hello))
        return false;
    for (;;) {
        Job job;
        if (!receiveJob(socket, job))
            return job.file < 0;
        if (!answer(socket, job))
            return false;
    }
}

} // namespace foveate::imaging
