"""What it costs to compile with chainrule: CPU seconds and peak memory of the compiler, the median of a few rounds.

    compile_time.py [--compiler g++] [--rounds 3]

"compiled" means that the program links chainrule::compiled. The goals are for a machine on which the first row takes about a second.
"""
import argparse
import glob
import os
import statistics
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMPILED = ["-DCHAINRULE_COMPILED"]


def example(name):
    return os.path.join(ROOT, "examples", name + ".cpp")


def rows():
    """(what, source files, options, goal)"""
    yield "api.hpp alone, -O2", ["#include <chainrule/api.hpp>\nint main() {}\n"], ["-O2"], "1.0 s"
    yield "chainrule.hpp alone, -O2", ["#include <chainrule/chainrule.hpp>\nint main() {}\n"], ["-O2"], ""
    yield "README's program, header-only, -O2", [example("readme")], ["-O2"], "7 s"
    yield "README's program, header-only, -O0", [example("readme")], ["-O0"], "3.5 s"
    yield "mnist_cnn, header-only, -O2", [example("mnist_cnn")], ["-O2"], "14 s"
    yield "mnist_cnn, header-only, -O2 -march=native", [example("mnist_cnn")], ["-O2", "-march=native"], "10 s"
    yield "README's program, compiled, -O2", [example("readme")], ["-O2"] + COMPILED, "2.5 s"
    yield "mnist_cnn, compiled, -O2", [example("mnist_cnn")], ["-O2"] + COMPILED, "4 s"
    yield "mnist_cnn, compiled, -O2, precompiled header", [example("mnist_cnn")], ["-O2"] + COMPILED + ["PCH"], "3 s"
    sources = sorted(glob.glob(os.path.join(ROOT, "include", "chainrule", "compiled", "*.cpp")))
    yield "chainrule::compiled itself, -O2, once", sources, ["-O2"] + COMPILED, "60 s, 1 GB for each file"


def compile_one(compiler, source, options, folder, output="unit.o"):
    """CPU seconds and MB."""
    command = [compiler, "-std=c++20", "-fopenmp", "-I", os.path.join(ROOT, "include"), "-I", os.path.join(ROOT, "examples")]
    command += options + ["-c", source, "-o", os.path.join(folder, output)]
    child = os.posix_spawnp(compiler, command, os.environ)
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        raise SystemExit("does not compile: " + " ".join(command))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(compiler, sources, options):
    """CPU seconds of all the sources, and MB of the largest."""
    with tempfile.TemporaryDirectory() as folder:
        options = list(options)
        if "PCH" in options:  # a header that includes chainrule.hpp, precompiled beside it, comes first
            options.remove("PCH")
            header = os.path.join(folder, "precompiled.hpp")
            with open(header, "w", encoding="utf-8") as file:
                file.write("#include <chainrule/chainrule.hpp>\n")
            compile_one(compiler, header, ["-x", "c++-header"] + options, folder, "precompiled.hpp.gch")
            options += ["-include", header]
        results = []
        for text in sources:
            source = text
            if text.startswith("#"):
                source = os.path.join(folder, "unit.cpp")
                with open(source, "w", encoding="utf-8") as file:
                    file.write(text)
            results.append(compile_one(compiler, source, options, folder))
        return sum(r[0] for r in results), max(r[1] for r in results)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print("| what | CPU-s | MB | goal |\n|---|---|---|---|")
    for name, sources, options, goal in rows():
        rounds = [measure(args.compiler, sources, options) for _ in range(args.rounds)]
        seconds, memory = (statistics.median(r[i] for r in rounds) for i in (0, 1))
        print(f"| {name} | {seconds:.1f} | {memory:.0f} | {goal} |", flush=True)


if __name__ == "__main__":
    main()
