#!/bin/sh
# Builds the benchmarks and compares training steps and inference with PyTorch, both in one run: see compare.py for its options.
#     sh benchmarks/compare.sh                            every network, 1 and 2 threads, all ways of PyTorch: about 40 minutes
#     sh benchmarks/compare.sh --nets LeNet-b64 --threads 1 --ways default
# PYTHON=path names a Python that has torch; without one, our times are shown alone. Run it on an otherwise idle machine.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/.ci/packages.sh"
prepare_build
finish_build_tools || die "benchmarks/compare.sh: cannot build without these packages"
configure "$root" "$root/build/benchmarks" -DCMAKE_BUILD_TYPE=Release -DCHAINRULE_BUILD_BENCHMARKS=ON -DCHAINRULE_BUILD_EXAMPLES=OFF -DCHAINRULE_WITH_CUDA=OFF >/dev/null
cmake --build "$root/build/benchmarks" -j "$(job_count)"
python=${PYTHON:-python3}
if ! "$python" -c 'import torch' 2>/dev/null; then
  say "no PyTorch in $python: set PYTHON to one that has torch and torchvision, to compare with it"
  set -- --no-torch "$@"
fi
exec "$python" "$root/benchmarks/compare.py" "$root/build/benchmarks/bin/steps" "$root/build/benchmarks/bin/machine" "$@"
