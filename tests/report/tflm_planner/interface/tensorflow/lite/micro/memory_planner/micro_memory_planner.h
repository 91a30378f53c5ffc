// A stand-in for the header of TensorFlow Lite Micro: the functions that MicroAllocator calls, with their signatures.
#pragma once

#include <cstddef>

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };

namespace tflite {
namespace micro {

class MicroMemoryPlanner {
  public:
    virtual ~MicroMemoryPlanner() = default;
    virtual TfLiteStatus Init(unsigned char*, int) { return kTfLiteOk; }
    virtual TfLiteStatus AddBuffer(int size, int first_time_used, int last_time_used) = 0;
    virtual TfLiteStatus AddBuffer(int, int, int, int) { return kTfLiteError; }
    virtual int GetBufferCount() = 0;
    virtual TfLiteStatus GetOffsetForBuffer(int buffer_index, int* offset) = 0;
    virtual std::size_t GetMaximumMemorySize() = 0;
    virtual bool preserves_all_tensors() const = 0;
    virtual void PrintMemoryPlan() {}
};

}  // namespace micro

using micro::MicroMemoryPlanner;

}  // namespace tflite
