#!/bin/sh
# What the training programs refuse: one line on stderr with what they take, exit code 2, and nothing written.
#   sh refusals.sh FOLDER-OF-THE-PROGRAMS SCRATCH-FOLDER
set -u
bin=$1 scratch=$2
rm -rf "$scratch"
mkdir -p "$scratch"
echo "no pictures here" >"$scratch/file"
failed=0

# refused TEXT PROGRAM ARGUMENTS...: TEXT stands in the line
refused() {
  text=$1 program=$2
  shift 2
  "$bin/$program" "$@" --out "$scratch/out" >"$scratch/stdout" 2>"$scratch/stderr"
  code=$?
  if [ $code -ne 2 ] || [ "$(wc -l <"$scratch/stderr")" -ne 1 ] || [ -e "$scratch/out/curves.svg" ] ||
    ! grep -qF -- "$text" "$scratch/stderr"; then
    echo "$program $*: exit code $code, expected 2 and a line with '$text', got: $(cat "$scratch/stderr")"
    failed=1
  fi
}

for program in simple_net better_net mnist_cnn lenet; do
  refused "takes a folder with the four files of MNIST" $program --data "$scratch/none"
  refused "it takes a whole number" $program --epochs 0
done
for program in tensor_basics module_basics blobs spiral; do
  refused "it takes a whole number" $program --epochs 0
  refused "there is no option --lr" $program --lr 1
done
refused "it takes one of relu, tanh" simple_net --activation swish --data drawn
refused "one of my_conv_net, better_conv_net" cifar10 --net resnet
refused "quickstart.sh cifar10" cifar10 --data "$scratch/none"
refused "one of constant, onecycle" cifar10 --schedule linear
refused "there is no option --net" lenet --net x

"$bin/simple_net" --data drawn --epochs 1 --out "$scratch/file" >/dev/null 2>"$scratch/stderr"
[ $? -eq 2 ] && grep -q "is a file; choose another name" "$scratch/stderr" || { echo "--out FILE is not refused"; failed=1; }
[ "$(cat "$scratch/file")" = "no pictures here" ] || { echo "a file was overwritten"; failed=1; }
[ $failed -eq 0 ] && echo "all were refused"
exit $failed
