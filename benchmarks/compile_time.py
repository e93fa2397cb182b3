"""What it costs to compile with chainrule: CPU seconds and peak memory of the compiler, smallest of a few rounds.

    compile_time.py [--compiler g++] [--rounds 3]

The budgets are those of the design, for a machine on which the first row takes about a second.
"""
import argparse
import os
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
README_BODY = open(os.path.join(ROOT, "examples", "readme.cpp"), encoding="utf-8").read().replace("#include <chainrule/chainrule.hpp>", "")


def rows():
    light = "#include <chainrule/api.hpp>\n#include <chainrule/data.hpp>\n"
    yield "api.hpp alone, -O2", "#include <chainrule/api.hpp>\nint main() {}\n", "-O2", "1 s"
    yield "chainrule.hpp alone, -O2", "#include <chainrule/chainrule.hpp>\nint main() {}\n", "-O2", ""
    yield "the README's program, -O2", "#include <chainrule/chainrule.hpp>\n" + README_BODY, "-O2", ""
    yield "the README's program on api.hpp, -O2", light + README_BODY, "-O2", ""
    yield "examples/mnist_cnn.cpp, -O3", '#include "' + os.path.join(ROOT, "examples", "mnist_cnn.cpp") + '"\n', "-O3", "8 s, 500 MB"


def measure(compiler, text, level):
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "unit.cpp")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        command = [compiler, "-std=c++20", level, "-fopenmp", "-I", os.path.join(ROOT, "include"), "-I", os.path.join(ROOT, "examples"), "-c", source, "-o", os.path.join(folder, "unit.o")]
        child = os.posix_spawnp(compiler, command, os.environ)
        _, status, usage = os.wait4(child, 0)
        if status != 0:
            raise SystemExit("does not compile: " + " ".join(command))
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print("| what | CPU-s | MB | budget |\n|---|---|---|---|")
    for name, text, level, budget in rows():
        rounds = [measure(args.compiler, text, level) for _ in range(args.rounds)]
        print(f"| {name} | {min(r[0] for r in rounds):.1f} | {min(r[1] for r in rounds):.0f} | {budget} |", flush=True)


if __name__ == "__main__":
    main()
