// SPDX-License-Identifier: GPL-3.0-or-later
// Answers `serve` as the engine does, always with the same striking opinion: 97 % for the third class and a map that is
// bright left of the middle. So a test can look for traces of it. The map of a project's first run is 3.5 there, of
// later ones 4, so that a test sees whose answer it has.
#include "base/Npy.h"

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

int main(int argc, char** argv)
{
    if (argc != 2 || std::string(argv[1]) != "serve")
        return 2;
    constexpr std::size_t kSide = 64;
    std::vector<float> map(kSide * kSide);
    for (std::size_t i = 0; i < map.size(); ++i) {
        const double x = double(i % kSide) - 24, y = double(i) / kSide - 36;
        map[i] = float(4 * std::exp(-(x * x + y * y) / 120));
    }
    const std::string path = std::string(std::getenv("HOME")) + "/map.npy";
    if (!foveate::writeNpy<float>(path, {kSide, kSide}, map))
        return 1;
    std::cout << R"({"event":"hello","version":1})" << std::endl;
    double high = 4;
    for (std::string line; std::getline(std::cin, line);) {
        const auto question = nlohmann::json::parse(line, nullptr, false);
        if (question.value("command", "") == "quit")
            return 0;
        if (question.value("command", "") == "load")
            high = question.value("run", "").find("/0001-") != std::string::npos ? 3.5 : 4;
        nlohmann::json reply{{"id", question.value("id", 0)}, {"event", "answer"}};
        if (question.value("command", "") == "explain") {
            reply["probabilities"] = {0.01, 0.01, 0.97, 0.01};
            reply["map"] = path;
            reply["low"] = 0.0;
            reply["high"] = high;
            reply["class"] = 2;
            reply["evidence"] = true;
            reply["row"] = question.value("row", -1);
        }
        std::cout << reply.dump() << std::endl;
    }
    return 0;
}
