// Ends the process where Ctrl-C is not handled in time: while a C function holds the interpreter, no Python runs.
//
//     signal ──> Python's C handler ──> byte in a pipe ──┬──> Python's own handler, when it gets to run: drain()
//                                                        └──> a thread that checks whether the byte is still there
#pragma once

#include <atomic>
#include <memory>

namespace tmpass::bindings {

class Watchdog {
  public:
    // `readable` is the end of the pipe that signal.set_wakeup_fd() feeds, and does not block. From now on a SIGINT in
    // it ends the process with exit code 130 after `patience` milliseconds, unless it is taken out before.
    Watchdog(int readable, int patience);

    void drain();                        // empties the pipe: its signals were handled
    void hold(bool on) { *held_ = on; }  // while on, the process is not ended

  private:
    int readable_;
    std::shared_ptr<std::atomic<bool>> held_ = std::make_shared<std::atomic<bool>>(false);  // the thread outlives this
};

}  // namespace tmpass::bindings
