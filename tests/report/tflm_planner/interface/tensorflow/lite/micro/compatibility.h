// A stand-in for the header of TensorFlow Lite Micro: what a planner needs of it.
#pragma once

#define TF_LITE_REMOVE_VIRTUAL_DELETE \
    void operator delete(void*) {}
