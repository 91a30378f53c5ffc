// Runs a model in a real TensorFlow Lite Micro, with its own memory planner and with a planner of tmpass.
//
//     program MODEL
//
// Prints "ask SIZE FIRST LAST" for each buffer that MicroAllocator asks for, then for both planners "ran" with the
// bytes of all outputs as hexadecimal numbers, then where the inputs and outputs are with the planner of tmpass.

#include <cstdio>
#include <cstring>
#include <vector>

#include "model.planner.h"
#include "tensorflow/lite/core/api/flatbuffer_conversions.h"
#include "tensorflow/lite/micro/kernels/micro_ops.h"
#include "tensorflow/lite/micro/memory_helpers.h"
#include "tensorflow/lite/micro/memory_planner/greedy_memory_planner.h"
#include "tensorflow/lite/micro/micro_allocator.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

#define KERNELS(X)                                              \
    X(ADD, Add)                                                 \
    X(ASSIGN_VARIABLE, AssignVariable)                          \
    X(AVERAGE_POOL_2D, Pool)                                    \
    X(CALL_ONCE, CallOnce)                                      \
    X(CONCATENATION, Concatenation)                             \
    X(CONV_2D, Conv2D)                                          \
    X(DEPTHWISE_CONV_2D, DepthwiseConv2D)                       \
    X(DEQUANTIZE, Dequantize)                                   \
    X(FULLY_CONNECTED, FullyConnected)                          \
    X(EXP, Exp)                                                 \
    X(EXPAND_DIMS, ExpandDims)                                  \
    X(IF, If)                                                   \
    X(GATHER, Gather)                                           \
    X(LESS, Less)                                               \
    X(LOGISTIC, Logistic)                                       \
    X(MAX_POOL_2D, Pool)                                        \
    X(MEAN, Reducer)                                            \
    X(MUL, Mul)                                                 \
    X(NEG, Neg)                                                 \
    X(PAD, Pad)                                                 \
    X(QUANTIZE, Quantize)                                       \
    X(READ_VARIABLE, ReadVariable)                              \
    X(REDUCE_MAX, Reducer)                                      \
    X(RELU, Relu)                                               \
    X(RESHAPE, Reshape)                                         \
    X(SOFTMAX, Softmax)                                         \
    X(STRIDED_SLICE, StridedSlice)                              \
    X(SUB, Sub)                                                 \
    X(SUM, Reducer)                                             \
    X(SVDF, Svdf)                                               \
    X(TRANSPOSE, Transpose)                                     \
    X(UNIDIRECTIONAL_SEQUENCE_LSTM, UnidirectionalSequenceLSTM) \
    X(VAR_HANDLE, VarHandle)                                    \
    X(WHILE, While)

class Kernels : public tflite::MicroOpResolver {
  public:
    const TFLMRegistration* FindOp(tflite::BuiltinOperator op) const override {
        switch (op) {
#define FOUND(kind, parser)                                              \
    case tflite::BuiltinOperator_##kind: {                               \
        static const TFLMRegistration found = tflite::Register_##kind(); \
        return &found;                                                   \
    }
            KERNELS(FOUND)
            default:
                return nullptr;
        }
    }
    const TFLMRegistration* FindOp(const char*) const override { return nullptr; }
    tflite::TfLiteBridgeBuiltinParseFunction GetOpDataParser(tflite::BuiltinOperator op) const override {
        switch (op) {
#define PARSED(kind, parser)             \
    case tflite::BuiltinOperator_##kind: \
        return tflite::Parse##parser;
            KERNELS(PARSED)
            default:
                return nullptr;
        }
    }
};

// The other AddBuffer, for files with offsets of their own, calls this one.
class Printing : public tflite::GreedyMemoryPlanner {
  public:
    using GreedyMemoryPlanner::AddBuffer;
    TfLiteStatus AddBuffer(int size, int first, int last) override {
        std::printf("ask %d %d %d\n", size, first, last);
        return GreedyMemoryPlanner::AddBuffer(size, first, last);
    }
};

static std::size_t length(const TfLiteTensor* tensor) {
    std::size_t bytes = 0;
    tflite::TfLiteTypeSizeOf(tensor->type, &bytes);
    for (int axis = 0; axis < tensor->dims->size; ++axis) {
        bytes *= static_cast<std::size_t>(tensor->dims->data[axis]);
    }
    return bytes;
}

struct Array {
    unsigned char* begin;
    std::size_t size;
};

ARRAYS

static void place(const char* what, const void* data) {
    const Array arrays[] = {PLACES};
    const unsigned char* address = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < sizeof arrays / sizeof arrays[0]; ++i) {
        if (address >= arrays[i].begin && address < arrays[i].begin + arrays[i].size) {
            std::printf("%s %zu %td\n", what, i, address - arrays[i].begin);
        }
    }
}

static bool run(const tflite::Model* model, unsigned char* bytes, std::size_t size, tflite::MicroMemoryPlanner* planner,
                bool places) {
    static const Kernels kernels;
    tflite::MicroAllocator* allocator = tflite::MicroAllocator::Create(bytes, size, planner);
    tflite::MicroResourceVariables* variables = tflite::MicroResourceVariables::Create(allocator, 8);
    tflite::MicroInterpreter interpreter(model, kernels, allocator, variables);
    if (interpreter.AllocateTensors() != kTfLiteOk) {
        std::puts("no allocation");
        return false;
    }
    std::fputs("ran", stdout);
    for (int turn = 0; turn < 2; ++turn) {
        for (std::size_t i = 0; i < interpreter.inputs_size(); ++i) {
            TfLiteTensor* input = interpreter.input(i);
            for (std::size_t at = 0; at < length(input); ++at) {
                input->data.raw[at] =
                    input->type == kTfLiteFloat32 && at % 4 == 3
                        ? 0x3f
                        : static_cast<char>(at * 37 + i * 11 + static_cast<std::size_t>(turn) * 5) & 0x3f;
            }
        }
        if (interpreter.Invoke() != kTfLiteOk) {
            std::puts(" not");
            return false;
        }
        for (std::size_t i = 0; i < interpreter.outputs_size(); ++i) {
            const TfLiteTensor* output = interpreter.output(i);
            for (std::size_t at = 0; at < length(output); ++at) {
                std::printf("%s%02x", at ? "" : " ", static_cast<unsigned char>(output->data.raw[at]));
            }
        }
    }
    std::puts("");
    for (std::size_t i = 0; places && i < interpreter.inputs_size(); ++i) {
        place("input", interpreter.input(i)->data.data);
    }
    for (std::size_t i = 0; places && i < interpreter.outputs_size(); ++i) {
        place("output", interpreter.output(i)->data.data);
    }
    return true;
}

int main(int, char** arguments) {
    std::vector<unsigned char> file;
    std::FILE* in = std::fopen(arguments[1], "rb");
    for (int byte = std::fgetc(in); byte != EOF; byte = std::fgetc(in)) {
        file.push_back(static_cast<unsigned char>(byte));
    }
    std::fclose(in);
    const tflite::Model* model = tflite::GetModel(file.data());
    alignas(16) static unsigned char whole[1 << 24];
    static Printing greedy;
    static PLANNER planner(ARGUMENTS);
    run(model, whole, sizeof whole, &greedy, false);
    run(model, arena, sizeof arena, &planner, true);
    std::fflush(stdout);
    std::_Exit(0);  // the destructors of the library's static objects are not of interest
}
