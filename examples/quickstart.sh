#!/bin/sh
# From a bare machine to a trained CNN: installs what is missing, builds examples/mnist_cnn, finds or fetches MNIST, trains.
set -eu

usage() {
  cat <<'TEXT'
sh examples/quickstart.sh [--data DIR] [arguments for mnist_cnn, such as --epochs 1 --threads 2]
MNIST is looked for in DIR, ../shared/data/mnist and data/mnist, else downloaded into data/mnist and checked.
Without a network the program trains on drawn digits instead (--data drawn does so at once).
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

# download DIR: every file from the first mirror that has it unharmed
download() {
  need 'curl ca-certificates' has_downloader
  install_missing || return 1
  has_sha256 || { say "neither sha256sum nor shasum is there to check a download" >&2; return 1; }
  mkdir -p "$1"
  for name in $files; do
    [ -f "$1/$name.gz" ] && continue
    for mirror in $mirrors; do
      say "downloading $mirror/$name.gz"
      if ! fetch "$mirror/$name.gz" "$1/$name.part"; then
        say "  not to be had there"
      elif [ "$(sha256_of "$1/$name.part")" != "$(checksum "$name")" ]; then
        say "  its SHA-256 is not the published one: thrown away"
      else
        mv "$1/$name.part" "$1/$name.gz"
        break
      fi
    done
    rm -f "$1/$name.part"
    [ -f "$1/$name.gz" ] || return 1
  done
}

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
say "building mnist_cnn in build/examples"
configure "$root" "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$cxx" -DCHAINRULE_BUILD_EXAMPLES=ON \
  -DCHAINRULE_BUILD_TESTS=OFF -DCHAINRULE_BUILD_BENCHMARKS=OFF
cmake --build "$build" --target mnist_cnn -j "$(job_count)"

if [ "$data" != drawn ]; then
  given=$data
  data=
  for folder in ${given:+"$given"} "$root/../shared/data/mnist" "$root/data/mnist"; do
    if has_mnist "$folder"; then
      data=$folder
      break
    fi
    [ "$folder" != "$given" ] || say "$given does not hold the four files of MNIST; looking elsewhere"
  done
  if [ -z "$data" ]; then
    if download "$root/data/mnist"; then
      data=$root/data/mnist
    else
      say "MNIST is not here and cannot be downloaded (no network?): training on drawn digits instead."
      say "To train on MNIST, put its four files into data/mnist, or name their folder with --data."
      data=drawn
    fi
  fi
fi
say "data: $data"
exec "$build/bin/mnist_cnn" --data "$data" "$@"
