#!/bin/sh
# From a bare machine to a trained network: installs what is missing, builds one of the examples, finds or fetches its
# data set, runs it.
set -eu

usage() {
  cat <<'TEXT'
sh examples/quickstart.sh [PROGRAM] [--data DIR] [arguments for it, such as --epochs 1 --threads 2]
PROGRAM is an example: mnist_cnn (if none is named), simple_net, better_net, lenet, cifar10, blobs, spiral, ...
MNIST is looked for in DIR, ../shared/data/mnist and data/mnist, else downloaded into data/mnist and checked.
Without a network the digit programs train on drawn digits instead (--data drawn does so at once).
CIFAR-10 is looked for in DIR, ../shared/data and data/cifar-10-batches-bin, else downloaded into data and checked.
TEXT
}

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/.ci/packages.sh"

files='train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte'
mirrors='https://storage.googleapis.com/cvdf-datasets/mnist https://ossci-datasets.s3.amazonaws.com/mnist'
checksum() {  # SHA-256 of the file as it was first published
  case $1 in
    train-images-idx3-ubyte) echo 440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609 ;;
    train-labels-idx1-ubyte) echo 3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c ;;
    t10k-images-idx3-ubyte) echo 8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6 ;;
    t10k-labels-idx1-ubyte) echo f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6 ;;
  esac
}

# has_mnist DIR: all four files, plain or packed
has_mnist() {
  for name in $files; do
    [ -f "$1/$name" ] || [ -f "$1/$name.gz" ] || return 1
  done
}

sha256_of() {
  if have sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

fetch() {  # fetch URL FILE
  if have curl; then
    curl -fsSL --connect-timeout 10 --max-time 600 -o "$2" "$1"
  else
    wget -q --timeout=10 --tries=1 -O "$2" "$1"
  fi
}

# can_download: what a download needs is there, or can be installed
can_download() {
  need 'curl ca-certificates' has_downloader
  install_missing || return 1
  has_sha256 || { say "neither sha256sum nor shasum is there to check a download" >&2; return 1; }
}

# download FILE SHA256 URL...: from the first address that has it unharmed
download() {
  file=$1 sum=$2
  shift 2
  mkdir -p "$(dirname "$file")"
  for url in "$@"; do
    say "downloading $url"
    if ! fetch "$url" "$file.part"; then
      say "  not to be had there"
    elif [ "$(sha256_of "$file.part")" != "$sum" ]; then
      say "  its SHA-256 is not the published one: thrown away"
    else
      mv "$file.part" "$file"
      return 0
    fi
  done
  rm -f "$file.part"
  return 1
}

download_mnist() {
  can_download || return 1
  for name in $files; do
    [ -f "$root/data/mnist/$name.gz" ] && continue
    urls=
    for mirror in $mirrors; do urls="$urls $mirror/$name.gz"; done
    download "$root/data/mnist/$name.gz" "$(checksum "$name")" $urls || return 1
  done
}

cifar10_url=https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz
cifar10_sum=c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd
download_cifar10() {
  can_download || return 1
  download "$root/data/cifar-10-binary.tar.gz" $cifar10_sum $cifar10_url || return 1
  tar -xzf "$root/data/cifar-10-binary.tar.gz" -C "$root/data"
}

cifar10_files='data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch'
# has_cifar10 DIR [.xz]: all six files
has_cifar10() {
  for name in $cifar10_files; do
    [ -f "$1/$name.bin${2:-}" ] || return 1
  done
}

# find_mnist, find_cifar10: set data to a folder that holds the data set; GIVEN goes first
find_mnist() {
  data=
  for folder in ${given:+"$given"} "$root/../shared/data/mnist" "$root/data/mnist"; do
    has_mnist "$folder" && { data=$folder; return 0; }
    [ "$folder" != "$given" ] || say "$given does not hold the four files of MNIST; looking elsewhere"
  done
  if download_mnist; then
    data=$root/data/mnist
  else
    say "MNIST is not here and cannot be downloaded (no network?): training on drawn digits instead."
    say "To train on MNIST, put its four files into data/mnist, or name their folder with --data."
    data=drawn
  fi
}
find_cifar10() {
  packed=$root/../shared/data/cifar-10-batches-bin unpacked=$root/data/cifar-10-batches-bin
  for folder in ${given:+"$given"} "$packed" "$unpacked"; do
    has_cifar10 "$folder" && { data=$folder; return 0; }
    [ "$folder" != "$given" ] || say "$given does not hold the six .bin files of CIFAR-10; looking elsewhere"
  done
  data=$unpacked
  if has_cifar10 "$packed" .xz && have xz; then
    say "unpacking CIFAR-10 into data/cifar-10-batches-bin"
    mkdir -p "$unpacked"
    for name in $cifar10_files; do
      xz -dkc "$packed/$name.bin.xz" >"$unpacked/$name.part" && mv "$unpacked/$name.part" "$unpacked/$name.bin"
    done
  elif ! download_cifar10; then
    die "CIFAR-10 is not here and cannot be downloaded. Put its six .bin files into data/cifar-10-batches-bin, or name
their folder with --data; the archive is $cifar10_url"
  fi
}

program=mnist_cnn
case ${1:-} in
  -* | '') ;;
  *) program=$1; shift ;;
esac
[ -f "$root/examples/$program.cpp" ] ||
  die "there is no example $program; choose one of $(cd "$root/examples" && ls *.cpp | sed 's/\.cpp$//' | tr '\n' ' ')"

data=
arguments=$#
while [ "$arguments" -gt 0 ]; do  # take --data out; the others keep their order
  argument=$1
  shift
  arguments=$((arguments - 1))
  case $argument in
    --data)
      [ "$arguments" -gt 0 ] || { usage >&2; die "--data needs a folder"; }
      data=$1
      shift
      arguments=$((arguments - 1))
      ;;
    --data=*) data=${argument#--data=} ;;
    -h | --help) usage; exit 0 ;;
    *) set -- "$@" "$argument" ;;
  esac
done

prepare_build
finish_build_tools || die "examples/quickstart.sh: cannot build without these packages"

build=$root/build/examples
say "building $program in build/examples"
configure "$root" "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$cxx" -DCHAINRULE_BUILD_EXAMPLES=ON \
  -DCHAINRULE_BUILD_TESTS=OFF -DCHAINRULE_BUILD_BENCHMARKS=OFF
cmake --build "$build" --target "$program" -j "$(job_count)"

given=$data
if [ "$data" != drawn ]; then
  case $program in
    mnist_cnn | simple_net | better_net | lenet) find_mnist ;;
    cifar10) find_cifar10 ;;
  esac
fi
if [ -n "$data" ]; then
  say "data: $data"
  set -- --data "$data" "$@"
fi
say "== $program $*"
exec "$build/bin/$program" "$@"
