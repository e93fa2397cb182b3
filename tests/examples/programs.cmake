# Short runs of the example programs.

example_test(tensor_basics "computes and draws a line" ARGUMENTS --epochs 2
  LINES "-- making them" "tensor\\(33.*tensor\\(29\\.\\)" "step +2 " "written: line.svg" FILES line.svg)
example_test(module_basics "finds every parameter" ARGUMENTS --epochs 2
  LINES "gives \\(1, 1\\)" "left gives \\(1, 3\\)" "heads.digit.weight" "gain was trained\n +layers.0.weight was trained\n +layers.0.bias was trained\n +layers.1.weight was trained\n +layers.1.bias was trained"
  FILES stack.safetensors)
example_test(blobs "trains three times" ARGUMENTS --epochs 2
  LINES "untrained" "2 epochs, 2 steps" "2 epochs, 32 steps\n  epoch +1 .*mean loss [0-9.]+\n  epoch +2 " "of the test points are right"
  FILES points.svg loss.svg borders.svg full_batch.csv mini_batch.csv fast.csv)
example_test(spiral "learns for two steps" ARGUMENTS --epochs 2
  LINES "300 points on 3 arms" "603 parameters" " 2   [0-9.]+" "after 2 steps" FILES borders.svg loss.svg history.csv)
example_test(spiral "learns the arms" ARGUMENTS --epochs 100
  LINES "after 100 steps: (9[5-9]|100)\\.[0-9] %" FILES borders.svg loss.svg history.csv)
example_test(image_filters "filters a picture of its own" LINES "\\(50 \\+ 2\\*0 - 3\\) / 1 \\+ 1 = 48"
  "\\(1024 \\+ 2\\*0 - 5\\) / 2 \\+ 1 = 510" "\\(768 \\+ 2\\*0 - 5\\) / 2 \\+ 1 = 382" "12 pictures of 160 x 200" FILES filters.png)
example_test(image_filters "refuses what is no picture" ARGUMENTS --data ${CMAKE_CURRENT_SOURCE_DIR}/CMakeLists.txt CODE 2
  LINES "--data is '.*CMakeLists.txt'; it takes a picture")
example_test(image_filters "refuses a file that is not there" ARGUMENTS --data no_such_file.png CODE 2
  LINES "--data is 'no_such_file.png'; it takes a file")
example_test(simple_net "trains with a log" ARGUMENTS --data drawn --epochs 2
  LINES "Total params: 101,770" "epoch   2   train loss" "over-fitting" "with the weights read back from a file"
  FILES train_log.txt history.csv curves.svg confusion.svg weights.safetensors)
example_test(better_net "trains with another activation" ARGUMENTS --data drawn --epochs 1 --activation tanh
  LINES "Total params: 243,658" "epoch   1   train loss" "with the weights read back from a file"
  FILES train_log.txt history.csv curves.svg confusion.svg weights.safetensors)
example_test(mnist_cnn "turns its digits" ARGUMENTS --data drawn --epochs 1 --augment
  LINES "Total params: 1,199,882" "epoch   1   train loss" "test accuracy 9"
  FILES curves.svg wrong.svg history.csv mnist_cnn.safetensors)
example_test(lenet "tells each class apart" ARGUMENTS --data drawn --epochs 1
  LINES "Total params: 44,426" "\\[1,  2000\\] loss" "accuracy of 9 " FILES loss.svg lenet.safetensors)
