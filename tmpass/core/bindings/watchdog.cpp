#include "bindings/watchdog.hpp"

#ifndef _WIN32
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace tmpass::bindings {
namespace {

constexpr int kInterval = 10;  // milliseconds between two checks
constexpr int kExitCode = 128 + SIGINT;
constexpr char kLine[] = "tmpass: interrupted\n";

bool has_byte(int readable, int timeout) {
    pollfd entry{readable, POLLIN, 0};
    return poll(&entry, 1, timeout) > 0 && (entry.revents & POLLIN) != 0;
}

// Empties the pipe. True where SIGINT was among its bytes.
bool take(int readable) {
    bool found = false;
    char bytes[64];
    ssize_t count;
    while ((count = read(readable, bytes, sizeof bytes)) > 0)
        found |= std::find(bytes, bytes + count, static_cast<char>(SIGINT)) != bytes + count;
    return found;
}

void watch(int readable, int patience, const std::atomic<bool>& held) {
    for (;;) {
        if (!has_byte(readable, -1)) {
            std::this_thread::sleep_for(std::chrono::milliseconds(kInterval));  // an error that does not go away
            continue;
        }
        int waited = 0;
        while (has_byte(readable, 0) && (waited < patience || held)) {
            std::this_thread::sleep_for(std::chrono::milliseconds(kInterval));
            waited += kInterval;
        }
        if (waited < patience || !take(readable)) continue;
        [[maybe_unused]] const auto written = write(STDERR_FILENO, kLine, sizeof kLine - 1);
        _exit(kExitCode);
    }
}

}  // namespace

Watchdog::Watchdog(int readable, int patience) : readable_(readable) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the main thread
    std::thread([readable, patience, held = held_] { watch(readable, patience, *held); }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Watchdog::drain() { take(readable_); }

}  // namespace tmpass::bindings
#else
namespace tmpass::bindings {

Watchdog::Watchdog(int readable, int) : readable_(readable) {}  // signals come in another way there
void Watchdog::drain() {}

}  // namespace tmpass::bindings
#endif
