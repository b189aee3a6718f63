// SPDX-License-Identifier: GPL-3.0-or-later
// foveate-decode: started by foveate with a socket as descriptor 3, never by hand; or once for a file of weights.
//
// Everything that is loaded lazily is loaded first, then the cage closes, and only then does the first file arrive.
#include "app/decode/Weights.h"

#include "imaging/Cage.h"
#include "imaging/Codecs.h"
#include "imaging/Server.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

int main(int count, char** words)
{
    using namespace foveate::imaging;
    if (count == 2 && std::string_view(words[1]) == "weights")
        return foveate::decode::convertWeights();
    struct stat about {};
    if (fstat(protocol::kSocket, &about) != 0 || !S_ISSOCK(about.st_mode)) {
        std::fputs("foveate-decode reads image files for foveate, which starts it when it needs it.\n", stderr);
        return 2;
    }
    prepareDicom();
    setLimits(CageLimits());
    const CageState cage = closeCage();
    const bool ended = serve(protocol::kSocket, cage);
    _exit(ended ? EXIT_SUCCESS : EXIT_FAILURE);
}
