# Enables CUDA where a toolkit is found: nvcc on the path, in $CUDA_PATH, or where NVIDIA's packages put it.

find_program(CHAINRULE_NVCC nvcc HINTS $ENV{CUDA_PATH}/bin /usr/local/cuda/bin /opt/cuda/bin)
mark_as_advanced(CHAINRULE_NVCC)
if(CHAINRULE_NVCC)
  set(CMAKE_CUDA_COMPILER ${CHAINRULE_NVCC})
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80)  # code for 80 also runs, compiled at load, on every later GPU
  endif()
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    enable_language(CUDA)
  endif()
endif()
if(NOT CMAKE_CUDA_COMPILER)
  message(STATUS "chainrule: nvcc not found; building without CUDA")
endif()
