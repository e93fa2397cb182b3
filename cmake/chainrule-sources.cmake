# The targets that bring a source file into the project that uses them. Included by chainrule's own build and by its package, so
# that an installed chainrule needs no library built for some other compiler's flags. Wants chainrule_include_dir.

# chainrule::compiled: the CPU kernels, compiled once; the files of the project then include <chainrule/api.hpp>, which is quick.
if(NOT TARGET chainrule::compiled)
  add_library(chainrule_compiled STATIC EXCLUDE_FROM_ALL "${chainrule_include_dir}/chainrule/compiled.cpp")
  add_library(chainrule::compiled ALIAS chainrule_compiled)
  set_target_properties(chainrule_compiled PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(chainrule_compiled PUBLIC chainrule::chainrule)
  # Kernels enrol themselves and are not referred to by name: without this the linker would leave them in the archive.
  target_link_options(chainrule_compiled INTERFACE "LINKER:-u,$<$<PLATFORM_ID:Darwin>:_>chainrule_compiled_kernels")
endif()

# chainrule::cuda: one .cu file, compiled by nvcc, that enrols the GPU's kernels; the project's own files stay .cpp.
# Exists where CUDA is enabled before: project(app LANGUAGES CXX CUDA).
if(CMAKE_CUDA_COMPILER AND NOT TARGET chainrule::cuda)
  find_package(CUDAToolkit QUIET)
  if(CUDAToolkit_FOUND)
    add_library(chainrule_cuda INTERFACE)
    add_library(chainrule::cuda ALIAS chainrule_cuda)
    target_sources(chainrule_cuda INTERFACE "${chainrule_include_dir}/chainrule/cuda/backend.cu")
    target_compile_options(chainrule_cuda INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20>)
    target_link_libraries(chainrule_cuda INTERFACE chainrule::chainrule CUDA::cudart CUDA::cublas)
  endif()
endif()
