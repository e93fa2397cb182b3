"""Training steps and inference of the tutorial networks, chainrule and PyTorch taking turns in one run, as one table.

    compare.py STEPS MACHINE [--nets A,B] [--threads 1,2] [--ways default,fused,compile+fused,cl] [--rounds 7] [--no-torch] [--write FILE]

STEPS and MACHINE are the two benchmark programs. Each network and way is a process of its own. A round lets each process work for a
while, one after the other; the table gives medians over the rounds, and the ratio of our median to PyTorch's best way. --write puts the
table into FILE between its two markers, instead of what is there.
"""
import argparse
import os
import platform
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BEGIN, END = "<!-- compare.sh: begin -->", "<!-- compare.sh: end -->"

# The goals: the time of a training step and of inference divided by PyTorch's best, and the memory PyTorch 1.13 grew by, in MB.
NETS = {
    "BlobNet": (0.05, 0.05, 10), "SpiralNet": (0.35, 0.35, 12), "SimpleNet": (0.50, 0.50, 15), "BetterNet": (0.50, 0.50, 20),
    "LeNet-b4": (0.15, 0.70, 17), "LeNet-b64": (0.30, 0.70, 26), "MnistCnn": (0.45, 0.70, 150), "MyConvNet": (0.50, 0.70, 200),
    "BetterConvNet": (0.50, 0.70, 200), "EnhancedCNN-b8": (0.60, 0.70, 850), "ResNet18-b8": (0.60, 0.70, 530), "ResNet50-b8": (0.65, 0.70, 1400),
}


class Peer:
    """A process that runs one network one way."""

    def __init__(self, way, command, environment):
        self.way, self.counts, self.times = way, {}, {"train": [], "infer": []}
        self.process = subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return [float(word) for word in self.process.stdout.readline().split()]

    def run(self, what, count):
        return self.ask(f"{what} {count}")[0] / count

    def warm(self, what, seconds):
        """Runs `what` until its speed is known, and sets how often a round calls it."""
        self.run(what, 3)
        each = self.run(what, 1)
        if each < 0.3:
            each = self.run(what, max(1, int(0.2 / each)))
        self.counts[what] = max(1, round(seconds / each))

    def median(self, what):
        return statistics.median(self.times[what])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(net, threads, args):
    """All peers that run `net`, ours first, with their times; and the GFLOP of a step and of a forward pass."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
    peers = [Peer("chainrule", [args.steps, net, str(threads)], environment)]
    if not args.no_torch:
        for way in args.ways.split(","):
            if way == "cl" and not any(word in net for word in ("Net-b", "Conv", "Cnn", "CNN")):
                continue  # no images
            if "compile" in way and NETS[net][2] > 400 and not args.all_ways:
                continue  # minutes of compiling for each network, and PyTorch's convolutions stay the same
            peers.append(Peer(way, [sys.executable, os.path.join(HERE, "torch_steps.py"), net, str(threads), way], environment))
    for what in ("train", "infer"):
        alive = []
        for peer in peers:
            try:
                peer.warm(what, args.seconds)
                alive.append(peer)
            except (IndexError, BrokenPipeError):
                print(f"{net}: {peer.way} does not run here; left out", flush=True)
        peers = alive
        for _ in range(args.rounds):
            for peer in peers:
                peer.times[what].append(peer.run(what, peer.counts[what]))
        if what == "train":
            for peer in peers:
                peer.memory = peer.ask("memory")[0]
    flops = peers[0].ask("flops")
    for peer in peers:
        peer.close()
    return peers, flops


def machine(program, threads, rounds=3):
    """What the machine can do, the best of a few rounds: another program may hold a core for one of them."""
    best = {}
    for _ in range(rounds):
        lines = subprocess.run([program, str(threads)], capture_output=True, text=True, check=True).stdout.splitlines()
        for name, value in ((line.split()[0], float(line.split()[1])) for line in lines):
            pick = min if name == "threads" else max
            best[name] = pick(best.get(name, value), value)
    return best


def milliseconds(seconds):
    return f"{seconds * 1e3:.3g}" if seconds < 1 else f"{seconds * 1e3:.0f}"


def row(net, threads, peers, flops, limits):
    train_goal, infer_goal, memory_goal = NETS[net]
    ours, others = peers[0], peers[1:]
    cells = [net, str(threads)]
    for what, goal, gflop in (("train", train_goal, flops[0]), ("infer", infer_goal, flops[1])):
        mine = ours.median(what)
        cells.append(milliseconds(mine))
        if others:
            best = min(others, key=lambda peer: peer.median(what))
            ratio = mine / best.median(what)
            cells += [f"{milliseconds(best.median(what))} {best.way}", f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}",
                      f"≤ {goal:.2f} " + ("✓" if ratio <= goal else "✗")]
        rate = gflop / mine
        cells.append(f"{rate:.0f} ({100 * rate / limits['peak']:.0f} %)" if gflop > 1e-3 else "–")
    default = next((f"{peer.memory:.0f}" for peer in others if peer.way == "default"), "–")
    cells += [f"{ours.memory:.0f}", default, f"≤ {0.6 * memory_goal:.0f} " + ("✓" if ours.memory <= 0.6 * memory_goal else "✗")]
    return cells


def header(with_torch):
    peer = ["PyTorch's best, ms", "ratio", "goal"] if with_torch else []
    return ["network", "threads", "step, ms", *peer, "GFLOP/s (of peak)", "inference, ms", *peer, "GFLOP/s (of peak)", "memory, MB", "PyTorch, MB", "goal"]


def cpu_name():
    try:
        with open("/proc/cpuinfo") as info:
            return next(line.split(":")[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("steps")
    parser.add_argument("machine")
    parser.add_argument("--nets", default=",".join(NETS))
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--ways", default="default,fused,compile+fused,cl")
    parser.add_argument("--all-ways", action="store_true", help="torch.compile for the networks on 224 x 224 images, too")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="how long a process works in a round")
    parser.add_argument("--no-torch", action="store_true")
    parser.add_argument("--write", metavar="FILE")
    args = parser.parse_args()

    lines = []
    limits = {}
    for threads in map(int, args.threads.split(",")):
        limits[threads] = machine(args.machine, threads)
        m = limits[threads]
        lines.append(f"- {threads} thread{'s' if threads > 1 else ''}: multiply-adds {m['peak']:.0f} GFLOP/s, triad from memory {m['triad']:.1f} GB/s, starting the threads {m['threads']:.1f} µs")
    peer = "no PyTorch"
    if not args.no_torch:
        import importlib.metadata
        peer = "PyTorch " + importlib.metadata.version("torch")
    lines.insert(0, f"{cpu_name()}, {os.cpu_count()} cores; {peer}; medians of {args.rounds} rounds"
                 + ("" if args.no_torch else f"; ways of PyTorch: {args.ways}" + ("" if args.all_ways else " (torch.compile not on 224 x 224 images)")) + ".\n")
    columns = header(not args.no_torch)
    lines += ["", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    print("\n".join(lines), flush=True)
    for net in args.nets.split(","):
        for threads in map(int, args.threads.split(",")):
            peers, flops = measure(net, threads, args)
            lines.append("| " + " | ".join(row(net, threads, peers, flops, limits[threads])) + " |")
            print(lines[-1], flush=True)
    if args.write:
        with open(args.write, encoding="utf-8") as page:
            text = page.read()
        before, rest = text.split(BEGIN)
        with open(args.write, "w", encoding="utf-8") as page:
            page.write(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
