// Calls a planner as MicroAllocator does, with what is read from standard input:
//
//     init BEGIN SIZE              bytes of the arena that it lends
//     add SIZE FIRST LAST          rounded already
//     offline SIZE FIRST LAST AT   of a file with offsets of its own
//     get INDEX                    prints the array and the offset in it where the buffer is
//     head                         prints the bytes of the arena's head, and how many buffers were added
//     print                        the plan, on standard error
//
// Each answer is a line that begins with ok or error. PLANNER, ARRAYS and ARGUMENTS come from the command line.

#include <cstdint>
#include <iostream>
#include <string>

#include "model.planner.h"

struct Array {
    unsigned char* begin;
    std::size_t size;
};

ARRAYS

static void where(const unsigned char* address) {
    const Array arrays[] = {PLACES};
    for (std::size_t i = 0; i < sizeof arrays / sizeof arrays[0]; ++i) {
        if (address >= arrays[i].begin && address < arrays[i].begin + arrays[i].size) {
            std::cout << i << ' ' << address - arrays[i].begin;
            return;
        }
    }
    std::cout << "nowhere";
}

int main() {
    static PLANNER planner(ARGUMENTS);
    tflite::MicroMemoryPlanner& asked = planner;
    std::string word;
    while (std::cin >> word) {
        int a = 0, b = 0, c = 0, d = 0;
        TfLiteStatus status = kTfLiteOk;
        if (word == "init") {
            std::cin >> a >> b;
            status = asked.Init(arena + a, b);
        } else if (word == "add") {
            std::cin >> a >> b >> c;
            status = asked.AddBuffer(a, b, c);
        } else if (word == "offline") {
            std::cin >> a >> b >> c >> d;
            status = asked.AddBuffer(a, b, c, d);
        } else if (word == "get") {
            std::cin >> a;
            status = asked.GetOffsetForBuffer(a, &b);
        } else if (word == "print") {
            asked.PrintMemoryPlan();
        }
        std::cout << (status == kTfLiteOk ? "ok " : "error ");
        if (word == "get" && status == kTfLiteOk) {
            // As the allocator does; on numbers, since the sum is outside of the arena.
            where(reinterpret_cast<unsigned char*>(reinterpret_cast<std::uintptr_t>(arena) +
                                                   static_cast<std::uintptr_t>(static_cast<std::intptr_t>(b))));
        } else if (word == "head") {
            std::cout << asked.GetMaximumMemorySize() << ' ' << asked.GetBufferCount();
        }
        std::cout << std::endl;
    }
    return asked.preserves_all_tensors();
}
