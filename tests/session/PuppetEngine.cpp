// SPDX-License-Identifier: GPL-3.0-or-later
// A program that speaks the engine's protocol as a script tells it: for tests of what stands at the other end.
//
// `run DIR` plays DIR/script, a word and its arguments per line; a line "once …" is played the first time only.
// `serve` answers: row 13 ends the program, row 14 is an error, a run that ends in "bad" cannot be loaded.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace {

volatile std::sig_atomic_t g_interrupted = 0;

void say(const std::string& line)
{
    std::cout << line << std::endl;
}

void sleepFor(int milliseconds)
{
    for (int i = 0; i < milliseconds / 5 && !g_interrupted; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (g_interrupted)
        std::exit(130);
}

void play(const std::string& folder, std::istringstream& words)
{
    std::string word;
    words >> word;
    int number = 0;
    std::string rest;
    if (word == "once") {
        if (access((folder + "/played").c_str(), F_OK) == 0)
            return;
        return play(folder, words);
    }
    if (word == "say") {
        std::getline(words >> std::ws, rest);
        say(rest);
    } else if (word == "long") {
        words >> number;
        say(std::string(std::size_t(number), 'x'));
    } else if (word == "sleep") {
        words >> number;
        sleepFor(number);
    } else if (word == "deaf") {
        std::signal(SIGTERM, SIG_IGN);
    } else if (word == "manifest") {
        std::ofstream(folder + "/MANIFEST.json") << "{}";
    } else if (word == "scheduler") {
        say(R"({"event":"checkpoint","step":)" + std::to_string(sched_getscheduler(0)) + "}");
    } else if (word == "pin") {
        cpu_set_t first;
        CPU_ZERO(&first);
        CPU_SET(0, &first);
        sched_setaffinity(0, sizeof first, &first);
    } else if (word == "spin") {
        for (std::atomic<unsigned> turn = 0;; ++turn) {
        }
    } else if (word == "exit") {
        words >> number;
        std::exit(number);
    } else if (word == "crash") {
        std::ofstream(folder + "/played") << "1";
        std::abort();
    }
}

int run(const std::string& folder)
{
    std::signal(SIGTERM, [](int) { g_interrupted = 1; });
    std::ifstream script(folder + "/script");
    for (std::string line; std::getline(script, line);) {
        std::istringstream words(line);
        play(folder, words);
    }
    return 0;
}

void answer(const nlohmann::json& question)
{
    nlohmann::json reply{{"id", question.at("id")}, {"event", "answer"}};
    const std::string command = question.at("command");
    const int row = question.value("row", -1);
    if (row == 13)
        std::abort();
    if (row == 14 || (command == "load" && question.at("run").get<std::string>().ends_with("bad")))
        reply = {{"id", question.at("id")}, {"event", "error"}, {"code", "not-found"}, {"args", {"row"}}};
    if (command != "load")
        reply["probabilities"] = {.25, .75};
    if (command == "explain") {
        reply["map"] = "/tmp/map.npy";
        reply["low"] = -1;
        reply["high"] = 2;
        reply["class"] = 1;
        reply["evidence"] = true;
    }
    say(reply.dump());
}

int serve()
{
    say(R"({"event":"hello","version":1})");
    say("garbage");
    for (std::string line; std::getline(std::cin, line);) {
        const nlohmann::json question = nlohmann::json::parse(line, nullptr, false);
        if (question.is_object() && question.value("command", "") == "quit")
            return 0;
        say(R"({"event":"heartbeat"})");
        if (question.is_object())
            answer(question);
    }
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    // abort() without a core file.
    if (argc == 3 && std::string(argv[1]) == "run")
        return run(argv[2]);
    return argc == 2 && std::string(argv[1]) == "serve" ? serve() : 2;
}
