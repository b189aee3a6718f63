// SPDX-License-Identifier: GPL-3.0-or-later
// Labels as fast as it can and prints what was acknowledged: writer FOLDER full|normal|off COUNT.
// Lines: "ack UUID MICROSECONDS" after append() returned, "error UUID CODE" when it failed.
#include "store/Study.h"
#include "store/Uuid.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace foveate;

namespace {

store::Durability durability(const char* text)
{
    if (std::strcmp(text, "off") == 0)
        return store::Durability::off;
    return std::strcmp(text, "normal") == 0 ? store::Durability::normal : store::Durability::full;
}

void label(store::Study& study, const store::Sample& sample, int round)
{
    store::Event event;
    event.uuid = store::newUuid();
    event.sample = sample.id;
    event.reader = "robot";
    event.classIndex = round % 3;
    event.kind = study.kindFor(sample.id, event.reader).value_or(store::EventKind::label);
    const auto start = std::chrono::steady_clock::now();
    const auto stored = study.append(event);
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
    if (stored)
        std::printf("ack %s %lld\n", event.uuid.c_str(), static_cast<long long>(took.count()));
    else
        std::printf("error %s %s\n", event.uuid.c_str(), std::string(name(stored.error().code)).c_str());
    std::fflush(stdout);
}

} // namespace

int main(int count, char** words)
{
    if (count != 4)
        return 2;
    store::Opening opening;
    opening.writer = "00000000-0000-7000-8000-000000000001";
    opening.durability = durability(words[2]);
    opening.ballast = false;
    auto study = store::Study::openOwner(words[1], opening);
    if (!study) {
        std::fprintf(stderr, "%s\n", describe(study.error()).c_str());
        return 1;
    }
    const auto samples = study->samples();
    for (int round = 0; samples && round < std::atoi(words[3]); ++round)
        label(*study, (*samples)[std::size_t(round) % samples->size()], round);
    // As if the power went: nothing is closed.
    std::_Exit(0);
}
