"""The process of a local worker: reads calls from standard input, and writes their answers to standard output.

python -m tmpass.fleets.worker PARENT
"""

import os
import pickle
import signal
import sys
from contextlib import suppress


def main(parent: int) -> None:
    """Answer calls until standard input ends. Each is a pickled function with its arguments.

    Args:
        parent: the process id of the caller, with which this one ends.
    """
    if hasattr(signal, "SIGINT"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's
    if sys.platform == "linux":
        from tmpass.base.forked import end_with

        end_with(parent)
        with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
            score.write("800")  # where memory ends, this process goes, and not the one that has all the rows
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # what is printed would be taken for an answer
        os.dup2(nowhere, stream)
    while True:
        try:
            function, arguments, options = pickle.load(calls)
        except EOFError:
            break
        except Exception as error:
            pickle.dump((False, error), answers)
            answers.flush()
            continue
        try:
            answer = pickle.dumps((True, function(*arguments, **options)), pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            answer = pickle.dumps((False, error), pickle.HIGHEST_PROTOCOL)
        answers.write(answer)
        answers.flush()
    os._exit(0)  # with the packages of an ONNX model, Python's own end takes 40 ms, and this one 4


if __name__ == "__main__":
    main(int(sys.argv[1]))
