# Short runs of the example programs.

example_test(tensor_basics "computes and draws a line" ARGUMENTS --epochs 2
  LINES "-- making them" "tensor\\(33.*tensor\\(29\\.\\)" "step +2 " "written: line.svg" FILES line.svg)
