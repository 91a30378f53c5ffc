// TMPASS_VECTORIZED before a function compiles it for wider vectors as well; the loader chooses the widest that the
// machine has. Only for loops over whole numbers, whose results are the same at any width.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__) && \
    !defined(__SANITIZE_ADDRESS__)
#define TMPASS_VECTORIZED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define TMPASS_VECTORIZED
#endif
