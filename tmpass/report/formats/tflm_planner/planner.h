/* The part that is the same for every model. It needs C++11, and TensorFlow Lite Micro of 2023 or later. */
#ifndef TMPASS_MEMORY_PLANNER_1
#define TMPASS_MEMORY_PLANNER_1

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "tensorflow/lite/micro/compatibility.h"
#include "tensorflow/lite/micro/memory_planner/micro_memory_planner.h"

/* How messages are printed: a macro with the arguments of printf, which may do nothing. */
#ifndef TMPASS_PLANNER_LOG
#include "tensorflow/lite/micro/micro_log.h"
#define TMPASS_PLANNER_LOG(...) MicroPrintf("tmpass: " __VA_ARGS__)
#endif

namespace tmpass {

/* One memory: the firmware's array of `size` bytes at `begin`, of which the plan uses `bytes`. */
struct PlannedMemory {
    const char* name;
    unsigned char* begin;
    size_t size;
    int bytes;
    int alignment;
    int distance; /* from the head of the arena to the array; Init sets it */
};

/* A tensor, or scratch of one operator: its bytes, the allocation scopes within which it may be used, and its place. */
struct PlannedBuffer {
    int size, first, last, memory, offset;
};

/* Gives MicroAllocator the offsets of a plan, which may be in several memories.
 *
 * MicroAllocator adds each offset to the head of the arena. For a tensor in another array, the offset is therefore the
 * distance to that array. It is computed on uintptr_t, since pointers into different arrays cannot be subtracted. Where
 * pointers have 32 bits, every distance fits an int, modulo 2^32. Elsewhere Init refuses arrays more than 2 GiB apart.
 *
 * What is asked for must be what was planned. A difference is printed, and no tensor is placed.
 */
class PlannerBase : public tflite::MicroMemoryPlanner {
  public:
    /* MicroAllocator calls this first. It ignores the result, so AddBuffer fails after a failed Init. */
    TfLiteStatus Init(unsigned char* scratch_buffer, int scratch_buffer_size) override {
        added_ = 0;
        scope_ = -1;
        differs_ = false;
        requests_ = reinterpret_cast<int*>(scratch_buffer);
        requests_size_ = scratch_buffer_size / static_cast<int>(sizeof(int));
        ready_ = ArraysAreRight() && IsInArena(scratch_buffer, scratch_buffer_size);
        return ready_ ? kTfLiteOk : kTfLiteError;
    }

    TfLiteStatus AddBuffer(int size, int first_time_used, int last_time_used) override {
        if (!ready_) {
            TMPASS_PLANNER_LOG("the planner is not ready: Init failed, or was not called");
            return kTfLiteError;
        }
        return added_ < tensor_count_ ? AddTensor(size, first_time_used, last_time_used)
                                      : AddScratch(size, first_time_used, last_time_used);
    }

    /* For a file with offsets of its own (OfflineMemoryAllocation): those of this planner count. */
    TfLiteStatus AddBuffer(int size, int first_time_used, int last_time_used, int) override {
        return AddBuffer(size, first_time_used, last_time_used);
    }

    /* The bytes of the arena's head. The other memories are no part of the arena. */
    size_t GetMaximumMemorySize() override { return static_cast<size_t>(memories_[0].bytes); }

    int GetBufferCount() override { return added_; }

    TfLiteStatus GetOffsetForBuffer(int buffer_index, int* offset) override {
        if (!ready_ || differs_) {
            TMPASS_PLANNER_LOG("there are no offsets, since the model is not what was planned");
            return kTfLiteError;
        }
        if (added_ < tensor_count_) {
            TMPASS_PLANNER_LOG("the model has %d tensors to place, the plan %d: another model?", added_, tensor_count_);
            return kTfLiteError;
        }
        if (buffer_index < 0 || buffer_index >= added_) {
            TMPASS_PLANNER_LOG("there is no buffer %d: %d were added", buffer_index, added_);
            return kTfLiteError;
        }
        if (buffer_index < tensor_count_) {
            const PlannedBuffer& tensor = tensors_[buffer_index];
            *offset = FromHead(tensor.memory, tensor.offset);
        } else {
            *offset = requests_[buffer_index - tensor_count_];
        }
        return kTfLiteOk;
    }

    bool preserves_all_tensors() const override { return false; }

    void PrintMemoryPlan() override {
        for (int i = 0; i < memory_count_; ++i) {
            TMPASS_PLANNER_LOG("memory %d (%s): %d bytes planned", i, memories_[i].name, memories_[i].bytes);
        }
        for (int i = 0; i < tensor_count_; ++i) {
            TMPASS_PLANNER_LOG("buffer %d: %d bytes at %d of memory %d", i, tensors_[i].size, tensors_[i].offset,
                               tensors_[i].memory);
        }
    }

    TF_LITE_REMOVE_VIRTUAL_DELETE

  protected:
    PlannerBase(PlannedMemory* memories, int memory_count, const PlannedBuffer* tensors, int tensor_count,
                const PlannedBuffer* scratch, int scratch_count)
        : memories_(memories),
          memory_count_(memory_count),
          tensors_(tensors),
          tensor_count_(tensor_count),
          scratch_(scratch),
          scratch_count_(scratch_count) {}

  private:
    TfLiteStatus AddTensor(int size, int first, int last) {
        const PlannedBuffer& planned = tensors_[added_];
        if (size != planned.size) {
            TMPASS_PLANNER_LOG("buffer %d has %d bytes, planned are %d: another model?", added_, size, planned.size);
            differs_ = true;
            return kTfLiteError;
        }
        /* No operator uses a tensor whose scopes are -1. */
        if ((first >= 0 || last >= 0) && (first < planned.first || last > planned.last)) {
            TMPASS_PLANNER_LOG(
                "buffer %d is used in scopes %d to %d, planned are %d to %d: another order of operators?", added_,
                first, last, planned.first, planned.last);
            differs_ = true;
            return kTfLiteError;
        }
        ++added_;
        return kTfLiteOk;
    }

    /* The requests of one operator lie one after another in its scratch. Where it is too small, all such operators are
   * printed before GetOffsetForBuffer fails: their bytes are what to plan with. */
    TfLiteStatus AddScratch(int size, int first, int last) {
        const int request = added_ - tensor_count_;
        if (request >= requests_size_) {
            TMPASS_PLANNER_LOG("the arena has too few bytes left to note %d requests of scratch", request + 1);
            differs_ = true;
            return kTfLiteError;
        }
        if (first != scope_) {
            scope_ = first;
            asked_ = 0;
            used_ = 0;
            row_ = 0;
            while (row_ < scratch_count_ && scratch_[row_].first != first) {
                ++row_;
            }
        }
        asked_ += size;
        while (IsOfScope(row_, first) && size > scratch_[row_].size - used_) {
            ++row_;
            used_ = 0;
        }
        if (IsOfScope(row_, first) && last <= scratch_[row_].last) {
            requests_[request] = FromHead(scratch_[row_].memory, scratch_[row_].offset + used_);
            used_ += size;
        } else {
            TMPASS_PLANNER_LOG("the operator in scope %d asks for %d bytes of scratch, which the plan does not have",
                               first, asked_);
            differs_ = true;
        }
        ++added_;
        return kTfLiteOk;
    }

    bool IsOfScope(int row, int scope) const { return row < scratch_count_ && scratch_[row].first == scope; }

    bool ArraysAreRight() {
        bool right = true;
        for (int i = 0; i < memory_count_; ++i) {
            PlannedMemory& memory = memories_[i];
            const uintptr_t begin = Begin(i);
            const uintptr_t last = begin + static_cast<uintptr_t>(memory.bytes);
            memory.distance = static_cast<int>(begin - Begin(0));
            if (memory.begin == nullptr || last > End(i) || last < begin) {
                TMPASS_PLANNER_LOG("the array of memory %d (%s) is too small: planned are %d bytes", i, memory.name,
                                   memory.bytes);
                right = false;
            } else if (begin % static_cast<uintptr_t>(memory.alignment) != 0) {
                TMPASS_PLANNER_LOG("the array of memory %d (%s) is not aligned to %d bytes", i, memory.name,
                                   memory.alignment);
                right = false;
            } else if (!FitsInt(begin - Begin(0)) || !FitsInt(last - Begin(0))) {
                TMPASS_PLANNER_LOG("the array of memory %d (%s) is 2 GiB or more from the arena", i, memory.name);
                right = false;
            }
            for (int other = 0; other < i; ++other) {
                if (begin < End(other) && Begin(other) < End(i)) {
                    TMPASS_PLANNER_LOG("the arrays of memories %d and %d overlap", other, i);
                    right = false;
                }
            }
        }
        return right;
    }

    /* Whether the bytes that MicroAllocator lends to Init are in the array of memory 0. */
    bool IsInArena(const unsigned char* bytes, int size) const {
        const uintptr_t begin = reinterpret_cast<uintptr_t>(bytes);
        if (bytes != nullptr && begin >= Begin(0) && begin + static_cast<uintptr_t>(size) <= End(0)) {
            return true;
        }
        TMPASS_PLANNER_LOG("memory 0 (%s) is not the arena that MicroAllocator::Create was given", memories_[0].name);
        return false;
    }

    /* MicroAllocator aligns the begin of its arena to 16 bytes. */
    uintptr_t Begin(int i) const {
        const uintptr_t begin = reinterpret_cast<uintptr_t>(memories_[i].begin);
        return i == 0 ? (begin + 15) / 16 * 16 : begin;
    }

    uintptr_t End(int i) const { return reinterpret_cast<uintptr_t>(memories_[i].begin) + memories_[i].size; }

    static bool FitsInt(uintptr_t difference) {
        const intptr_t value = static_cast<intptr_t>(difference);
        return static_cast<intptr_t>(static_cast<int>(value)) == value;
    }

    /* Without sign, since the sum may pass INT_MAX where pointers have 32 bits. */
    int FromHead(int memory, int offset) const {
        return static_cast<int>(static_cast<unsigned>(memories_[memory].distance) + static_cast<unsigned>(offset));
    }

    PlannedMemory* const memories_;
    const int memory_count_;
    const PlannedBuffer* const tensors_;
    const int tensor_count_;
    const PlannedBuffer* const scratch_;
    const int scratch_count_;

    bool ready_ = false;
    int added_ = 0;
    bool differs_ = false;    /* what is asked for is not what was planned */
    int scope_ = -1;          /* of the last request of scratch */
    int asked_ = 0;           /* bytes that its operator has asked for so far */
    int row_ = 0;             /* where its next request may lie: in this row of scratch, ... */
    int used_ = 0;            /* ... behind this many bytes */
    int* requests_ = nullptr; /* the offset of each request, in bytes that MicroAllocator lends */
    int requests_size_ = 0;
};

} /* namespace tmpass */

#endif /* TMPASS_MEMORY_PLANNER_1 */
