// SPDX-License-Identifier: GPL-3.0-or-later
// foveate: a verb on the command line, else the window.
#include "app/CommandLine.h"
#include "app/Window.h"

#include <cstdio>

int main(int argc, char** argv)
{
    // This file is compiled for any x86-64, so that the sentence can be said on an older processor.
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi2")) {
        std::fputs(
            "foveate: this processor is too old (AVX2, FMA and BMI2 are needed: Intel Haswell, AMD Zen or newer)\n",
            stderr);
        return 1;
    }
    if (foveate::app::isVerb(argc, argv))
        return foveate::app::runVerb(argc, argv);
    return foveate::app::openWindow(argc, argv);
}
