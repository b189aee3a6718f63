// SPDX-License-Identifier: GPL-3.0-or-later
// A worker that breaks its promises, in the way its own file name says (lie-…). tst_liars gives it to the pool.
#include "imaging/client/Protocol.h"

#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace foveate::imaging::protocol;

namespace {

std::string g_lie;

/// The request's memory file (its second descriptor).
int receive(Request& request)
{
    iovec part{&request, sizeof request};
    alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (recvmsg(kSocket, &message, 0) <= 0)
        std::exit(0);
    int descriptors[2];
    std::memcpy(descriptors, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptors);
    return descriptors[1];
}

void answer()
{
    Request request;
    const int memory = receive(request);
    Reply reply;
    reply.id = request.id;
    reply.width = reply.height = 64;
    reply.channels = 1;
    reply.bits = reply.bitsStored = 8;
    reply.frames = 1;
    reply.windowHigh = 255;
    reply.byteCount = 64 * 64;
    if (ftruncate(memory, g_lie == "lie-short" ? 100 : g_lie == "lie-long" ? 8192 : 4096) != 0)
        std::exit(1);
    void* pixels = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (g_lie != "lie-short")
        std::memset(pixels, 9, 4096);
    if (g_lie != "lie-writable") // keeps its mapping, to change the pixels after they were looked at
        munmap(pixels, 4096);
    if (g_lie == "lie-exit")
        std::exit(3);
    if (g_lie == "lie-oversized")
        reply.width = 70000;
    send(kSocket, &reply, g_lie == "lie-half-reply" ? sizeof reply / 2 : sizeof reply, 0);
}

} // namespace

int main(int, char** arguments)
{
    const std::string path = arguments[0];
    g_lie = path.substr(path.rfind('/') + 1);
    Hello hello;
    hello.caged = g_lie != "lie-uncaged";
    std::strcpy(hello.reason, hello.caged ? "" : "seccomp: Function not implemented");
    if (g_lie == "lie-version")
        hello.version = 99;
    send(kSocket, &hello, sizeof hello, 0);
    for (;;)
        answer();
}
