#!/bin/sh
# Runs the programs of the tutorials at their full settings, keeps what they print and draw beside the pages, and puts
# code and output into the pages. About an hour on two cores, most of it CIFAR-10.
#   sh docs/tutorials/make.sh                 all of them
#   sh docs/tutorials/make.sh blobs lenet     some of them
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/docs/tutorials
[ $# -gt 0 ] || set -- tensor_basics module_basics blobs spiral image_filters simple_net better_net mnist_cnn lenet cifar10

# keep NAME FOLDER-OF-THE-RUN: the pictures and logs that the page shows
keep() {
  for file in "$2"/*.svg "$2"/*.png "$2"/*.txt; do
    [ ! -f "$file" ] || cp "$file" "$here/$1/"
  done
}
# run NAME PROGRAM ARGUMENTS...: from the line that quickstart.sh writes before the program begins
run() {
  name=$1 program=$2
  shift 2
  mkdir -p "$here/$name" "$root/build/tutorials/$name"
  sh "$root/examples/quickstart.sh" "$program" "$@" --out "$root/build/tutorials/$name" >"$root/build/tutorials/$name.log"
  sed -n '/^== /,$p' "$root/build/tutorials/$name.log" | sed 1d | sed "s|$root/build/tutorials/$name|out|" >"$here/$name/output.txt"
  keep "$name" "$root/build/tutorials/$name"
}

for program; do
  case $program in
    cifar10)
      run cifar10 cifar10 --augment
      run cifar10/my_conv_net cifar10 --net my_conv_net
      ;;
    *) run "$program" "$program" ;;
  esac
done
python3 "$here/pages.py"
